package stored

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tcpwatch/internal/racetest"
	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

// revisionsOf are the records of a connection that was told of so many times, the last one final.
func revisionsOf(id uint64, n int) (all []*record.Record) {
	for i := range n {
		r := recordtest.MadeUp(id, "192.0.2.1:40000", "192.0.2.2:80")
		r.Input = &record.Input{Place: "tap", Start: recordtest.Start}
		r.Ends[record.Orig].Packets, r.Revision, r.Interim = 100*id+uint64(i+1), uint32(i+1), i < n-1
		if n == 1 {
			r.Revision = 0
		}
		all = append(all, r)
	}
	return all
}

// counted are how many packets the originator sent by the records that count: the number of the
// connection by 100, and the revision.
func counted(records []record.Record) string {
	var b strings.Builder
	for i := range records {
		if r := &records[i]; !r.Interim {
			fmt.Fprintf(&b, " %d", r.Ends[record.Orig].Packets)
		}
	}
	return b.String()
}

// Of several records of a connection the one with the highest revision counts, in whatever order they
// come, also when they come twice, in one file or in several; what came twice is told.
func TestHighestRevisionCounts(t *testing.T) {
	a, b, c := revisionsOf(1, 3), revisionsOf(2, 1), revisionsOf(3, 4)[:3]
	for _, x := range []struct {
		name    string
		records [][]*record.Record // by file
		want    string
		told    string
	}{
		{"in order", [][]*record.Record{{a[0], b[0], a[1], a[2]}}, " 201 103", ""},
		{"final first", [][]*record.Record{{a[2], a[0], a[1]}}, " 103", ""},
		{"final twice", [][]*record.Record{{a[0], a[2], a[2], a[1]}}, " 103", "1 final record came again, by uid: left out\n"},
		{"all twice", [][]*record.Record{{a[0], b[0], a[1], a[2]}, {a[0], b[0], a[1], a[2]}}, " 201 103", "2 final records came again, by uid: left out\n"},
		{"interim in one file, final in the next", [][]*record.Record{{a[0], a[1]}, {b[0], a[2]}}, " 201 103", ""},
		{"no final", [][]*record.Record{{c[0], b[0], c[1], c[2]}}, " 201 303", "no final record of 1 connection: the last interim one counts\n"},
		{"no final, the other way round, twice", [][]*record.Record{{c[2], c[1], b[0]}, {c[2], c[0], a[0]}}, " 201 303 101", "no final record of 2 connections: the last interim one counts\n"},
	} {
		var files [][]byte
		for _, records := range x.records {
			files = append(files, linesOf("", records...))
		}
		told := ""
		_, got := all(t, func(err error) {
			if !strings.Contains(err.Error(), "stats line") {
				told += err.Error() + "\n"
			}
		}, files...)
		if n := counted(got); n != x.want || told != x.told {
			t.Errorf("%s: counts%s, want%s; told %q, want %q", x.name, n, x.want, told, x.told)
		}
	}
}

// Whatever the order, and whatever comes twice, the same connections count.
func TestOrderOfRevisionsIsNothing(t *testing.T) {
	racetest.TooSlow(t)
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		var records []*record.Record
		want := map[uint64]uint64{}
		for id := uint64(1); id <= 8; id++ {
			revisions := revisionsOf(id, 1+rnd.IntN(4))
			if rnd.IntN(3) == 0 && len(revisions) > 1 {
				revisions = revisions[:len(revisions)-1]
			}
			want[id] = revisions[len(revisions)-1].Ends[record.Orig].Packets
			records = append(records, revisions...)
			records = append(records, revisions[rnd.IntN(len(revisions))])
		}
		rnd.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		_, got := all(t, func(error) {}, linesOf("", records...))
		for i := range got {
			if r := &got[i]; !r.Interim {
				if want[r.ID] != r.Ends[record.Orig].Packets {
					t.Fatalf("seed %d: connection %d has %d packets, want %d", seed, r.ID, r.Ends[record.Orig].Packets, want[r.ID])
				}
				delete(want, r.ID)
			}
		}
		if len(want) > 0 {
			t.Fatalf("seed %d: none of %v", seed, want)
		}
	}
}

// A connection that goes on when the records end is told as one at whose end the input ended.
func TestLastInterimRecord(t *testing.T) {
	r := revisionsOf(1, 2)[0]
	r.TimeWait.EndedBy, r.Unfinished = record.TimeWaitLasts, true
	s, got := all(t, func(error) {}, linesOf("", r))
	if len(got) != 2 || !got[0].Interim || got[1].Interim || !got[1].Unfinished || got[1].TimeWait.EndedBy != record.TimeWaitInputEnd {
		t.Errorf("%d records: %+v", len(got), got)
	}
	if want := r.Ends[record.Orig].Packets + r.Ends[record.Resp].Packets; s.Headline().Segments != want {
		t.Errorf("%d segments, want %d", s.Headline().Segments, want)
	}
}

// Records whose packets have no time have uids that say too little.
func TestUntimedRecordsAreNotCompared(t *testing.T) {
	r := revisionsOf(1, 1)[0]
	r.Capture.Untimed = 10
	_, got := all(t, func(error) {}, linesOf("", r), bytes.Clone(linesOf("", r)))
	if len(got) != 2 {
		t.Errorf("%d records, want 2", len(got))
	}
}
