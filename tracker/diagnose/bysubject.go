package diagnose

import (
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// counted is what a detector keeps of a subject: a value that embeds a tally.
type counted[V any] interface {
	fold.Weighed[V]
	sum() *tally
}

// subjects holds what a detector keeps: whom most trouble befell survives a limit. At is the value of a
// subject for a connection that is trouble, Well that for one that it is only compared with.
type subjects[V any, P counted[V]] struct {
	fold.Worst[Subject, V, P]
	conn uint64 // Sample of the one that is added
}

func newSubjects[V any, P counted[V]](limit int) subjects[V, P] {
	return subjects[V, P]{Worst: fold.NewWorst[Subject, V, P](limit)}
}

// Sample is the number by which a connection is chosen for samples: whatever its number in an input is, so
// that the same ones are chosen of several inputs that are numbered on and of each alone.
func Sample(r *record.Record) uint64 {
	return fold.Hash16(r.Orig.Addr, fold.Hash16(r.Resp.Addr, uint64(r.Orig.Port)<<16|uint64(r.Resp.Port))+uint64(r.Start))
}

// At is explained at subjects.
func (s *subjects[V, P]) At(k Subject) P { return s.Bad(k, s.conn) }

// Well is explained at subjects.
func (s *subjects[V, P]) Well(k Subject) P { return s.Worst.At(k) }

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

// counted is At, or Well for what is no trouble.
func (s *subjects[V, P]) counted(k Subject, trouble bool) P {
	if trouble {
		return s.At(k)
	}
	return s.Well(k)
}

// wellAt is Well of the listener of a connection; it makes no Subject of
// one that was asked for last, which would take longer than all the rest.
func wellAt[V any, P counted[V]](s *subjects[V, P], r *record.Record) P {
	if k, v := s.LastAt(); v != nil && k.Kind == SubjectListener && k.A == r.Resp {
		return v
	}
	return s.Well(listener(r.Resp))
}

// newFold makes a Fold of two functions: add finds the subject in the record
// and counts it there (s.At(subject).hitAt(r, packet)), or does nothing; tell makes
// the finding of a subject, without what the tally knows, or says that there is none.
func newFold[V any, P counted[V]](add func(s *subjects[V, P], r *record.Record), tell func(c *Context, s Subject, v P) (Finding, bool)) *bySubject[V, P] {
	return &bySubject[V, P]{kept: newSubjects[V, P](maxSubjects), add: add, tell: tell}
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
	f.kept.conn = Sample(r)
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
	return f.tellAll(c, f.gathered(), f.lacks)
}

// lacks tells what may be missing of a subject, or of one that was gathered from several.
func (f *bySubject[V, P]) lacks(s Subject) fold.Lack {
	if f.kept.Find(s) == nil {
		return f.kept.Full()
	}
	return f.kept.Lacks(s)
}

// tellAll asks for the finding of each of some values.
func (f *bySubject[V, P]) tellAll(c *Context, values map[Subject]P, lacks func(s Subject) fold.Lack) []Finding {
	var all []Finding
	for s, v := range values {
		x, ok := f.tell(c, s, v)
		if !ok {
			continue
		}
		x.Subject, x.lack = s, lacks(s)
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
	return f.kept.Rest().sum().n
}
