package report

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

// What came to several timelines and was merged in any order is what came to one; nothing is
// lost where steps become wider, and there are never more than allowed.
func TestTimelineMerges(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 3))
		fresh := func() *timeline { return &timeline{steps: steps{limit: 16}} }
		whole, parts := fresh(), []*timeline{fresh(), fresh(), fresh()}
		reach := int64(1) << (30 + rng.IntN(33))
		var sum uint64
		for range 400 {
			at, n := rng.Int64N(reach)-reach/3, uint32(rng.IntN(1000))
			sum += uint64(n)
			whole.sent(at, n, 1, int64(n))
			parts[rng.IntN(3)].sent(at, n, 1, int64(n))
		}
		merged := fresh()
		for _, i := range rng.Perm(3) {
			back := fresh()
			if err := fold.Read(back, 1, fold.Append(nil, 1, parts[i])); err != nil {
				t.Fatal(err)
			}
			fold.Merge(merged, back)
		}
		if a, b := fold.Append(nil, 1, whole), fold.Append(nil, 1, merged); !bytes.Equal(a, b) {
			t.Fatalf("seed %d:\n%v\n%v", seed, whole.steps.all, merged.steps.all)
		}
		var bytes, repeats uint64
		for i, p := range whole.steps.all {
			bytes, repeats = bytes+p.N[beatBytes], repeats+p.N[beatRepeats]
			if i > 0 && p.At <= whole.steps.all[i-1].At {
				t.Fatalf("seed %d: steps out of order: %v", seed, whole.steps.all)
			}
		}
		if bytes != sum || repeats != 400 || len(whole.steps.all) > 16 {
			t.Errorf("seed %d: %d bytes of %d, %d repeats, %d steps", seed, bytes, sum, repeats, len(whole.steps.all))
		}
	}
}

// Rows make up the whole, of whatever width, from the first step to the last.
func TestTimelineRows(t *testing.T) {
	for i, w := range stepWidths {
		if i > 0 && w%stepWidths[i-1] != 0 {
			t.Errorf("steps of %d s do not make up %d s", stepWidths[i-1], w)
		}
		if i > 0 && !strings.Contains(fmt.Sprint(shownWidths), fmt.Sprint(w)) {
			t.Errorf("no row of %d s", w)
		}
	}
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 4))
		x := &timeline{steps: steps{limit: 1 + rng.IntN(200)}}
		start := rng.Int64N(1 << 60)
		for range 300 {
			x.sent(start+rng.Int64N(int64(1)<<(30+rng.IntN(30))), 1, 0, 0)
		}
		all, least := x.steps.all, stepWidths[x.steps.width]
		for most := 1; most <= 60; most += 7 {
			width, rows := x.rows(all[0].At*least, (all[len(all)-1].At+1)*least-1, most)
			var sum uint64
			for i, r := range rows {
				sum += r.n[beatBytes]
				if r.from%width != 0 || i > 0 && r.from != rows[i-1].from+width {
					t.Fatalf("seed %d: a row of %d s begins at %d", seed, width, r.from)
				}
			}
			if sum != 300 || len(rows) > most && most > 2 {
				t.Errorf("seed %d, at most %d rows: %d of 300 in %d", seed, most, sum, len(rows))
			}
		}
	}
}

// Times at the ends of what can be told, and steps that nobody writes, break nothing.
func TestTimelineBounds(t *testing.T) {
	x := &timeline{steps: steps{limit: 2}}
	for _, at := range []int64{0, math.MinInt64, math.MaxInt64, -1, 1} {
		x.sent(at, 1, 0, 0)
	}
	x.steps.Take(step{Width: 200, At: math.MaxInt64})
	x.steps.Take(step{Width: uint8(len(stepWidths) - 1), At: math.MaxInt64})
	if len(x.steps.all) == 0 {
		t.Error("nothing is kept")
	}
}

// Each thing counts when it happened: an attempt failed later than it began, a connection
// that was reset ended later; one without a SYN does not begin.
func TestTimelineCounts(t *testing.T) {
	failed := recordtest.NotOpened(recordtest.MadeUp(10, "10.0.0.1:40000", "10.0.0.2:443"), record.OpenNoAnswer)
	failed.Unfinished, failed.Silent = false, 0
	reset := recordtest.BadlyClosed(recordtest.MadeUp(20, "10.0.0.1:40001", "10.0.0.2:443"), record.CloseReset, 5*oneSecond)
	reset.Close.ResetTime = record.Some(reset.End)
	refused := recordtest.NotOpened(recordtest.MadeUp(30, "10.0.0.1:40002", "10.0.0.2:443"), record.OpenRefused)
	midstream := recordtest.MadeUp(40, "10.0.0.1:40003", "10.0.0.2:443")
	midstream.Open = record.OpenRecord{Kind: record.OpenMidstream}
	untimed := recordtest.MadeUp(50, "10.0.0.1:40004", "10.0.0.2:443")
	untimed.Capture.Untimed = 3
	records := []*record.Record{failed, reset, refused, midstream, untimed}
	x := summaryOf(SummaryOptions{}, records).timeline
	_, rows := x.rows(fold.Second(recordtest.Start), fold.Second(recordtest.Start)+10, 60)
	want := map[int][nBeats]uint64{1: {beatOpens: 1}, 2: {beatOpens: 1}, 3: {beatOpens: 1, beatFailed + beat(causeRefused): 1}, 4: {beatFailed + beat(causeNoAnswer): 1}, 9: {beatResets: 1}}
	for i, r := range rows {
		if r.n != want[i] {
			t.Errorf("second %d: %v, want %v", i, r.n, want[i])
		}
	}
	if x.untimed != 1 || x.known() {
		t.Errorf("%d without a time; bytes known: %t", x.untimed, x.known())
	}
}

func TestTimelineTable(t *testing.T) {
	records := recordtest.Random(1, 500, 4)
	s := summaryOf(SummaryOptions{}, records)
	for i := range int64(40) {
		s.Sent(recordtest.Start+i*oneSecond, uint32(i*i*1000), uint32(i%7), i%5)
	}
	h := headlineOf(records)
	for _, o := range []TableOptions{{Width: 80}, {Width: 200, Top: 10}, {Width: 200, Sort: "retx", Top: 5}, {Width: 40, ASCII: true}} {
		o.Reports = []string{"timeline"}
		name := fmt.Sprintf("timeline-%d%s.txt", o.Width, o.Sort)
		recordtest.Golden(t, filepath.Join("testdata", name), tablesOf(t, s, h, o), *update)
	}
	// Of whom nobody told segments, bytes are not known: not 0.
	got := tablesOf(t, summaryOf(SummaryOptions{}, records), h, TableOptions{Width: 200, Reports: []string{"timeline"}})
	if strings.Contains(got, "bit/s") || !strings.Contains(got, "  -  ") || strings.Contains(got, "bytes    ") {
		t.Errorf("bytes are told in\n%s", got)
	}
}
