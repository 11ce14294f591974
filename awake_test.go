package tcpwatch

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/pcaptest"
	"tcpwatch/internal/racetest"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// line is a packet as text, at a time in milliseconds.
type line struct {
	at   int64
	text string
}

// idleTraffic is traffic of many connections that are mostly idle, and of some that go wrong.
func idleTraffic(rng *rand.Rand, conns int) []line {
	var all []line
	for i := range conns {
		client, port := fmt.Sprintf("10.0.%d.%d:%d", i>>6, i&63+1, 40000+i), []int{80, 443, 5432}[rng.IntN(3)]
		server := fmt.Sprintf("192.0.2.%d:%d", 1+rng.IntN(3), port)
		at := rng.Int64N(60_000)
		say := func(later int64, from, to, what string) {
			at += later
			all = append(all, line{at, fmt.Sprintf("%s > %s %s", from, to, what)})
		}
		c, s := 1001, 5001
		talk := func() {
			say(20, client, server, fmt.Sprintf("P. seq %d ack %d len 10", c, s))
			say(20, server, client, fmt.Sprintf("P. seq %d ack %d len 20", s, c+10))
			c, s = c+10, s+20
			say(20, client, server, fmt.Sprintf(". seq %d ack %d len 0", c, s))
		}
		say(0, client, server, "S seq 1000")
		switch rng.IntN(12) {
		case 0: // refused
			say(1, server, client, "R. seq 0 ack 1001")
			continue
		case 1: // no answer
			for range 3 + rng.IntN(3) {
				say(1000, client, server, "S seq 1000")
			}
			continue
		case 2:
			say(1000, client, server, "S seq 1000")
		}
		say(1, server, client, "S. seq 5000 ack 1001")
		say(1, client, server, ". seq 1001 ack 5001 len 0")
		if rng.IntN(4) > 0 {
			talk()
		}
		for range rng.IntN(4) {
			at += rng.Int64N(90_000)
			switch rng.IntN(8) {
			case 0, 1, 2:
				talk()
			case 3: // a keepalive probe
				say(1, client, server, fmt.Sprintf(". seq %d ack %d len 0", c-1, s))
				say(1, server, client, fmt.Sprintf(". seq %d ack %d len 0", s, c))
			case 4: // forgotten
				say(1, client, server, fmt.Sprintf("P. seq %d ack %d len 10", c, s))
				say(1, server, client, fmt.Sprintf("R seq %d", s))
			case 5: // data without an answer
				for k := range 1 + rng.IntN(6) {
					say(200<<k, client, server, fmt.Sprintf("P. seq %d ack %d len 10", c, s))
				}
			case 6: // CLOSE-WAIT
				say(1, client, server, fmt.Sprintf("F. seq %d ack %d", c, s))
				say(1, server, client, fmt.Sprintf(". seq %d ack %d len 0", s, c+1))
			case 7:
				say(1, client, server, fmt.Sprintf("F. seq %d ack %d", c, s))
				say(1, server, client, fmt.Sprintf("F. seq %d ack %d", s, c+1))
				say(1, client, server, fmt.Sprintf(". seq %d ack %d len 0", c+1, s+1))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b line) int { return int(a.at - b.at) })
	return all
}

// sameView compares what a worker has seen with a walk over all that it holds and what ended.
type sameView struct {
	*worker
	t     *testing.T
	ended map[uint64]*record.Record // what was told last of a connection, which may be held still
	h     *report.Headline
}

// of is the Summary of what was seen.
func (x *sameView) of(s *seen) *report.Summary {
	sum := x.summaryOfRecent()
	for _, b := range s.base {
		sum.Merge(b)
	}
	sum.Merge(s.recent)
	return sum
}

// whole is that of a walk over all.
func (x *sameView) whole(now int64) (sum *report.Summary, standing report.Standing) {
	sum = x.summaryOfRecent()
	x.tracker.Snapshot(func(r *record.Record) {
		delete(x.ended, r.ID)
		x.names.Attach(r)
		standing.Take(r)
		if report.IsRecent(r, now) {
			sum.Add(r)
		}
	})
	for _, r := range x.ended {
		if x.look.awake.part-r.End/partSpan < recentParts {
			sum.Add(r)
		}
	}
	return sum, standing
}

// findings are what is told of a Summary.
func (x *sameView) findings(s *report.Summary) (all []diagnose.Finding) {
	for _, f := range s.Findings(x.h) {
		if f.Group == diagnose.GroupCapture {
			f.Open, f.Until = 0, 0 // as they were when they came to rest
		}
		all = append(all, diagnose.Finding{ID: f.ID, Group: f.Group, Severity: f.Severity, Confidence: f.Confidence, Title: f.Title, Subject: f.Subject, Count: f.Count, Open: f.Open,
			Conns: f.Conns, Packets: f.Packets, Since: f.Since, Until: f.Until})
	}
	return all
}

var ofHowMany = regexp.MustCompile(`of [0-9,]+`)

// check compares both; exactly: byte for byte.
func (x *sameView) check(now int64, exactly bool) {
	x.t.Helper()
	x.finishAwake(now) // it may have begun before
	x.finishAwake(now)
	s := x.look.awake.last
	got := x.of(s)
	want, standing := x.whole(now)
	// What came to rest and is over or forgotten since is in the base until the next.
	if got.Conns() < want.Conns() || exactly && got.Conns() != want.Conns() || s.standing != standing {
		x.t.Fatalf("at %d s: %d connections, want %d; %+v, want %+v", now/1e9, got.Conns(), want.Conns(), s.standing, standing)
	}
	x.h.End = now
	a, b := x.findings(got), x.findings(want)
	if got.Conns() != want.Conns() { // which is how many there are to compare with
		for _, f := range [][]diagnose.Finding{a, b} {
			for i := range f {
				f[i].Title = ofHowMany.ReplaceAllString(f[i].Title, "of N")
			}
		}
	}
	if !reflect.DeepEqual(a, b) {
		for i := range max(len(a), len(b)) {
			if i >= len(a) || i >= len(b) || !reflect.DeepEqual(a[i], b[i]) {
				x.t.Fatalf("at %d s: finding %d:\n%+v\nof a walk over all:\n%+v", now/1e9, i, a[min(i, len(a)):min(i+1, len(a))], b[min(i, len(b)):min(i+1, len(b))])
			}
		}
	}
	if exactly {
		a, _ := got.AppendBinary(nil)
		b, _ := want.AppendBinary(nil)
		if !bytes.Equal(a, b) {
			x.t.Fatalf("at %d s: %d bytes, want %d", now/1e9, len(a), len(b))
		}
	}
}

// What is seen by looking at those that are awake, and once at those at rest, is what a walk over all sees:
// each connection once, the same findings at any time, and to the byte when all that woke has come to rest.
func TestAwakeIsTheWhole(t *testing.T) {
	racetest.TooSlow(t)
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 7))
			var text strings.Builder
			for _, l := range idleTraffic(rng, 300) {
				fmt.Fprintf(&text, "%.3f %s\n", float64(l.at)/1000, l.text)
			}
			var b bytes.Buffer
			if err := pcaptest.WriteText(&b, text.String()); err != nil {
				t.Fatal(err)
			}
			o := Options{Workers: 1}.withDefaults()
			o.Sums.OnDemand = []string{}
			x := &sameView{t: t, h: &report.Headline{MSL: int64(o.MSL)}, ended: make(map[uint64]*record.Record)}
			x.worker = newWorker(0, 1, 1, &o, nil, newOutlets([]Output{&watching{}}, func(error) {}))
			x.strange, x.now = new(atomic.Bool), x.chunk()
			x.match = func(r *record.Record) bool {
				if !r.Interim {
					x.ended[r.ID] = copied(r)
				}
				return true
			}
			src := sourceOf(t, b.Bytes()).source
			var p capture.Packet
			now, next := int64(0), int64(0)
			for n := 0; ; n++ {
				if err := src.Next(&p); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				now = p.Time
				x.look.now = now
				x.tracker.Pass(now)
				x.packet(&p, 0)
				switch rng.IntN(4) {
				case 0:
					x.tracker.Advance(now)
					x.tracker.HandOut()
				case 1:
					x.lookAwake(rng.IntN(60), now)
				case 2:
					x.lookOn(rng.IntN(30), now)
				}
				if now >= next {
					x.check(now, false)
					next = now + rng.Int64N(25e9)
				}
			}
			x.h.Start = 0
			for range 30 { // all comes to rest
				now += 7e9
				x.look.now = now
				x.tracker.Advance(now)
				x.tracker.HandOut()
				x.check(now, false)
				x.lookOn(1000, now)
			}
			x.check(now, true)
		})
	}
}
