package diagnose

import (
	"fmt"
	"strconv"
	"time"
)

// Thousands is n with a comma at every third digit.
func Thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Plural is a count with its noun.
func Plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Thousands(n) + " " + noun + "s"
}

// outOf is "all 12", "3 of 12", "the only one" of what noun names.
func outOf(n, all uint64, noun string) string {
	switch {
	case n >= all && n == 1:
		return "the only " + noun
	case n >= all:
		return "all " + Plural(n, noun)
	}
	return Thousands(n) + " of " + Plural(all, noun)
}

// span is a duration with three digits: 250ms, 1.02s, 2m5s.
func span(ns int64) string {
	d := time.Duration(max(ns, 0))
	for _, unit := range [...]time.Duration{time.Hour, time.Minute} {
		if d >= unit {
			return d.Round(unit / 60).String()
		}
	}
	for unit := time.Second; unit >= 10*time.Nanosecond; unit /= 10 {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}

// ICMPError names an ICMP error (RFC 792, RFC 1812 section 5.2.7.1) or an
// ICMPv6 one (RFC 4443 section 3).
func ICMPError(v6 bool, typ, code uint8) string {
	name, proto := "", "ICMP"
	if v6 {
		proto = "ICMPv6"
		switch typ {
		case 1:
			name = pick(code, "no route", "administratively prohibited", "beyond scope", "host unreachable",
				"port unreachable", "source address failed policy", "route rejected")
		case 2:
			name = "packet too big"
		case 3:
			name = pick(code, "hop limit exceeded", "fragments timed out")
		case 4:
			name = "parameter problem"
		}
	} else {
		switch typ {
		case 3:
			name = pick(code, "network unreachable", "host unreachable", "protocol unreachable", "port unreachable",
				"fragmentation needed", "source route failed", "network unknown", "host unknown", "source host isolated",
				"network prohibited", "host prohibited", "network unreachable for this service",
				"host unreachable for this service", "administratively prohibited", "host precedence violation",
				"precedence cutoff")
		case 4:
			name = "source quench"
		case 11:
			name = pick(code, "TTL exceeded", "fragments timed out")
		case 12:
			name = "parameter problem"
		}
	}
	s := fmt.Sprintf("%s %d/%d", proto, typ, code)
	if name != "" {
		s += " (" + name + ")"
	}
	return s
}

func pick(i uint8, names ...string) string {
	if int(i) < len(names) {
		return names[i]
	}
	return ""
}
