package stored

import (
	"strings"
	"testing"

	"tcpwatch/report"
)

// Sums of two runs are added only where these cannot have seen the same connections.
func TestRunsOfTheSameTime(t *testing.T) {
	of := func(place string, start, end int64) *run {
		return &run{head: &report.Headline{Start: start, End: end}, parts: []*piece{{partition: place}}}
	}
	one, file, third := of("a", 100, 200), of("a", 100, 200), of("a", 100, 200)
	file.head.Files, third.head.Files = []string{"x", "y"}, []string{"y"}
	if meanwhile([]*run{one, file}) || !meanwhile([]*run{file, one, third}) {
		t.Error("names of files do not count")
	}
	for _, x := range []struct {
		other *run
		want  bool
	}{
		{of("a", 100, 200), true},
		{of("a", 200, 300), true},
		{of("a", 50, 400), true},
		{of("a", 201, 300), false},
		{of("a", 10, 99), false},
		{of("b", 100, 200), false},
	} {
		if got, back := meanwhile([]*run{one, x.other}), meanwhile([]*run{x.other, one}); got != x.want || back != x.want {
			t.Errorf("%+v at %s: %v, %v", x.other.head, x.other.partitions(), got, back)
		}
	}
	several := of("b", 150, 160)
	several.parts = append(several.parts, &piece{partition: "a"})
	if !meanwhile([]*run{one, of("c", 100, 200), several}) {
		t.Error("the first place of a run counts alone")
	}
}

// What pair wrote is not taken for records.
func TestPairsAreNoRecords(t *testing.T) {
	s, err := Open([]File{{Name: "p.jsonl", In: strings.NewReader(`{"a":{},"b":{},"pairs":1,"type":"pairs"}` + "\n")}}, func(error) {})
	if err == nil {
		_, err = s.Next()
	}
	if err == nil || !strings.Contains(err.Error(), "what pair found") {
		t.Error(err)
	}
}

// When the runs of one place began and ended is not known where others are read with them.
func TestTimesOfOnePlace(t *testing.T) {
	s := &Set{runs: []*run{{}, {}}, joined: &report.Headline{Start: 1, End: 2}}
	if s.Only("a"); s.joined.Start != 0 || s.joined.End != 0 {
		t.Errorf("%+v", s.joined)
	}
}
