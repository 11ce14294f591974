package reassembly

import "testing"

// holes leaves n gaps of 5 bytes in a stream that begins at 0.
func holes(s *Stream, n int) {
	s.Start(0)
	for i := range uint32(n) {
		s.Add(Seq(i*10+5), 5)
	}
}

func TestGapsGivenUp(t *testing.T) {
	var s Stream
	holes(&s, 10*MaxGaps)
	if n := len(s.Gaps()); n != MaxGaps {
		t.Errorf("%d gaps, want %d", n, MaxGaps)
	}
	if got, want := s.Missing(), uint64(MaxGaps*5); got != want {
		t.Errorf("Missing = %d, want %d: what was given up is not known to be missing", got, want)
	}
	if got, want := s.GivenUp(), uint64(9*MaxGaps*5); got != want {
		t.Errorf("GivenUp = %d, want %d", got, want)
	}
	if a := s.Add(0, 5); a != (Added{}) {
		t.Errorf("what fills a gap that was given up is %+v: it may have been seen or not", a)
	}
	if a := s.Add(s.Next()-5, 5); a.Again != 5 {
		t.Errorf("a repeat above the gaps given up is %+v", a)
	}
}

func TestAcknowledgedGapsForgotten(t *testing.T) {
	var s Stream
	for i := range uint32(10 * MaxGaps) {
		s.Start(0)
		s.Add(Seq(i*10+5), 5)
		s.Ack(s.Next())
	}
	if got, want := s.Missing(), uint64(10*MaxGaps*5); got != want || s.GivenUp() != 0 || s.Forgotten() == 0 {
		t.Errorf("Missing = %d, want %d: acknowledged and never seen; %d given up, %d forgotten", got, want, s.GivenUp(), s.Forgotten())
	}
}

func TestManyGapsAtOnce(t *testing.T) {
	var room Room
	var s Stream
	s.Share(&room)
	holes(&s, MaxBusyGaps)
	if n := len(s.Gaps()); n != MaxBusyGaps || s.GivenUp() != 0 || !s.Crowded() {
		t.Fatalf("%d gaps, %d bytes given up", n, s.GivenUp())
	}
	for i := range uint32(MaxBusyGaps) {
		// Filled in an order that is neither that of the numbers nor the reverse.
		k := (i * 1021) % MaxBusyGaps
		if a := s.Add(Seq(k*10), 5); a.Filled != 5 {
			t.Fatalf("gap %d: %+v", k, a)
		}
	}
	if s.Missing() != 0 || s.Crowded() || room != (Room{}) || cap(s.Gaps()) > MaxGaps {
		t.Errorf("%d bytes missing, room taken %d, storage for %d gaps", s.Missing(), room.taken, cap(s.Gaps()))
	}
}

func TestRoomIsShared(t *testing.T) {
	var room Room
	var s [8]Stream
	for i := range s {
		s[i].Share(&room)
		holes(&s[i], MaxBusyGaps)
	}
	if room.taken > roomGaps {
		t.Errorf("%d gaps taken of %d", room.taken, roomGaps)
	}
	if n := len(s[7].Gaps()); n != MaxGaps {
		t.Errorf("%d gaps where no room is left, want %d", n, MaxGaps)
	}
	s[0].Reset()
	s[1].Reset()
	holes(&s[7], 2*MaxBusyGaps)
	if n := len(s[7].Gaps()); n <= MaxGaps {
		t.Errorf("%d gaps where there is room again", n)
	}
	for i := range s {
		s[i].Reset()
	}
	if room != (Room{}) {
		t.Errorf("room taken %d when nobody needs any", room.taken)
	}
}

func TestSplitGaps(t *testing.T) {
	var room Room
	var s Stream
	s.Share(&room)
	s.Start(0)
	s.Add(10_000_000, 1)
	for i := range uint32(MaxBusyGaps + 10) {
		s.Add(Seq(i*20+10), 10)
	}
	if len(s.Gaps()) != MaxBusyGaps || s.GivenUp() == 0 {
		t.Errorf("%d gaps, %d bytes given up", len(s.Gaps()), s.GivenUp())
	}
}

// Room for more gaps is taken in ever larger pieces.
func TestGapsAllocateSeldom(t *testing.T) {
	var room Room
	var s Stream
	s.Share(&room)
	holes(&s, 100)
	next := s.Next()
	if n := testing.AllocsPerRun(3000, func() {
		next = next.Add(10)
		s.Add(next.Add(5), 5)
		if len(s.Gaps()) > 2000 {
			s.Ack(next)
		}
	}); n > 0.02 {
		t.Errorf("%v allocations a segment", n)
	}
}

func TestSaveKeepsGapsGivenUp(t *testing.T) {
	var s, got Stream
	holes(&s, 10*MaxGaps)
	s.Ack(7)
	if rest := got.Load(s.Save(nil, 3), 3); len(rest) != 0 {
		t.Errorf("%d numbers left", len(rest))
	}
	if got.GivenUp() != s.GivenUp() || got.unseen.givenTo != s.unseen.givenTo || got.unseen.unsure != s.unseen.unsure || got.Missing() != s.Missing() || got.Delivered() != s.Delivered() {
		t.Errorf("got %+v, want %+v", got, s)
	}
}

// Cut takes no room for what it does not need.
func TestCutOfAPlainStream(t *testing.T) {
	var s Stream
	s.Start(1)
	s.Add(1, 100)
	s.Cut(51)
	if s.unseen != nil || s.Next() != 51 || s.Span() != 50 {
		t.Errorf("next %d, span %d, %v", s.Next(), s.Span(), s.unseen)
	}
}

// Cut inside a gap leaves what of the gap lies before it.
func TestCutInsideAGap(t *testing.T) {
	var s Stream
	s.Start(1)
	s.Add(1, 100)
	s.Skip(1101)
	if seen := s.Cut(201); seen != 0 || s.Next() != 201 || s.Span() != 200 || s.Missing() != 100 || s.Gaps()[0] != (Range{101, 201}) {
		t.Errorf("%d seen, next %d, span %d, missing %d, %v", seen, s.Next(), s.Span(), s.Missing(), s.Gaps())
	}
	s.Add(501, 50)
	if seen := s.Cut(301); seen != 50 || s.Next() != 301 || s.Missing() != 200 {
		t.Errorf("behind seen data: %d seen, next %d, missing %d", seen, s.Next(), s.Missing())
	}
}
