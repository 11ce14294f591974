package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// nReasons is the number of ICMP errors that are told apart.
const nReasons = 32

// reasonOf numbers the ICMP errors that end an attempt to connect: IPv4's
// type 3 (RFC 792, RFC 1812) and 11, then ICMPv6's type 1, 3 and 4 (RFC 4443).
func reasonOf(a record.Answer) int {
	v6 := a.Kind == record.AnswerICMPv6
	switch {
	case !v6 && a.Type == 3:
		return int(min(a.Code, 15))
	case !v6 && a.Type == 11:
		return 16 + int(min(a.Code, 1))
	case !v6:
		return 18
	case a.Type == 1:
		return 20 + int(min(a.Code, 7))
	case a.Type == 3:
		return 28 + int(min(a.Code, 1))
	}
	return 30
}

// reasonWords names such an error again.
func reasonWords(i int) string {
	switch {
	case i < 16:
		return say.ICMPError(false, 3, uint8(i))
	case i < 18:
		return say.ICMPError(false, 11, uint8(i-16))
	case i < 20:
		return say.ICMPError(false, 12, 0)
	case i < 28:
		return say.ICMPError(true, 1, uint8(i-20))
	case i < 30:
		return say.ICMPError(true, 3, uint8(i-28))
	}
	return say.ICMPError(true, 4, 0)
}

// prohibited tells that a rule, not a missing way, is the reason.
func prohibited(i int) bool { return i == 9 || i == 10 || i == 13 || i == 21 || i == 25 || i == 26 }

func unreachable() Detector {
	return Detector{
		Name: "unreachable", Group: GroupOpen, needs: traitFailed,
		Doc: `An ICMP error answers the SYN: no way there, nobody there, or a rule forbids it.

Rule: ICMP type 3 and 11 (RFC 792, RFC 1812 section 5.2.7.1) and ICMPv6 type 1,
3 and 4 (RFC 4443) quote the header that they answer; the quoted SYN shows which
attempt it was. RFC 9293 section 3.9.2.2 lets an attempt go on after a soft
error; Linux reports it to the application once it gives up. "Fragmentation
needed" and source quench end no attempt and do not count. Each code is counted, and where all
are one its causes come first: no hops left is a routing loop, host unreachable an
address that nobody on the last link has.

It can be mistaken for a forged ICMP error: who sent it is named. Hosts that
scan are left out.`,
		New: func(o *Options) Fold {
			return newAttempts(cause{scale: o.fewAndMany("unreachable"), picks: pickUnreachable, more: noteReason, tell: tellUnreachable})
		},
	}
}

func pickUnreachable(r *record.Record) (uint64, bool) {
	return r.Open.AnswerPacket, r.Open.Kind == record.OpenUnreachable
}

func noteReason(a *attempts, r *record.Record) {
	a.reasons[reasonOf(r.Open.Answer)]++
	a.by.Take(teller{r.ID, r.Open.Answer.From})
}

func tellUnreachable(c *Context, s Subject, a *attempts, n uint64, k scale) (Finding, bool) {
	opened := c.opened(s.A)
	var kinds []string
	forbidden := false
	for i, n := range a.reasons {
		if n > 0 {
			kinds = append(kinds, fmt.Sprintf("%s: %s", reasonWords(i), say.Thousands(n)))
			forbidden = forbidden || prohibited(i)
		}
	}
	f := Finding{
		Severity: k.severity(n, n+opened), Confidence: Proven, failing: failing{k, n, n + opened},
		Title: fmt.Sprintf("%s is unreachable for %s: %s says so by ICMP", name(s.A), a.sources.who(), a.by.V.Addr),
		Explanation: fmt.Sprintf("%s got an ICMP error for the SYN (%s), the first from %s (RFC 1812 section 5.2.7.1, RFC 4443).",
			c.wholeOf(s.A, n).of(n), strings.Join(kinds, ", "), a.by.V.Addr),
		causes: []Cause{hostGone("the host is down or has no such address"), onPath("a route is missing or wrong"), hostOrPath("a firewall rejects with an ICMP error")},
		Advice: []string{
			fmt.Sprintf("On the client: `ip route get %s` shows which way it goes.", s.A.Addr),
			fmt.Sprintf("At %s: look at routes and rules, `ip route` and `nft list ruleset`.", a.by.V.Addr),
		},
	}
	for i, k := range a.reasons {
		if causes := causesOf(i); k == a.n && len(causes) > 0 {
			f.causes = causes
		}
	}
	if a.reasons[16] == a.n || a.reasons[28] == a.n {
		f.Advice = append([]string{fmt.Sprintf("On the client: `mtr -n --tcp -P %d %s` or `traceroute -T -p %d -n %s`; routers that come again and again are the loop.", s.A.Port, s.A.Addr, s.A.Port, s.A.Addr)}, f.Advice...)
	}
	if forbidden {
		f.causes = []Cause{hostOrPath("a firewall rejects with an ICMP error"), onPath("a router's access list forbids it")}
	}
	if a.by.V.Addr == s.A.Addr {
		f.causes = append(f.causes[:0:0], onHost("a firewall on that host itself rejects with an ICMP error"), onHost("a service bound to another protocol or address"))
	}
	return f, true
}

// causesOf are the causes that an ICMP error names by its code; nil where it names none.
func causesOf(reason int) []Cause {
	switch reason {
	case 0, 6, 20: // no route
		return []Cause{onPath("the router that says so has no route there"), onPath("the address is wrong")}
	case 1, 7, 23: // nobody answers ARP or neighbour discovery
		return []Cause{hostGone("the host is down, or nobody has that address: on its last link no answer came to the router's ARP or neighbour discovery"), onPath("the address is wrong")}
	case 3, 24: // port
		return []Cause{onPath("a firewall rejects with an ICMP error; a host on which nothing listens there would send a RST")}
	case 16, 28: // hops
		return []Cause{onPath("a routing loop: routers pass the packets to each other until their hops are used up"), onHost("the client sends with too few hops (`sysctl net.ipv4.ip_default_ttl`, IP_TTL)")}
	}
	return nil
}
