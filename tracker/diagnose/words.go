package diagnose

import (
	"fmt"
	"strconv"
	"strings"
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

// outOf is "all 12", "both", "3 of 12" or "the only" of what noun names.
func outOf(n, all uint64, noun string) string {
	switch {
	case n >= all && n == 1:
		return "the only " + noun
	case n >= all && n == 2:
		return "both " + noun + "s"
	case n >= all:
		return "all " + Plural(n, noun)
	}
	return Thousands(n) + " of " + Plural(all, noun)
}

// span is a duration in the text of a finding.
func span(ns int64) string { return Duration(ns, true) }

// Duration is a span of time with at most four digits: 320 µs, 12.3 ms, 1.003 s, 2 min 5 s.
func Duration(ns int64, ascii bool) string {
	if ns < 0 {
		ns = 0
	}
	switch s := float64(ns) / 1e9; {
	case ns < 1e6:
		unit := " µs"
		if ascii {
			unit = " us"
		}
		return Digits(float64(ns)/1e3, 1) + unit
	case ns < 1e9:
		return Digits(float64(ns)/1e6, 1) + " ms"
	case s < 10:
		return Digits(s, 3) + " s"
	case s < 119.95:
		return Digits(s, 1) + " s"
	}
	s := (ns + 5e8) / 1e9
	switch {
	case s < 3600:
		return units(s, 60, "min", "s")
	case s < 86400:
		return units(s/60, 60, "h", "min")
	default:
		return units(s/3600, 24, "d", "h")
	}
}

// Digits is v with at most dec decimals and no zeros at their end.
func Digits(v float64, dec int) string {
	s := strconv.FormatFloat(v, 'f', dec, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func units(n, per int64, big, small string) string {
	if n%per == 0 {
		return fmt.Sprintf("%d %s", n/per, big)
	}
	return fmt.Sprintf("%d %s %d %s", n/per, big, n%per, small)
}

// sentence is text with a capital first letter, where it begins with a word.
func sentence(text string) string {
	if text != "" && text[0] >= 'a' && text[0] <= 'z' && !strings.Contains(strings.SplitN(text, " ", 2)[0], ":") {
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return text
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
