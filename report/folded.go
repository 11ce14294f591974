package report

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"reflect"
	"slices"

	"tcpwatch/internal/fold"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// A fold that is written down is this mark, with the version of the form, what the Summary was made with,
// its sums and, last, the CRC-32 of all that.
const foldMark = "tcpwatch fold\n"

const (
	foldVersion = 1
	crcBytes    = 4
	// MaxFold is how long one may be: far longer than limits let it become.
	MaxFold = 1 << 30
)

// ErrFoldLong is that sums are longer than MaxFold.
var ErrFoldLong = errors.New("sums that are longer than any run's")

// Folded is the sums of a run that were written down, and what they were made with.
type Folded struct {
	made made
	sums []byte
}

// made is what a Summary was made with, as far as its sums depend on it.
type made struct {
	with struct {
		Sums                     uint8 // version of their form
		Detectors, Thresholds    []string
		Kept, Rows, Narrow       int
		Sort                     string
		Tables                   []string // those on demand whose sums there are
		Pictures, Counters, Host bool     // Host: which addresses are the host's is known, and not told here
	}
	stats uint32 // CRC-32 of the stats line that was written of the same
}

// Fields walks over it.
func (m *made) Fields(w *fold.Walk) {
	fold.Plain(w, &m.with)
	fold.Plain(w, &m.stats)
}

func madeWith(o *SummaryOptions) (m made) {
	x := &m.with
	x.Sums, x.Kept, x.Rows, x.Narrow, x.Sort, x.Pictures, x.Counters = summaryVersion, o.Kept, o.Rows, max(o.Narrow, 1), o.Sort, o.Pictures, o.Counters
	for i := range o.Detectors {
		x.Detectors = append(x.Detectors, o.Detectors[i].Name)
	}
	x.Thresholds = o.Thresholds.Values(o.Detectors)
	for _, t := range AllTables() {
		if t.OnDemand && t.sums != nil && (o.OnDemand == nil || slices.Contains(o.OnDemand, t.Name)) {
			x.Tables = append(x.Tables, t.Name)
		}
	}
	return m
}

// AppendFold writes the sums, and what they were made with, after b, for ReadFold. The stats line is the
// one that is written of the same run.
func (s *Summary) AppendFold(b []byte, h *Headline, stats []byte) []byte {
	from := len(b)
	m := madeWith(&s.opt)
	m.with.Host, m.stats = h.Local != nil, crc32.ChecksumIEEE(stats)
	head := fold.Append(nil, foldVersion, &m)
	b = append(b, foldMark...)
	b = binary.AppendUvarint(b, uint64(len(head)))
	b = fold.Append(append(b, head...), summaryVersion, s)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[from:]))
}

// ReadFold looks at what AppendFold wrote, which it keeps. An error says in a line what is the matter with it.
func ReadFold(b []byte) (*Folded, error) {
	rest, ok := bytes.CutPrefix(b, []byte(foldMark))
	switch {
	case !ok:
		return nil, errors.New("no sums of a run")
	case len(b) > MaxFold:
		return nil, ErrFoldLong
	case len(rest) < crcBytes:
		return nil, errors.New("sums that were cut short")
	}
	end := len(b) - crcBytes
	if crc32.ChecksumIEEE(b[:end]) != binary.BigEndian.Uint32(b[end:]) {
		return nil, errors.New("sums that were cut short, or changed")
	}
	rest = rest[:len(rest)-crcBytes]
	n, size := binary.Uvarint(rest)
	if size <= 0 || n > uint64(len(rest)-size) {
		return nil, errors.New("sums that are cut short")
	}
	f := &Folded{sums: rest[size+int(n):]}
	if err := fold.Read(&f.made, foldVersion, rest[size:size+int(n)]); err != nil {
		return nil, fmt.Errorf("reading sums: %w", err)
	}
	return f, nil
}

// Beside tells that this stats line was written of the same run.
func (f *Folded) Beside(stats []byte) bool { return f.made.stats == crc32.ChecksumIEEE(stats) }

// Serves tells that a Summary of the fold has all that one of these options would have of the records: it was
// made with the same, by a program that wrote sums in the same form, for these tables at least.
func (f *Folded) Serves(o SummaryOptions) bool {
	want, has := madeWith(NewSummary(o).options()).with, f.made.with
	for _, table := range want.Tables {
		if !slices.Contains(has.Tables, table) {
			return false
		}
	}
	want.Tables = has.Tables
	return !has.Host && reflect.DeepEqual(want, has)
}

// MergeFolded adds what another Summary of a fold holds; false where it holds the sums of other tables.
func (s *Summary) MergeFolded(o *Summary) bool {
	if !slices.Equal(s.opt.OnDemand, o.opt.OnDemand) {
		return false
	}
	s.Merge(o)
	return true
}

// options are those that the Summary was made with, with what stands for defaults.
func (s *Summary) options() *SummaryOptions { return &s.opt }

// Summary makes the Summary of a fold that Serves these options. Its connections go on where inputs of so
// many packets and files ended.
func (f *Folded) Summary(o SummaryOptions, packets uint64, files int) (*Summary, error) {
	o.OnDemand = append([]string{}, f.made.with.Tables...)
	s := NewSummary(o)
	numberOn := schema.NumberOn(packets, files)
	as := fold.Reading{Packets: packets, Files: files, Kinds: diagnose.Kinds(), Each: func(v any) error {
		r, ok := v.(*record.Record)
		switch {
		case !ok:
			return nil
		case int(r.NVLAN) > len(r.VLANs) || int(r.Open.NSYNsAgain) > len(r.Open.SYNsAgain):
			return errors.New("a list that is longer than any")
		case packets > 0 || files > 0:
			numberOn(r)
		}
		return nil
	}}
	if err := fold.ReadAs(s, summaryVersion, f.sums, as); err != nil {
		return nil, fmt.Errorf("reading sums: %w", err)
	}
	return s, nil
}
