package report

import (
	"tcpwatch/internal/fold"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// Listing keeps the connections that a Wanted asks for, by its order.
type Listing struct {
	rows  ranking
	match func(r *record.Record) bool // nil: all
}

// NewListing returns an empty Listing; an unknown Sort stands for the order of their numbers.
func NewListing(w Wanted, o schema.Options) *Listing {
	order, err := connectionOrder(w.Sort, o)
	if w.Sort == "" || err != nil {
		order = byID
	}
	l := &Listing{rows: newRanking(w.Rows, order)}
	if w.Where != nil {
		l.match = w.Where.Matcher()
	}
	return l
}

// Add offers a connection; what is kept is a copy without transitions.
func (l *Listing) Add(r *record.Record) {
	if l.match == nil || l.match(r) {
		l.rows.Add(r)
	}
}

// Merge offers what another of the same Wanted keeps.
func (l *Listing) Merge(o *Listing) { fold.Merge(l, o) }

// Fields walks over what is kept.
func (l *Listing) Fields(w *fold.Walk) { l.rows.Fields(w) }

// Records are those that are kept, and how many there were to choose from.
func (l *Listing) Records() (list []record.Record, of uint64) {
	for _, r := range l.rows.Sorted() {
		list = append(list, *r)
	}
	return list, l.rows.Offered()
}
