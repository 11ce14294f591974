package tcpwatch

import (
	"context"
	"errors"
	"io"

	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// Stored are the records of runs before, as package report/stored reads them.
type Stored interface {
	// Next is the next record, borrowed until it is called again; io.EOF when there is none.
	Next() (*record.Record, error)
	// Headline is what the runs knew besides, when Next has come to the end.
	Headline() *report.Headline
	// LeftOut is how many connections the runs left out.
	LeftOut() uint64
}

// ErrNeedsPackets is that an Output of Replay asks for packets.
var ErrNeedsPackets = errors.New("records hold no packets")

// Replay hands the records of runs before to Outputs, as Run did then: what these write is the same,
// byte for byte. Of Options only Where and Sums count; an Output that needs packets is refused.
// Errors are those of Run.
func Replay(ctx context.Context, in Stored, o Options, outputs ...Output) (Stats, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := newOutlets(outputs, cancel)
	if len(out.direct.all) > 0 || out.takesPackets {
		return Stats{}, ErrNeedsPackets
	}
	o = o.withDefaults()
	w := newReplay(o, out)
	var fault error
	known := out.sumsOf(in, o)
	for known == nil && inner.Err() == nil {
		r, err := in.Next()
		if err != nil {
			if err != io.EOF {
				fault = err
			}
			break
		}
		w.conn(r)
	}
	h := in.Headline()
	w.summary.LeaveOut(in.LeftOut())
	if known != nil {
		w.summary = known // with how many were left out
	}
	if o.Where != nil {
		h.Where = both(h.Where, o.Where.String())
	}
	h.Unsent += out.unsent()
	out.finish(h, w.summary)
	errs := []error{fault, out.err}
	if ctx.Err() != nil {
		errs = append(errs, context.Cause(ctx))
	}
	return *h, errors.Join(errs...)
}

// Summed are Stored that may know the sums of all records without reading one: nil where they do not.
type Summed interface {
	Sums(o report.SummaryOptions) *report.Summary
}

// sumsOf are the sums of all records, where no Output needs the records themselves, and they are known.
func (x *outlets) sumsOf(in Stored, o Options) *report.Summary {
	s, ok := in.(Summed)
	if !ok || o.Where != nil || len(x.parallel)+len(x.ordered.conns)+len(x.ordered.events) > 0 {
		return nil
	}
	return s.Sums(o.Sums)
}

// both are two conditions, of which one may be "".
func both(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return "(" + a + ") && (" + b + ")"
}

// replay hands on records one by one.
type replay struct {
	out     *outlets
	summary *report.Summary
	match   func(*record.Record) bool // nil: every connection is told of
	parts   []record.Part
	lines   []byte
}

func newReplay(o Options, out *outlets) *replay {
	w := &replay{out: out, summary: report.NewSummary(o.Sums)}
	for _, p := range out.parallel {
		w.parts = append(w.parts, p.Part())
	}
	if o.Where != nil {
		w.match = o.Where.Matcher()
	}
	return w
}

// conn tells of a record.
func (w *replay) conn(r *record.Record) {
	asked := w.match == nil || w.match(r)
	switch {
	case r.Interim:
	case asked:
		w.summary.Add(r)
	default:
		w.summary.LeaveOut(1)
	}
	if !asked {
		return
	}
	for i, p := range w.parts {
		w.lines = p.AppendConn(w.lines[:0], r)
		w.out.note(w.out.parallel[i].Lines(w.lines))
	}
	w.out.conn(&w.out.ordered, r)
}
