package diagnose

import (
	"slices"
	"testing"
)

// What was cited first stays cited, each connection by its first packet; there is room for others.
func TestRecall(t *testing.T) {
	finding := func(all ...example) Finding {
		f := Finding{Title: "now", Count: uint64(len(all))}
		f.cite(all)
		return f
	}
	earlier := finding(example{3, 30}, example{4, 40}, example{4, 41})
	got := finding(example{4, 44}, example{9, 90}, example{12, 0}).Recall(&earlier)
	if !slices.Equal(got.Conns, []uint64{3, 4, 9, 12}) || !slices.Equal(got.Packets, []uint64{30, 40, 41, 90}) || !slices.Equal(got.PacketsOf(4), []uint64{40, 41}) || got.Count != 3 {
		t.Errorf("%+v", got)
	}
	if len(earlier.cites) != 3 || !slices.Equal(earlier.Conns, []uint64{3, 4}) {
		t.Errorf("the earlier one is changed: %+v", earlier)
	}
	var many []example
	for i := range uint64(maxExamples) {
		many = append(many, example{100 + i, 1000 + i})
	}
	if got = finding(many...).Recall(&earlier); len(got.cites) != maxExamples || got.Conns[0] != 3 {
		t.Errorf("%v", got.Conns)
	}
	same := finding(many[:3]...)
	if got = same.Recall(&same); !slices.Equal(got.Conns, same.Conns) || !slices.Equal(got.Packets, same.Packets) {
		t.Errorf("%+v", got)
	}
}
