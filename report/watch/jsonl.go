package watch

import (
	"io"
	"time"

	"tcpwatch/report"
	"tcpwatch/report/schema"
)

// JSONL is report.JSONL of a live capture: findings come as they appear, change and resolve, each
// with its state; with an interval there are stats as well, as they stand.
type JSONL struct {
	*report.JSONL
	pace     pace
	trail    Trail
	interval int64 // ns of packet time between stats; 0: none
	next     int64 // when the next are due
}

// NewJSONL returns a JSONL that writes to w; now is the clock by which it asks for
// what is wrong.
func NewJSONL(w io.Writer, o schema.Options, interval time.Duration, now func() time.Time) *JSONL {
	return &JSONL{JSONL: report.NewJSONL(w, o), pace: pace{now: now}, interval: int64(interval)}
}

// Wanted asks for findings once a second; see Watcher.
func (l *JSONL) Wanted() report.Wanted { return report.Wanted{Due: l.pace.due(), All: l.interval > 0} }

// View writes what is new of findings; see Watcher.
func (l *JSONL) View(v *report.View) error {
	l.pace.served()
	for _, t := range l.trail.Take(v) {
		if err := l.Standing(&t.Finding, t.Change.String(), v.At, t.Missed); err != nil {
			return err
		}
	}
	if l.interval > 0 && v.All != nil && !v.Partial && v.At >= l.next {
		if l.next > 0 {
			if err := l.SoFar(v.Headline, v.All, v.At); err != nil {
				return err
			}
		}
		l.next = v.At + l.interval
	}
	return l.W.Flush()
}
