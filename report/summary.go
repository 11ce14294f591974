// Package report turns connection records into what people and programs read:
// tables, JSON Lines, CSV and the ladder of one connection.
package report

import "tcpwatch/tracker"

// SummaryOptions bound a Summary. The zero value is usable.
type SummaryOptions struct {
	Top  int   // rows that a table may later ask for; 0 means 10
	MSL  int64 // nanoseconds; 0 means 30 s
	Rows int   // most connections kept for the connections table; 0 means 10,000
}

// Summary is a fold over connection records. Adding the same records in any
// order, or to several summaries that are merged, gives the same result.
type Summary struct {
	opt   SummaryOptions
	conns uint64
}

// NewSummary returns an empty Summary.
func NewSummary(o SummaryOptions) *Summary { return &Summary{opt: o} }

// Add takes the record of a finished connection; interim ones are left out.
// It keeps nothing of r.
func (s *Summary) Add(r *tracker.Record) { s.conns++ }

// Merge adds all that o holds; o is left as it was.
func (s *Summary) Merge(o *Summary) { s.conns += o.conns }

// Clone returns a copy that shares nothing with s.
func (s *Summary) Clone() *Summary { c := *s; return &c }

// Conns is the number of connections added.
func (s *Summary) Conns() uint64 { return s.conns }
