package watch

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Lines is the Output of lines that a person can read while connections come by the
// thousand: findings as they appear, change and resolve, and what goes wrong. What goes wrong
// in the same way at one listener is told once a second, with a count.
type Lines struct {
	record.LineOutput
	o     sentence.LiveLineOptions
	pace  pace
	trail Trail

	second  int64              // of packet time, that the lines below are of
	events  map[string]*events // of that second, by what happened where
	keys    []string           // of those, in their order
	beyond  map[string]uint64  // events by their word that have no place among those
	written int                // lines in this second
	kinds   map[string]bool    // of events and of findings that had a line, however long ago
	told    map[string]bool    // IDs of the findings that stand and had a line
}

// events are those of one kind in one place within a second.
type events struct {
	line bool   // the first of them has one
	n    uint64 // all others
}

const second = int64(1e9)

const (
	// secondLines is how many events of a second have a line, but for those that are the first of their kind.
	secondLines = 5
	// countLines is how many lines tell how often something happened in the second, what happened most
	// often first; one line more tells of all the rest.
	countLines = 3
	// findingLines is how many lines about findings a second has, but for those that are the first of their
	// kind, and one that counts the others.
	findingLines = 4
	// mostPlaces is how many kinds of events in places are counted apart within a second.
	mostPlaces = 4096
)

// NewLines returns a Lines that writes to w; now is the clock by which it asks for
// what is wrong.
func NewLines(w io.Writer, o sentence.LiveLineOptions, now func() time.Time) *Lines {
	return &Lines{LineOutput: record.NewLineOutput(w), o: o, pace: pace{now: now}, events: make(map[string]*events), beyond: make(map[string]uint64),
		kinds: make(map[string]bool), told: make(map[string]bool)}
}

// Needs is events; see record.Output.
func (l *Lines) Needs() record.Needs { return record.Needs{Events: true} }

// Part is a worker's; see record.Parallel.
func (l *Lines) Part() record.Part { return part{l.o} }

// Wanted asks for findings once a second; see Watcher.
func (l *Lines) Wanted() report.Wanted { return report.Wanted{Due: l.pace.due()} }

// View tells what is new of findings; see Watcher.
func (l *Lines) View(v *report.View) error {
	l.pace.served()
	news := slices.DeleteFunc(l.trail.Take(v), func(t Told) bool {
		if t.Change == TakenOver {
			delete(l.told, t.ID)
		}
		return t.Severity < diagnose.Notice || t.Change == TakenOver
	})
	slices.SortStableFunc(news, func(a, b Told) int { return cmp.Compare(l.urgency(&a), l.urgency(&b)) })
	left := make(map[string]uint64) // by what is new of them: findings without a line
	n := 0
	for i := range news {
		t := &news[i]
		if n >= findingLines && l.urgency(t) > 0 {
			left[t.word()]++
			if t.Change == WasResolved {
				delete(l.told, t.ID)
			}
			continue
		}
		n++
		l.finding(v, t)
	}
	if len(left) > 0 {
		l.line(v.At, "more findings: "+sums(left)+"; the report has all of them")
	}
	return l.W.Flush()
}

// urgency puts in order what is new of findings: a first one of its kind, then what had a line before,
// then all others.
func (l *Lines) urgency(t *Told) int {
	switch {
	case !l.kinds[t.Detector+" "+t.word()]:
		return 0
	case l.told[t.ID]:
		return 1
	}
	return 2
}

// word is what stands before a line of a finding.
func (t *Told) word() string {
	if t.Change == WasResolved {
		return "resolved"
	}
	return strings.ToUpper(t.Severity.String())
}

// finding tells what is new of one.
func (l *Lines) finding(v *report.View, t *Told) {
	l.kinds[t.Detector+" "+t.word()], l.told[t.ID] = true, true
	text := say.WithoutRules(t.Title)
	if t.Change == WasResolved {
		text = t.Title + ": not any more since " + l.o.TimeOfDay(t.Missed)
		delete(l.told, t.ID)
	} else if cause := t.CauseInShort(); cause != "" {
		text += " (" + l.about(t.Trailed, v.Headline) + "). " + say.WithoutRules(cause)
	}
	l.line(v.At, t.word()+" "+text)
}

// sums is "12 failed, 3 reset".
func sums(n map[string]uint64) string {
	var parts []string
	for _, word := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, say.Thousands(n[word])+" "+word)
	}
	return strings.Join(parts, ", ")
}

// about is what leads on from a line of a finding: how sure it is, since when, a connection, and what
// explains its rule.
func (l *Lines) about(f *Trailed, h *report.Headline) string {
	words := f.Confidence.String()
	if f.Since > 0 {
		words += ", since " + l.o.TimeOfDay(f.Since)
		if h.MayBeOlder(f.Since) {
			words += " or before"
		}
	}
	if len(f.Conns) > 0 {
		words += fmt.Sprintf(", such as #%d", f.Conns[0])
	}
	return words + ", --explain " + f.Detector
}

// line writes a line about no connection, with its time; long ones go on indented.
func (l *Lines) line(at int64, text string) {
	width := l.o.Width
	if width <= 0 {
		width = len(text) + 100
	}
	head, indent := l.o.TimeOfDayMilli(at)+" ", strings.Repeat(" ", len("12:00:00.000 "))
	for i, part := range say.WrapHard(text, max(width-len(indent), 20)) {
		if i > 0 {
			head = indent
		}
		l.W.WriteString(head + part + "\n")
	}
}

// Lines takes the events that workers found; see record.Parallel.
func (l *Lines) Lines(b []byte) error {
	for len(b) > 0 {
		var e event
		e, b = readEvent(b)
		if now := e.at / second; now > l.second {
			l.counts()
			l.second = now
		}
		l.event(&e)
	}
	return nil
}

// event tells of one, or counts it.
func (l *Lines) event(e *event) {
	word, text, _ := strings.Cut(e.key, " ")
	_, what, _ := strings.Cut(text, ", ")
	x, kind := l.events[e.key], word+" "+what
	switch {
	case x != nil:
		x.n++
		return
	case len(l.events) >= mostPlaces:
		l.beyond[word]++
		return
	}
	x = &events{line: l.written < secondLines || !l.kinds[kind]}
	l.events[e.key], l.keys = x, append(l.keys, e.key)
	if !x.line {
		x.n++
		return
	}
	l.written++
	l.kinds[kind] = true
	l.W.WriteString(e.line + "\n")
}

// counts tells how often what happened in the second did, what happened most often in lines of its own.
func (l *Lines) counts() {
	at := (l.second + 1) * second
	slices.SortStableFunc(l.keys, func(a, b string) int { return cmp.Compare(l.events[b].n, l.events[a].n) })
	for i, k := range l.keys {
		x := l.events[k]
		word, text, _ := strings.Cut(k, " ")
		switch {
		case x.n == 0:
		case i >= countLines || !x.line && x.n == 1:
			l.beyond[word] += x.n
		case x.line:
			l.line(at, fmt.Sprintf("%-6s %s more within the second: %s", word, say.Thousands(x.n), text))
		default:
			l.line(at, fmt.Sprintf("%-6s %s within the second: %s", word, say.Thousands(x.n), text))
		}
	}
	if len(l.beyond) > 0 {
		l.line(at, "others of the second, elsewhere: "+sums(l.beyond))
	}
	clear(l.events)
	clear(l.beyond)
	l.keys, l.written = l.keys[:0], 0
}

// Tick tells the counts of a second that is over; see record.Output.
func (l *Lines) Tick(t *record.Tick) error {
	if now := t.Time / second; now > l.second {
		l.counts()
		l.second = now
	}
	return t.Flush(l.W)
}

// Finish tells the last counts; see record.Output.
func (l *Lines) Finish() error {
	l.counts()
	return l.W.Flush()
}

// part makes the lines of one worker, each with what it is counted by.
type part struct{ o sentence.LiveLineOptions }

func (p part) AppendConn(b []byte, r *record.Record) []byte { return b }

// AppendEvent appends an event that is trouble: its time, key and line, each text ended by 0.
func (p part) AppendEvent(b []byte, e *record.Event) []byte {
	key := keyOf(e)
	if key == "" {
		return b
	}
	b = binary.BigEndian.AppendUint64(b, uint64(e.Time))
	b = append(append(b, key...), 0)
	return append(append(b, sentence.LiveLine(e, p.o)...), 0)
}

type event struct {
	at        int64
	key, line string
}

func readEvent(b []byte) (e event, rest []byte) {
	e.at = int64(binary.BigEndian.Uint64(b))
	key, b, _ := bytes.Cut(b[8:], []byte{0})
	line, b, _ := bytes.Cut(b, []byte{0})
	e.key, e.line = string(key), string(line)
	return e, b
}

// keyOf is what an event that is trouble is counted by: a word, then where and what; "" for
// one that is none.
func keyOf(e *record.Event) string {
	r := e.Record
	switch e.Kind {
	case record.EventFailed:
		return "failed " + r.Resp.String() + ", " + r.Open.Kind.String()
	case record.EventReset:
		what := r.Close.ResetCause.String()
		if what == "" {
			what = "cause unknown"
		}
		return "reset " + r.Resp.String() + ", " + what
	case record.EventTimedOut:
		return "timeout " + r.Resp.String()
	case record.EventOpened:
		if r.Open.SYNs > 1 || r.Open.SYNACKs > 1 {
			return "open " + r.Resp.String() + ", after repeats"
		}
	}
	return ""
}
