package diagnose

import (
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// counted is what a detector keeps of a subject: a value that embeds a tally.
type counted[V any] interface {
	fold.Folded[V]
	sum() *tally
}

// subjects holds what a detector keeps.
type subjects[V any, P counted[V]] = fold.Bounded[Subject, V, P]

// bySubject is the Fold of most detectors: a value for each subject.
type bySubject[V any, P counted[V]] struct {
	kept subjects[V, P]
	add  func(s *subjects[V, P], r *record.Record)
	// addEnd is asked about each end, where there is no add.
	addEnd func(s *subjects[V, P], r *record.Record, e record.End)
	tell   func(c *Context, s Subject, v P) (Finding, bool)
	// gather names the wider subject that a subject's trouble may be due to;
	// nil for never. From gatherFrom of them on they are one finding.
	gather func(s Subject, v P) (wider Subject, ok bool)
	// suspect notes whom other detectors leave out; nil for nobody.
	suspect func(c *Context, s Subject, v P)
	cited   *bool // see Set.NoteCited; nil where nobody asks
}

// gatherFrom is how many subjects make their common cause a subject: ports of a host, hosts.
const gatherFrom = 3

// atListener is the value of the listener of a connection; it makes no Subject of
// one that was asked for last, which would take longer than all the rest.
func atListener[V any, P counted[V]](s *subjects[V, P], r *record.Record) P {
	if k, v := s.Last(); v != nil && k.Kind == SubjectListener && k.A == r.Resp {
		return v
	}
	return s.At(listener(r.Resp))
}

// newFold makes a Fold of two functions: add finds the subject in the record
// and counts it there (s.At(subject).hitAt(r, packet)), or does nothing; tell makes
// the finding of a subject, without what the tally knows, or says that there is none.
func newFold[V any, P counted[V]](add func(s *subjects[V, P], r *record.Record), tell func(c *Context, s Subject, v P) (Finding, bool)) *bySubject[V, P] {
	return &bySubject[V, P]{kept: fold.NewBounded[Subject, V, P](maxSubjects), add: add, tell: tell}
}

// newEndFold is a newFold whose add is asked about each end of a connection.
func newEndFold[V any, P counted[V]](add func(s *subjects[V, P], r *record.Record, e record.End), tell func(c *Context, s Subject, v P) (Finding, bool)) *bySubject[V, P] {
	f := newFold(nil, tell)
	f.addEnd = add
	return f
}

// narrow divides how many subjects have a place.
func (f *bySubject[V, P]) narrow(by int) { f.kept.Narrow(by) }

// Add takes in a record.
func (f *bySubject[V, P]) Add(r *record.Record) {
	if f.add != nil {
		f.add(&f.kept, r)
		f.note(r.ID)
		return
	}
	for _, e := range sides() {
		f.addEnd(&f.kept, r, e)
		f.note(r.ID)
	}
}

// Fields walks over the subjects.
func (f *bySubject[V, P]) Fields(w *fold.Walk) { f.kept.Fields(w) }

// Suspects asks about each subject.
func (f *bySubject[V, P]) Suspects(c *Context) {
	if f.suspect == nil {
		return
	}
	f.kept.Trim()
	for s, v := range f.kept.All() {
		f.suspect(c, s, v)
	}
}

// suspecting is the Fold with what it suspects.
func (f *bySubject[V, P]) suspecting(suspect func(c *Context, s Subject, v P)) *bySubject[V, P] {
	f.suspect = suspect
	return f
}

// Findings asks for the finding of each subject.
func (f *bySubject[V, P]) Findings(c *Context) []Finding {
	f.kept.Trim()
	return f.tellAll(c, f.gathered())
}

// tellAll asks for the finding of each of some values.
func (f *bySubject[V, P]) tellAll(c *Context, values map[Subject]P) []Finding {
	var all []Finding
	for s, v := range values {
		x, ok := f.tell(c, s, v)
		if !ok {
			continue
		}
		x.Subject = s
		if x.Count == 0 { // a finding may count more than its tally
			v.sum().into(&x)
		}
		all = append(all, x)
	}
	return all
}

// gathered are the values by subject, where some are merged into a wider one.
func (f *bySubject[V, P]) gathered() map[Subject]P {
	all := make(map[Subject]P, f.kept.Len())
	wide := make(map[Subject][]Subject)
	for s, v := range f.kept.All() {
		all[s] = v
		if f.gather == nil {
			continue
		}
		if w, ok := f.gather(s, v); ok {
			wide[w] = append(wide[w], s)
		}
	}
	for w, parts := range wide {
		if len(parts) < gatherFrom {
			continue
		}
		sum := P(new(V))
		for _, s := range parts {
			fold.Merge(sum, all[s])
			delete(all, s)
		}
		all[w] = sum
	}
	return all
}

// Left is how many connections belong to subjects that found no place.
func (f *bySubject[V, P]) Left() uint64 {
	f.kept.Trim()
	return f.kept.Rest().sum().n
}
