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
		Doc: `Two live connections reach a listener from the same address and port: the older one starves.

Rule: an opener that answers the ACK of an older connection by a RST has no such connection (RFC
5961 section 4); where it crashed, or its port was forgotten, the older one is never heard of
again (stale-connection). Here data goes on from where the older connection stood, after the newer one had
opened: both live, behind one address and port. A NAT gave two connections the same
port, or a load balancer that passes its clients' addresses on leads here from two of its
addresses. Seen at the client, where the addresses differ, it is shared-tuple.`,
		New: func(*Options) Fold {
			return newFold(func(s *subjects[collisions, *collisions], r *record.Record) {
				if collided(r) {
					x := s.At(listener(r.Resp))
					x.lost(r, r.Open.OldWentOnAt, heldUp(r))
					x.segments += uint64(r.Open.OldWentOn)
					if r.Open.OldConn != 0 {
						x.examples.Take(example{r.Open.OldConn, 0})
					}
				}
			}, func(_ *Context, s Subject, x *collisions) (Finding, bool) {
				f := Finding{
					Severity: Warning, Confidence: Likely,
					Title: fmt.Sprintf("%s to %s came from an address and port whose older connection still lived at its opener, %s: that one starves", say.Plural(x.n, "connection"), name(s.A), x.sources.who()),
					Explanation: fmt.Sprintf("The older connection answered the SYN by an ACK, a RST came back, and the newer one opened (RFC 5961 section 4.2). Then %s of the older one came all the same, from where it stood: its opener had not given it up. They met the newer connection and are lost.",
						say.Plural(x.segments, "data segment")),
					Causes: []string{"a load balancer that passes clients' addresses on leads here from two of its addresses (client IP preservation)", "a NAT gives two connections the same port (SNAT without free ports, or a race of two openers)"},
					Advice: []string{"Turn client IP preservation off on the load balancer (or use proxy protocol), or let its addresses lead to different ports.",
						"On a NAT: more addresses or ports for SNAT; `iptables -t nat -A POSTROUTING -j MASQUERADE --random-fully` against races."},
				}
				x.sum().into(&f)
				f.explains = f.Conns
				return f, true
			})
		},
	}
}

// collided tells that the older connection on the same addresses and ports, which
// the opener reset, went on as well.
func collided(r *record.Record) bool { return OldAnswered(r) && r.Open.OldWentOn > 0 }

// collisions sums up connections whose older one went on beside them.
type collisions struct {
	delays
	segments uint64 // of the older ones
}

// Fields walks over what is summed up.
func (x *collisions) Fields(w *fold.Walk) {
	x.delays.Fields(w)
	fold.Sum(w, &x.segments)
}
