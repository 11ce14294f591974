package watch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
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

	second  int64             // of packet time, that the lines below are of
	again   map[string]uint64 // by what happened where: how often after the line about it
	keys    []string          // of those, in their order
	beyond  map[string]uint64 // events by their word for which there was no line left
	written int               // lines in this second
}

const second = int64(1e9)

// secondLines is how many lines about connections a second has, but for counts.
const secondLines = 10

// NewLines returns a Lines that writes to w; now is the clock by which it asks for
// what is wrong.
func NewLines(w io.Writer, o sentence.LiveLineOptions, now func() time.Time) *Lines {
	return &Lines{LineOutput: record.NewLineOutput(w), o: o, pace: pace{now: now}, again: make(map[string]uint64), beyond: make(map[string]uint64)}
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
	for _, t := range l.trail.Take(v) {
		if t.Severity < diagnose.Notice {
			continue
		}
		word, text := strings.ToUpper(t.Severity.String()), say.WithoutRules(t.Title)
		if t.Change == WasResolved {
			word, text = "resolved", t.Title+": not any more since "+l.o.TimeOfDay(t.Missed)
		} else if cause := firstOf(t.Causes); cause != "" {
			text += " (" + l.about(t.Trailed) + "). " + t.CauseWord() + ": " + say.WithoutRules(cause)
		}
		l.line(v.At, word+" "+text)
	}
	return l.W.Flush()
}

// about is what leads on from a line of a finding: how sure it is, since when, a connection, and what
// explains its rule.
func (l *Lines) about(f *Trailed) string {
	words := f.Confidence.String()
	if f.Since > 0 {
		words += ", since " + l.o.TimeOfDay(f.Since)
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
		n, seen := l.again[e.key]
		switch {
		case seen:
			l.again[e.key] = n + 1
		case l.written < secondLines:
			l.written++
			l.again[e.key] = 0
			l.keys = append(l.keys, e.key)
			l.W.WriteString(e.line + "\n")
		default:
			word, _, _ := strings.Cut(e.key, " ")
			l.beyond[word]++
		}
	}
	return nil
}

// counts tells how often what was told in the second happened again.
func (l *Lines) counts() {
	at := (l.second + 1) * second
	for _, k := range l.keys {
		if n := l.again[k]; n > 0 {
			word, text, _ := strings.Cut(k, " ")
			l.line(at, fmt.Sprintf("%-6s %s more within the second: %s", word, say.Thousands(n), text))
		}
	}
	if len(l.beyond) > 0 {
		var parts []string
		for word, n := range l.beyond {
			parts = append(parts, say.Thousands(n)+" "+word)
		}
		slices.Sort(parts)
		l.line(at, "others of the second, elsewhere: "+strings.Join(parts, ", "))
	}
	clear(l.again)
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
