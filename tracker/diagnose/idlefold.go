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
	died, lived := diedAtRest(r) || timedOutAtRest(r), r.Idle.Longest.OK && r.Idle.Longest.V >= idleAge
	if !died && !lived {
		return
	}
	x := s.At(towards(r.Orig.Addr, r.Resp))
	if lived {
		x.lived, x.livedConns = max(x.lived, r.Idle.Longest.V), x.livedConns+1
		x.longest.Take(livedRest{r.Idle.Longest.V, r.ID, r.Idle.Answered})
	}
	if died {
		x.add(r)
	}
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
		y.Subject = s
		all = append(all, y)
	}
	return all
}

// divide divides what died into what a known limit explains, of a listener or
// else of an opener, and all other.
func (f *idleFold) divide() (limited, others map[Subject]*idles) {
	f.kept.Trim()
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
