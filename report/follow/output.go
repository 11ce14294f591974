package follow

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Output is the record.Output of a Follower: what the ends of some connections said.
type Output struct {
	record.Base
	f     *Follower
	marks func(id uint64, orig, resp capture.Endpoint) bool
}

// NewOutput returns an Output that has to print the connections that marks chooses.
func NewOutput(to Printer, marks func(id uint64, orig, resp capture.Endpoint) bool) *Output {
	return &Output{f: New(to), marks: marks}
}

// Begun is the number of connections followed.
func (o *Output) Begun() int { return o.f.Begun() }

// Needs is segments with right checksums, as the other end read no others, and records; see
// record.Output.
func (o *Output) Needs() record.Needs {
	return record.Needs{Conns: true, Segments: true, Checksums: true}
}

// Segment takes a segment; see record.Output.
func (o *Output) Segment(at *record.Placement, s *capture.Segment, payload []byte) error {
	if o.marks(at.Conn, s.Src, s.Dst) {
		o.f.Segment(*at, s, payload)
	}
	return nil
}

// Conn ends a connection; see record.Output.
func (o *Output) Conn(r *record.Record) error {
	o.f.Conn(r)
	return nil
}

// Tick passes gaps that were waited for long enough; see record.Output.
func (o *Output) Tick(t *record.Tick) error {
	o.f.Advance(t.Time)
	return t.Flush(o.f)
}

// Finish ends all connections; see record.Output.
func (o *Output) Finish() error {
	if err := o.f.End(); err != nil {
		return err
	}
	return o.f.Flush()
}
