package reassembly

import "testing"

// slowFlight is the reference: a record for every single number.
type slowFlight map[uint32]*Sent

func TestFlightAgainstNumbers(t *testing.T) {
	var f Flight
	ref := slowFlight{}
	seed := uint32(1)
	rnd := func(n uint32) uint32 { seed = seed*1664525 + 1013904223; return (seed >> 8) % n }
	const isn = 0xffffff00 // wraps soon
	nxt, una := uint32(0), uint32(0)
	for step := range 5000 {
		now := int64(step)
		switch rnd(6) {
		case 0, 1:
			n := 1 + rnd(50)
			f.Send(Seq(isn+nxt), Seq(isn+nxt+n), now, uint64(step), 0)
			for i := nxt; i < nxt+n; i++ {
				ref[i] = &Sent{First: now, Last: now, Packet: uint64(step), Times: 1}
			}
			nxt += n
		case 2:
			if nxt == una {
				continue
			}
			from := una + rnd(nxt-una)
			to := min(nxt, from+1+rnd(80))
			was, ok := f.Repeat(Seq(isn+from), Seq(isn+to), now, 0)
			want := ref[from]
			if !ok || was.First != want.First || was.Times != want.Times || was.Last != want.Last {
				t.Fatalf("step %d: Repeat(%d, %d) = %+v, want %+v", step, from, to, was, want)
			}
			// Whole entries are marked: so are their numbers in the reference.
			for i := range f.Len() {
				if e := f.At(i); e.Last == now {
					for n := uint32(e.From) - isn; n != uint32(e.To)-isn; n++ {
						*ref[n] = Sent{First: e.First, Last: e.Last, Packet: e.Packet, Times: e.Times, SACKed: e.SACKed}
					}
				}
			}
		case 3:
			a := una + rnd(nxt-una+1)
			got := f.Ack(Seq(isn + a))
			var bytes uint32
			for i := una; i < a; i++ {
				bytes++
				delete(ref, i)
			}
			if got.Bytes != bytes {
				t.Fatalf("step %d: %d bytes acknowledged, want %d", step, got.Bytes, bytes)
			}
			una = a
		case 4:
			if nxt == una {
				continue
			}
			l := una + rnd(nxt-una)
			r := min(nxt, l+rnd(200))
			f.SACK(Seq(isn+l), Seq(isn+r))
			for i := range f.Len() {
				e := f.At(i)
				for n := uint32(e.From) - isn; n != uint32(e.To)-isn; n++ {
					inside := l <= uint32(e.From)-isn && uint32(e.To)-isn <= r
					if inside && !e.SACKed || e.SACKed && !inside && !ref[n].SACKed {
						t.Fatalf("step %d: SACK [%d, %d) and entry %+v", step, l, r, e)
					}
					ref[n].SACKed = e.SACKed
				}
			}
		case 5:
			n := una + rnd(nxt-una+1)
			want := false
			for i := n; i < nxt; i++ {
				want = want || ref[i].SACKed
			}
			if got := f.SACKedAbove(Seq(isn + n)); got != want {
				t.Fatalf("step %d: SACKedAbove(%d) = %v", step, n, got)
			}
		}
	}
}

func TestFlightIsBounded(t *testing.T) {
	var f Flight
	for i := range uint32(3 * MaxFlight) {
		f.Send(Seq(i*10), Seq(i*10+10), int64(i), uint64(i), 0)
	}
	if f.Len() != MaxFlight || f.Merged() != 2*MaxFlight {
		t.Errorf("%d entries, %d merged", f.Len(), f.Merged())
	}
	if a := f.Ack(3 * MaxFlight * 10); a.Bytes != 3*MaxFlight*10 {
		t.Errorf("%d bytes, want every one", a.Bytes)
	}
}

func TestFlightFillsHolesInOrder(t *testing.T) {
	var f Flight
	f.Send(100, 200, 1, 1, 0)
	f.Send(300, 400, 2, 2, 0)
	f.Send(200, 300, 3, 3, 0)
	for i, want := range []Seq{100, 200, 300} {
		if got := f.At(i).From; got != want {
			t.Errorf("entry %d begins at %d, want %d", i, got, want)
		}
	}
	if a := f.Ack(250); a.Segments != 1 || a.Bytes != 150 || !a.Karn || a.Newest.Packet != 1 {
		t.Errorf("%+v", a)
	}
	f.Repeat(250, 300, 9, 0)
	if a := f.Ack(400); a.Karn || a.Segments != 2 || a.Newest.Packet != 2 {
		t.Errorf("a repeated segment among them is no sample (Karn): %+v", a)
	}
}

func TestFlightDoesNotAllocate(t *testing.T) {
	var f Flight
	at := Seq(0)
	step := func() {
		for range 20 {
			f.Send(at, at+100, 1, 1, 0)
			at += 100
		}
		f.Repeat(at-500, at-400, 2, 0)
		f.SACK(at-300, at-100)
		f.Ack(at - 1000)
	}
	for range 100 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestHistogramError(t *testing.T) {
	for ns := int64(2000); ns < 500e9; ns += ns/50 + 1 {
		var h Histogram
		h.Add(ns)
		got := h.Quantile(0.5)
		if e := float64(got-ns) / float64(ns); (e > 0.063 || e < -0.063) && (got-ns > 1000 || ns-got > 1000) {
			t.Fatalf("%d ns reads as %d ns: %.1f %% off", ns, got, e*100)
		}
	}
	var h Histogram
	if h.Quantile(0.5) != 0 {
		t.Error("a quantile of nothing")
	}
	for i := range int64(100) {
		h.Add((i + 1) * 1e6)
	}
	for q, want := range map[float64]int64{0.5: 50e6, 0.95: 95e6, 1: 100e6} {
		if got := h.Quantile(q); got < want*93/100 || got > want*107/100 {
			t.Errorf("quantile %v = %d, want about %d", q, got, want)
		}
	}
}

// The digests of a segment's payload are written down with it, and are gone where the entry
// does not begin with that segment any more.
func TestFlightKeepsDigests(t *testing.T) {
	var f, g Flight
	sent := f.Send(100, 200, 5, 1, 0xffff)
	sent.Head, sent.Sum, sent.Refused, sent.Cut = 0x3fff, 0x3abc, true, true
	g.Load(f.Save(nil, 50), 50)
	if *g.At(0) != *f.At(0) {
		t.Errorf("%+v, want %+v", *g.At(0), *f.At(0))
	}
	f.Ack(150)
	if x := f.At(0); x.From != 150 || x.Head != 0 {
		t.Errorf("half acknowledged: %+v", *x)
	}
	f.Repeat(150, 200, 6, 0)
	f.Send(300, 400, 6, 2, 0)
	if x := *f.At(1); x.Head != 0 || x.Sum != 0 || x.Cut {
		t.Errorf("new: %+v", x)
	}
	f.Repeat(300, 400, 7, 0)
	if whole := f.At(1).Cut; whole {
		t.Error("sent again whole, it is cut")
	}
	f.Repeat(300, 350, 8, 0)
	if cut := f.At(1).Cut; !cut {
		t.Error("sent again in pieces, it is whole")
	}
}
