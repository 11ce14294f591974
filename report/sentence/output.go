package sentence

import (
	"io"

	"tcpwatch/tracker/record"
)

// LiveLines is the Output of a line for each event.
type LiveLines struct {
	record.LineOutput
	o LiveLineOptions
}

// NewLiveLines returns a LiveLines that writes to w.
func NewLiveLines(w io.Writer, o LiveLineOptions) *LiveLines {
	return &LiveLines{record.NewLineOutput(w), o}
}

// Needs is events; see record.Output.
func (l *LiveLines) Needs() record.Needs { return record.Needs{Events: true} }

// Part is a worker's; see record.Parallel.
func (l *LiveLines) Part() record.Part { return livePart{l.o} }

// livePart makes the lines.
type livePart struct{ o LiveLineOptions }

func (p livePart) AppendConn(b []byte, r *record.Record) []byte { return b }

func (p livePart) AppendEvent(b []byte, e *record.Event) []byte {
	return append(append(b, LiveLine(e, p.o)...), '\n')
}
