package reassembly

// MaxWindow is the largest window there is (RFC 7323 section 2.3): no end sends
// farther beyond what was acknowledged.
const MaxWindow = 1 << 30

// Range is the sequence numbers From <= n < To.
type Range struct{ From, To Seq }

// Len is the number of sequence numbers in the range.
func (r Range) Len() uint32 { return uint32(r.To - r.From) }

// Stream is the payload that one end sent, as sequence numbers: which were
// seen, skipped and acknowledged. SYN and FIN are not in it: the caller tells
// it the number of the first payload byte, and keeps the FIN's number.
//
// Invariants: base <= every gap < nxt, gaps are sorted and apart. The zero
// value is a stream of which nothing is known.
type Stream struct {
	base    Seq // number of the first payload byte, or the first number seen
	nxt     Seq // one past the last payload byte known of: SND.NXT, as far as seen
	una     Seq // highest acknowledgment seen: SND.UNA; it may lie before base (LeftBefore)
	started bool
	acked   bool
	vague   bool    // how far it jumped is known modulo 2^32 only
	span    uint64  // numbers from base to nxt, beyond 2^32 too
	unseen  *unseen // nil for most
	room    *Room   // for more than MaxGaps gaps; nil for none
}

// unseen is what a stream has of which something was never seen.
type unseen struct {
	gaps    []Range // never seen, in order
	most    int32   // gaps that it may have; 0 for MaxGaps
	unsure  bool    // givenTo is set: what comes from below it may have been seen or not
	givenTo Seq     // where the last of those given up ended
	old     uint64  // never seen, more than a window before nxt: acknowledged since
	lost    uint64  // bytes in gaps that were forgotten when they had been acknowledged
	given   uint64  // bytes in gaps that were forgotten before
}

// own is s.unseen to be written to.
func (s *Stream) own() *unseen {
	if s.unseen == nil {
		s.unseen = new(unseen)
	}
	return s.unseen
}

// Added says what a segment's payload was to its stream.
type Added struct {
	New    uint32 // bytes never sent before as far as seen, above everything seen
	Filled uint32 // bytes that filled gaps
	Again  uint32 // bytes seen before
	Gap    uint32 // bytes skipped between what was seen and this segment
}

// Start tells the number of the first payload byte. Only the first call counts.
func (s *Stream) Start(first Seq) {
	if s.started {
		return
	}
	s.started, s.base, s.nxt, s.una = true, first, first, first
}

// Started reports whether the numbers are known.
func (s *Stream) Started() bool { return s.started }

// Base is the number of the first payload byte (or the first seen).
func (s *Stream) Base() Seq { return s.base }

// Next is SND.NXT as far as seen, FIN not counted (RFC 9293 section 3.3.1).
func (s *Stream) Next() Seq { return s.nxt }

// Una is the highest acknowledgment seen, Base before the first; before Base where what was sent
// there was not acknowledged.
func (s *Stream) Una() Seq { return s.una }

// Acked reports whether any acknowledgment was seen.
func (s *Stream) Acked() bool { return s.acked }

// Span is the number of payload bytes from Base to Next, gaps included.
func (s *Stream) Span() uint64 { return s.span }

// Missing is the number of payload bytes in Span that were never seen.
func (s *Stream) Missing() uint64 {
	if s.unseen == nil {
		return 0
	}
	n := s.unseen.lost + s.unseen.old
	for _, g := range s.unseen.gaps {
		n += uint64(g.Len())
	}
	return n
}

// Forgotten is the number of bytes in gaps that were dropped, for want of room,
// after they had been acknowledged: they were never seen.
func (s *Stream) Forgotten() uint64 {
	if s.unseen == nil {
		return 0
	}
	return s.unseen.lost
}

// GivenUp is the number of bytes in gaps that were dropped, for want of room,
// before they were acknowledged: whether they were seen later is not known.
func (s *Stream) GivenUp() uint64 {
	if s.unseen == nil {
		return 0
	}
	return s.unseen.given
}

// Old is the number of bytes never seen that lie more than MaxWindow before
// Next: they were acknowledged, or nothing behind them could have been sent.
func (s *Stream) Old() uint64 {
	if s.unseen == nil {
		return 0
	}
	return s.unseen.old
}

// Vague reports whether Span and Missing are known modulo 2^32 only.
func (s *Stream) Vague() bool { return s.vague }

// Gaps are the ranges never seen, in order; borrowed.
func (s *Stream) Gaps() []Range {
	if s.unseen == nil {
		return nil
	}
	return s.unseen.gaps
}

// Delivered is RCV.NXT of the receiver, supposing that whatever was seen
// reached it: the end of the last byte before the first gap that nobody
// acknowledged.
func (s *Stream) Delivered() Seq {
	if s.unseen == nil {
		return s.nxt
	}
	if i := s.search(s.una); i < len(s.unseen.gaps) {
		return Max(s.unseen.gaps[i].From, s.una)
	}
	return s.nxt
}

// Add notes n payload bytes from seq on.
func (s *Stream) Add(seq Seq, n uint32) (a Added) {
	if !s.started {
		s.Start(seq)
	}
	if n == 0 {
		return a
	}
	end := seq.Add(n)
	if s.nxt.Less(seq) {
		a.Gap = uint32(seq - s.nxt)
		s.skip(Range{s.nxt, seq})
		s.advance(seq)
	}
	if s.nxt.Less(end) {
		a.New = uint32(end - Max(s.nxt, seq))
		s.advance(end)
	}
	if old := n - a.New; old > 0 {
		if s.unseen != nil {
			a.Filled = s.fill(Range{seq, seq.Add(old)})
		}
		a.Again = old - a.Filled
		if h := s.unseen; h != nil && h.unsure && seq.Less(h.givenTo) {
			// What lay in a gap that was given up is no repeat.
			a.Again = min(a.Again, uint32(max(0, end.Sub(h.givenTo))))
		}
	}
	return a
}

// Ack notes an acknowledgment of everything before a. advanced is how far
// SND.UNA moved; unseen how many bytes it covers that were never seen sent
// and lie above everything seen: the capture missed them.
func (s *Stream) Ack(a Seq) (advanced, unseen uint32) {
	if !s.started {
		s.Start(a)
	}
	s.acked = true
	if s.nxt.Less(a) {
		unseen = uint32(a - s.nxt)
		s.skip(Range{s.nxt, a})
		s.advance(a)
	}
	if s.una.Less(a) {
		advanced = uint32(a - s.una)
		s.una = a
	}
	return advanced, unseen
}

// LeftBefore tells that what was sent from a on, before Base, was not acknowledged when the
// first acknowledgment was seen: SND.UNA lies before Base then.
func (s *Stream) LeftBefore(a Seq) {
	if s.started && !s.acked && a.Less(s.base) && uint32(s.base-a) <= MaxWindow {
		s.una = a
	}
}

// Skip notes that everything before n was sent, though some was not seen.
func (s *Stream) Skip(n Seq) {
	if s.nxt.Less(n) {
		s.skip(Range{s.nxt, n})
		s.advance(n)
	}
}

// EndsUnseen reports whether the highest number was never seen.
func (s *Stream) EndsUnseen() bool {
	gaps := s.Gaps()
	return len(gaps) > 0 && gaps[len(gaps)-1].To == s.nxt
}

// DropLast takes the highest number out again: it was never seen, and turned
// out to be a FIN's.
func (s *Stream) DropLast() {
	if s.EndsUnseen() {
		h := s.unseen
		n := len(h.gaps)
		if h.gaps[n-1].To--; h.gaps[n-1].Len() == 0 {
			h.gaps = h.gaps[:n-1]
		}
		s.nxt--
		s.span--
		if s.nxt.Less(s.una) {
			s.una = s.nxt
		}
	}
}

// Cut takes out everything from n on, which lies in a gap, and returns how many
// bytes of that were seen.
func (s *Stream) Cut(n Seq) (seen uint32) {
	seen = uint32(s.nxt - n)
	for gaps := s.Gaps(); len(gaps) > 0 && n.Less(gaps[len(gaps)-1].To); gaps = s.Gaps() {
		last := &gaps[len(gaps)-1]
		if last.From.Less(n) {
			seen -= uint32(last.To - n)
			last.To = n
			break
		}
		seen -= last.Len()
		s.unseen.gaps = gaps[:len(gaps)-1]
	}
	s.span -= uint64(s.nxt - n)
	s.nxt = n
	if n.Less(s.una) {
		s.una = n
	}
	return seen
}

// Rebase moves Base up by n when nothing but those n numbers is known: the
// first segment seen turned out to be a keepalive probe, one before SND.NXT.
func (s *Stream) Rebase(n uint32) {
	s.base = s.base.Add(n)
	s.nxt, s.una, s.span = Max(s.nxt, s.base), Max(s.una, s.base), 0
	if s.unseen != nil {
		s.shrink()
		s.unseen.gaps = s.unseen.gaps[:0]
	}
}

// Jump notes that everything before n was sent, none of it seen. From 2^31 on
// comparison tells n for a number behind: then it says no more than where in
// 2^32 the stream stands.
func (s *Stream) Jump(n Seq) {
	d := uint32(n - s.nxt)
	if !s.started || d <= MaxWindow {
		return // within reach of Add, Ack and Skip
	}
	h := s.own()
	for _, g := range h.gaps {
		h.old += uint64(g.Len())
	}
	h.gaps = h.gaps[:0]
	s.vague = s.vague || d >= 1<<31
	h.old += uint64(d)
	s.span += uint64(d)
	s.nxt, s.una = n, n
}

func (s *Stream) advance(to Seq) {
	s.span += uint64(uint32(to - s.nxt))
	s.nxt = to
	if to-s.una > MaxWindow {
		s.una = to - MaxWindow
	}
	if h := s.unseen; h != nil {
		h.unsure = h.unsure && to-h.givenTo <= MaxWindow
		if len(h.gaps) > 0 && to-h.gaps[0].From > MaxWindow {
			s.settle()
		}
	}
}

// settle takes what lies more than a window back out of the gaps: comparison is
// right within 2^31 only.
func (s *Stream) settle() {
	h, back := s.unseen, s.nxt-MaxWindow
	for len(h.gaps) > 0 && s.nxt-h.gaps[0].From > MaxWindow {
		g := &h.gaps[0]
		if s.nxt-g.To < MaxWindow {
			h.old += uint64(back - g.From)
			g.From = back
			return
		}
		h.old += uint64(g.Len())
		h.gaps = h.gaps[:copy(h.gaps, h.gaps[1:])]
	}
}

// Reset forgets everything but keeps the storage, and the room it shares.
func (s *Stream) Reset() {
	h := s.unseen
	if h != nil {
		s.shrink()
		*h = unseen{gaps: h.gaps[:0]}
	}
	*s = Stream{unseen: h, room: s.room}
}
