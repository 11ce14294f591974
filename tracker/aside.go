package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// aside is a segment whose numbers fit nothing that was captured of its
// connection. Its receiver throws such a segment away (RFC 9293 section
// 3.10.7.4); or the capture missed what lies between. So it waits until the
// other end's numbers or its sender's next segment go on from there; then it
// counts as if it came now. When they go on from the old numbers it never counts.
type aside struct {
	packet     uint64 // 0 for none
	at         int64  // its time
	seq, ack   reassembly.Seq
	n          uint32 // payload
	val, ecr   uint32 // timestamps
	window, id uint16
	flags      capture.Flags
	options    capture.OptionSet
	ttl        uint8
	jumps      jumps
	denied     bool // the other end went on from the old numbers
	old        bool // it is of an older connection that was not captured: see answeredByUnseen
	nSACK      uint8
	sack       [len(capture.Segment{}.SACK)]capture.SACKBlock
}

// jumps says which numbers of a segment lie outside what is known.
type jumps uint8

const (
	jumpSeq  jumps = 1 << iota // its sequence number: outside the receiver's window
	jumpAck                    // its ACK: of what was never sent
	jumpBack                   // its sequence number lies before everything known
)

// asides are those of a connection's two ends.
type asides struct {
	of [2]aside
	// borne is the longest jump of each end's numbers, in segments that were set aside
	// and that what followed bore out: so much the capture misses at once.
	borne [2]uint32
	// rst is the first RST that stood where nothing captured shows its sender, of a
	// connection of which nothing but SYN, FIN and RST was captured: see lastRST.
	rst     aside
	rstFrom record.End
	rsts    uint32 // as many RSTs of that end carry its number
}

const (
	// unknownRoom is how far beyond everything seen a number is taken for one of
	// data that the capture missed where the window is not known in bytes.
	unknownRoom = 1 << 20
	// reach is how far beyond everything seen a number counts at once: behind a
	// longer hole it waits for the next segment.
	reach = 1 << 16
	// maxSpareAsides bounds what is kept for reuse.
	maxSpareAsides = 1024
)

// end is the sequence number behind an aside, its FIN counted.
func (a *aside) end() reassembly.Seq {
	n := a.n
	if a.flags.Has(capture.FIN) {
		n++
	}
	return a.seq.Add(n)
}

// judgeAside is judge where something may have been set aside.
func (t *Tracker) judgeAside(c *conn, from record.End, s *capture.Segment) jumps {
	if c.details.asides != nil {
		t.weigh(c, from, s)
	}
	if s.Flags.Any(capture.SYN | capture.RST) {
		return 0
	}
	return c.judge(from, s.Flags, reassembly.Seq(s.Seq), reassembly.Seq(s.Ack), s.Len)
}

// setAside keeps a segment that does not fit.
func (t *Tracker) setAside(c *conn, from record.End, s *capture.Segment, j jumps, now int64) {
	t.hasAsides(c)
	a, p := &c.details.asides.of[from], &c.ends[from.Peer()]
	if a.packet != 0 {
		t.cameToNothing(c, from)
	}
	a.keep(s, j, now)
	if end := a.end(); j&jumpSeq == 0 && s.Len > 0 && end.LessEq(c.ends[from].stream.Next()) {
		t.takeData(c, from, s, now) // a repeat: of that its sender's numbers alone tell
		a.seq, a.n, a.flags = end, 0, a.flags&^capture.FIN
	}
	if p.state == record.SynSent && c.answeredByUnseen(from, s) {
		a.old = true
		c.note(record.Moment{Kind: record.MomentOldAnswer, End: from})
	} else {
		c.note(record.Moment{Kind: record.MomentUnknownSegment, End: from})
		if c.details.oldAnswer != 0 && from == record.Orig {
			c.own().goesOn(s)
		}
	}
	if d := reassembly.Seq(s.Seq).Sub(c.ends[from].sndNxt()); j != jumpSeq || d > 0 && uint32(d) > c.ends[from].room(p) {
		c.challenge(from.Peer(), now) // inside the window its receiver takes it
	}
	if p.state == record.TimeWait && s.Flags.Has(capture.ACK) {
		// Linux tcp_timewait_state_process: what it refuses begins 2MSL anew, too.
		t.restartTimeWait(c, from.Peer(), now)
	}
}

// keep keeps a segment.
func (a *aside) keep(s *capture.Segment, j jumps, now int64) {
	*a = aside{packet: s.Packet, at: now, seq: reassembly.Seq(s.Seq), ack: reassembly.Seq(s.Ack), n: s.Len,
		val: s.TSVal, ecr: s.TSEcr, window: s.Window, id: s.IPID, flags: s.Flags, options: s.Options, ttl: s.TTL, jumps: j, nSACK: s.NSACK, sack: s.SACK}
}

// cameToNothing counts a segment that was set aside of an end and explained by nothing since.
func (t *Tracker) cameToNothing(c *conn, of record.End) {
	a := &c.details.asides.of[of]
	if a.old {
		return
	}
	t.anomalies[anomalyOutside]++
	if a.n > 0 && a.jumps&(jumpSeq|jumpBack) != 0 {
		c.caught().astray[of] += a.n
	}
}

// astray is how many of the bytes that are missing of both ends data may hold that was set aside and came to nothing.
func (c *conn) astray(ends *[2]record.EndRecord) (n uint64) {
	for e := range ends {
		n += min(ends[e].MissingBytes, uint64(c.capture.astray[e]))
	}
	return n
}

// hasAsides gives a connection room for segments set aside.
func (t *Tracker) hasAsides(c *conn) {
	if c.details.asides != nil {
		return
	}
	if n := len(t.spareAsides); n > 0 {
		c.own().asides = t.spareAsides[n-1]
		t.spareAsides = t.spareAsides[:n-1]
		return
	}
	c.own().asides = new(asides)
}

// keepAsides takes back the asides of a connection that is over.
func (t *Tracker) keepAsides(c *conn) {
	if c.details.asides != nil && len(t.spareAsides) < maxSpareAsides {
		*c.details.asides = asides{}
		t.spareAsides = append(t.spareAsides, c.details.asides)
	}
}

// weigh lets the segment at hand decide, before it counts, whether those set
// aside count.
func (t *Tracker) weigh(c *conn, from record.End, s *capture.Segment) {
	// What came first counts first.
	order := [2]record.End{record.Orig, record.Resp}
	if c.details.asides.of[record.Resp].packet < c.details.asides.of[record.Orig].packet {
		order = [2]record.End{record.Resp, record.Orig}
	}
	for _, of := range order {
		if c.details.asides.of[of].packet != 0 && (of == from && c.goesOn(from, s) || of != from && c.bearsOutAside(of, s)) {
			t.takeAside(c, of)
		}
	}
}

// goesOn reports whether a segment goes on from where the one set aside of the
// same end stood. Twice the same is no sign: whoever sent the one may have sent
// the other.
func (c *conn) goesOn(from record.End, s *capture.Segment) bool {
	a, p := &c.details.asides.of[from], &c.ends[from.Peer()]
	if a.jumps&jumpBack != 0 || p.state == record.SynSent {
		return false
	}
	seq, ack := reassembly.Seq(s.Seq), reassembly.Seq(s.Ack)
	if a.jumps == jumpSeq && a.n == 0 {
		if s.Len > 0 && seq == c.ends[from].sndNxt() && seq.Add(s.Len) == a.seq {
			return true // this fills the hole behind which an ACK without data stood
		}
		if seq == a.seq && a.at < p.lastSend {
			return true // its sender still stands there when it answers again
		}
	}
	if a.jumps&jumpSeq != 0 && uint32(seq-a.seq) > unknownRoom {
		return false
	}
	acks := s.Flags.Has(capture.ACK) && a.flags.Has(capture.ACK)
	if a.jumps&jumpAck != 0 && (!acks || uint32(ack-a.ack) > unknownRoom) {
		return false
	}
	return a.end().Less(seq.Add(s.Len)) || a.n > 0 && a.end() == seq || acks && a.ack.Less(ack)
}

// bearsOutAside reports whether a segment of the other end has the numbers of
// the one that was set aside of an end.
func (c *conn) bearsOutAside(of record.End, s *capture.Segment) bool {
	a, e, p := &c.details.asides.of[of], &c.ends[of], &c.ends[of.Peer()]
	if d := a.seq.Sub(e.sndNxt()); a.jumps&jumpSeq != 0 && d < 0 && d > -maxAhead {
		return false // before what was captured, not 3 GB behind it
	}
	if d := a.ack.Sub(p.sndNxt()); a.jumps&jumpAck != 0 && d < 0 && d > -maxAhead {
		return false
	}
	if a.jumps&jumpSeq != 0 {
		// It acknowledges that segment, or what was sent shortly before it.
		old := e.sndNxt()
		all, part := uint32(a.end()-old), uint32(reassembly.Seq(s.Ack)-old)
		if !s.Flags.Has(capture.ACK) || part == 0 || part > all || all-part > min(unknownRoom, all/2) {
			return false
		}
	}
	if a.jumps&jumpAck != 0 {
		// It stands about where that segment said.
		seq, old := reassembly.Seq(s.Seq), p.sndNxt()
		if d := seq.Sub(a.ack); s.Flags.Has(capture.RST) && !a.answeredBy(s) || seq == old || abs(d) > min(unknownRoom, uint32(a.ack-old)/2) {
			return false
		}
	}
	return true
}

// answeredBy reports whether a RST has both numbers of a segment. Who has no such connection
// answers even a forged one by the number that it acknowledges, but without ACK (RFC 9293
// section 3.10.7.1).
func (a *aside) answeredBy(s *capture.Segment) bool {
	ack := reassembly.Seq(s.Ack)
	return s.Flags.Has(capture.ACK) && reassembly.Seq(s.Seq) == a.ack && a.seq.LessEq(ack) && ack.LessEq(a.end())
}

func abs(d int32) uint32 {
	if d < 0 {
		return -uint32(d)
	}
	return uint32(d)
}

// takeAside lets a segment count that was set aside: the capture missed what
// came before it.
func (t *Tracker) takeAside(c *conn, from record.End) {
	a := c.details.asides.of[from]
	c.details.asides.of[from] = aside{}
	e, p := &c.ends[from], &c.ends[from.Peer()]
	s := t.again(c, from, &a)
	if c.details.oldAnswer == a.packet {
		c.own().oldAnswer = 0
	}
	jumps := c.judge(from, a.flags, a.seq, a.ack, a.n) // it may fit by now
	c.details.asides.bears(from, a.seq.Sub(e.sndNxt()), jumps, jumpSeq)
	if a.flags.Has(capture.ACK) {
		c.details.asides.bears(from.Peer(), a.ack.Sub(p.sndNxt()), jumps, jumpAck)
	}
	if jumps&jumpSeq != 0 {
		e.stream.Jump(a.seq)
	}
	if jumps&jumpAck != 0 {
		p.stream.Jump(a.ack)
	}
	t.learn(c, e, p, s)
	t.takeSegment(c, from, s, a.at)
	t.followTimeWait(c, a.at)
	e.lastSend = max(e.lastSend, a.at)
	if a.n > 0 {
		e.lastData = max(e.lastData, a.at)
	}
}

// bears notes how far ahead a number of an end lies, of a segment that was borne out: of both its
// numbers, though the other alone may have made it wait.
func (x *asides) bears(of record.End, d int32, all, own jumps) {
	if all&own != 0 || all != 0 && d > 0 {
		x.borne[of] = max(x.borne[of], uint32(d))
	}
}

// again is a segment that was set aside, as it came.
func (t *Tracker) again(c *conn, from record.End, a *aside) *capture.Segment {
	t.late = capture.Segment{Packet: a.packet, Time: a.at, Src: c.ends[from].addr, Dst: c.ends[from.Peer()].addr, Seq: uint32(a.seq), Ack: uint32(a.ack), Len: a.n, Captured: a.n,
		Window: a.window, Flags: a.flags, Options: a.options, TTL: a.ttl, IPID: a.id, TSVal: a.val, TSEcr: a.ecr, NSACK: a.nSACK, SACK: a.sack}
	return &t.late
}

// weighAfter sees, once a segment has counted, whether those set aside fit now.
// If not, both numbers of it having been the old ones, that of the same end was
// a stray, and the other end does not know that of its own.
func (t *Tracker) weighAfter(c *conn, from record.End) {
	for of := record.Orig; of <= record.Resp; of++ {
		a := &c.details.asides.of[of]
		switch {
		case a.packet == 0:
		case c.judge(of, a.flags, a.seq, a.ack, a.n) == 0:
			t.takeAside(c, of)
		case of == from:
			t.cameToNothing(c, of)
			*a = aside{}
		default:
			a.denied = true
		}
	}
}

// lastAsides lets those count, of a connection that is over, that nothing denied and that
// nothing could have borne out: a FIN where a filter left out all but SYN, FIN and RST, and
// what jumps no farther than others that were borne out.
func (t *Tracker) lastAsides(c *conn) {
	for of := record.Orig; of <= record.Resp; of++ {
		a := &c.details.asides.of[of]
		if a.packet == 0 {
			continue
		}
		if p := &c.ends[of.Peer()]; a.jumps == jumpAck && a.n > 0 && !a.denied && p.state != record.SynSent {
			a.ack, a.jumps = p.acked(), 0 // its data fits all the same
		}
		far, usual := c.jumpsBy(of, a)
		if a.denied || a.jumps&jumpBack != 0 || c.ends[of.Peer()].state == record.SynSent || far > maxAhead ||
			!usual && !(a.flags.Has(capture.FIN) && c.onlyFlagged()) {
			t.cameToNothing(c, of)
			continue
		}
		t.takeAside(c, of)
	}
	t.lastRST(c)
}

// jumpsBy is how far a segment set aside of an end lies ahead, and whether numbers
// that far ahead were borne out before.
func (c *conn) jumpsBy(of record.End, a *aside) (far uint32, usual bool) {
	usual = true
	for _, x := range [2]struct {
		is bool
		n  reassembly.Seq
		of record.End
	}{{a.jumps&jumpSeq != 0, a.seq, of}, {a.jumps&jumpAck != 0, a.ack, of.Peer()}} {
		if d := uint32(x.n - c.ends[x.of].sndNxt()); x.is {
			far, usual = max(far, d), usual && d <= c.details.asides.borne[x.of]
		}
	}
	return far, usual
}
