package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// How close together the two copies of a packet that the capture saw twice lie,
// in microseconds.
const (
	// A mirror port or the any device made them, not TCP, which waits at least
	// 200 ms on Linux.
	duplicateWindow = 5000
	// A router sent the packet past the tap again; see minRTO.
	routedWindow = minRTO / 1000
)

// recentSegments are the last few segments of one end, to recognise a packet
// that the capture saw twice.
type recentSegments struct {
	print  [4]uint32
	at     [4]uint32 // microseconds, modulo 2^32
	peer   [4]uint8  // what the other end had sent until then that draws a segment like it, modulo 2^8: see drawn
	sum    [4]uint16 // TCP checksums
	ttl    [4]uint8
	next   uint8
	n      uint8
	draws  draws
	id     lastID
	acks   numbered // segments that acknowledge the same number
	resets numbered // RSTs without ACK that carry the same number
}

// draws count, modulo 2^8, the segments of an end, copies left out, that the
// other end may answer by sending again what it sent just before.
type draws struct {
	acks uint8 // any but an ACK that only acknowledges more: an ACK or FIN comes again
	data uint8 // a SYN, ACKs that acknowledge no more or with SACK: SYN/ACK or data come again
}

// note takes a segment; again tells that it acknowledges what one before did.
func (d *draws) note(s *capture.Segment, again bool) {
	takes := s.Len > 0 || s.Flags.Any(capture.SYN|capture.FIN)
	if takes || again || s.Flags.Has(capture.RST) {
		d.acks++
	}
	if s.Flags.Has(capture.SYN) && !s.Flags.Has(capture.ACK) || s.Options&capture.OptSACK != 0 || again && !takes {
		d.data++
	}
}

// drawn counts what p sent until now that draws a segment such as s. A SYN that
// came again draws a SYN/ACK beside the one that is due then: they are alike.
func (p *endpoint) drawn(s *capture.Segment) uint8 {
	switch {
	case s.Flags.Has(capture.SYN|capture.ACK) && p.syns > 1:
		return uint8(p.packets)
	case s.Len > 0 || s.Flags.Has(capture.SYN):
		return p.recent.draws.data
	}
	return p.recent.draws.acks // a FIN comes again with its ACK
}

// numbered counts segments in a row that carry the same number.
type numbered struct {
	number uint32
	n      uint8
}

func (x *numbered) note(number uint32) {
	if x.number != number {
		*x = numbered{number: number}
	}
	x.n = min(x.n, 254) + 1
}

// fingerprint mixes what two copies of one packet have in common and two
// transmissions do not: with IPv4 the identification, else the numbers,
// window and timestamp.
func fingerprint(s *capture.Segment) uint32 {
	const m = 0x9E3779B97F4A7C15
	h := uint64(s.Seq)<<32 | uint64(s.Ack)
	h = h*m ^ h>>31
	h ^= uint64(s.Len)<<32 | uint64(s.Window)<<16 | uint64(s.Flags)
	h = h*m ^ h>>31
	h ^= uint64(s.TSVal)<<32 | uint64(s.IPID)
	h *= m
	return uint32(h >> 32)
}

// copied notes a segment of e, whose other end is p, and reports whether the
// capture has seen it before: it is a copy of a packet, not one that was sent.
func (e *endpoint) copied(p *endpoint, s *capture.Segment, now int64) bool {
	r := &e.recent
	f, at, drawn := fingerprint(s), uint32(s.Time/1000), p.drawn(s)
	for i := range r.n {
		if r.print[i] != f {
			continue
		}
		if s.IPID == 0 && (s.Untimed || r.peer[i] != drawn || e.answersAgain(p, s)) {
			// Without an identification what answers another segment looks like
			// the answer before.
			continue
		}
		if r.isCopy(int(i), s, at-r.at[i]) {
			return true
		}
	}
	if s.IPID != 0 && (s.Len > 0 && e.sender != nil && e.copiedData(s, now) || e.routedAgain(s, now)) {
		return true
	}
	r.note(s, f, at, drawn)
	return false
}

// isCopy reports whether a segment with the numbers of segment i is a copy of
// it, so many microseconds later. A router on the way between the two takes one
// off the TTL, and may change an option. Otherwise the checksum is the same, but
// for that of a packet taken before the network card had filled it in.
func (r *recentSegments) isCopy(i int, s *capture.Segment, later uint32) bool {
	d := int(r.ttl[i]) - int(s.TTL)
	// A loop brings it past the tap again and again, with fewer hops each time.
	looped := s.IPID != 0 && d > 1 && later < routedWindow && r.sum[i] == s.Checksum
	routed := s.IPID != 0 && (d == 1 && later < routedWindow || d == -1 && later < duplicateWindow)
	if !routed && !looped && (d < -1 || d > 1 || later >= duplicateWindow) {
		return false
	}
	same := r.sum[i] == s.Checksum
	return same || s.IPID != 0 && (routed || s.Unfilled(s.Checksum) || s.Unfilled(r.sum[i]))
}

// answersAgain reports whether a RST without ACK, the same as one before, may answer
// another segment (RFC 9293 section 3.10.7.1): as many came from p with the number that it
// carries, or how many did is not known, as p or e has sent others since.
func (e *endpoint) answersAgain(p *endpoint, s *capture.Segment) bool {
	x, to := &e.recent.resets, &p.recent.acks
	return isBareRST(s) && (x.number != s.Seq || to.number != s.Seq || to.n == 0 || x.n < to.n)
}

func isBareRST(s *capture.Segment) bool {
	return s.Flags.Has(capture.RST) && !s.Flags.Any(capture.ACK|capture.SYN|capture.FIN)
}

// copiedData reports whether a segment is data that a router sent past the tap
// again, behind more segments than are remembered.
func (e *endpoint) copiedData(s *capture.Segment, now int64) bool {
	seq := reassembly.Seq(s.Seq)
	if !seq.Less(e.stream.Next()) {
		return false
	}
	was := e.sender.flight.Find(seq)
	return was != nil && was.ID == s.IPID && seq.Add(s.Len).LessEq(was.To) && s.TTL+1 == e.ttl && now-was.Last < minRTO
}

// routedAgain reports whether a segment is one that a router sent past the tap
// again, behind more segments than are remembered: it tells nothing new, its TTL
// is one below its sender's, and its identification is one that its sender, who
// counts them, has left behind. A host gives a new one to what it repeats.
func (e *endpoint) routedAgain(s *capture.Segment, now int64) bool {
	behind := int16(e.recent.id.id - s.IPID)
	if !e.recent.id.counts || behind <= 0 || behind > maxIDStep || s.TTL+1 != e.ttl || e.has&hasTTL == 0 || s.Flags.Has(capture.RST) || now-e.lastSend >= minRTO {
		return false
	}
	if s.Flags.Has(capture.SYN) {
		return reassembly.Seq(s.Seq) == e.isn && now-e.lastSYN < minRTO
	}
	end := reassembly.Seq(s.Seq).Add(s.Len)
	if s.Flags.Has(capture.FIN) && !e.finSeen {
		return false
	}
	return end.LessEq(e.stream.Delivered())
}

func (r *recentSegments) note(s *capture.Segment, print, at uint32, peer uint8) {
	r.draws.note(s, s.Flags.Has(capture.ACK) && r.acks.n > 0 && r.acks.number == s.Ack)
	r.id.note(s)
	switch {
	case isBareRST(s):
		r.resets.note(s.Seq)
	case s.Flags.Has(capture.ACK) && !s.Flags.Has(capture.RST):
		r.acks.note(s.Ack)
	}
	r.print[r.next], r.at[r.next], r.peer[r.next], r.ttl[r.next], r.sum[r.next] = print, at, peer, s.TTL, s.Checksum
	r.next = (r.next + 1) % uint8(len(r.print))
	r.n = min(r.n+1, uint8(len(r.print)))
}

// faint counts copies, without an identification, that their sender may have sent: a stack
// acknowledges the same again without data, and what it sent again late may come right behind what it
// had sent before.
type faint struct {
	bare uint32 // without data, SYN, FIN and RST
	data uint32 // with data
}

// note takes a copy and reports whether it is faint.
func (x *faint) note(s *capture.Segment) bool {
	switch {
	case s.IPID != 0 || s.Flags.Any(capture.SYN|capture.FIN|capture.RST):
		return false
	case s.Len > 0:
		x.data++
	default:
		x.bare++
	}
	return true
}

// sawCopy counts a copy of an end's packet and reports whether it is faint. One that is not shows best
// that there are copies.
func (x *captured) sawCopy(from record.End, s *capture.Segment) bool {
	none := x.duplicates == x.faint.bare+x.faint.data
	faint := x.faint.note(s)
	x.duplicates++
	x.copies[from].note(s)
	if none && !faint {
		x.evidence.copied = 0
	}
	noteFirst(&x.evidence.copied, s.Packet)
	return faint
}

// faintAtMost is how many faint copies there may be for each other for them to be copies too: what
// copies packets copies all kinds of them.
const faintAtMost = 4

// shownCopies is how many packets the capture holds twice. Faint copies are none where others do not bear them
// out; data that came again and arrived, as a D-SACK tells (RFC 2883), was sent again.
func (c *conn) shownCopies(ends *[2]record.EndRecord) uint32 {
	x := &c.capture.faint
	arrived := min(x.data, ends[record.Orig].DSACKs+ends[record.Resp].DSACKs)
	doubtful := x.bare + arrived
	sure := c.capture.duplicates - min(doubtful, c.capture.duplicates)
	if doubtful > sure*faintAtMost {
		return sure
	}
	return c.capture.duplicates
}

// copies are how many of an end's SYNs, SYN/ACKs and FINs were copies that the
// capture made.
type copies struct{ syns, synAcks, fins uint32 }

func (x *copies) note(s *capture.Segment) {
	switch {
	case s.Flags.Has(capture.SYN | capture.ACK):
		x.synAcks++
	case s.Flags.Has(capture.SYN):
		x.syns++
	}
	if s.Flags.Has(capture.FIN) {
		x.fins++
	}
}

// copies walks over those of both ends.
func (w *packer[W]) copies(n int, c *conn) int {
	there := c.capture.copies != [2]copies{}
	if n = w.flag(n, &there); !there {
		return n
	}
	for e := range c.capture.copies {
		n = number(w, n, &c.capture.copies[e].syns)
		n = number(w, n, &c.capture.copies[e].synAcks)
		n = number(w, n, &c.capture.copies[e].fins)
	}
	return n
}

// signsOf compares a RST with what its sender sent before.
func (c *conn) signsOf(from record.End, s *capture.Segment, now int64) (odd record.ResetSigns) {
	e := &c.ends[from]
	if c.oddTTL(from, s) {
		odd |= record.OddTTL
	}
	// An identification of 0 proves nothing: Linux sends it where it has no socket.
	if last := e.recent.id; last.counts && s.IPID != 0 {
		if d := int16(s.IPID - last.id); d > idJump || d < -idJump {
			odd |= record.OddIPID
		}
	}
	if s.Flags.Has(capture.ACK) && e.recent.id.stamped && s.Options&capture.OptTimestamps == 0 {
		odd |= record.OddTimestamps
	}
	if signed := s.Options&(capture.OptMD5|capture.OptAO) != 0; c.ends[record.Orig].synSeen && signed != c.details.signed {
		odd |= record.OddSigned
	}
	if s.TTL == e.ttl && e.has&hasTTL != 0 && e.recent.id.goesOn(e, s, now) {
		odd |= record.OwnStack
	}
	if s.Options&capture.OptMPTCP != 0 {
		odd |= record.OfSubflow
	}
	if p := &c.ends[from.Peer()]; e.tookAll(p) {
		odd |= record.TookAll
	}
	return odd
}

// tookAll reports whether an end has acknowledged, since the other end's data came last, all of it, and
// offers as large a window as it ever did: what waits unread makes it smaller.
func (e *endpoint) tookAll(p *endpoint) bool {
	shift, known := e.shift(p)
	return known && p.lastData != 0 && e.lastSend >= p.lastData && p.stream.Acked() && p.stream.Una() == p.stream.Next() &&
		e.widest > 0 && uint32(e.window)<<shift >= e.widest
}

// idJump is from how far on an IPv4 identification is no count of the same
// sender: others get packets between two of ours, but not so many at once.
const idJump = 4096

// lastID is the IPv4 identification of an end's last segment, and what kind it is.
type lastID struct {
	id      uint16
	counts  bool // it was a little above the one before
	stamped bool // the segment carried timestamps
}

// note takes a segment that is no RST.
func (l *lastID) note(s *capture.Segment) {
	if s.Flags.Has(capture.RST) {
		return
	}
	step := s.IPID - l.id
	l.counts = l.id != 0 && step > 0 && step < idJump/64
	l.id, l.stamped = s.IPID, s.Options&capture.OptTimestamps != 0
}

// ticksIn is how far a clock of timestamps goes at most in so many milliseconds: none ticks faster than each of them
// (RFC 7323 section 5.4), or by much; what is remembered of it may be a second older.
func ticksIn(ms uint32) uint32 { return 2*min(ms, 1<<29) + 1000 }

// goesOn reports whether a segment's timestamp or identification goes on from those of its sender e.
func (l lastID) goesOn(e *endpoint, s *capture.Segment, now int64) bool {
	if l.stamped && s.Options&capture.OptTimestamps != 0 && s.TSVal != 0 {
		return e.tsRecent != 0 && s.TSVal-e.tsRecent <= ticksIn(e.quiet(now))
	}
	step := s.IPID - l.id
	return l.counts && s.IPID != 0 && step > 0 && step < idJump/64
}
