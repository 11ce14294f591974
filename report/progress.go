package report

import (
	"fmt"
	"time"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

const (
	quietStart  = time.Second            // a shorter read shows no progress
	redrawAfter = 250 * time.Millisecond // of the line about a file
	liveAfter   = time.Second            // of the line about a capture
)

// Foot is where a Progress draws: a line at the foot of a terminal.
type Foot interface {
	// Shows reports whether anything is shown.
	Shows() bool
	// Draw replaces the line, and reports whether it did.
	Draw(text string) bool
	// Leave makes room for the reports, of which nothing must be lost.
	Leave()
}

// ProgressOptions say what a Progress is of.
type ProgressOptions struct {
	Live bool             // the input is a live capture
	Size int64            // of the files, bytes; 0 for a pipe
	Now  func() time.Time // the clock: how fast packets come is told by it, and nothing else
}

// Progress is the Output of a line about how far the run has come.
type Progress struct {
	record.Base
	foot    Foot
	o       ProgressOptions
	began   time.Time
	drawn   time.Time
	packets uint64 // when it was drawn
}

// NewProgress returns a Progress that draws on a foot.
func NewProgress(on Foot, o ProgressOptions) *Progress {
	now := o.Now()
	return &Progress{foot: on, o: o, began: now, drawn: now}
}

// Tick draws the line anew now and then; see record.Output.
func (p *Progress) Tick(t *record.Tick) error {
	if !p.foot.Shows() || p.o.Live && !t.Show {
		return nil
	}
	now := p.o.Now()
	spent, since := now.Sub(p.began), now.Sub(p.drawn)
	var line string
	switch {
	case p.o.Live && since >= liveAfter:
		line = livingLine(float64(t.Packets-p.packets)/since.Seconds(), t, spent)
	case !p.o.Live && spent >= quietStart && since >= redrawAfter:
		line = progressLine(t.Packets, t.Offset, p.o.Size, spent)
	default:
		return nil
	}
	if p.foot.Draw(line) {
		p.drawn, p.packets = now, t.Packets
	}
	return nil
}

// Report makes room for the reports; see Reporter.
func (p *Progress) Report(*Headline, *Summary) error {
	p.foot.Leave()
	return nil
}

// progressLine tells packets, bytes, speed and the time left; size 0 is unknown.
func progressLine(packets uint64, offset, size int64, spent time.Duration) string {
	line := fmt.Sprintf("%s packets, %s", say.Thousands(packets), megabytes(offset))
	if size > 0 {
		line += fmt.Sprintf(" of %s (%d%%)", megabytes(size), 100*min(offset, size)/size)
	}
	line += fmt.Sprintf(", %s packets/s", say.Thousands(uint64(float64(packets)/spent.Seconds())))
	if size > 0 && offset > 0 && offset <= size {
		left := time.Duration(float64(spent) * float64(size-offset) / float64(offset))
		line += ", " + left.Round(time.Second).String() + " left"
	}
	return line
}

// livingLine tells packets per second, the connections that live, those in
// TIME-WAIT, and what was dropped.
func livingLine(rate float64, t *record.Tick, spent time.Duration) string {
	return fmt.Sprintf("%s packets/s, %s open, %s in TIME-WAIT, %s dropped, %s", say.Thousands(uint64(rate+0.5)),
		say.Thousands(uint64(t.Open)), say.Thousands(uint64(t.TimeWait)), say.Thousands(t.Drops), spent.Round(time.Second))
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
