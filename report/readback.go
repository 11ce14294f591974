package report

import (
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// ReadBack is the Output that hands a schema.ReadSink what reading back the JSON Lines of the
// run would give it.
type ReadBack struct {
	record.Base
	to      schema.ReadSink
	columns *schema.ColumnReader
}

// NewReadBack returns a ReadBack to a sink; the options are those of the JSON Lines.
func NewReadBack(to schema.ReadSink, o schema.Options) *ReadBack {
	return &ReadBack{to: to, columns: schema.NewColumnReader(o, to.Columns())}
}

// Needs is records; see record.Output.
func (b *ReadBack) Needs() record.Needs { return record.Needs{Conns: true} }

// Conn hands on a record that is no interim one; see record.Output.
func (b *ReadBack) Conn(r *record.Record) error {
	if r.Interim {
		return nil
	}
	b.columns.Read(r)
	b.to.Conn()
	return nil
}

// Findings hands on the findings; see diagnose.Judged.
func (b *ReadBack) Findings(found []diagnose.Finding) error {
	for i := range found {
		x := &found[i]
		b.to.Finding(&schema.ReadFinding{ID: x.ID, Severity: x.Severity.String(), Title: x.Title, Count: x.Count})
	}
	return nil
}

// Report hands on what is known of the run; see Reporter.
func (b *ReadBack) Report(h *Headline, s *Summary) error {
	b.to.Stats(&schema.ReadStats{Packets: h.Packets, Where: h.Where, KernelDrops: h.KernelDrops.V, Evicted: h.Tracker.Evicted,
		Span: float64(h.Span()) / 1e9, Damaged: len(h.Damaged) > 0, TimeWaitPeaks: []schema.Peak{{Peak: s.PeakTimeWaits()}}})
	return nil
}
