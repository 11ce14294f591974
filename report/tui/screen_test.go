package tui

import (
	"bytes"
	"io"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// stuck is a terminal that takes nothing until it is let go.
type stuck struct {
	free chan struct{}
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *stuck) Write(b []byte) (int, error) {
	<-s.free
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// A terminal that takes nothing (Ctrl-S) holds up nobody who hands something to the screen.
func TestTerminalThatTakesNothing(t *testing.T) {
	v := seen(t, "accept-queue-full.pcap", report.Wanted{})
	terminal := &stuck{free: make(chan struct{})}
	keys, typing := io.Pipe()
	o := options()
	o.In, o.Out = keys, terminal
	s := New(o)
	s.Start()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 20000 {
			s.View(v)
			s.Step(&record.Step{Conn: 6})
			s.Warn("a warning")
			s.Wanted()
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("who hands it Views waits for the terminal")
	}
	s.mu.Lock()
	if n, counted := len(s.steps), len(s.counted); n > stepsWaiting || counted > keptSamples {
		t.Errorf("%d packets and %d counts wait", n, counted)
	}
	s.mu.Unlock()
	close(terminal.free)
	typing.Close()
	if err := s.Finish(); err != nil {
		t.Error(err)
	}
	if s.Wanted().Hold {
		t.Error("it holds the run after its end")
	}
}

// While the program waits for the pager, or for a terminal that takes nothing, Views are asked for
// all the same, and what each counted is kept: rates are drawn of when it happened.
func TestCountedWhileAway(t *testing.T) {
	terminal := &stuck{free: make(chan struct{})}
	keys, typing := io.Pipe()
	o := options()
	o.In, o.Out, o.Config.Refresh = keys, terminal, int64(20*time.Millisecond)
	s := New(o)
	s.Start()
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	v.Ended, v.At = false, v.Headline.Start/2e9*2e9 // where a step of the rates begins
	for n := range 5 {
		for end := time.Now().Add(20 * time.Second); !s.Wanted().Due; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("after %d Views none is asked for", n)
			}
		}
		x := v
		x.At += int64(n+1) * 2e9
		if x.Totals.Again = 5; n > 2 {
			x.Totals.Again = 105
		}
		s.View(&x)
	}
	close(terminal.free)
	typing.Close()
	if err := s.Finish(); err != nil {
		t.Error(err)
	}
	got := s.last.rates.per(func(t *report.Totals) uint64 { return t.Again }, v.At+10e9, 2e9, 5)
	if got[3] != 50 || got[2] != 0 || got[4] != 0 {
		t.Errorf("%v a second: 100 came in the fourth step", got)
	}
	x := v
	x.Ended = true
	s.View(&x)
	if s.Wanted().Due {
		t.Error("of an input that has ended another View is asked for")
	}
}

// What the run is asked for follows from the view, and a View that came is asked for no more.
func TestWanted(t *testing.T) {
	s := New(options())
	if w := s.Wanted(); !w.Due || !w.Hold {
		t.Errorf("%+v", w)
	}
	s.View(&report.View{Headline: &report.Headline{}})
	if s.Wanted().Due {
		t.Error("another View is due at once")
	}
	x := shown{newModel(options()), s}
	for keys, want := range map[string]report.Wanted{
		"1": {}, "3": {Rows: 500, Sort: "-id", Closed: true}, "5": {All: true}, "6": {All: true}, "7": {All: true}, "r": {All: true},
	} {
		next, _ := x.Update(keyOf(keys))
		w := s.Wanted()
		w.Due, want.Due = false, false
		want.Hold = true
		if w != want {
			t.Errorf("%s: %+v, want %+v", keys, w, want)
		}
		x = next.(shown)
	}
	x.Update(keyOf("q"))
	if s.Wanted().Hold {
		t.Error("it holds a run that is to end")
	}
}

// Of an input that has ended no View is asked for that would be the same: of many connections each
// takes a while.
func TestSettled(t *testing.T) {
	m := screenOf(t, options(), "syn-lost.pcap", 80, 24)
	again := func() bool {
		m, _ = m.update(againMsg(time.Time{}))
		return m.due
	}
	if again() {
		t.Error("the same again")
	}
	m, _ = m.update(keyOf("3"))
	if !again() {
		t.Error("the list is not asked for")
	}
	v := *m.view
	v.Wanted = m.wanted()
	m, _ = m.update(viewMsg{&v})
	if again() {
		t.Error("the same list again")
	}
	v.Ended = false
	m, _ = m.update(viewMsg{&v})
	if !again() {
		t.Error("nothing is asked for while packets may come")
	}
}

// A frame of the longest list, with the View that brings it.
func BenchmarkFrame(b *testing.B) {
	m := newModel(options())
	m, _ = m.update(tea.WindowSizeMsg{Width: 200, Height: 50})
	m, _ = m.update(keyOf("3"))
	v := &report.View{Wanted: m.wanted(), Headline: &report.Headline{Start: 1, Packets: 1}, Recent: report.NewSummary(report.SummaryOptions{})}
	for i := range mostRows {
		v.Listed = append(v.Listed, *recordtest.MadeUp(uint64(i+1), "10.0.0.1:40000", "10.0.0.2:443"))
	}
	v.Matching = 100_000
	for b.Loop() {
		v.At += 1e9
		m, _ = m.update(viewMsg{v})
		m, _ = m.update(keyOf("pgdown"))
		if len(m.frame()) < 1000 {
			b.Fatal(m.frame())
		}
	}
}

// Who asks twice to quit gets the terminal back, whatever the run does.
func TestQuitTwice(t *testing.T) {
	m := newModel(options())
	m, cmd := m.update(keyOf("q"))
	if cmd != nil || !m.quit {
		t.Error("the screen is gone before the report")
	}
	if _, cmd = m.update(keyOf("q")); cmd == nil {
		t.Error("the terminal is not given back")
	}
}

// Workers begin their lists at the same time, again and again (the race detector looks on).
func TestFilterOfManyWorkers(t *testing.T) {
	c, err := compiled("orig_port == 1", report.TableOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c.String() != "where orig_port == 1" {
		t.Errorf("is %q", c)
	}
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			var r record.Record
			for port := range uint16(100) {
				r.Orig.Port = port
				if c.Matcher()(&r) != (port == 1) {
					t.Errorf("port %d", port)
				}
			}
		})
	}
	workers.Wait()
}

// The report goes to the pager when the whole run has been counted, once; where there is no pager
// it stays on the screen.
func TestReportInPager(t *testing.T) {
	for _, pager := range []bool{true, false} {
		m := newModel(Options{Config: DefaultConfig()})
		if pager {
			m.o.Pager = func([]byte) error { return nil }
		}
		v := seen(t, "syn-lost.pcap", report.Wanted{All: true})
		m, _ = m.update(keyOf("r"))
		if m.page != pageReport {
			t.Fatalf("on view %d", m.page)
		}
		m, cmd := m.update(viewMsg{v})
		if (cmd != nil) != pager {
			t.Errorf("with a pager: %v, told to run something: %v", pager, cmd != nil)
		}
		if _, again := m.update(viewMsg{v}); again != nil {
			t.Error("a second pager")
		}
		if m, _ = m.update(pagedMsg{}); pager && m.page == pageReport {
			t.Error("still on the report when the pager ended")
		}
	}
}
