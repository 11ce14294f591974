package report

import (
	"encoding/binary"
	"slices"

	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Which connections are meant shows when they are over; what is drawn or extracted of them
// begins with their first packets. So files are read twice: the first time with a Found.

// MaxFound is how many numbers a Found keeps: 16 MiB at most.
const MaxFound = 1 << 20

// Found is the Output that finds connections for another run over the same files, by number.
// Of more than MaxFound it keeps the least numbers, whatever the order in which they come.
type Found struct {
	record.Base
	want func(r *record.Record) bool
	ids  []uint64 // in order once the run is over
	n    uint64   // how many there were
}

// NewFound returns a Found of the connections for which want is true of their last record.
// Workers call want side by side.
func NewFound(want func(r *record.Record) bool) *Found { return &Found{want: want} }

// Needs is records; see record.Output.
func (f *Found) Needs() record.Needs { return record.Needs{Conns: true} }

// Part is a worker's; see record.Parallel.
func (f *Found) Part() record.Part { return foundPart{f.want} }

// Lines takes the numbers that workers found; see record.Parallel.
func (f *Found) Lines(b []byte) error {
	for ; len(b) > 0; b = b[8:] {
		f.n++
		if f.ids = append(f.ids, binary.NativeEndian.Uint64(b)); len(f.ids) >= 2*MaxFound {
			f.trim()
		}
	}
	return nil
}

// Finish puts the numbers in order; see record.Output.
func (f *Found) Finish() error {
	f.trim()
	return nil
}

func (f *Found) trim() {
	slices.Sort(f.ids)
	f.ids = f.ids[:min(len(f.ids), MaxFound)]
}

// Has reports whether a connection was found, once the run is over.
func (f *Found) Has(id uint64) bool {
	_, ok := slices.BinarySearch(f.ids, id)
	return ok
}

// LeftOut is how many connections there were besides those that are kept, most at the most.
func (f *Found) LeftOut() (more, most uint64) { return f.n - min(f.n, MaxFound), MaxFound }

// foundPart finds among the records of one worker.
type foundPart struct{ want func(r *record.Record) bool }

func (p foundPart) AppendConn(b []byte, r *record.Record) []byte {
	if r.Interim || !p.want(r) {
		return b
	}
	return binary.NativeEndian.AppendUint64(b, r.ID)
}

func (foundPart) AppendEvent(b []byte, _ *record.Event) []byte { return b }

// Cited is the Output that adds to a Found the connections that findings of some weight name
// as examples.
type Cited struct {
	record.Base
	To *Found
}

// Findings adds them; see diagnose.Judged.
func (c Cited) Findings(all []diagnose.Finding) error {
	f := c.To
	for i := range all {
		if all[i].Severity >= diagnose.Notice {
			f.ids = append(f.ids, all[i].Conns...)
		}
	}
	slices.Sort(f.ids)
	f.ids = slices.Compact(f.ids)
	f.n = max(f.n, uint64(len(f.ids)))
	return nil
}

// Troubled reports whether something went wrong with a connection: it did not
// open, was reset, did not close properly, or gets no answer any more. What the input's end cut short
// and what may have happened out of sight is no trouble. Findings, which are known
// when all connections are, may be about others too.
func Troubled(r *record.Record) bool {
	if why, failed := causeOf(r); failed {
		return why != stillOpening
	}
	v := diagnose.JudgeClose(r)
	return diagnose.Stuck(r) || v.Fault != diagnose.NoFault && !v.Hidden(r) && !v.StillClosing(r)
}
