package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// segmentSizes sums up connections on which one side announces a small MSS.
type segmentSizes struct {
	tally
	mss   fold.Range[int64]
	small uint64 // captured on a link whose own MTU is small
	able  uint64 // whose end scales windows, so it has memory for them
	both  uint64 // whose other end announces the same
}

// Fields walks over what is summed up.
func (x *segmentSizes) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.mss.Fields(w)
	fold.Sum(w, &x.small, &x.able, &x.both)
}

// leastMSS is the MSS that every host takes (RFC 9293 section 3.7.1).
const leastMSS = 536

type mssLimits struct{ usual uint64 }

func mssClamped() Detector {
	return Detector{
		Name: "mss-clamped", Group: GroupTransfer,
		Doc: `An end announces a small MSS: a tunnel on its side, or something that clamps it.

Rule: the MSS is the MTU of the sender's interface less 40 bytes (IPv6: 60; RFC 9293
section 3.7.1), so 1,460 on Ethernet and 1,452 over PPPoE; less than that means a tunnel
or a VPN there, or a router that lowers the number in passing SYNs so that nothing has to be
fragmented (RFC 4459 section 3.2). That is mostly a good thing: information. A notice
below 536, what every host takes (unless the link that it was captured on has so small an MTU itself): such segments cost more header than they carry.
No tunnel on Ethernet leaves so little: it is set on purpose, or a slow line carries no more. Where both ends announce the same it
is one finding, of the server.`,
		New: func(o *Options) Fold {
			return newEndFold(mssLimits{o.count("mss-clamped", 1400, "MSS below which it is reported")}.add, tellMSS)
		},
	}
}

func (l mssLimits) add(s *subjects[segmentSizes, *segmentSizes], r *record.Record, e record.End) {
	m := r.Ends[e].MSS
	if !m.OK || uint64(m.V) >= l.usual || !handshakeSeen(r) {
		return
	}
	both := r.Ends[e.Peer()].MSS == m
	if both && e == record.Orig {
		return // told of the listener
	}
	whose, packet := listener(r.Resp), r.Evidence.SYNACK
	if e == record.Orig {
		whose, packet = host(r.Orig.Addr), r.FirstPacket // the SYN
	}
	x := s.At(whose)
	x.mss.Take(int64(m.V))
	if r.Open.SmallLink && m.V < leastMSS {
		x.small++
	}
	if r.Ends[e].WScale.OK {
		x.able++
	}
	if both {
		x.both++
	}
	x.hitAt(r, packet)
}

func tellMSS(_ *Context, s Subject, x *segmentSizes) (Finding, bool) {
	mss := fmt.Sprint(x.mss.Least)
	if x.mss.Most != x.mss.Least {
		mss = fmt.Sprintf("%d to %d", x.mss.Least, x.mss.Most)
	}
	f := Finding{
		Severity: effect{harmless: x.mss.Least >= leastMSS || x.small == x.n}.severity(), Confidence: Likely,
		Title:       fmt.Sprintf("%s announces a small MSS, %s, on %s", s.who(), mss, say.Plural(x.n, "connection")),
		Explanation: "Ethernet alone would allow 1,460. The other end must not send it larger segments (RFC 9293 section 3.7.1).",
		causes:      []Cause{onPath("a tunnel, VPN or overlay network on that side"), onPath("a router or firewall that lowers the MSS of passing SYNs")},
		Advice:      []string{fmt.Sprintf("On %s: `ip link` shows the MTU of each interface, `ip route` an advmss.", s.A.Addr)},
	}
	switch {
	case x.both == x.n:
		f.Title = fmt.Sprintf("both ends announce the same small MSS, %s, on %s to %s", mss, say.Plural(x.n, "connection"), name(s.A))
		f.Explanation = "Ethernet alone would allow 1,460. Neither end may be sent larger segments (RFC 9293 section 3.7.1)."
		f.causes = []Cause{onPath("a router or firewall between them that lowers the MSS of passing SYNs, both ways"), onPath("a tunnel, VPN or overlay network that both ends are in")}
	case x.both > 0:
		f.Explanation += onSome(x.both, x.n, "the other end announces the same.")
	}
	if x.mss.Most < leastMSS {
		f.Explanation += " No tunnel or VPN on Ethernet leaves so little."
		f.causes = []Cause{hostOrPath("it is set on purpose: the application sets TCP_MAXSEG, a route has an advmss, or something on the path rewrites it"), madeItself(),
			onPath("a slow serial or radio line whose MTU is so small (SLIP: 296)")}
		if x.able < x.n { // who scales windows does not lack memory
			f.causes = append(f.causes, onHost("a small or embedded system with little memory"))
		}
	}
	if x.small == x.n {
		f.Explanation = "The link that they were captured on has a small MTU of its own (ARCNET, SLIP): the MSS is that less 40 bytes (RFC 9293 section 3.7.1)."
		f.causes = []Cause{onHost("that link's own MTU")}
	}
	return f, true
}
