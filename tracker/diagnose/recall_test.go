package diagnose

import (
	"slices"
	"testing"

	"tcpwatch/internal/fold"
)

// Of many connections those are cited that showed the trouble first, in the order in which they did,
// whatever the order in which they are told of and joined.
func TestFirstExamples(t *testing.T) {
	var a, b tally
	for i := range uint64(60) { // those that opened last died first, and one without a packet of its own
		to := &a
		if i%3 == 0 {
			to = &b
		}
		to.hitConn(i+1, 1000-10*i, 0, 0)
	}
	a.hitConn(500, 0, 0, 0)
	fold.Merge(&a, &b)
	var f Finding
	a.into(&f)
	if f.Count != 61 || f.Packets[0] != 410 || !slices.IsSorted(f.Packets) || f.Conns[0] != 60 || f.Conns[9] != 51 || f.Conns[10] != 500 || len(f.Conns) != maxExamples || len(f.Packets) != maxExamples-1 {
		t.Errorf("%+v", f)
	}
	f = Finding{}
	f.Cite(examples{{7, 3}, {9, 4}, {7, 5}, {8, 5}})
	if !slices.Equal(f.Conns, []uint64{7, 9, 8}) || !slices.Equal(f.Packets, []uint64{3, 4, 5}) {
		t.Errorf("%v %v", f.Conns, f.Packets)
	}
}

// What was cited first stays cited, each connection by its first packet; there is room for others.
func TestRecall(t *testing.T) {
	finding := func(all ...Example) Finding {
		f := Finding{Title: "now", Count: uint64(len(all))}
		f.Cite(all)
		return f
	}
	earlier := finding(Example{3, 30}, Example{4, 40}, Example{4, 41})
	got := finding(Example{4, 44}, Example{9, 90}, Example{112, 0}).Recall(&earlier)
	if !slices.Equal(got.Conns, []uint64{3, 4, 9, 112}) || !slices.Equal(got.Packets, []uint64{30, 40, 41, 90}) || !slices.Equal(got.PacketsOf(4), []uint64{40, 41}) || got.Count != 3 {
		t.Errorf("%+v", got)
	}
	if len(earlier.cites) != 3 || !slices.Equal(earlier.Conns, []uint64{3, 4}) {
		t.Errorf("the earlier one is changed: %+v", earlier)
	}
	var many []Example
	for i := range uint64(maxExamples) {
		many = append(many, Example{100 + i, 1000 + i})
	}
	if got = finding(many...).Recall(&earlier); len(got.cites) != maxExamples || got.Conns[0] != 3 {
		t.Errorf("%v", got.Conns)
	}
	same := finding(many[:3]...)
	if got = same.Recall(&same); !slices.Equal(got.Conns, same.Conns) || !slices.Equal(got.Packets, same.Packets) {
		t.Errorf("%+v", got)
	}
}
