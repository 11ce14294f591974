package ladder

import (
	"io"

	"tcpwatch/capture"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Output is the record.Output of a Ladder, which is drawn when the run has ended.
type Output struct {
	record.Base
	w      io.Writer
	ladder *Ladder
	marks  func(id uint64, orig, resp capture.Endpoint) bool
}

// NewOutput returns an Output that draws to w the connections that marks chooses.
func NewOutput(w io.Writer, o Options, marks func(id uint64, orig, resp capture.Endpoint) bool) *Output {
	return &Output{w: w, ladder: New(o), marks: marks}
}

// Len is the number of connections that are drawn.
func (o *Output) Len() int { return o.ladder.Len() }

// Needs is steps, and records for what is said below the drawing; see record.Output.
func (o *Output) Needs() record.Needs { return record.Needs{Conns: true, Steps: o.marks} }

// Step takes a packet; see record.Output.
func (o *Output) Step(s *record.Step) error {
	o.ladder.Step(s)
	return nil
}

// Conn takes a record; see record.Output.
func (o *Output) Conn(r *record.Record) error {
	o.ladder.Conn(r)
	return nil
}

// Findings takes findings to cite; see diagnose.Judged.
func (o *Output) Findings(found []diagnose.Finding) error {
	o.ladder.Cite(found)
	return nil
}

// Finish draws; see record.Output.
func (o *Output) Finish() error { return o.ladder.Write(o.w) }
