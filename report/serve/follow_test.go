package serve

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// slow is a reader that takes what is written when it is let.
type slow struct {
	httptest.ResponseRecorder
	mu    sync.Mutex
	texts bytes.Buffer
	asked chan struct{} // something waits to be taken
	take  chan struct{}
}

func (s *slow) Write(b []byte) (int, error) {
	if bytes.HasPrefix(b, []byte("id: ")) {
		s.asked <- struct{}{}
		<-s.take
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.texts.Write(b)
}

func (s *slow) SetWriteDeadline(time.Time) error { return nil }
func (s *slow) SetReadDeadline(time.Time) error  { return nil }
func (s *slow) FlushError() error                { return nil }

// Whoever takes long for a state gets the newest one next, not those between.
func TestSlowReaderSkips(t *testing.T) {
	p := play(t, "127.0.0.1:0", "")
	ctx, cancel := context.WithCancel(context.Background())
	w := &slow{asked: make(chan struct{}), take: make(chan struct{})}
	done := make(chan struct{})
	p.get(t, "/")
	go func() {
		defer close(done)
		p.follow(w, httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
	}()
	<-w.asked
	first := p.current().n
	for p.current().n < first+5 {
		p.get(t, "/")
	}
	w.take <- struct{}{}
	<-w.asked
	w.take <- struct{}{}
	cancel()
	select {
	case <-w.asked:
		w.take <- struct{}{}
		<-done
	case <-done:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var ids []int
	for line := range strings.Lines(w.texts.String()) {
		if id, ok := strings.CutPrefix(line, "id: "+p.epoch+"-"); ok {
			n := 0
			fmt.Sscan(id, &n)
			ids = append(ids, n)
		}
	}
	if len(ids) < 2 || ids[1] < ids[0]+5 {
		t.Errorf("states %v were sent, the first was old by five when it was taken", ids)
	}
}

// A state is kept no longer than the next one comes, and what it says is made once for all that
// have the same.
func TestNewsAreMadeOnce(t *testing.T) {
	p := play(t, "127.0.0.1:0", "")
	p.get(t, "/")
	x := p.current()
	a, err := x.since(0)
	b, _ := x.since(0)
	if err != nil || &a[0] != &b[0] {
		t.Errorf("made twice: %v", err)
	}
}

// settledView has all there is of an input that has ended.
func settledView(w report.Wanted, partial bool) *report.View {
	v := &report.View{Wanted: w, At: recordtest.Start, Ended: true, Partial: partial, Headline: &report.Headline{}, Recent: report.NewSummary(report.SummaryOptions{})}
	if w.All {
		v.All = report.NewSummary(report.SummaryOptions{})
	}
	return v
}

// bare is a Server that nobody runs.
func bare(t *testing.T) *Server {
	t.Helper()
	s, err := New(Options{Tell: func(string) {}, Tables: report.TableOptions{Reports: report.ReportNames()}})
	if err != nil {
		t.Fatal(err)
	}
	s.refresh = 0
	return s
}

// When all is read and was looked at nothing more is asked for, until somebody looks who has not
// seen it.
func TestSettles(t *testing.T) {
	s := bare(t)
	told := 0
	s.o.Tell = func(string) { told++ }
	w := s.Wanted()
	if !w.Due || w.All {
		t.Fatalf("%+v", w)
	}
	s.View(settledView(w, true))
	if w = s.Wanted(); !w.Due {
		t.Error("part of it is enough")
	}
	s.View(settledView(w, false))
	if w = s.Wanted(); w.Due || !w.Hold {
		t.Errorf("all is known, and more is asked for: %+v", w)
	}
	s.noteLook()
	if w = s.Wanted(); !w.Due || !w.All {
		t.Errorf("somebody looks, and nothing is asked for: %+v", w)
	}
	s.View(settledView(w, false))
	if w = s.Wanted(); w.Due {
		t.Errorf("all is shown, and more is asked for: %+v", w)
	}
	if told != 1 {
		t.Errorf("told %d times that all is read", told)
	}
}

// What is only so because the run goes on is wrong when it has ended.
func TestStillOpen(t *testing.T) {
	var trail watch.Trail
	v := &report.View{At: recordtest.Start, Findings: []diagnose.Finding{{ID: "a", Detector: "still-open"}, {ID: "b", Detector: "zero-window"}}}
	trail.Take(v)
	for ended, want := range map[bool]int{false: 1, true: 2} {
		v.Ended = ended
		if open, _ := standing(v, &trail); len(open) != want {
			t.Errorf("ended %t: %d findings", ended, len(open))
		}
	}
}

// A connection is drawn on while somebody asks for it, and another takes its place.
func TestDrawnWhileAskedFor(t *testing.T) {
	s := bare(t)
	d := &s.drawing
	step := func(id uint64) *record.Step {
		return &record.Step{Conn: id, Time: recordtest.Start, Orig: recordtest.Endpoint("10.0.0.1:1"), Resp: recordtest.Endpoint("10.0.0.2:80")}
	}
	see := func(id uint64) { d.see(&report.View{Followed: recordtest.MadeUp(id, "10.0.0.1:1", "10.0.0.2:80")}) }
	rows := func() int {
		if f := d.conn.Figure(); f != nil {
			return len(f.Rows)
		}
		return -1
	}
	if s.Step(step(1)); d.followed(time.Now()) != 0 {
		t.Error("a connection is followed that nobody asked for")
	}
	d.follow(1, &s.o.Tables)
	s.Step(step(1))
	s.Step(step(2))
	see(2)
	if rows() != -1 {
		t.Error("another's record was taken")
	}
	see(1)
	before := rows()
	d.follow(1, &s.o.Tables)
	if before != 1 || rows() != before || d.followed(time.Now()) != 1 {
		t.Errorf("%d rows, then %d", before, rows())
	}
	d.follow(2, &s.o.Tables)
	if rows() != -1 || d.followed(time.Now()) != 2 {
		t.Error("the drawing of one is that of another")
	}
	if d.followed(time.Now().Add(followFor+time.Second)) != 0 || d.conn != nil {
		t.Error("it is followed though nobody asks any more")
	}
}

// The page and questions take turns, also where looking at all connections takes several Views.
func TestTurns(t *testing.T) {
	s := bare(t)
	s.noteLook()
	ask := func(key string) *question {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.ask.of(key, report.Wanted{Rows: len(key), All: true})
	}
	view := func(partial bool) report.Wanted {
		t.Helper()
		s.ask.last = time.Time{}
		w := s.Wanted()
		if !w.Due {
			t.Fatal("nothing is due")
		}
		s.View(&report.View{Wanted: w, At: recordtest.Start, Partial: partial, Headline: &report.Headline{}, Recent: report.NewSummary(report.SummaryOptions{})})
		return w
	}
	q, same, other := ask("x"), ask("x"), ask("yy")
	if q != same || q == other {
		t.Fatal("questions that are the same are two, or others one")
	}
	for i, x := range []struct{ rows, partial int }{{1, 1}, {1, 0}, {pageRows, 1}, {pageRows, 0}, {2, 0}, {pageRows, 0}} {
		if w := view(x.partial == 1); w.Rows != x.rows {
			t.Errorf("view %d is for %d rows, want %d", i, w.Rows, x.rows)
		}
	}
	for _, q := range []*question{q, other} {
		select {
		case <-q.done:
		default:
			t.Errorf("%s has no answer", q.key)
		}
	}
	for i := range maxWaiting {
		if ask(strings.Repeat("z", 3+i)) == nil {
			t.Fatalf("%d questions are too many", i)
		}
	}
	if ask("w") != nil {
		t.Error("there is no end of questions")
	}
}

// thousands are records of many connections to some servers.
func thousands(n int) []*record.Record {
	all := make([]*record.Record, n)
	for i := range all {
		all[i] = recordtest.MadeUp(uint64(i+1), fmt.Sprintf("10.%d.%d.%d:%d", i>>14&7, i>>8&63, i&255, 32768+i%28000), fmt.Sprintf("192.0.2.%d:443", i%200))
		all[i].Start, all[i].End = recordtest.Start+int64(i)*1e6, recordtest.Start+int64(i)*1e6+2e9
	}
	return all
}

// BenchmarkState is what a View costs the server where 100,000 connections were summed up: to make
// the page, and what is sent of it to all who follow.
func BenchmarkState(b *testing.B) {
	s, err := New(Options{Tell: func(string) {}, Live: true, Tables: report.TableOptions{Reports: report.ReportNames(), Top: 100}})
	if err != nil {
		b.Fatal(err)
	}
	o := report.SummaryOptions{Detectors: diagnose.Detectors(), Pictures: true, Rows: -1}
	all := report.NewSummary(o)
	l := report.NewListing(s.usual(), s.o.Tables.Records)
	for _, r := range thousands(100_000) {
		all.Add(r)
		l.Add(r)
	}
	rows, matching := l.Records()
	size, pieces := 0, 0
	for i := 0; b.Loop(); i++ {
		h := &report.Headline{MSL: 30e9, Packets: uint64(i), Segments: 1e6, Start: recordtest.Start, End: recordtest.Start + 300e9}
		v := &report.View{Wanted: s.usual(), At: h.End, Headline: h, All: all, Recent: all, Listed: rows, Matching: matching}
		x, err := s.stateOf(v)
		if err != nil {
			b.Fatal(err)
		}
		news, err := x.since(x.n - 1)
		if err != nil {
			b.Fatal(err)
		}
		s.state = x
		size, pieces = len(x.page), len(news)
	}
	b.ReportMetric(float64(size), "page-B")
	b.ReportMetric(float64(pieces), "sent-B")
}

// BenchmarkList is what a list costs of connections that are over, as many as are kept.
func BenchmarkList(b *testing.B) {
	s, err := New(Options{Tell: func(string) {}, Tables: report.TableOptions{Reports: report.ReportNames()}})
	if err != nil {
		b.Fatal(err)
	}
	part := s.Part()
	for _, r := range thousands(endedKept) {
		r.Ended = r.End
		part.AppendConn(nil, r)
	}
	c, err := s.chooserOf("open.felt_s > 1 || resp_port == 443")
	if err != nil {
		b.Fatal(err)
	}
	w := report.Wanted{Rows: 100, Sort: "-orig.bytes", Where: c, All: true}
	for b.Loop() {
		if x := s.listOf(&report.View{Wanted: w, At: recordtest.Start + 1e15, Headline: &report.Headline{}}, w); len(x.rows) != 100 {
			b.Fatal(len(x.rows))
		}
	}
}

// BenchmarkKeep is what a connection that ends costs the worker.
func BenchmarkKeep(b *testing.B) {
	s := &Server{}
	part := s.Part()
	r := recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:80")
	b.ReportAllocs()
	for b.Loop() {
		part.AppendConn(nil, r)
	}
}

var _ http.ResponseWriter = &slow{}

// What is held is held now while packets may come, and at the end when none can.
func TestHeldNow(t *testing.T) {
	s := bare(t)
	for ended, want := range map[bool]string{false: " now", true: " at the end"} {
		v := settledView(report.Wanted{All: true}, ended)
		v.Ended = ended
		for _, r := range recordtest.Mixture() {
			v.All.Add(r)
		}
		x, err := s.stateOf(v)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, p := range x.pieces {
			text += string(p.HTML)
		}
		if !strings.Contains(text, "open"+want) && !strings.Contains(text, "held"+want) {
			t.Errorf("ended %t: nothing is open or held%s", ended, want)
		}
		if other := map[bool]string{true: " now", false: " at the end"}[ended]; strings.Contains(text, "held"+other) {
			t.Errorf("ended %t: something is held%s", ended, other)
		}
	}
}
