package tcpwatch

import (
	"context"
	"errors"
	"iter"
	"slices"

	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// Run reads a Source to its end, or until ctx is done, and hands what it finds to Outputs.
//
//	                      +-> worker 0    (shards 0 ...)   -+
//	reader -> batches  ---+-> worker 1                      +-> writer -> Outputs
//	                      +-> worker j-1  (... shards 255) -+
//
//	reader  the Source, what its clock is worth, the filter; up to 1,024 packets a batch
//	worker  takes every batch, in order, and of each the packets of its own connections:
//	        decoder, tracker, names, sums; a Part of each Parallel Output
//	writer  puts what they found in the order in which one worker would have found it
//
// With an Output that takes Steps or Segments there is one worker, which calls it.
//
// When ctx is done, what was read so far is reported all the same. The error then is the
// cause of that; or it is the Source's, or an *OutputError; all of them joined where there
// are several. Damaged files are read up to the damage, which is no error: see Options.Warn
// and Stats.Damaged.
func Run(ctx context.Context, in *Source, o Options, outputs ...Output) (Stats, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := newOutlets(outputs, cancel)
	w := newRun(inner, in, o.withDefaults(), out)
	w.loop()
	w.stop()
	h := w.final()
	if !h.Live && (ctx.Err() != nil || w.fault != nil) {
		halt(outputs)
	}
	out.finish(h, w.sums())
	errs := []error{w.fault, out.err}
	if ctx.Err() != nil {
		errs = append(errs, context.Cause(ctx))
	}
	return *h, errors.Join(errs...)
}

// Halting is an Output to which it matters that files were not read to their end.
type Halting interface {
	// Halted is called before the report, then.
	Halted()
}

func halt(outputs []Output) {
	for _, o := range outputs {
		if x, ok := o.(Halting); ok {
			x.Halted()
		}
	}
}

// Find reads files, and goes back to their beginning, to find the connections that another
// Run is about, and with cited those that findings of some weight name as examples. What
// there is to warn of is left to that Run.
func Find(ctx context.Context, in *Source, o Options, found *report.Found, cited bool, outputs ...Output) error {
	outputs = append(slices.Clone(outputs), found)
	if cited {
		outputs = append(outputs, report.Cited{To: found})
	}
	o.Interval, o.Warn = 0, nil
	o.Sums.Kept, o.Sums.Rows, o.Sums.Sort, o.Sums.OnDemand = 1, -1, "", []string{}
	_, err := Run(ctx, in, o, outputs...)
	in.Rewind()
	return err
}

// Analyze reads a Source and returns the sums over its connections, with the findings in
// them; Run with report.NewTables prints them.
func Analyze(ctx context.Context, in *Source, o Options) (*report.Summary, error) {
	var k keep
	_, err := Run(ctx, in, o, &k)
	return k.sums, err
}

// keep is an Output that keeps the sums.
type keep struct {
	Base
	sums *report.Summary
}

// Report takes the sums; see report.Reporter.
func (k *keep) Report(h *report.Headline, s *report.Summary) error {
	s.Findings(h)
	k.sums = s
	return nil
}

// Records reads a Source and gives the record of each connection when it is over, in an
// order that does not depend on the number of workers; with Options.Interval interim ones
// too. An error comes last, with no record. Who does not want more stops the loop.
func Records(ctx context.Context, in *Source, o Options) iter.Seq2[*record.Record, error] {
	return func(yield func(*record.Record, error) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		f := &feed{to: make(chan *record.Record, 64)}
		var err error
		go func() {
			defer close(f.to)
			_, err = Run(ctx, in, o, f)
		}()
		for r := range f.to {
			if !yield(r, nil) {
				cancel(nil)
				for range f.to { // what was found until the run has ended
				}
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// feed is an Output that hands on records.
type feed struct {
	Base
	to chan *record.Record
}

// Needs is records; see record.Output.
func (f *feed) Needs() record.Needs { return record.Needs{Conns: true} }

// Conn hands one on, which is a copy.
func (f *feed) Conn(r *record.Record) error {
	f.to <- r
	return nil
}
