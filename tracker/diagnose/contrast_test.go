package diagnose

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// Tables of which the probability is known: R's fisher.test, and what can be counted.
func TestFisher(t *testing.T) {
	for _, x := range []struct {
		a, b, c, d int
		want       float64
	}{
		{3, 1, 1, 3, 0.4857142857}, // the lady tasting tea, two-sided
		{5, 0, 0, 5, 2. / 252},
		{3, 0, 0, 17, 1. / 1140},
		{1, 9, 11, 3, 0.0027594562},
		{0, 5, 0, 5, 1},
		{10, 0, 10, 0, 1},
	} {
		if got := fisher(x.a, x.b, x.c, x.d); math.Abs(got-x.want) > 1e-9 {
			t.Errorf("%d %d / %d %d: %.10f, want %.10f", x.a, x.b, x.c, x.d, got, x.want)
		}
	}
}

// population is well connections that opened and n that nobody answered, from five hosts;
// mark changes a record, and is told whether it is one of those that failed.
func population(well, n int, mark func(r *record.Record, i int, bad bool)) []*record.Record {
	return many(well+n, func(i int) *record.Record {
		every := (well + n) / n
		bad := i%every == every-1 && i/every < n
		r := made(uint64(i+1), from(numbered(1+int(fold.Mix(uint64(i))%5), uint16(20000+i))))
		if bad {
			failed(record.OpenNoAnswer, 4)(r)
		}
		r.Ends[record.Orig].ECN = record.Some(false)
		if mark != nil {
			mark(r, i, bad)
		}
		return r
	})
}

// limited lets each client open five connections and hold them for some seconds; a sixth
// attempt comes meanwhile.
func limited(r *record.Record, i int, bad bool) {
	began := at + int64(i/6)*10*second
	r.Orig = numbered(1, r.Orig.Port)
	r.Start = began + int64(i%6)*second
	r.End = r.Start + 3*second
	if !bad {
		r.End = began + 8*second
		r.Close.FINTime = [2]record.Opt[int64]{record.Some(r.End), record.Some(r.End)}
	}
}

func withECN(r *record.Record) { r.Ends[record.Orig].ECN = record.Some(true) }

func stamp(v uint32) func(r *record.Record) {
	return func(r *record.Record) { r.Open.TSVal, r.Open.TSRecent = record.Some(v), record.Some(v) }
}

// contrastCase is attempts of which some failed, and what is to be told of them.
type contrastCase struct {
	name       string
	records    []*record.Record
	confidence Confidence
	says       string
	silent     string // what must not be said
}

func contrastCases() []contrastCase {
	return []contrastCase{
		{"ECN", population(53, 13, func(r *record.Record, _ int, bad bool) {
			if bad {
				withECN(r)
			}
		}), Likely, "all 13 that failed asked for ECN (ECE and CWR on the SYN), 0 of 53 that opened did", "queue"},
		{"ECN asked for by all", population(53, 13, func(r *record.Record, _ int, _ bool) { withECN(r) }), Possible,
			"No sign in the capture separates the 13 that failed from the 53 that opened", "asked for ECN"},
		{"a limit of connections", population(25, 5, limited), Likely,
			"all 5 that failed came while their client held 5 or more connections to it open, 0 of 25 that opened did", "queue"},
		{"as many were held as at other times", population(25, 5, func(r *record.Record, i int, bad bool) {
			if limited(r, i, bad); i%6 == 4 {
				r.Start += 2 * second // after the attempt that failed
			}
		}), Possible, "", "held"},
		{"what is held was never served: it may wait in a queue", population(25, 5, func(r *record.Record, i int, bad bool) {
			limited(r, i, bad)
			r.Ends[record.Resp].SeenBytes = 0
		}), Possible, "", "held"},
		{"ECN of one host only", population(53, 13, func(r *record.Record, _ int, bad bool) {
			if bad {
				withECN(r)
				r.Orig = numbered(9, r.Orig.Port)
			}
		}), Possible, "asked for ECN (ECE and CWR on the SYN), 0 of 53 that opened did; all 13 that failed came from one host", ""},
		{"ECN and fast open", population(53, 13, func(r *record.Record, _ int, bad bool) {
			if bad {
				withECN(r)
				r.Open.FastOpenAsked = true
			}
		}), Possible, "These separate equally well", ""},
		{"too few to tell", population(4, 2, func(r *record.Record, _ int, bad bool) {
			if bad {
				withECN(r)
			}
		}), Possible, "Others got through", "asked for ECN"},
		{"nearly perfectly", population(60, 20, func(r *record.Record, i int, bad bool) {
			if bad && i > 3 || i == 5 {
				withECN(r)
			}
		}), Likely, "19 of 20 that failed asked for ECN", ""},
		{"a shared address", population(50, 5, func(r *record.Record, i int, bad bool) {
			r.Orig = numbered(1, r.Orig.Port)
			if stamp(uint32(900_000_000 + i*100))(r); bad {
				stamp(uint32(20_000 + i*100))(r)
			}
		}), Likely, "all 5 that failed came with a TSval behind the newest accepted from their address, 0 of 50", "queue"},
		{"clocks differ and nobody minds", population(50, 5, func(r *record.Record, i int, _ bool) {
			r.Orig = numbered(1, r.Orig.Port)
			stamp(uint32(i%2)*900_000_000 + uint32(i*100) + 1)(r)
		}), Possible, "No sign in the capture", "TSval"},
		{"a port that is still held", population(50, 5, func(r *record.Record, _ int, bad bool) {
			if bad {
				r.Open.HeldConn, r.Open.HeldState = 3, record.CloseWait
			}
		}), Likely, "reused a port on which the server still held the previous connection in CLOSE-WAIT", ""},
		{"another host's SYN just before", population(50, 10, func(r *record.Record, i int, bad bool) {
			if bad { // at the time of the one before
				r.Orig = numbered(200+i%5, r.Orig.Port)
				r.Start = at + int64(i)*100*millisecond + millisecond
			}
		}), Likely, "within 2 ms of another host's SYN", ""},
		{"its own SYN just before", population(50, 10, func(r *record.Record, i int, bad bool) {
			if r.Orig = numbered(1, r.Orig.Port); bad {
				r.Start = at + int64(i)*100*millisecond + millisecond
			}
		}), Possible, "No sign in the capture", "within 2 ms"},
	}
}

// What separates attempts that failed is named with its counts, and nothing else is.
func TestContrast(t *testing.T) {
	for _, x := range contrastCases() {
		c := &Context{MSL: record.DefaultMSL, Conns: uint64(len(x.records))}
		list := findingsOf(t, "no-answer", c, x.records...)
		if len(list) != 1 {
			t.Errorf("%s: %d findings", x.name, len(list))
			continue
		}
		f := &list[0]
		if !strings.Contains(f.Explanation, x.says) {
			t.Errorf("%s: it says %q", x.name, f.Explanation)
		}
		if x.silent != "" && strings.Contains(f.Title+f.Explanation+f.Causes[0], x.silent) {
			t.Errorf("%s: %q, %q, %q", x.name, f.Title, f.Explanation, f.Causes[0])
		}
		if f.Confidence != x.confidence {
			t.Errorf("%s: it is %s", x.name, f.Confidence)
		}
	}
}

// openSituations are attempts that one of the signs separates, for what looks at texts.
func openSituations() (all []situation) {
	for _, x := range contrastCases() {
		want := "warning " + x.confidence.String()
		if x.name == "too few to tell" {
			want = "notice possible"
		}
		all = append(all, situation{"no-answer", x.name, x.records, want})
	}
	refuse := func(r *record.Record, _ int, bad bool) {
		if bad {
			failed(record.OpenRefused, 1)(r)
			r.Open.HeldConn, r.Open.HeldState = 3, record.CloseWait
		}
	}
	wait := func(r *record.Record, _ int, bad bool) {
		if promptly(r); bad {
			*r = *made(r.ID/10, lateACK(1))
		}
	}
	slow := func(r *record.Record, _ int, bad bool) {
		if bad {
			*r = *made(r.ID/10, late(2), withECN)
		}
	}
	return append(all,
		situation{"refused", "the server holds the port's older connection", population(50, 5, refuse), "warning likely"},
		situation{"queue-full", "TCP_DEFER_ACCEPT", population(50, 5, wait), "notice likely"},
		situation{"syn-lost", "SYNs that ask for ECN are dropped, their repeats do not ask", population(50, 5, slow), "warning likely"})
}

// A cause that a sign names is told by one detector: not as a full queue too, though the
// capture stands beside the listener.
func TestContrastTakesFromQueueFull(t *testing.T) {
	records := population(53, 13, func(r *record.Record, _ int, bad bool) {
		if r.Capture.Tap = record.TapResp; bad {
			withECN(r)
		}
	})
	list := findingsOf(t, "no-answer,queue-full", &Context{MSL: record.DefaultMSL}, records...)
	if len(list) != 1 || list[0].Detector != "no-answer" || !strings.Contains(list[0].Title, "asked for ECN") {
		t.Errorf("%v", titles(list))
	}
}

// The sample is the same however the work is divided, when not all attempts find a place
// too; so is all that is joined from it.
func TestContrastOfAnyDivision(t *testing.T) {
	records := population(600, 150, func(r *record.Record, i int, bad bool) {
		r.Start = at + int64(i/7)*300*millisecond + int64(i%7)*millisecond
		if stamp(uint32(i * 977))(r); bad {
			withECN(r)
		}
	})
	rng := rand.New(rand.NewPCG(3, 4))
	var want *verdict
	for round := range 20 {
		parts := make([]sampled, 1+round%5)
		for i := range parts {
			parts[i] = newSampled(64)
		}
		rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		for _, r := range records {
			parts[rng.IntN(len(parts))].add(r)
		}
		for i := range parts[1:] {
			fold.Merge(&parts[0], &parts[i+1])
		}
		x := parts[0].join()
		got := x.of(point("10.0.0.2:80"), wentUnanswered)
		if !got.sampled || !got.named() {
			t.Fatalf("round %d: %+v", round, got)
		}
		for i := range got.why {
			got.why[i].mark = nil
		}
		for i := range got.where {
			got.where[i].mark = nil
		}
		if want == nil {
			want = got
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: %+v, first %+v", round, got, want)
		}
	}
}

// Failures keep their places whatever else there is, and the other way round.
func TestContrastKeepsFailures(t *testing.T) {
	s := newSampled(16)
	for _, r := range population(5000, 10, nil) {
		s.add(r)
	}
	if failed, well := len(s.bad.Sorted()), len(s.well.Sorted()); failed != 10 || well != 16 || s.well.Offered() != 5000 {
		t.Errorf("%d failed, %d of %d others", failed, well, s.well.Offered())
	}
}
