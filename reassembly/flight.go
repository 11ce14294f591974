package reassembly

// MaxFlight is how many segments in flight a Flight remembers one by one; past
// that, neighbours are taken together, which Flight.Merged counts.
const MaxFlight = 1024

// KeepAcked is how many acknowledged segments are still known, so that late
// copies of them can be told from repeats.
const KeepAcked = 64

// Sent is one segment in flight (or several neighbours taken together): the
// numbers From <= n < To, when it was sent, and what became of it.
type Sent struct {
	From, To    Seq
	First, Last int64  // ns: first and last transmission seen
	Packet      uint64 // of the first transmission
	Times       uint16 // transmissions seen
	ID          uint16 // IP identification of the latest, 0 when it has none
	SACKed      bool   // the receiver has it (RFC 2018)
	Arrived     bool   // duplicate ACKs tell that it came, out of order, where the receiver sends no SACK
	Refused     bool   // an ICMP error tells that it is too big for a link
	Cut         bool   // it was sent again in pieces, or is several segments: it is as long as none
	Far         bool   // a mark of whoever sent it; false when it is sent
	Head        uint16 // digests that the caller has of its payload's beginning and
	Sum         uint16 // of all of it, of 14 bits each; Head is 0 where it has none
}

// Len is the number of sequence numbers in the entry.
func (s *Sent) Len() uint32 { return uint32(s.To - s.From) }

// Flight is what one end has sent and the other has not yet acknowledged: the
// scoreboard that a sender keeps (RFC 6675), rebuilt from the tap. It is in
// order of numbers, without overlap. The zero value is empty.
type Flight struct {
	segs   []Sent
	head   int // segs[:head] are acknowledged, the oldest of them forgotten
	most   int // entries that there were at once
	merged uint32
}

// Merged is how many segments lost their own entry because of MaxFlight.
func (f *Flight) Merged() uint32 { return f.merged }

// Len is the number of entries.
func (f *Flight) Len() int { return len(f.segs) - f.head }

// At is entry i; borrowed until the next change.
func (f *Flight) At(i int) *Sent { return &f.segs[f.head+i] }

// Most is how many entries it held at once since the last Reset.
func (f *Flight) Most() int { return f.most }

// Reset forgets everything but keeps the storage, unless that is for more than
// some entries.
func (f *Flight) Reset(most int) {
	if cap(f.segs) > most {
		*f = Flight{}
		return
	}
	*f = Flight{segs: f.segs[:0]}
}

// search is the index of the first entry that ends after n.
func (f *Flight) search(n Seq) int {
	lo, hi := f.head, len(f.segs)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if f.segs[mid].To.LessEq(n) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// Send notes the transmission of numbers never sent before, as far as seen. The entry is
// borrowed until the next change: the caller may set its marks.
func (f *Flight) Send(from, to Seq, now int64, packet uint64, id uint16) *Sent {
	n := len(f.segs)
	last := n == f.head || f.segs[n-1].To.LessEq(from)
	f.room()
	i := len(f.segs)
	if !last { // it fills a hole between others
		i = f.search(from)
	}
	f.segs = append(f.segs, Sent{})
	f.most = max(f.most, f.Len())
	copy(f.segs[i+1:], f.segs[i:])
	s := &f.segs[i]
	s.From, s.To, s.First, s.Last, s.Packet, s.Times, s.ID, s.SACKed, s.Arrived, s.Refused = from, to, now, now, packet, 1, id, false, false, false
	s.Cut, s.Far, s.Head, s.Sum = false, false, 0, 0
	return s
}

// room makes place for one more entry: first by closing up over what is
// acknowledged, then by taking the oldest two together.
func (f *Flight) room() {
	if n := f.head - KeepAcked; n > 0 && len(f.segs) == cap(f.segs) {
		f.segs = f.segs[:copy(f.segs, f.segs[n:])]
		f.head -= n
	}
	if f.Len() < MaxFlight {
		return
	}
	a, b := &f.segs[f.head], &f.segs[f.head+1]
	b.From, b.First, b.Packet, b.Head = a.From, a.First, a.Packet, 0
	b.Last, b.Times, b.SACKed, b.Arrived = max(a.Last, b.Last), max(a.Times, b.Times), a.SACKed && b.SACKed, a.Arrived && b.Arrived
	b.Cut = true
	f.head++
	f.merged++
}

// Repeat notes that numbers in flight were sent again and returns the entry
// that began them as it was before; false where none is known.
func (f *Flight) Repeat(from, to Seq, now int64, id uint16) (was Sent, ok bool) {
	for i := f.search(from); i < len(f.segs) && f.segs[i].From.Less(to); i++ {
		s := &f.segs[i]
		if !ok {
			was, ok = *s, true
		}
		s.Last, s.Times, s.ID = now, s.Times+1, id
		s.Cut = s.Cut || uint32(to-from) < s.Len()
	}
	return was, ok
}

// Find is the entry that holds a number, among those acknowledged lately too;
// nil when it is not known. Borrowed until the next change.
func (f *Flight) Find(n Seq) *Sent {
	for i := f.head - 1; i >= 0 && f.head-i <= KeepAcked; i-- {
		if s := &f.segs[i]; s.From.LessEq(n) {
			if n.Less(s.To) {
				return s
			}
			break
		}
	}
	if i := f.search(n); i < len(f.segs) && f.segs[i].From.LessEq(n) {
		return &f.segs[i]
	}
	return nil
}

// Acked is what an acknowledgment took out of flight.
type Acked struct {
	Segments int // entries wholly acknowledged
	Bytes    uint32
	Newest   *Sent // the last of them; borrowed until the next change, nil for none
	Karn     bool  // none of them was ever repeated: Newest's time is certain (RFC 6298 section 3)
	Original bool  // one of them was neither repeated nor SACKed before:
	First    Seq   // the end of the first such
}

// Ack takes out what lies before una.
func (f *Flight) Ack(una Seq) (a Acked) {
	a.Karn = true
	for f.head < len(f.segs) {
		s := &f.segs[f.head]
		if una.Less(s.To) {
			if s.From.Less(una) {
				a.Bytes += uint32(una - s.From)
				s.From, s.Head = una, 0
			}
			break
		}
		a.Segments++
		a.Bytes += uint32(s.To - s.From)
		a.Newest = s
		a.Karn = a.Karn && s.Times == 1
		if s.Times == 1 && !s.SACKed && !a.Original {
			a.Original, a.First = true, s.To
		}
		f.head++
	}
	return a
}

// SACK marks what a block says has arrived and returns how many entries that
// is news for, and the first and last of them.
func (f *Flight) SACK(left, right Seq) (n int, first, last Sent) {
	for i := f.search(left); i < len(f.segs) && f.segs[i].To.LessEq(right); i++ {
		if s := &f.segs[i]; !s.SACKed && left.LessEq(s.From) {
			if s.SACKed = true; n == 0 {
				first = *s
			}
			last = *s
			n++
		}
	}
	return n, first, last
}

// Refuse marks what lies in from..to as refused.
func (f *Flight) Refuse(from, to Seq) {
	for i := f.search(from); i < len(f.segs) && f.segs[i].From.Less(to); i++ {
		f.segs[i].Refused = true
	}
}

// Arrive marks all but the first as arrived.
func (f *Flight) Arrive() {
	for i := f.head + 1; i < len(f.segs); i++ {
		f.segs[i].Arrived = true
	}
}

// SACKedAbove reports whether anything at or above n has arrived out of order:
// what lies before it is missing at the receiver.
func (f *Flight) SACKedAbove(n Seq) bool {
	for i := len(f.segs) - 1; i >= f.head && !f.segs[i].To.LessEq(n); i-- {
		if f.segs[i].SACKed {
			return true
		}
	}
	return false
}
