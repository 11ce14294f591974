package tcpwatch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tcpwatch/capture"
	"tcpwatch/internal/pcaptest"
	"tcpwatch/internal/racetest"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// watching is a Watcher that keeps what it is shown.
type watching struct {
	Base
	wanted report.Wanted
	follow atomic.Uint64
	hold   atomic.Bool
	views  []*report.View
	steps  []*record.Step
	each   func(v *report.View)
}

func (w *watching) Wanted() report.Wanted {
	a := w.wanted
	a.Follow, a.Hold = w.follow.Load(), w.hold.Load()
	return a
}

func (w *watching) View(v *report.View) error {
	w.views = append(w.views, v)
	if w.each != nil {
		w.each(v)
	}
	return nil
}

func (w *watching) Step(s *record.Step) error {
	w.steps = append(w.steps, s)
	return nil
}

// watched runs over a capture with a Watcher and tables; with whole less than the connections
// held a walk takes several batches.
func watched(t *testing.T, pcap []byte, workers, whole int, x *watching) (tables string, h *Stats) {
	t.Helper()
	return watchedWith(t, pcap, Options{Workers: workers}, whole, lookFile, x)
}

// watchedWith is watched with options, where a walk takes so many connections at a time.
func watchedWith(t *testing.T, pcap []byte, o Options, whole, file int, x *watching) (tables string, h *Stats) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var b bytes.Buffer
	list, onDemand := []Output{report.NewTables(&b, report.TableOptions{Reports: []string{report.EveryReport}})}, []string{}
	if x != nil {
		list = append(list, x)
	}
	out := newOutlets(list, cancel)
	o.Sums = report.SummaryOptions{Rows: 100, OnDemand: onDemand}
	w := newRun(ctx, sourceOf(t, pcap), o.withDefaults(), out)
	if x != nil {
		for _, worker := range w.workers {
			worker.look.whole, worker.look.file = whole, file
		}
	}
	w.loop()
	w.stop()
	h = w.final()
	out.finish(h, w.sums())
	if out.err != nil {
		t.Error(out.err)
	}
	return b.String(), h
}

// Who watches changes nothing of the report, and each connection counts once in what is seen.
func TestWatch(t *testing.T) {
	n := 20000
	if racetest.On { // as many as a walk in slices needs; without the detector all are there
		n = 16000
	}
	pcap := pcaptest.ShortConnections(t, n)
	want, _ := watched(t, pcap, 2, 0, nil)
	for _, workers := range []int{1, 3} {
		for _, whole := range []int{1, 1 << 20} {
			if racetest.On && (workers == 1 || whole > 1) {
				continue // the detector looks on where several walk in slices; all are run without it
			}
			t.Run(fmt.Sprintf("%d workers, whole %d", workers, whole), func(t *testing.T) {
				x := &watching{wanted: report.Wanted{Due: true, All: true, Rows: 7, Sort: "-id", Closed: true}}
				got, h := watched(t, pcap, workers, whole, x)
				if got != want {
					t.Error("the report is another")
				}
				if len(x.views) < 10 {
					t.Fatalf("%d views", len(x.views))
				}
				last := x.views[len(x.views)-1]
				if last.Partial || last.All == nil || last.All.Conns() == 0 {
					t.Fatalf("nothing was looked at: %+v", last)
				}
				for _, v := range x.views {
					begun := uint64(v.Headline.Tracker.Conns)
					switch {
					case v.Partial:
					case v.All.Conns() > begun, v.Recent.Conns() > begun, whole > 1 && v.Recent.Conns() > v.All.Conns(), whole > 1 && v.All.Conns() != begun:
						t.Fatalf("%d of %d connections, %d of them recent, after %d packets", v.All.Conns(), begun, v.Recent.Conns(), v.Headline.Packets)
					case len(v.Listed) > 7, begun > 7 && len(v.Listed) < 7:
						t.Fatalf("%d listed of %d", len(v.Listed), begun)
					}
				}
				if last.Totals.Opened == 0 || last.Totals.Opened > h.Tracker.Conns || last.Totals.Bytes == 0 || last.Totals.Segments == 0 {
					t.Errorf("%+v", last.Totals)
				}
				if list := last.Listed; list[0].ID <= list[6].ID {
					t.Errorf("%d before %d", list[0].ID, list[6].ID)
				}
			})
		}
	}
}

// Connections end while a walk goes on: each counts once all the same, and what ended long ago
// is not recent.
func TestConnectionsEndDuringAWalk(t *testing.T) {
	racetest.TooSlow(t)
	pcap := pcaptest.ShortConnections(t, 70_000)
	o := Options{Workers: 2, MSL: 3 * time.Second}
	want, _ := watchedWith(t, pcap, o, 0, 0, nil)
	x := &watching{wanted: report.Wanted{Due: true, All: true, Rows: 5, Sort: "-id", Closed: true}}
	before, walks := uint64(0), 0
	x.each = func(v *report.View) {
		now, all, recent := v.Headline.Tracker.Conns, v.All, v.Recent.Conns()
		if v.Partial || all.Conns() == before {
			return
		}
		walks++
		before = all.Conns()
		begun := uint64(v.At-v.ListAge-v.Headline.Start) / 1e6 // before the walk over all: one a millisecond
		awake := uint64(v.At-v.Age-v.Headline.Start) / 1e6
		switch {
		case all.Conns() > now || all.Conns() < begun:
			t.Errorf("%d connections, of %d; %d had begun before the walk", all.Conns(), now, begun)
		case now > 60_000 && recent > all.Conns()*9/10, recent < min(awake, uint64(report.RecentSpan/1e6)):
			t.Errorf("%d of %d are recent, %d had begun before the walk", recent, all.Conns(), begun)
		}
	}
	got, _ := watchedWith(t, pcap, o, 1, 100, x)
	if got != want {
		t.Error("the report is another")
	}
	if walks < 5 {
		t.Errorf("%d walks", walks)
	}
}

// The packets of a connection that is followed are handed on, and how it stands.
func TestFollow(t *testing.T) {
	var text strings.Builder
	text.WriteString("0.001 192.0.2.1:40000 > 192.0.2.2:80 S seq 1000\n0.002 192.0.2.2:80 > 192.0.2.1:40000 S. seq 5000 ack 1001\n")
	for i := range 40000 {
		fmt.Fprintf(&text, "%f 192.0.2.1:40000 > 192.0.2.2:80 . seq %d ack 5001 len 10\n", 0.003+float64(i)/10000, 1001+10*i)
	}
	var b bytes.Buffer
	if err := pcaptest.WriteText(&b, text.String()); err != nil {
		t.Fatal(err)
	}
	pcap := b.Bytes()
	for _, workers := range []int{1, 3} {
		x := &watching{wanted: report.Wanted{Due: true, Rows: 1, Sort: "-id"}}
		x.each = func(v *report.View) {
			if x.follow.Load() == 0 && len(v.Listed) > 0 {
				x.follow.Store(v.Listed[0].ID)
			}
		}
		watched(t, pcap, workers, 1<<20, x)
		id := x.follow.Load()
		if len(x.steps) == 0 {
			t.Fatalf("no packet of %d", id)
		}
		seen := 0
		for _, v := range x.views {
			if v.Followed != nil {
				seen++
				if v.Followed.ID != id || len(v.Followed.Transitions) == 0 {
					t.Errorf("%d is followed, with %d transitions", v.Followed.ID, len(v.Followed.Transitions))
				}
			}
		}
		last := uint64(0)
		for _, s := range x.steps {
			if s.Conn != id || s.Segment == nil || s.Segment.Packet <= last {
				t.Errorf("%+v after %d", s, last)
			}
			last = s.Segment.Packet
		}
		if seen == 0 {
			t.Error("how it stands is not shown")
		}
	}
}

// What was read is kept at the end of the input, until nobody wants it.
func TestHold(t *testing.T) {
	x := &watching{wanted: report.Wanted{Due: true, All: true}}
	held := 0
	x.each = func(v *report.View) {
		if v.Ended {
			held++
			x.hold.Store(held < 3)
		}
	}
	x.hold.Store(true)
	_, h := watched(t, pcaptest.ShortConnections(t, 3000), 2, 1, x)
	last := x.views[len(x.views)-1]
	if held < 3 || !last.Ended || last.Partial || last.All.Conns() != h.Tracker.Conns {
		t.Errorf("%d views at the end, the last of %d of %d connections", held, last.All.Conns(), h.Tracker.Conns)
	}
}

// What is held is listed though it is over, for who asks for that; without, only what goes on is.
func TestListedWhileHeld(t *testing.T) {
	const text = "0 192.0.2.1:40000 > 192.0.2.2:80 S seq 1000\n0.1 192.0.2.2:80 > 192.0.2.1:40000 R. seq 0 ack 1001\n" +
		"0.2 192.0.2.1:40001 > 192.0.2.2:80 S seq 1000\n0.3 192.0.2.2:80 > 192.0.2.1:40001 S. seq 5000 ack 1001\n0.4 192.0.2.1:40001 > 192.0.2.2:80 . seq 1001 ack 5001 len 0\n"
	var pcap bytes.Buffer
	if err := pcaptest.WriteText(&pcap, text); err != nil {
		t.Fatal(err)
	}
	for _, held := range []bool{false, true} {
		most := 0
		x := &watching{wanted: report.Wanted{Due: true, Rows: 9, Held: held}}
		x.each = func(v *report.View) {
			if !v.Ended && v.Headline.Packets == 5 {
				most = max(most, len(v.Listed))
			}
			x.hold.Store(!v.Ended && len(x.views) < 3)
		}
		x.hold.Store(true)
		watched(t, pcap.Bytes(), 1, lookWhole, x)
		if last := x.views[len(x.views)-1]; most == 0 {
			most = len(last.Listed)
		}
		if want := map[bool]int{false: 1, true: 2}[held]; most != want {
			t.Errorf("held %t: %d are listed, want %d", held, most, want)
		}
	}
}

// While packets come what ended long ago is not listed; when the input has ended it is.
func TestListedAtTheEnd(t *testing.T) {
	var pcap bytes.Buffer
	for at := range 3 {
		fmt.Fprintf(&pcap, "%[1]d.0 192.0.2.1:4000%[2]d > 192.0.2.2:80 S seq 1000\n%[1]d.1 192.0.2.2:80 > 192.0.2.1:4000%[2]d R. seq 0 ack 1001\n", 100*at, at)
	}
	text := pcap.String()
	pcap.Reset()
	if err := pcaptest.WriteText(&pcap, text); err != nil {
		t.Fatal(err)
	}
	x := &watching{wanted: report.Wanted{Due: true, Rows: 9, Closed: true}}
	x.each = func(v *report.View) { x.hold.Store(!v.Ended) }
	x.hold.Store(true)
	watched(t, pcap.Bytes(), 1, lookWhole, x)
	for _, v := range x.views {
		if n := uint64(len(v.Listed)); v.Ended && n != 3 || !v.Ended && n > 2 {
			t.Errorf("%d connections are listed, ended: %t", n, v.Ended)
		}
	}
	if !x.views[len(x.views)-1].Ended {
		t.Error("no view of the end")
	}
}

// opened is a run that has read n connections, which stay open, each of another client.
func opened(b testing.TB, n int, x *watching) *run {
	var text strings.Builder
	for i := range n {
		a := fmt.Sprintf("10.%d.%d.%d:%d", i>>14&255, i>>6&255, i&63, 40000+i%1000)
		fmt.Fprintf(&text, "%[1]f %[2]s > 192.0.2.2:80 S seq 1000\n%[1]f 192.0.2.2:80 > %[2]s S. seq 5000 ack 1001\n%[1]f %[2]s > 192.0.2.2:80 . seq 1001 ack 5001 len 0\n", float64(i)/10000, a)
	}
	var file bytes.Buffer
	if err := pcaptest.WriteText(&file, text.String()); err != nil {
		b.Fatal(err)
	}
	w := newRun(context.Background(), sourceOf(b, file.Bytes()), Options{Workers: 1, Sums: report.SummaryOptions{OnDemand: []string{"clients"}}}.withDefaults(), newOutlets([]Output{x}, func(error) {}))
	w.loop()
	w.across(nil, false) // waits until all is looked at
	return w
}

// BenchmarkLookView makes a View of 100,000 connections that are open, of the walk completed last.
func BenchmarkLookView(b *testing.B) {
	x := &watching{}
	w := opened(b, 100000, x)
	defer w.stop()
	x.wanted = report.Wanted{Due: true}
	worker := w.workers[0]
	x.views = nil
	note := &batchNote{wanted: &x.wanted, now: w.times.now}
	worker.look.awake.last = nil // so that the next is shown, whatever it shows
	w.writer.seen[0] = worker.glance(&x.wanted, true, w.times.now).awake
	b.Run("view", func(b *testing.B) {
		for b.Loop() {
			note.headline = w.headline()
			w.writer.shown = nil
			w.writer.view(note, []*glance{worker.glance(&x.wanted, false, w.times.now)})
		}
	})
	b.Run("complete", func(b *testing.B) {
		for b.Loop() {
			worker.finishAwake(w.times.now)
		}
	})
}

// BenchmarkLook walks over connections that are open.
func BenchmarkLook(b *testing.B) {
	const n = 50000
	x := &watching{}
	w := opened(b, n, x)
	worker := w.workers[0]
	x.wanted = report.Wanted{Due: true}
	for b.Loop() {
		worker.glance(&x.wanted, true, w.ticked)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/conn")
	w.stop()
}

// waiting lets a run read its next packet when the view of those before has been handed out.
type waiting struct {
	capture.Source
	w *run
}

func (x *waiting) Next(p *capture.Packet) error {
	for x.w.writer.seeing.Load() {
		time.Sleep(20 * time.Microsecond)
	}
	return x.Source.Next(p)
}

// viewsOf are those after each packet.
func viewsOf(t *testing.T, workers int, text string) []*report.View {
	t.Helper()
	var b bytes.Buffer
	if err := pcaptest.WriteText(&b, text); err != nil {
		t.Fatal(err)
	}
	x := &watching{wanted: report.Wanted{Due: true}}
	out := newOutlets([]Output{report.NewTables(io.Discard, report.TableOptions{}), x}, func(error) {})
	w := newRun(context.Background(), sourceOf(t, b.Bytes()), Options{Workers: workers}.withDefaults(), out)
	w.lookEvery = 1
	w.in.source = &waiting{w.in.source, w}
	w.loop()
	w.stop()
	out.finish(w.final(), w.sums())
	return x.views
}

// What is over is told for report.RecentSpan and a quarter more at most, and not again when the
// table lets the connections go; what goes on is told as long as it does. Views are of the time
// of the last packet.
func TestFindingsGo(t *testing.T) {
	racetest.TooSlow(t)
	const refused, asks, unanswered = "refused", 12, "no-answer"
	var text strings.Builder
	for i := range 5 {
		fmt.Fprintf(&text, "%[1]f 192.0.2.1:%[2]d > 192.0.2.2:80 S seq 1000\n%[1]f 192.0.2.2:80 > 192.0.2.1:%[2]d R. seq 0 ack 1001\n", 0.1+float64(i)/100, 40000+i)
	}
	const talk = "%f 192.0.2.1:50000 > 192.0.2.3:443 "
	fmt.Fprintf(&text, talk+"S seq 1000\n0.21 192.0.2.3:443 > 192.0.2.1:50000 S. seq 5000 ack 1001\n", 0.2)
	for i := range 200 {
		at := 0.5 + float64(i)
		fmt.Fprintf(&text, talk+". seq %d ack 5001 len 10\n%f 192.0.2.3:443 > 192.0.2.1:50000 . seq 5001 ack %d len 0\n", at, 1001+10*i, at+0.01, 1011+10*i)
		if i >= 100 && i < 100+asks { // the SYN of another again and again
			fmt.Fprintf(&text, "%f 192.0.2.1:50001 > 192.0.2.4:80 S seq 1000\n", at+0.02)
		}
	}
	for _, workers := range []int{1, 2} {
		views := viewsOf(t, workers, text.String())
		first, last := map[string]float64{}, map[string]float64{}
		for _, v := range views {
			at := float64(v.At-views[0].Headline.Start) / 1e9
			if behind := v.Headline.End - v.At; behind > 1e9 {
				t.Fatalf("a view at %.1f s is %.1f s old", at, float64(behind)/1e9)
			}
			for _, f := range v.Findings {
				if _, ok := first[f.Detector]; !ok {
					first[f.Detector] = at
				}
				last[f.Detector] = at
				if wants := f.Detector == unanswered; (f.Open > 0) != wants && f.Severity > diagnose.Info {
					t.Errorf("%s: %d go on", f.Title, f.Open)
				}
			}
		}
		if len(views) < 100 || first[refused] > 1 || last[refused] < 38 || last[refused] > 52 {
			t.Errorf("%d views; refused from %.1f s to %.1f s", len(views), first[refused], last[refused])
		}
		if first[unanswered] < 100.9 || first[unanswered] > 103 || last[unanswered] < 150 || last[unanswered] > 163 {
			t.Errorf("no answer from %.1f s to %.1f s", first[unanswered], last[unanswered])
		}
	}
}
