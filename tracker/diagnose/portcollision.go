package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func portCollision() Detector {
	return Detector{
		Name: "port-collision", Group: GroupOpen, needs: traitHeldUp,
		Doc: `Two live connections reach a server from the same address and port: the older one starves.

Rule: a client that answers the ACK of an older connection by a RST has no such connection (RFC
5961 section 4); where it crashed, or its port was forgotten, the older one is never heard of
again (stale-connection). Here data goes on from where the older connection stood, after the newer one had
opened; or a SYN with numbers of its own comes again, as only a client sends it, while the older one goes
on: both live, behind one address and port. A NAT gave two connections the same
port, or a load balancer that passes its clients' addresses on leads here from two of its
addresses. Seen at the client, where the addresses differ, it is shared-tuple.`,
		New: func(*Options) Fold { return newFold(addCollision, tellCollision) },
	}
}

func addCollision(s *subjects[collisions, *collisions], r *record.Record) {
	if collided(r) {
		x := s.At(listener(r.Resp))
		x.lost(r, max(r.Open.OldWentOnAt, r.Open.RivalAgain), heldUp(r))
		if r.Open.RivalAgain != 0 {
			x.atOnce++
		}
		x.segments += uint64(r.Open.OldWentOn)
		x.both.Take(r.ID)
		if old := r.Open.OldConn; old != 0 {
			x.examples.Take(Example{old, 0})
			x.both.Take(old)
		}
	}
}

func tellCollision(_ *Context, s Subject, x *collisions) (Finding, bool) {
	f := Finding{
		Severity: Warning, Confidence: Likely,
		Title:       fmt.Sprintf("%s got two live connections from one address and port, %s, from %s: one of each two starves", name(s.A), say.Plural(x.n, "time"), x.sources.who()),
		Explanation: "Both have the same addresses and ports here (RFC 9293 section 3.3.1): the server takes them for one, and what it does not expect it answers by an ACK or a RST (RFC 5961 section 4.2)." + x.shown(),
		causes:      []Cause{onPath("a load balancer that passes clients' addresses on leads here from two of its addresses (client IP preservation)"), onPath("a NAT gives two connections the same port (SNAT without free ports, or a race of two clients)")},
		Advice: []string{"Turn client IP preservation off on the load balancer (or use proxy protocol), or let its addresses lead to different ports.",
			"On a NAT: more addresses or ports for SNAT; `iptables -t nat -A POSTROUTING -j MASQUERADE --random-fully` against races."},
	}
	x.sum().into(&f)
	f.explains = x.both
	return f, true
}

// collided tells that the older connection on the same addresses and ports, which
// the opener reset, went on as well, or that a SYN of another opener came again while
// this one lived.
func collided(r *record.Record) bool {
	return OldAnswered(r) && r.Open.OldWentOn > 0 || r.Open.RivalAgain != 0
}

// collisions sums up connections whose older one went on beside them.
type collisions struct {
	delays
	segments uint64 // of the older ones
	both     explained
	atOnce   uint64 // those whose rival's SYN came again
}

// Fields walks over what is summed up.
func (x *collisions) Fields(w *fold.Walk) {
	x.delays.Fields(w)
	fold.Sum(w, &x.segments, &x.atOnce)
	fold.Packets(w, &x.both)
}

// shown says by what they are told.
func (x *collisions) shown() string {
	text := ""
	if n := x.n - x.atOnce; n > 0 {
		text += fmt.Sprintf(" %s, the older one had been reset and the newer one had opened, and %s of the older one came all the same, from where it stood.", say.Plural(n, "time"), say.Plural(x.segments, "data segment"))
	}
	if x.atOnce > 0 {
		text += fmt.Sprintf(" %s, a SYN with numbers of its own came, and came again, while the other connection went on.", say.Plural(x.atOnce, "time"))
	}
	return text
}
