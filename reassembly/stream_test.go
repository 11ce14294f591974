package reassembly

import (
	"testing"
)

// bitmap is the slow reference: a flag for every number from a base on, in
// 64-bit numbers, so that nothing wraps.
type bitmap struct {
	seen, skipped  map[uint64]bool
	base, nxt, una uint64
}

func (b *bitmap) add(from, to uint64) (a Added) {
	if from > b.nxt {
		a.Gap = uint32(from - b.nxt)
		for n := b.nxt; n < from; n++ {
			b.skipped[n] = true
		}
		b.nxt = from
	}
	for n := from; n < to; n++ {
		switch {
		case n >= b.nxt:
			a.New++
			b.nxt = n + 1
		case b.skipped[n]:
			delete(b.skipped, n)
			a.Filled++
		default:
			a.Again++
		}
	}
	return a
}

func (b *bitmap) delivered() uint64 {
	for n := max(b.base, b.una); n < b.nxt; n++ {
		if b.skipped[n] {
			return n
		}
	}
	return b.nxt
}

func FuzzStream(f *testing.F) {
	f.Add(uint32(0xfffffff0), []byte{0, 0, 10, 1, 20, 10, 0, 5, 30, 2, 40, 0})
	f.Add(uint32(1), []byte{0, 10, 5, 0, 0, 5, 0, 5, 5, 2, 15, 0, 0, 3, 9})
	f.Fuzz(func(t *testing.T, isn uint32, ops []byte) {
		var s Stream
		s.Share(&Room{})
		s.Start(Seq(isn))
		start := uint64(isn) + 1<<33 // far from 0, so that "before the base" is a number too
		ref := bitmap{map[uint64]bool{}, map[uint64]bool{}, start, start, start}
		for len(ops) >= 3 {
			op, at, n := ops[0]%3, uint64(ops[1]), uint64(ops[2])
			ops = ops[3:]
			switch op {
			case 0, 1: // payload around SND.NXT, from a little before the base on
				from := start + at*2
				if op == 1 {
					from = ref.nxt + at - min(128, ref.nxt-start)
				}
				var want Added
				if n > 0 {
					want = ref.add(from, from+n)
				}
				got := s.Add(Seq(uint32(from)), uint32(n))
				if got != want {
					t.Fatalf("Add(%d, %d) = %+v, want %+v", from-start, n, got, want)
				}
			case 2:
				a := start + at*3
				if n%2 == 0 && a > ref.nxt {
					a = ref.nxt
				}
				adv, unseen := s.Ack(Seq(uint32(a)))
				wantUnseen := uint64(0)
				if a > ref.nxt {
					wantUnseen = a - ref.nxt
					ref.add(a, a)
				}
				wantAdv := uint64(0)
				if a > ref.una {
					wantAdv = a - ref.una
					ref.una = a
				}
				if uint64(adv) != wantAdv || uint64(unseen) != wantUnseen {
					t.Fatalf("Ack(%d) = %d, %d, want %d, %d", a-start, adv, unseen, wantAdv, wantUnseen)
				}
			}
			if len(s.Gaps()) == MaxBusyGaps {
				return // from here on it may forget
			}
			if got := s.Next(); got != Seq(uint32(ref.nxt)) {
				t.Fatalf("Next = %d, want %d", got, uint32(ref.nxt))
			}
			if got := s.Missing(); got != uint64(len(ref.skipped)) {
				t.Fatalf("Missing = %d, want %d", got, len(ref.skipped))
			}
			if got := s.Delivered(); got != Seq(uint32(ref.delivered())) {
				t.Fatalf("Delivered = %d, want %d", got, uint32(ref.delivered()))
			}
			if got := s.Span(); got != ref.nxt-start {
				t.Fatalf("Span = %d, want %d", got, ref.nxt-start)
			}
		}
	})
}

func TestSeqWraps(t *testing.T) {
	// RFC 9293 section 3.4: comparison is modulo 2^32.
	for _, c := range []struct {
		a, b Seq
		less bool
	}{
		{0, 1, true}, {1, 0, false}, {0xffffffff, 0, true}, {0, 0xffffffff, false},
		{0x7fffffff, 0x80000000, true}, {0, 0x7fffffff, true}, {5, 5, false},
	} {
		if got := c.a.Less(c.b); got != c.less {
			t.Errorf("%#x < %#x is %v", c.a, c.b, got)
		}
		if got := c.b.LessEq(c.a); got == c.less {
			t.Errorf("%#x <= %#x is %v", c.b, c.a, got)
		}
	}
	if Max(0xfffffff0, 3) != 3 || Seq(3).Sub(0xfffffff0) != 19 || Seq(0xfffffff0).Add(19) != 3 {
		t.Error("Max, Sub or Add does not wrap")
	}
}

func TestSpanBeyond32Bits(t *testing.T) {
	var s Stream
	s.Start(7)
	at := Seq(7)
	for range 5 {
		s.Add(at, 1<<30)
		at = at.Add(1 << 30)
	}
	if got := s.Span(); got != 5<<30 {
		t.Errorf("Span = %d, want %d", got, uint64(5<<30))
	}
}

func TestAddDoesNotAllocate(t *testing.T) {
	var s Stream
	s.Start(0)
	at := uint32(0)
	if n := testing.AllocsPerRun(1000, func() {
		s.Add(Seq(at), 100)
		s.Ack(Seq(at + 100))
		at += 100
	}); n != 0 {
		t.Errorf("%v allocations a segment", n)
	}
}

func BenchmarkAdd(b *testing.B) {
	var s Stream
	b.ReportAllocs()
	for i := range b.N {
		s.Add(Seq(uint32(i)*1448), 1448)
		s.Ack(Seq(uint32(i) * 1448))
	}
}
