package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// joinedLosses compares segments that are longer than the other end takes with the others of
// the same connections.
type joinedLosses struct {
	long, longLost, short, shortLost uint64
}

// Fields walks over what is summed up.
func (x *joinedLosses) Fields(w *fold.Walk) {
	fold.Sum(w, &x.long, &x.longLost, &x.short, &x.shortLost)
}

// add takes in what an end sent. Where what is lost is much longer than all that passed, a link
// with a small MTU loses it, joined or not: see mtu-black-hole.
func (x *joinedLosses) add(r *record.Record, e record.End) {
	p := &r.Path[e]
	if y := &p.Long; y.Sent > 0 && p.Passed*2 >= y.Least {
		x.long += uint64(y.Sent)
		x.longLost += uint64(min(y.Lost, y.Sent))
		x.short += uint64(r.Ends[e].DataSegments - min(y.Sent, r.Ends[e].DataSegments))
		x.shortLost += uint64(y.ShortLost)
	}
}

// decides tells that the length decides what is lost, and not chance.
func (x *joinedLosses) decides() bool { return separated(x.short, x.shortLost, x.long, x.longLost) }

// diesJoined tells so of one end of a connection.
func diesJoined(r *record.Record, e record.End) bool {
	var x joinedLosses
	x.add(r, e)
	return x.decides()
}

// tell tells of segments that something before the capture point joined, and something behind it
// drops, of which no ICMP error tells.
func (x *joinedLosses) tell(s Subject, n uint64, e record.End) Finding {
	from, to := "to", s.A.Addr.String()
	if e == record.Resp {
		from, to = "from", "its clients"
	}
	return Finding{
		Severity: effect{felt: true}.severity(), Confidence: Likely,
		Title: fmt.Sprintf("joined segments are lost on connections %s %s, others pass: %s of %s against %s of %s", from, name(s.A),
			say.Thousands(x.longLost), say.Thousands(x.long), say.Thousands(x.shortLost), say.Thousands(x.short)),
		Explanation: fmt.Sprintf("On %s segments were lost that are longer than the other end takes (MSS, RFC 9293 section 3.7.1), or than Ethernet carries: several were joined before the capture point. Shorter ones pass. No ICMP error tells that they are too big.",
			say.Plural(n, "connection")),
		causes: []Cause{beforeCapture("receive offload (GRO, LRO) on a host, router or firewall that forwards the packets, which then are too big to be sent on")},
		Advice: []string{fmt.Sprintf("On each host that forwards packets towards %s, at the capture point first: `ethtool -k eth0` (the interface's own name) shows generic-receive-offload and large-receive-offload; turn both off there.", to)},
	}
}
