package tracker

import (
	"slices"

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

// Files that were captured at two places hold the same packets twice, at the distance of both clocks. What
// the second file holds of a connection would look like retransmissions. The sign is its SYN or SYN/ACK,
// which a sender that repeats it makes anew: with another timestamp, and with another IP identification.

// synFileOf is the file in which an end's SYN or SYN/ACK came first.
func (c *conn) synFileOf(e record.End) uint16 {
	if f := c.capture.answerFile; f != 0 && e == record.Resp {
		return f - 1
	}
	return c.file
}

// noteAnswerFile notes the file of a SYN/ACK: with files of one direction each it is not that of the SYN.
func (c *conn) noteAnswerFile(from record.End, s *capture.Segment) {
	file := uint16(0)
	if s.File != c.file {
		file = s.File + 1
	}
	if from == record.Resp && file != c.capture.answerFile {
		c.caught().answerFile = file
	}
}

// outOfPlace reports whether a segment was captured at another place than its connection: it is left out.
func (c *conn) outOfPlace(from record.End, s *capture.Segment) bool {
	if s.Flags.Has(capture.SYN) && !s.Flags.Has(capture.RST) {
		switch {
		case s.File == c.synFileOf(from) && c.behindOthers(from, s):
			c.noteOther(s.File, record.TwiceMixed)
			return true
		case s.File != c.synFileOf(from) && c.sameSYN(from, s):
			return c.foundTwice(from, s)
		}
	}
	if !c.is(isTwice) {
		return false
	}
	if slices.Contains(c.capture.others[:], s.File+1) && c.capture.twice > record.TwiceCopied {
		return true
	}
	if c.capture.twice == record.TwiceLeftOut && s.File != c.file && s.File != c.synFileOf(record.Resp) {
		c.caught().twice = record.TwiceMixed // of which place this file is nobody knows
	}
	return false
}

// behindOthers reports whether a SYN is older than one that came before, and that another file has answered: the
// connection began in the file of this one and went on in that of another place, whose clock is ahead.
func (c *conn) behindOthers(from record.End, s *capture.Segment) bool {
	e := &c.ends[from]
	return from == record.Orig && c.capture.answerFile != 0 && e.isn == reassembly.Seq(s.Seq) && s.Options&capture.OptTimestamps != 0 &&
		s.TSVal != 0 && e.lastSYNVal != 0 && int32(s.TSVal-e.lastSYNVal) < 0
}

// noteOther notes a file of another place.
func (c *conn) noteOther(file uint16, how record.Twice) {
	x := c.caught()
	switch x.others {
	case [2]uint16{}, [2]uint16{file + 1}:
		x.others[0] = file + 1
	case [2]uint16{x.others[0]}, [2]uint16{x.others[0], file + 1}:
		x.others[1] = file + 1
	default:
		how = record.TwiceMixed
	}
	c.flags, x.twice = c.flags|isTwice, max(x.twice, how)
}

// foundTwice notes that a SYN or SYN/ACK is in a file of another place, too, and reports whether what that holds
// is to be left out.
func (c *conn) foundTwice(from record.End, s *capture.Segment) bool {
	e, later := &c.ends[from], c.capture.stamps.own(s)-c.ends[from].lastSYN
	near := later < duplicateWindow*1000 && e.ttl-s.TTL+1 <= 2 // copies are told one by one: see isCopy
	if near && later == 0 && s.TTL == e.ttl {
		return false // parts of one capture that overlap
	}
	other := s.File
	if other == c.file {
		other = c.synFileOf(from)
	}
	if near {
		c.noteOther(other, record.TwiceCopied)
	} else {
		c.noteOther(other, record.TwiceLeftOut)
	}
	return !near
}

// longestTick is the longest time, in nanoseconds, that the clock behind timestamps takes for a step (RFC 7323
// section 5.4: a second; in use are 500 ms at most).
const longestTick = 500e6

// sameSYN reports whether a SYN or SYN/ACK is one that its sender has sent before, or one that it sent before
// those: a repeat has a later timestamp. Two SYN/ACKs may answer two SYNs within a step of that clock.
// Without timestamps a repeat has an IP identification of its own, but for senders that use one for all;
// so the other place must be some hops away.
func (c *conn) sameSYN(from record.End, s *capture.Segment) bool {
	e := &c.ends[from]
	if !e.synSeen || e.firstSYNPacket == 0 || e.isn != reassembly.Seq(s.Seq) || s.Flags.Has(capture.ACK) != (e.synAcks > 0) {
		return false
	}
	sameID, hops := s.IPID != 0 && s.IPID == e.synID, s.TTL != e.ttl
	switch {
	case s.Options&capture.OptTimestamps == 0:
		return e.has&hasTimestamps == 0 && sameID && hops
	case s.TSVal == 0 || e.firstSYNVal == 0:
		return false
	case int32(s.TSVal-e.firstSYNVal) < 0:
		return true
	case s.TSVal != e.firstSYNVal && s.TSVal != e.lastSYNVal:
		return false
	}
	return !s.Flags.Has(capture.ACK) || sameID || hops || c.capture.stamps.own(s)-e.lastSYN > longestTick
}

// twiceFile is the number, from 1, of the file of another place that holds a connection beside its own; 0 for none.
func (c *conn) twiceFile() int {
	if f := c.capture.others[0]; f != c.file+1 {
		return int(f)
	}
	return int(c.synFileOf(record.Resp)) + 1
}

// leaveOut counts a segment that was captured elsewhere.
func (t *Tracker) leaveOut(c *conn, from record.End, s *capture.Segment) {
	if c.details.step != nil {
		t.openStep(c, from, s)
	}
	t.placed.Copied = true
	c.ends[from].packets++
	x := c.caught()
	x.duplicates++
	x.copies[from].note(s)
	noteFirst(&x.evidence.copied, s.Packet)
	c.note(record.Moment{Kind: record.MomentDuplicate, End: from, M: 1})
	if c.details.step != nil {
		t.closeStep(c)
	}
}

// places walks over which files hold a connection.
func (w *packer[W]) places(n int, c *conn) int {
	x := c.capture
	there := x.answerFile != 0 || x.twice != record.TwiceNone || x.others != [2]uint16{}
	if n = w.flag(n, &there); !there {
		return n
	}
	n = number(w, n, &x.answerFile)
	n = number(w, n, &x.twice)
	n = number(w, n, &x.others[0])
	return number(w, n, &x.others[1])
}
