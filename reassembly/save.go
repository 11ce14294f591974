package reassembly

import "math/bits"

// What follows writes values as numbers and reads them back, for a connection
// that is put away for a while. Numbers are small where they can be: sequence
// numbers count from another that the caller has.

// whole tells of a stream that all of it was seen and acknowledged; how far its
// base lies from ref stands behind it.
const whole = 4

// Save appends the stream to v, its numbers counted from ref.
func (s *Stream) Save(v []uint64, ref Seq) []uint64 {
	gaps := s.Gaps()
	head := uint64(len(gaps)) << 4
	if s.started {
		head |= 1
	}
	if s.acked {
		head |= 2
	}
	if s.vague {
		head |= 8
	}
	if len(gaps) == 0 && s.una == s.nxt && s.span == uint64(s.nxt-s.base) && s.Forgotten() == 0 && s.Old() == 0 && !s.vague && s.GivenUp() == 0 {
		return append(v, head|whole|uint64(s.base-ref)<<4, uint64(s.nxt-s.base))
	}
	v = append(v, head, uint64(s.base-ref), uint64(s.nxt-s.base), uint64(s.nxt-s.una), s.span^uint64(s.nxt-s.base), s.Forgotten(), s.Old(), s.GivenUp())
	if s.GivenUp() != 0 {
		v = append(v, uint64(s.nxt-s.unseen.givenTo)<<1|uint64(bit(s.unseen.unsure)))
	}
	for _, g := range gaps {
		v = append(v, uint64(g.From-s.base), uint64(g.Len()))
	}
	return v
}

func bit(yes bool) uint8 {
	if yes {
		return 1
	}
	return 0
}

// Load reads what Save has appended and returns the rest of v.
func (s *Stream) Load(v []uint64, ref Seq) []uint64 {
	s.Reset()
	s.started, s.acked = v[0]&1 != 0, v[0]&2 != 0
	s.vague = v[0]&8 != 0
	if v[0]&whole != 0 {
		s.base = ref.Add(uint32(v[0] >> 4))
		s.nxt = s.base.Add(uint32(v[1]))
		s.una, s.span = s.nxt, v[1]
		return v[2:]
	}
	s.base = ref.Add(uint32(v[1]))
	s.nxt = s.base.Add(uint32(v[2]))
	s.una = s.nxt.Add(-uint32(v[3]))
	s.span = v[4] ^ v[2]
	n, lost, old, given := int(v[0]>>4), v[5], v[6], v[7]
	v = v[8:]
	if n == 0 && lost|old|given == 0 {
		return v
	}
	h := s.own()
	h.lost, h.old, h.given = lost, old, given
	if given != 0 {
		h.givenTo, h.unsure = s.nxt.Add(-uint32(v[0]>>1)), v[0]&1 != 0
		v = v[1:]
	}
	for range n {
		from := s.base.Add(uint32(v[0]))
		h.gaps = append(h.gaps, Range{from, from.Add(uint32(v[1]))})
		v = v[2:]
	}
	return v
}

// Save appends what is in flight to v. Segments that are acknowledged are left
// out: a late copy of one can no longer be told from a repeat by its mark.
func (f *Flight) Save(v []uint64, ref Seq) []uint64 {
	v = append(v, uint64(f.Len())<<32|uint64(f.merged))
	for _, s := range f.segs[f.head:] {
		marks := uint64(s.Times)<<1 | uint64(s.ID)<<17 | uint64(s.Head)<<36 | uint64(s.Sum)<<50
		if s.SACKed {
			marks |= 1
		}
		if s.Far {
			marks |= 1 << 33
		}
		if s.Arrived {
			marks |= 1 << 34
		}
		if s.Refused {
			marks |= 1 << 35
		}
		n := uint64(s.To - s.From)
		if s.Cut {
			n |= 1 << 32
		}
		v = append(v, uint64(s.From-ref), n, uint64(s.First), uint64(s.Last-s.First), s.Packet, marks)
	}
	return v
}

// Load reads what Save has appended and returns the rest of v.
func (f *Flight) Load(v []uint64, ref Seq) []uint64 {
	*f = Flight{segs: f.segs[:0], merged: uint32(v[0])}
	n := int(v[0] >> 32)
	v = v[1:]
	for range n {
		from := ref.Add(uint32(v[0]))
		f.segs = append(f.segs, Sent{From: from, To: from.Add(uint32(v[1])), First: int64(v[2]), Last: int64(v[2] + v[3]),
			Packet: v[4], Times: uint16(v[5] >> 1), ID: uint16(v[5] >> 17), SACKed: v[5]&1 != 0, Far: v[5]>>33&1 != 0, Arrived: v[5]>>34&1 != 0, Refused: v[5]>>35&1 != 0, Cut: v[1]>>32 != 0,
			Head: uint16(v[5] >> 36 & 0x3fff), Sum: uint16(v[5] >> 50)})
		v = v[6:]
	}
	f.most = n
	return v
}

// Save appends the buckets that are in use to v.
func (h *Histogram) Save(v []uint64) []uint64 {
	at := len(v)
	v = append(v, 0)
	if h.n == 0 {
		return v
	}
	for i, used := range h.used {
		for ; used != 0; used &= used - 1 {
			k := i<<6 + bits.TrailingZeros64(used)
			v = append(v, uint64(h.counts[k])<<8|uint64(k))
		}
	}
	v[at] = uint64(len(v) - at - 1)
	return v
}

// Load reads what Save has appended to an empty histogram and returns the rest of v.
func (h *Histogram) Load(v []uint64) []uint64 {
	n := int(v[0])
	for _, x := range v[1 : n+1] {
		k := x & 0xff
		h.counts[k] += uint32(x >> 8)
		h.used[k>>6] |= 1 << (k & 63)
		h.n += uint32(x >> 8)
	}
	return v[n+1:]
}

// Save appends what waits for an answer to v.
func (a *Answers) Save(v []uint64, ref Seq) []uint64 {
	v = append(v, uint64(bit(a.follows))|uint64(bit(a.timed))<<1|uint64(a.n)<<8|uint64(a.met)<<16|uint64(a.owed.Repeats)<<24|uint64(a.owed.Lost)<<32|uint64(a.owed.LostAgain)<<40|uint64(a.window)<<48,
		uint64(ref-a.next))
	for i := range a.n {
		x := a.sent[(a.head+i)%MaxAnswers]
		v = append(v, uint64(ref-x.end)<<8|uint64(x.mark))
	}
	return v
}

// Load reads what Save has appended and returns the rest of v.
func (a *Answers) Load(v []uint64, ref Seq) []uint64 {
	n := uint8(v[0] >> 8)
	*a = Answers{next: ref.Add(-uint32(v[1])), window: uint16(v[0] >> 48), follows: v[0]&1 != 0, timed: v[0]&2 != 0, n: n,
		met: uint8(v[0] >> 16), owed: Needless{uint8(v[0] >> 24), uint8(v[0] >> 32), uint8(v[0] >> 40)}}
	for i, x := range v[2 : 2+n] {
		a.sent[i] = transmission{ref.Add(-uint32(x >> 8)), Repeated(x)}
	}
	return v[2+n:]
}
