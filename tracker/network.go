package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// joined is the second network of a connection.
type joined struct {
	network table.Network
	from    record.End // who sends in it
	there   bool
}

// elsewhere is the newest connection on a segment's ends that was begun in
// another network and that the segment's numbers continue; nil for none.
func (t *Tracker) elsewhere(k *table.Key, s *capture.Segment) (found *conn) {
	var at [table.MaxNetworks]uint32
	for _, i := range at[:t.index.Elsewhere(&t.entries, k, &at)] {
		x := t.entries.At(i)
		if t.deadline(x) <= t.clock.now {
			continue
		}
		c := t.stateOf(i)
		if c.capture.joined.there && c.capture.joined.network == k.Network() && (c.capture.joined.from == c.from(&s.Src) || carriesAlike(c.capture.joined.network, x.Key.Network())) {
			return c
		}
		if (found == nil || c.id > found.id) && (c.joins(x.Key.Network(), k.Network(), s) || c.prev != nil && c.prev.joins(x.Key.Network(), k.Network(), s)) {
			found = c
		}
	}
	for c := found; c != nil; c = c.prev {
		if !c.capture.joined.there {
			c.caught().joined = joined{k.Network(), c.from(&s.Src), true}
		}
	}
	return found
}

// joins reports whether a segment of network other belongs to c, which was begun
// in network own: where both are of GRE when its numbers continue c, else when it
// is also the first of its direction.
func (c *conn) joins(own, other table.Network, s *capture.Segment) bool {
	from := c.from(&s.Src)
	first := !c.capture.joined.there && c.ends[from].packets == 0
	return (first || carriesAlike(own, other)) && c.continues(from, s)
}

// carriesAlike reports whether the identifiers of two networks are GRE keys, or
// one has none: a key may only choose the way, so a direction may have several.
func carriesAlike(a, b table.Network) bool {
	plain := func(n table.Network) bool { return n.Kind == capture.TunnelGRE || n.Kind == capture.TunnelNone }
	return plain(a) && plain(b)
}

// continues reports whether the numbers of a segment follow on those of c.
func (c *conn) continues(from record.End, s *capture.Segment) bool {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	seq, ack := reassembly.Seq(s.Seq), reassembly.Seq(s.Ack)
	switch {
	case s.Flags.Has(capture.SYN) && e.synSeen:
		return e.isn == seq
	case s.Flags.Has(capture.SYN | capture.ACK):
		return p.acksSYN(ack) || !p.synSeen && p.stream.Started() && nearNext(p, ack)
	case s.Flags.Has(capture.SYN):
		return e.stream.Started() && e.stream.Base() == seq.Add(1)
	case s.Flags.Has(capture.ACK):
		return p.stream.Started() && nearNext(p, ack) && (!e.stream.Started() || nearNext(e, seq))
	}
	return e.stream.Started() && nearNext(e, seq)
}

// inherit takes over the second network of an older connection on the same ends.
func (c *conn) inherit(old *conn) {
	if x := old.capture.joined; x.there {
		c.caught().joined = x
		c.capture.joined.from = c.from(&old.ends[old.capture.joined.from].addr)
	}
}

// quotedElsewhere is the connection, begun in another network, that sent what an
// ICMP error quotes; nil for none.
func (t *Tracker) quotedElsewhere(k *table.Key, q *capture.Quote) (found *conn) {
	var at [table.MaxNetworks]uint32
	for _, i := range at[:t.index.Elsewhere(&t.entries, k, &at)] {
		for c := t.stateOf(i); c != nil; c = c.prev {
			if (found == nil || c.id > found.id) && c.sent(q) {
				found = c
			}
		}
	}
	return found
}

// joined walks over it.
func (w *packer[W]) joined(n int, x *joined) int {
	there := *x != joined{}
	if n = w.flag(n, &there); !there {
		return n
	}
	n = w.flag(n, &x.there)
	n = number(w, n, &x.network.ID)
	n = number(w, n, &x.network.Kind)
	return number(w, n, &x.from)
}
