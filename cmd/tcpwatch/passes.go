package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Which connections are meant shows when they are over; what is drawn or
// extracted begins with their first packets. So files are read twice, and the
// first pass finds the numbers of those connections.

// maxFound is how many numbers the first pass keeps: 16 MiB at most.
const maxFound = 1 << 20

// errStopped is that the user did not wait for the first of two inputs or passes.
var errStopped = errors.New("stopped before there was anything to tell")

// found are the connections that the first pass found, by number. Workers fill
// it side by side; afterwards it is only read.
type found struct {
	want func(r *record.Record) bool

	mu  sync.Mutex
	ids []uint64 // the least, in order once the pass is over
	n   uint64   // how many there were
}

// add takes the record of a connection that --where asks for.
func (f *found) add(r *record.Record) {
	if !f.want(r) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	if f.ids = append(f.ids, r.ID); len(f.ids) >= 2*maxFound {
		f.trim()
	}
}

// trim keeps the least numbers: the same whatever the order in which they came.
func (f *found) trim() {
	slices.Sort(f.ids)
	f.ids = f.ids[:min(len(f.ids), maxFound)]
}

// cited adds the connections that findings of some weight name as examples.
func (f *found) cited(all []diagnose.Finding) {
	for i := range all {
		if all[i].Severity >= diagnose.Notice {
			f.ids = append(f.ids, all[i].Conns...)
		}
	}
	slices.Sort(f.ids)
	f.ids = slices.Compact(f.ids)
	f.n = max(f.n, uint64(len(f.ids)))
}

// has reports whether a connection was found, once the pass is over.
func (f *found) has(id uint64) bool {
	_, ok := slices.BinarySearch(f.ids, id)
	return ok
}

// twice reports whether the files have to be read twice.
func (o *options) twice() bool {
	return o.extract != "" || o.where != nil && (o.why != nil || o.follow != nil) || o.why != nil && o.why.all
}

// checkTwice refuses what can be read only once.
func (o *options) checkTwice() error {
	if !o.twice() {
		return nil
	}
	what := "--extract"
	switch {
	case o.extract != "":
	case o.why != nil:
		what = "--why with --where"
	default:
		what = "--follow with --where"
	}
	if len(o.read) == 0 {
		return fmt.Errorf("%s reads packets twice, which a live capture cannot: write them with -w, then read that file", what)
	}
	for _, name := range o.read {
		about, err := os.Stat(name)
		switch {
		case name == "-":
			return fmt.Errorf("%s reads packets twice, which standard input cannot: write them to a file first", what)
		case err == nil && !about.Mode().IsRegular() && !about.IsDir():
			return fmt.Errorf("%s reads packets twice, which %s cannot: it is no regular file", what, name)
		}
	}
	return nil
}

// chosen is what the first pass looks for.
func (o *options) chosen() func(r *record.Record) bool {
	switch {
	case o.extract != "" && o.where == nil:
		return report.Troubled
	case o.extract != "":
		return func(*record.Record) bool { return true }
	}
	pick := o.why
	if pick == nil {
		pick = o.follow.pick
	}
	return func(r *record.Record) bool { return pick.marks(r.ID, r.Orig, r.Resp) }
}

// firstPass reads the files, and goes back to their beginning, to find the connections that the second is about.
// What there is to warn of, the second tells.
func firstPass(o *options, in *input, stderr io.Writer) (*found, error) {
	first := *o
	first.outputs, first.write, first.extract, first.why, first.follow = nil, "", "", nil, nil
	first.track.Interval = 0
	f := &found{want: o.chosen()}
	sum := report.SummaryOptions{Kept: 1, Rows: -1, Detectors: o.judge.detectors, Thresholds: o.judge.thresholds, Narrow: o.narrow()}
	out := &outputs{sum: sum, records: recordOptions(&first, in), line: func() {}, found: f, screen: newScreen()}
	w := newWatch(&first, in, out, io.Discard, stderr)
	defer w.signals.done()
	w.loop()
	w.stop()
	w.clear()
	if o.extract != "" && o.where == nil {
		f.cited(w.summary().Findings(w.final()))
	}
	f.trim()
	in.rewind()
	if w.signals.stop.Load() {
		return nil, errStopped
	}
	return f, nil
}

// passed takes what the first pass found; the second begins.
func (out *outputs) passed(o *options, f *found) {
	if o.where != nil {
		if o.why != nil {
			o.why.among = f
		}
		if o.follow != nil {
			o.follow.pick.among = f
		}
	}
	if out.extract != nil {
		out.extract.found = f
	}
}

// mark chooses the connections whose packets are drawn or extracted; nil for none.
func (o *options) mark(out *outputs) func(id uint64, orig, resp capture.Endpoint) bool {
	switch {
	case out.extract == nil && o.why == nil:
		return nil
	case out.extract == nil:
		return o.why.marks
	}
	return func(id uint64, orig, resp capture.Endpoint) bool {
		return out.extract.found.has(id) || o.why != nil && o.why.marks(id, orig, resp)
	}
}
