package diagnose

import "slices"

// citing is a Fold that notes when it keeps a record that is added as an example.
type citing interface{ noteCited(cited *bool) }

// NoteCited has Cited tell, after each Add, whether the connection may be cited.
func (s *Set) NoteCited() {
	s.notes = true
	for _, f := range s.folds {
		if x, ok := f.(citing); ok {
			x.noteCited(&s.cited)
		}
	}
}

// Cited reports whether a finding may cite the connection that was added last: it is an example of
// its subject, as long as those that showed the trouble before it are not too many. See NoteCited.
func (s *Set) Cited() bool { return s.cited }

// has reports whether a connection is among the examples.
func (x examples) has(conn uint64) bool {
	return slices.ContainsFunc(x, func(e Example) bool { return e.Conn == conn })
}

// noteCited has it noted whether a record becomes an example.
func (f *bySubject[V, P]) noteCited(cited *bool) { f.cited = cited }

// note notes whether a connection is an example of the subject that was asked for last.
func (f *bySubject[V, P]) note(conn uint64) {
	if v := f.kept.Last(); f.cited != nil && v != nil && v.sum().examples.has(conn) {
		*f.cited = true
	}
}

// noteCited has it noted of both.
func (f attempting) noteCited(cited *bool) {
	f.own.noteCited(cited)
	f.raw.noteCited(cited)
}

// noteCited has it noted of strangers, and of those whose numbers they may have.
func (f *strangers) noteCited(cited *bool) { f.cited = cited }

// note notes a party.
func (f *strangers) note() {
	if f.cited != nil {
		*f.cited = true
	}
}

// cites reports whether a connection is an example of what the capture hides.
func (q *quality) cites(conn uint64) bool {
	for _, t := range [...]*tally{&q.missing, &q.oneWay, &q.copies, &q.cut, &q.offload, &q.midstream, &q.backwards} {
		if t.examples.has(conn) {
			return true
		}
	}
	return false
}
