package diagnose

import (
	"slices"
	"testing"

	"tcpwatch/tracker/record"
)

// A flood is at least four attempts never completed for each connection that
// opened there, nine of ten of them with one SYN, and as many as the threshold.
func TestWhatIsAFlood(t *testing.T) {
	for _, c := range []struct {
		name                    string
		single, repeated, opens int
		want                    bool
	}{
		{"nothing opened", 200, 0, 0, true},
		{"one less than the threshold", 199, 0, 0, false},
		{"four for each that opened", 400, 0, 100, true},
		{"less than four", 400, 0, 101, false},
		{"as many as opened", 400, 0, 400, false},
		{"nine of ten with one SYN", 270, 30, 0, true},
		{"less than that", 270, 31, 0, false},
	} {
		var all []*record.Record
		id := uint64(0)
		add := func(n int, change ...func(r *record.Record)) {
			for range n {
				id++
				all = append(all, made(id, append(change, from(numbered(int(id), 1024)))...))
			}
		}
		add(c.single, failed(record.OpenNoAnswer, 1))
		add(c.repeated, failed(record.OpenNoAnswer, 4))
		add(c.opens)
		found := slices.ContainsFunc(findingsOf(t, "", nil, all...), func(f Finding) bool { return f.Detector == "syn-flood" })
		if found != c.want {
			t.Errorf("%s: a flood %v, want %v", c.name, found, c.want)
		}
	}
}
