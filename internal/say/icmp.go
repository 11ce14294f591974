package say

import "fmt"

// ICMPError names an ICMP error (RFC 792, RFC 1812 section 5.2.7.1) or an
// ICMPv6 one (RFC 4443 section 3): ICMP 3/1 (host unreachable).
func ICMPError(v6 bool, typ, code uint8) string {
	name, proto := icmp4(typ, code), "ICMP"
	if v6 {
		name, proto = icmp6(typ, code), "ICMPv6"
	}
	s := fmt.Sprintf("%s %d/%d", proto, typ, code)
	if name != "" {
		s += " (" + name + ")"
	}
	return s
}

func icmp4(typ, code uint8) string {
	switch typ {
	case 3:
		return pick(code, "network unreachable", "host unreachable", "protocol unreachable", "port unreachable",
			"fragmentation needed", "source route failed", "network unknown", "host unknown", "source host isolated",
			"network prohibited", "host prohibited", "network unreachable for this service",
			"host unreachable for this service", "administratively prohibited", "host precedence violation",
			"precedence cutoff")
	case 4:
		return "source quench"
	case 11:
		return pick(code, "TTL exceeded", "fragments timed out")
	case 12:
		return "parameter problem"
	}
	return ""
}

func icmp6(typ, code uint8) string {
	switch typ {
	case 1:
		return pick(code, "no route", "administratively prohibited", "beyond scope", "host unreachable",
			"port unreachable", "source address failed policy", "route rejected")
	case 2:
		return "packet too big"
	case 3:
		return pick(code, "hop limit exceeded", "fragments timed out")
	case 4:
		return "parameter problem"
	}
	return ""
}

// pick is the name of a code; "" of one that has none.
func pick(code uint8, names ...string) string {
	if int(code) < len(names) {
		return names[code]
	}
	return ""
}
