package sentence

import (
	"bufio"
	"io"

	"tcpwatch/tracker/record"
)

// LiveLines is the Output of a line for each event.
type LiveLines struct {
	record.Base
	w *bufio.Writer
	o LiveLineOptions
}

// NewLiveLines returns a LiveLines that writes to w.
func NewLiveLines(w io.Writer, o LiveLineOptions) *LiveLines {
	return &LiveLines{w: bufio.NewWriter(w), o: o}
}

// Needs is events; see record.Output.
func (l *LiveLines) Needs() record.Needs { return record.Needs{Events: true} }

// Part is a worker's; see record.Parallel.
func (l *LiveLines) Part() record.Part { return livePart{l.o} }

// Lines writes lines; see record.Parallel.
func (l *LiveLines) Lines(b []byte) error {
	_, err := l.w.Write(b)
	return err
}

// Tick shows what was written; see record.Output.
func (l *LiveLines) Tick(t *record.Tick) error { return t.Flush(l.w) }

// Finish shows the rest; see record.Output.
func (l *LiveLines) Finish() error { return l.w.Flush() }

// livePart makes the lines.
type livePart struct{ o LiveLineOptions }

func (p livePart) AppendConn(b []byte, r *record.Record) []byte { return b }

func (p livePart) AppendEvent(b []byte, e *record.Event) []byte {
	return append(append(b, LiveLine(e, p.o)...), '\n')
}
