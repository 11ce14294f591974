package diagnose

import (
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// idleFold sums up rests by opener and listener, so that what one limit explains
// is one finding, whether it stands before a listener or beside an opener.
type idleFold struct {
	*bySubject[idles, *idles]
	idleLimits
	known bool // what a limit explains is told, else all other
	tell  func(l idleLimits, s Subject, x *idles) Finding
}

func newIdleFold(l idleLimits, known bool, tell func(l idleLimits, s Subject, x *idles) Finding) Fold {
	return &idleFold{newFold(addIdle, nil), l, known, tell}
}

func addIdle(s *subjects[idles, *idles], r *record.Record) {
	addDied(s, r)
	addLived(s, r, 1)
}

// addDied takes in what a rest ended badly.
func addDied(s *subjects[idles, *idles], r *record.Record) {
	if diedAtRest(r) || timedOutAtRest(r) {
		s.At(towards(r.Orig.Addr, r.Resp)).add(r)
	}
}

// addLived takes in the longest rest that a connection outlived, and counts the connection as n.
func addLived(s *subjects[idles, *idles], r *record.Record, n uint64) {
	if r.Idle.Longest.OK && r.Idle.Longest.V >= idleAge {
		x := s.Well(towards(r.Orig.Addr, r.Resp))
		x.lived, x.livedConns = max(x.lived, r.Idle.Longest.V), x.livedConns+n
		x.longest.Take(livedRest{r.Idle.Longest.V, r.ID, r.Idle.Answered})
	}
}

// addAtRest takes in what a connection at rest outlived before.
func (f *idleFold) addAtRest(r *record.Record) { addLived(&f.kept, r, 1) }

// addAwake takes in what happened to one that was counted at rest since.
func (f *idleFold) addAwake(r *record.Record) {
	f.kept.conn = Sample(r)
	addDied(&f.kept, r)
	addLived(&f.kept, r, 0)
}

// Findings tells of one part.
func (f *idleFold) Findings(*Context) (all []Finding) {
	tell, others := f.divide()
	if !f.known {
		tell = others
	}
	for s, x := range tell {
		if x.n == 0 && !f.known {
			continue // a RST ended each rest
		}
		y := f.tell(f.idleLimits, s, x)
		y.Subject, y.lack = s, f.kept.Full() // it is gathered from pairs
		all = append(all, y)
	}
	return all
}

// divide divides what died into what a known limit explains, of a listener or
// else of an opener, and all other.
func (f *idleFold) divide() (limited, others map[Subject]*idles) {
	limited, others = make(map[Subject]*idles), make(map[Subject]*idles)
	listeners, openers := make(map[Subject]*idles), make(map[Subject]*idles)
	for s, x := range f.kept.All() {
		gather(listeners, listener(s.B), x)
	}
	for s, x := range listeners {
		if _, ok := x.cluster(f.few); ok {
			limited[s] = x
		}
	}
	for s, x := range f.kept.All() {
		if limited[listener(s.B)] == nil {
			gather(openers, host(s.A.Addr), x)
		}
	}
	for s, x := range openers {
		if _, ok := x.cluster(f.few); ok {
			limited[s] = x
		}
	}
	for s, x := range f.kept.All() {
		if limited[listener(s.B)] == nil && limited[host(s.A.Addr)] == nil {
			gather(others, listener(s.B), x)
		}
	}
	return limited, others
}

func gather(all map[Subject]*idles, s Subject, x *idles) {
	if all[s] == nil {
		all[s] = new(idles)
	}
	fold.Merge(all[s], x)
}
