package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"tcpwatch"
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

// found is the Output that finds the connections of which the second pass tells, by number.
type found struct {
	record.Base
	want func(r *record.Record) bool
	ids  []uint64 // the least, in order once the pass is over
	n    uint64   // how many there were
}

// Needs is records; see record.Output.
func (f *found) Needs() record.Needs { return record.Needs{Conns: true} }

// Part is a worker's; see record.Parallel.
func (f *found) Part() record.Part { return foundPart{f.want} }

// Lines takes the numbers that workers found; see record.Parallel.
func (f *found) Lines(b []byte) error {
	for ; len(b) > 0; b = b[8:] {
		f.add(binary.NativeEndian.Uint64(b))
	}
	return nil
}

// foundPart finds among the records of one worker.
type foundPart struct{ want func(r *record.Record) bool }

func (p foundPart) AppendConn(b []byte, r *record.Record) []byte {
	if r.Interim || !p.want(r) {
		return b
	}
	return binary.NativeEndian.AppendUint64(b, r.ID)
}

func (foundPart) AppendEvent(b []byte, _ *record.Event) []byte { return b }

func (f *found) add(id uint64) {
	f.n++
	if f.ids = append(f.ids, id); len(f.ids) >= 2*maxFound {
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

// cites is the Output that adds what findings cite to what was found.
type cites struct {
	record.Base
	found *found
}

// Findings takes them; see diagnose.Judged.
func (c cites) Findings(all []diagnose.Finding) error {
	c.found.cited(all)
	return nil
}

// firstPass reads the files, and goes back to their beginning, to find the connections that
// the second is about. What there is to warn of, the second tells.
func (s *session) firstPass(ctx context.Context) error {
	f := &found{want: s.o.chosen()}
	outputs := []tcpwatch.Output{f}
	if s.o.extract != "" && s.o.where == nil {
		outputs = append(outputs, cites{found: f})
	}
	o, _ := s.settings()
	o.Interval, o.Warn, o.Snapshots, o.Count = 0, nil, nil, s.o.count
	o.Sums.Kept, o.Sums.Rows, o.Sums.Sort = 1, -1, ""
	status := newStatus(s.stderr, s.screen, false, true, s.in.Size())
	_, err := tcpwatch.Run(ctx, s.in.Source, o, append(outputs, status)...)
	status.clear()
	f.trim()
	s.in.Rewind()
	s.found = f
	return err
}

// picked is the choice of the connections of --why or --follow: with --where those that the
// first pass has found.
func (s *session) picked(pick *why) func(id uint64, orig, resp capture.Endpoint) bool {
	if s.o.where == nil {
		return pick.marks
	}
	return func(id uint64, orig, resp capture.Endpoint) bool {
		return s.found.has(id) && pick.marks(id, orig, resp)
	}
}
