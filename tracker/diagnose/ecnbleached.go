package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func ecnBleached() Detector {
	return Detector{
		Name: "ecn-bleached", Group: GroupTransfer, needs: traitECN,
		Doc: `Both ends agreed on ECN, but the data comes without it: something clears the field.

Rule: once SYN and SYN/ACK agreed, a sender marks its data ECT(0) or ECT(1) in the IP
header (RFC 3168 section 6.1.2; not repeats, not pure ACKs), so that routers can mark
congestion instead of dropping. Where none of an end's data carries the mark, a
router between it and the capture point clears those bits, often together with the old TOS
field; or the sender's congestion control does not use it. ECN then does nothing, and
senders that rely on it (DCTCP, L4S) do not see congestion. Counted on connections with
at least ecn-bleached segments' worth of data.`,
		New: func(o *Options) Fold {
			return newEndFold(atLeast{o.count("ecn-bleached", 20, "full segments that an end must have sent")}.addBleached, tellBleached)
		},
	}
}

func (l atLeast) addBleached(s *subjects[waits, *waits], r *record.Record, e record.End) {
	x, y := &r.Ends[e], &r.Ends[e.Peer()]
	if handshakeSeen(r) && x.ECN.V && y.ECN.V && x.Packets > 0 && x.WireBytes-min(x.WireBytes, x.RetxBytes) >= l.least*1460 && !r.Path[e].ECT {
		w := s.At(sideOf(r, e))
		w.add(r, r.Evidence.Ends[e].Unmarked, 0, 0)
		w.bytes += x.WireBytes
	}
}

func tellBleached(_ *Context, s Subject, x *waits) (Finding, bool) {
	return Finding{
		Severity: Notice, Confidence: Likely,
		Title: fmt.Sprintf("data from %s comes without ECN marks on %s that agreed on ECN", s.who(), say.Plural(x.n, "connection")),
		Explanation: fmt.Sprintf("%s bytes of data, none of it ECN-capable, after a handshake that agreed (RFC 3168 sections 6.1.1 and 6.1.2): routers drop instead of marking.",
			say.Thousands(x.bytes)),
		causes: []Cause{onPath("a router or tunnel between it and the capture point clears the ECN bits with the old TOS byte"), onHost("the sender's stack agreed to ECN and does not use it")},
		Advice: []string{fmt.Sprintf("On %s: `sysctl net.ipv4.tcp_ecn`; capture there: do segments leave with tos 0x2?", s.A.Addr),
			"`tcpdump -c 20 -nv 'tcp and ip[1] & 3 != 0'` shows what arrives marked."},
	}, true
}
