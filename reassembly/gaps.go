package reassembly

// MaxGaps is how many gaps a Stream remembers on its own. On a fast path with
// several ways more are open at once: it takes room for them from a Room that it
// shares with others, up to MaxBusyGaps.
const (
	MaxGaps     = 64
	MaxBusyGaps = 4096
)

// Room is how many gaps beyond their own MaxGaps streams may remember that share
// it: two busy ones have all they can use, and no more memory is taken however
// many there are (64 KiB). The zero value is all of it.
type Room struct{ taken int32 }

const roomGaps = 2 * MaxBusyGaps

// Share lets the stream take room for more gaps from r.
func (s *Stream) Share(r *Room) { s.room = r }

// Crowded reports whether the stream has more gaps than its own MaxGaps, or room for more.
func (s *Stream) Crowded() bool { return s.unseen != nil && s.unseen.most > MaxGaps }

// limit is how many gaps it may have now.
func (s *Stream) limit() int { return max(MaxGaps, int(s.unseen.most)) }

// grow doubles the gaps that it may have, where there is room.
func (s *Stream) grow() bool {
	n := int32(s.limit())
	if s.room == nil || n >= MaxBusyGaps || s.room.taken+n > roomGaps {
		return false
	}
	s.room.taken += n
	s.unseen.most = 2 * n
	return true
}

// shrink gives the room back with the storage. Gaps beyond MaxGaps are gone then.
func (s *Stream) shrink() {
	if s.unseen.most <= MaxGaps {
		return
	}
	s.room.taken -= s.unseen.most - MaxGaps
	s.unseen.most = 0
	s.unseen.gaps = append(make([]Range, 0, MaxGaps), s.unseen.gaps[:min(MaxGaps, len(s.unseen.gaps))]...)
}

// search is the index of the first gap that ends after n.
func (s *Stream) search(n Seq) int {
	lo, hi := 0, len(s.unseen.gaps)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if s.unseen.gaps[mid].To.LessEq(n) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// forget notes a gap that is remembered no longer.
func (s *Stream) forget(g Range) {
	if g.To.LessEq(s.una) {
		s.unseen.lost += uint64(g.Len())
		return
	}
	if s.unseen.given += uint64(g.Len()); !s.unseen.unsure || s.unseen.givenTo.Less(g.To) {
		s.unseen.givenTo, s.unseen.unsure = g.To, true
	}
}

// makeRoom sees to it that one more gap can be remembered: where most of them
// were acknowledged, half of those are forgotten, which were missed for good.
func (s *Stream) makeRoom() {
	acked := s.search(s.una)
	if acked <= s.limit()/2 && s.grow() {
		return
	}
	drop := max(1, acked/2)
	for _, g := range s.unseen.gaps[:drop] {
		s.forget(g)
	}
	s.unseen.gaps = s.unseen.gaps[:copy(s.unseen.gaps, s.unseen.gaps[drop:])]
}

// skip appends a gap above all others.
func (s *Stream) skip(r Range) {
	s.own()
	if n := len(s.unseen.gaps); n > 0 && s.unseen.gaps[n-1].To == r.From {
		s.unseen.gaps[n-1].To = r.To
		return
	}
	if len(s.unseen.gaps) == s.limit() {
		s.makeRoom()
	}
	s.unseen.gaps = append(s.unseen.gaps, r)
}

// fill takes r out of the gaps and returns how many numbers that were.
func (s *Stream) fill(r Range) (n uint32) {
	first := s.search(r.From)
	last := first // behind the last gap that r touches
	for ; last < len(s.unseen.gaps) && s.unseen.gaps[last].From.Less(r.To); last++ {
		from, to := Max(s.unseen.gaps[last].From, r.From), s.unseen.gaps[last].To
		if r.To.Less(to) {
			to = r.To
		}
		n += uint32(to - from)
	}
	if n == 0 {
		return 0
	}
	left, right := Range{s.unseen.gaps[first].From, r.From}, Range{r.To, s.unseen.gaps[last-1].To}
	keepLeft, keepRight := left.From.Less(left.To), right.From.Less(right.To)
	switch {
	case keepLeft && keepRight && first == last-1:
		s.split(first, left, right)
		return n
	case keepLeft:
		s.unseen.gaps[first] = left
		first++
	}
	if keepRight {
		last--
		s.unseen.gaps[last] = right
	}
	s.unseen.gaps = append(s.unseen.gaps[:first], s.unseen.gaps[last:]...)
	if len(s.unseen.gaps) < MaxGaps/2 {
		s.shrink()
	}
	return n
}

// split puts two gaps in the place of gap i.
func (s *Stream) split(i int, left, right Range) {
	if len(s.unseen.gaps) == s.limit() && !s.grow() {
		// No room: the shorter part is forgotten.
		if left.Len() < right.Len() {
			left, right = right, left
		}
		s.forget(right)
		s.unseen.gaps[i] = left
		return
	}
	s.unseen.gaps = append(s.unseen.gaps, Range{})
	copy(s.unseen.gaps[i+2:], s.unseen.gaps[i+1:])
	s.unseen.gaps[i], s.unseen.gaps[i+1] = left, right
}
