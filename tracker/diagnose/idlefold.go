package diagnose

import (
	"tcpwatch/tracker/record"
)

// idleFold sums up rests by opener and listener, so that what one limit explains
// is one finding, whether it stands before a listener or beside an opener.
type idleFold struct {
	shelf subjects[idles, *idles]
	few   uint64
	tell  func(limited, others map[Subject]*idles) []Finding
}

func newIdleFold(few uint64, tell func(limited, others map[Subject]*idles) []Finding) Fold {
	return &idleFold{shelf: NewShelf[Subject, idles](maxSubjects), few: few, tell: tell}
}

func (f *idleFold) narrow(by int) { f.shelf.Narrow(by) }

// Add takes in a record.
func (f *idleFold) Add(r *record.Record) {
	died, lived := diedAtRest(r) || timedOutAtRest(r), r.Idle.Longest.OK && r.Idle.Longest.V >= idleAge
	if !died && !lived {
		return
	}
	x := f.shelf.At(towards(r.Orig.Addr, r.Resp))
	if lived {
		x.lived, x.livedConns = max(x.lived, r.Idle.Longest.V), x.livedConns+1
	}
	if died {
		x.add(r)
	}
}

// Merge takes in a fold of the same detector.
func (f *idleFold) Merge(o Fold) { f.shelf.Merge(&o.(*idleFold).shelf) }

// Left is how many connections belong to subjects that found no place.
func (f *idleFold) Left() uint64 {
	f.shelf.Trim()
	return f.shelf.Rest().n
}

// Findings divides what died into what a known limit explains, of a listener or
// else of an opener, and all other.
func (f *idleFold) Findings(*Context) []Finding {
	f.shelf.Trim()
	limited, others := make(map[Subject]*idles), make(map[Subject]*idles)
	listeners, openers := make(map[Subject]*idles), make(map[Subject]*idles)
	for s, x := range f.shelf.All() {
		gather(listeners, listener(s.B), x)
	}
	for s, x := range listeners {
		if _, ok := x.cluster(f.few); ok {
			limited[s] = x
		}
	}
	for s, x := range f.shelf.All() {
		if limited[listener(s.B)] == nil {
			gather(openers, host(s.A.Addr), x)
		}
	}
	for s, x := range openers {
		if _, ok := x.cluster(f.few); ok {
			limited[s] = x
		}
	}
	for s, x := range f.shelf.All() {
		if limited[listener(s.B)] == nil && limited[host(s.A.Addr)] == nil {
			gather(others, listener(s.B), x)
		}
	}
	return f.tell(limited, others)
}

func gather(all map[Subject]*idles, s Subject, x *idles) {
	if all[s] == nil {
		all[s] = new(idles)
	}
	all[s].Merge(x)
}
