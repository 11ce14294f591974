package tcpwatch

import (
	"slices"

	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// Most connections of a host with many are idle: nothing is to be told of them that was not told before.
// So a worker walks every few seconds over those that are awake, and sums up those at rest but once
// (diagnose.AtRest): in a base, which stays as it is. Of who wakes or ends, the base goes on counting what it
// was at rest, and what happened since is added to what is awake. The slow walk over all (lookOn) makes
// the next base.

const (
	// awakeEvery is how often the walk over who is awake begins, in packet time, where a worker has more than
	// lookWhole connections; awakeQuiet how often where less than awakeFew things happened since.
	awakeEvery = int64(2e9)
	awakeQuiet = int64(4e9)
	awakeFew   = 1024
	// basesMost is of how many sums a base consists, at most.
	basesMost = 4
	// judgedMost is how many connections that were not at rest a Summary for judging is used for.
	judgedMost = 1024
)

// seen is what a worker shows of its connections but for those at rest, and their base.
type seen struct {
	recent   *report.Summary
	base     []*report.Summary // not to be changed
	standing report.Standing
	none     bool // nothing is awake, and nothing ended: recent is empty
}

// ended is what ended, by the part of packet time in which its last packet came: within
// report.RecentSpan, the newest first.
type ended [recentParts]*report.Summary

// awake is a worker's walk over the connections that are awake.
type awake struct {
	pass   uint16
	begun  bool   // a walk is under way
	walk   *seen  // that walk
	newest *seen  // nil when none was completed since the glance before that shows anything new
	last   *seen  // the one before that; nil when none was completed yet
	looked int64  // packet time when the one that was completed last began
	at     int64  // and when the one that was begun last did
	known  uint64 // what had happened then
	base   []*report.Summary
	number uint8           // of the base: 0 or 1, in turn
	added  int             // connections that are awake
	grown  *report.Summary // what came to rest in the walk under way; nil for nothing
	next   nextBase
	// What ended: late is of them what ended after the walk under way had passed it, and so counts from
	// the next walk on. What ended and is counted by the base counts as at rest from the next base on, and
	// where that counts it too, from the one behind it on.
	ended, late ended
	later       [2]ended
	part        int64  // that the first of those is for
	forgot      uint64 // parts that are no longer recent
	judge       *report.Summary
	judged      int
}

// nextBase is what the walk over all connections makes.
type nextBase struct {
	sum  *report.Summary // nil for none
	pass uint16          // of that walk
	done bool
}

// at is the Summary of a part of packet time.
func (x *ended) at(part int64, w *worker) *report.Summary {
	if x[part] == nil {
		x[part] = w.summaryOfRecent()
	}
	return x[part]
}

// take merges what another holds, which is empty then.
func (x *ended) take(o *ended) {
	for i, s := range o {
		switch {
		case s == nil:
		case x[i] == nil:
			x[i] = s
		default:
			x[i].Merge(s)
		}
	}
	*o = ended{}
}

// forget forgets what ended longer ago than is recent.
func (l *awake) forget(now int64) {
	part := now / partSpan
	for n := min(max(part-l.part, 0), recentParts); n > 0; n-- {
		for _, x := range [...]*ended{&l.ended, &l.late, &l.later[0], &l.later[1]} {
			if x[recentParts-1] != nil {
				l.forgot++
			}
			copy(x[1:], x[:])
			x[0] = nil
		}
	}
	l.part = max(part, l.part)
}

// end takes a connection that has ended, at a packet time.
func (l *awake) end(w *worker, r *record.Record, now int64) {
	// What ends in silence ends long after its last packet: TIME-WAIT, or after a RST.
	l.forget(now)
	i := max(l.part-r.End/partSpan, 0)
	if i >= recentParts {
		return
	}
	looked, x := w.tracker.Leaving()
	to := &l.ended
	if l.begun && x.Pass == l.pass {
		to = &l.late
	}
	if !x.In(l.number) {
		to.at(i, w).Add(r)
		return
	}
	told := x.Told[l.number]
	to.at(i, w).AddAwake(r, told)
	later := &l.later[0]
	if l.next.sum != nil && looked == l.next.pass && x.In(1-l.number) {
		later = &l.later[1]
	}
	later.at(i, w).AddAtRest(r, told)
}

// atRest reports whether a connection is at rest, of which the base of a number tells all or will, and what.
func (l *awake) atRest(w *worker, r *record.Record) (told uint8, ok bool) {
	if !diagnose.AtRest(r) {
		return 0, false
	}
	if l.judge == nil || l.judged > judgedMost {
		l.judge, l.judged = w.summaryOfRecent(), 0
	}
	if told, ok = l.judge.TellsAtRest(r); !ok || told != 0 {
		l.judged++
	}
	return told, ok
}

// lookAwake goes on with the walk over who is awake, over n connections at most.
func (w *worker) lookAwake(n int, now int64) {
	l := &w.look.awake
	if !l.begun {
		l.rebase(w)
		l.begun, l.at, l.known, l.added = true, now, w.happened(), 0
		l.pass = max(l.pass+1, 1) // once around it begins again
		l.walk = &seen{recent: w.summaryOfRecent()}
	}
	x := l.walk
	atRest, done := w.tracker.LookAwake(l.pass, n, l.number, func(r *record.Record, rest *table.Rest) {
		w.names.Attach(r)
		if rest.Aside = !w.asked(r) && !rest.In(l.number); rest.Aside {
			rest.Resting = diagnose.AtRest(r)
			return
		}
		x.standing.Take(r)
		based := rest.In(l.number)
		recent := report.IsRecent(r, now)
		told, ok := uint8(0), false
		if recent {
			told, ok = l.atRest(w, r)
		}
		switch {
		case !based && ok:
			if l.grown == nil {
				l.grown = w.summaryOfRecent()
			}
			l.grown.AddAtRest(r, told)
			rest.Count(l.number, told)
			rest.Leave(1 - l.number)
		case recent && based:
			l.added++
			x.recent.AddAwake(r, rest.Told[l.number])
		case recent:
			l.added++
			x.recent.Add(r)
		}
		rest.Resting = ok && told&^rest.Told[l.number] == 0
	})
	if done {
		x.standing.Ends[record.Orig][record.Established] += atRest
		x.standing.Ends[record.Resp][record.Established] += atRest
		w.seeAwake(now)
	}
}

// seeAwake completes the walk.
func (w *worker) seeAwake(now int64) {
	l := &w.look.awake
	if l.grown != nil {
		l.base = append(l.base[:len(l.base):len(l.base)], l.grown)
		if l.grown = nil; len(l.base) > basesMost {
			l.base = w.merged(l.base)
		}
	}
	x := l.walk
	x.base, x.none = l.base, l.added == 0
	l.forget(now)
	for _, s := range l.ended {
		if s != nil {
			x.recent.Merge(s)
			x.none = false
		}
	}
	if l.looked = l.at; l.last == nil || !x.same(l.last) {
		l.newest, l.last = x, x
	}
	l.endWalk()
}

// merged is a base in one sum, which takes no more room than what is kept of it.
func (w *worker) merged(base []*report.Summary) []*report.Summary {
	all := w.summaryOfRecent()
	for _, s := range base {
		all.Merge(s)
	}
	return []*report.Summary{all}
}

// same reports whether a walk shows nothing but what another showed.
func (x *seen) same(o *seen) bool {
	return x.none && o.none && x.standing == o.standing && slices.Equal(x.base, o.base)
}

// endWalk ends the walk: what ended meanwhile counts with all else that did.
func (l *awake) endWalk() {
	l.begun, l.walk = false, nil
	l.ended.take(&l.late)
}

// rebase takes the next base where it is done.
func (l *awake) rebase(w *worker) {
	if !l.next.done {
		return
	}
	l.base, l.number = w.merged([]*report.Summary{l.next.sum}), 1-l.number
	l.ended.take(&l.later[0])
	l.later[0], l.later[1] = l.later[1], ended{}
	l.next = nextBase{}
}

// rest notes in the next base a connection that is at rest and that the base counts.
func (l *awake) rest(w *worker, r *record.Record, x *table.Rest, now int64) {
	x.Leave(1 - l.number)
	switch {
	case x.Aside:
		x.Resting = x.Resting && !w.asked(r)
		return
	case !x.Resting || !x.In(l.number) || !report.IsRecent(r, now) || !w.asked(r):
		x.Resting = false
		return
	}
	told, ok := l.atRest(w, r)
	if x.Resting = ok && told == x.Told[l.number]; x.Resting {
		l.next.sum.AddAtRest(r, told)
		x.Count(1-l.number, told)
	}
}
