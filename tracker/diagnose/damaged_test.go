package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// What came in packets with a wrong IP header checksum only, from one end, is in no finding where
// those of answered connections are right; it counts where they are wrong as well, or
// nothing was answered. That is so however the records are divided and written down.
func TestDamagedPackets(t *testing.T) {
	wrong := func(r *record.Record) { r.Capture.WrongIP = true }
	lone := func(n int) []*record.Record {
		return many(n, func(i int) *record.Record { return made(uint64(i+100), failed(record.OpenNoAnswer, 3), wrong) })
	}
	answered := func(n int, change ...func(r *record.Record)) []*record.Record { return clean(n, change...) }
	six := func(r *record.Record) { r.Orig, r.Resp = point("[fd00::1]:40000"), point("[fd00::2]:80") }
	for _, x := range []struct {
		name   string
		all    []*record.Record
		counts bool
	}{
		{"others are right", append(answered(3), lone(2)...), false},
		{"others are wrong", append(answered(3, wrong), lone(2)...), true},
		{"one in three is wrong", append(append(answered(2), answered(1, wrong)...), lone(2)...), true},
		{"one in twenty is wrong", append(append(answered(20), answered(1, wrong)...), lone(2)...), false},
		{"nothing was answered", lone(2), true},
		{"only IPv6 was answered, which has none", append(answered(3, six), lone(2)...), true},
	} {
		c := &Context{MSL: record.DefaultMSL, Conns: uint64(len(x.all))}
		whole, odd, even := NewSet(Detectors(), NewOptions()), NewSet(Detectors(), NewOptions()), NewSet(Detectors(), NewOptions())
		for i, r := range x.all {
			whole.Add(r)
			[]*Set{odd, even}[i%2].Add(r)
		}
		even = readBack(t, even)
		fold.Merge(odd, even)
		for _, s := range []*Set{whole, odd, readBack(t, odd)} {
			told := false
			for _, f := range s.Findings(c) {
				told = told || strings.HasPrefix(f.ID, "no-answer")
			}
			if left := s.Damaged(); told != x.counts || left > 0 == x.counts || left != 0 && left != 2 {
				t.Errorf("%s: told %v, want %v; %d left out", x.name, told, x.counts, left)
			}
		}
		equal(t, x.name, odd.Findings(c), whole.Findings(c))
		more := made(300, failed(record.OpenNoAnswer, 3), wrong)
		whole.Add(more)
		if told := whole.Findings(c); x.counts && told[0].Count != 3 {
			t.Errorf("%s: %d connections after one more, want 3", x.name, told[0].Count)
		}
	}
}

// A narrowed Set, or one of what is recent, stays so for what it keeps apart.
func TestDamagedPacketsOfANarrowSet(t *testing.T) {
	s := NewSet(Detectors(), NewOptions())
	s.Narrow(64)
	s.OnlyRecent(true)
	s.Add(made(1, failed(record.OpenNoAnswer, 3), func(r *record.Record) { r.Capture.WrongIP = true }))
	if a := s.damaged.apart; a.Subjects() != s.Subjects() || a.past == nil || !a.strange {
		t.Errorf("room for %d subjects, want %d; recent %v", a.Subjects(), s.Subjects(), a.past != nil)
	}
}
