package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// held makes an interim record of a connection, last heard of so long ago.
func held(silent int64, states [2]record.State) func(r *record.Record) {
	return func(r *record.Record) {
		r.Interim, r.Unfinished, r.Silent, r.States = true, true, silent, states
	}
}

var (
	opening = [2]record.State{record.SynSent, record.Listen}
	talking = [2]record.State{record.Established, record.Established}
	leaking = [2]record.State{record.FinWait2, record.CloseWait}
)

// recently are the findings from notice on of what goes on.
func recently(records ...*record.Record) (found []Finding) {
	s := NewSet(Detectors(), NewOptions())
	s.OnlyRecent(false)
	c := &Context{Conns: uint64(len(records)), Start: at}
	for _, r := range records {
		s.Add(r)
		c.End = max(c.End, r.End+r.Silent)
	}
	for _, f := range s.Findings(c) {
		if f.Severity >= Notice {
			found = append(found, f)
		}
	}
	return found
}

// A SYN counts as unanswered once its repeat is late, and while the input goes on, once that has had
// time for an answer.
func TestWaitsWhileItGoesOn(t *testing.T) {
	for _, x := range []struct {
		tries   uint32
		silent  int64
		interim bool
		waits   bool
	}{
		{1, 1100 * millisecond, true, true}, // the repeat is just due
		{1, 1600 * millisecond, true, false},
		{2, 100 * millisecond, true, true},
		{2, 300 * millisecond, true, false},
		{3, 0, true, false},
		{1, 1100 * millisecond, false, true}, // some hosts' first timer runs for 1.1 s
		{1, 1500 * millisecond, false, false},
		{2, 300 * millisecond, false, true},
		{2, 1000 * millisecond, false, false},
		{3, 0, false, false},
	} {
		r := made(1, failed(record.OpenNoAnswer, x.tries), held(x.silent, opening))
		r.Interim = x.interim
		if got := Waits(r, x.tries); got != x.waits {
			t.Errorf("%d tries, silent for %s, interim %v: waits %v", x.tries, span(x.silent), x.interim, got)
		}
	}
}

// What goes on is told as such: how many connections, and nothing that only the end shows.
func TestGoesOn(t *testing.T) {
	for _, x := range []struct {
		name     string
		records  []*record.Record
		detector string // "" for none
		says     string
		open     uint64
	}{
		{"SYNs that nobody answers", append(same(4, failed(record.OpenNoAnswer, 2), held(second/2, opening)), same(2, failed(record.OpenNoAnswer, 4))...),
			"no-answer", "answered none of the 6", 4},
		{"one SYN each", same(4, failed(record.OpenNoAnswer, 1), held(1600*millisecond, opening)), "no-answer", "One SYN of each was sent so far", 4},
		{"SYNs under way", same(4, failed(record.OpenNoAnswer, 1), held(second, opening)), "", "", 0},
		{"CLOSE-WAIT for 6 s", clean(20, halfClosed(6*second), held(6*second, leaking)), "close-wait", "the longest for 6 s so far", 20},
		{"one of those for 6 s, the others for 2 s", append(clean(19, halfClosed(2*second), held(2*second, leaking)), made(90, halfClosed(6*second), held(6*second, leaking))), "close-wait", "20", 20},
		{"CLOSE-WAIT for 2 s", clean(20, halfClosed(2*second), held(2*second, leaking)), "", "", 0},
		{"a small share in CLOSE-WAIT", append(clean(12, halfClosed(6*second), held(6*second, leaking)), clean(900)...), "close-wait", "12 connections that the other end closed, of 912,", 12},
		{"a few of many in CLOSE-WAIT", append(clean(9, halfClosed(6*second), held(6*second, leaking)), clean(900)...), "", "", 0},
		{"many of more in CLOSE-WAIT, for 4 s", append(clean(40, halfClosed(4*second), held(4*second, leaking)), clean(90)...), "", "", 0},
		{"open, and nothing wrong", same(20, leftOpen(second), held(second, talking)), "", "", 0},
		{"a SYN was sent again, just now", same(4, late(2), leftOpen(5*second), held(5*second, talking)), "syn-lost", "", 4},
		{"a SYN was sent again, long ago", same(4, late(2), leftOpen(50*second), held(50*second, talking)), "", "", 0},
	} {
		found := recently(x.records...)
		if x.detector == "" {
			if len(found) > 0 {
				t.Errorf("%s: %v", x.name, titles(found))
			}
			continue
		}
		if len(found) != 1 || found[0].Detector != x.detector || found[0].Open != x.open || !strings.Contains(found[0].Title+found[0].Explanation, x.says) {
			t.Errorf("%s: %v, %+v", x.name, titles(found), found)
		}
		for _, f := range found {
			if text := f.Title + f.Explanation; strings.Contains(text, "input ended") || strings.Contains(text, "not known") {
				t.Errorf("%s: %s", x.name, text)
			}
		}
	}
}

// Whose numbers a stranger has is looked for once there is one.
func TestStrange(t *testing.T) {
	for _, strange := range []bool{false, true} {
		s := NewSet(Detectors(), NewOptions())
		s.OnlyRecent(strange)
		c := &Context{Start: at}
		for _, r := range untranslatedTo(5000, 9000) {
			s.Add(r)
			c.End, c.Conns = max(c.End, r.End), c.Conns+1
		}
		found := strings.Contains(strings.Join(titles(s.Findings(c)), " "), "untranslated")
		if !s.Strange() || found != strange {
			t.Errorf("strange %v, found %v; was told %v", s.Strange(), found, strange)
		}
	}
	if s := NewSet(Detectors(), NewOptions()); s.Strange() {
		t.Error("strange, and empty")
	}
}

// A sender that waits is heard again within the longest pause; after it nothing goes on.
func TestStale(t *testing.T) {
	unacked := func(r *record.Record) { r.Path[record.Orig].Unacked = r.End }
	shut := func(r *record.Record) {
		r.Ends[record.Resp].ZeroWindowList = []record.ZeroWindowEpisode{{Start: r.Start}}
	}
	none := func(*record.Record) {}
	for _, x := range []struct {
		name   string
		change func(r *record.Record)
		states [2]record.State
		silent int64
		stale  bool
	}{
		{"idle", none, talking, 3600 * second, false},
		{"data waits", unacked, talking, 100 * second, false},
		{"data waited", unacked, talking, 140 * second, true},
		{"a window is shut", shut, talking, 100 * second, false},
		{"a window was shut", shut, talking, 140 * second, true},
		{"a FIN waited", none, [2]record.State{record.FinWait1, record.Established}, 140 * second, true},
		{"a leak", none, leaking, 3600 * second, false},
	} {
		r := made(1, leftOpen(x.silent), held(x.silent, x.states), x.change)
		if got := Stale(r); got != x.stale {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}

// What is lost after a rest, as all else is then, shows nothing of windows.
func TestBeyondAfterARest(t *testing.T) {
	beyond := func(r *record.Record) {
		r.Path[record.Orig].Unscaled = record.UnscaledRecord{Within: 5, Beyond: 2, BeyondLost: 2, Least: 10, Packet: r.ID + 15}
	}
	has := func(found []Finding) bool {
		return strings.Contains(strings.Join(titles(found), " "), "window-scale-ignored")
	}
	if found := findingsOf(t, "", nil, clean(5, leftOpen(second), beyond)...); !has(found) {
		t.Errorf("not told: %v", titles(found))
	}
	if found := findingsOf(t, "", nil, clean(5, rested(70*second, record.IdleUnanswered), beyond)...); has(found) {
		t.Errorf("told: %v", titles(found))
	}
}
