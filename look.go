package tcpwatch

import (
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// While somebody watches (report.Watcher), each worker walks over its connections again and
// again, a part at a time, and sums them up as they stand. A View is made of the walk that was
// completed last, and of what had ended when it was: each connection is in one of the two.

const (
	// lookWhole is up to how many connections a worker walks over at once when a View is
	// wanted; of more it shows the walk that it completed last.
	lookWhole = 16384
	// lookLive is how many it walks over at most each time that a live capture shows, four
	// times a second: some 20 ms (BenchmarkLook). Where little happens it takes fewer, lookIdle
	// and lookEach for each segment; the first walk that somebody waits for is faster. Of a file,
	// which waits, it takes lookFile at every 4,096th packet.
	lookLive  = 8192
	lookIdle  = 1024
	lookEach  = 4
	lookFirst = 4 * lookLive
	lookFile  = 1024
	// recentParts is in how many parts of report.RecentSpan what ended is forgotten.
	recentParts = 5 // the newest of which has just begun
	partSpan    = report.RecentSpan / (recentParts - 1)
	// closedKept is how many connections that ended a worker keeps for a list.
	closedKept = 1024
)

// sight is what a worker shows of its connections.
type sight struct {
	wanted   report.Wanted   // what it is for
	at       int64           // when it began to look
	recent   *report.Summary // see report.View
	all      *report.Summary // nil when nobody wants it
	listed   *report.Listing
	standing report.Standing
}

// glance is what a worker shows at once, however many connections it has.
type glance struct {
	newest   *sight // nil when no walk was completed since the glance before
	totals   report.Totals
	held     int
	timeWait int
	followed *record.Record
	counts   *counts
}

// looking is a worker's walk; nil where nobody watches.
type looking struct {
	whole  int // lookWhole, less in tests
	file   int // lookFile, likewise
	wanted report.Wanted
	over   bool // the input has ended: what ended however long ago is listed
	pass   uint16
	begun  bool   // a walk is under way
	walk   *sight // that walk
	newest *sight // see glance
	// What ended, by the part of packet time in which its last packet came: within
	// report.RecentSpan, the newest first. late is of them what ended after the walk under way had
	// passed it: it counts from the next walk on, and so it is not in the worker's summary yet.
	ended [recentParts]*report.Summary
	part  int64 // that the first of those is for
	now   int64 // packet time
	late  struct {
		recent [recentParts]*report.Summary
		all    *report.Summary
	}
	closed  []record.Record // the last closedKept, in a ring
	nClosed uint64
	totals  report.Totals

	shown    bool   // a walk was completed as wanted tells
	segments uint64 // of the worker, when it went on last
}

// summaryOfView is an empty one, which keeps no rows.
func (w *worker) summaryOfView() *report.Summary {
	o := w.sums
	o.Rows = -1
	return report.NewSummary(o)
}

// summaryOfRecent is one that judges connections by what is wrong with them now.
func (w *worker) summaryOfRecent() *report.Summary {
	o := w.sums
	o.Rows, o.OnDemand, o.Recent, o.Strange = -1, report.OnDemandOfView(w.sums.OnDemand), true, w.strange.Load()
	return report.NewSummary(o)
}

// lookOn goes on with the walk, over n connections at most.
func (w *worker) lookOn(n int, now int64) {
	l := w.look
	if !l.begun {
		l.begun = true
		l.pass = max(l.pass+1, 1) // once around it begins again
		l.walk = &sight{wanted: l.wanted, at: now, recent: w.summaryOfRecent(), listed: report.NewListing(l.wanted, w.sums.Records)}
		if l.wanted.All {
			l.walk.all = w.summaryOfView()
		}
		l.late.all = report.NewSummary(w.sums)
	}
	x := l.walk
	done := w.tracker.Look(l.pass, n, func(r *record.Record) {
		w.names.Attach(r)
		if !w.asked(r) {
			return
		}
		if report.IsRecent(r, now) {
			x.recent.Add(r)
		}
		if x.all != nil {
			x.all.Add(r)
		}
		x.standing.Take(r)
		x.listed.Add(r)
	})
	if done {
		l.newest, l.shown = w.complete(now), true
	}
}

// complete is the walk that has come to its end, with what has ended.
func (w *worker) complete(now int64) *sight {
	l, x := w.look, w.look.walk
	if x.all != nil {
		x.all.Merge(w.summary)
	}
	l.forget(now)
	for _, s := range l.ended {
		if s != nil {
			x.recent.Merge(s)
		}
	}
	if l.wanted.Closed {
		for i := range l.closed {
			if r := &l.closed[i]; l.over || now-r.End <= report.RecentSpan {
				x.listed.Add(r)
			}
		}
	}
	w.endWalk()
	return x
}

// endWalk ends the walk under way: what ended meanwhile counts with all else that did.
func (w *worker) endWalk() {
	if l := w.look; l != nil && l.begun {
		w.summary.Merge(l.late.all)
		for i, s := range l.late.recent {
			switch {
			case s == nil:
			case l.ended[i] == nil:
				l.ended[i] = s
			default:
				l.ended[i].Merge(s)
			}
		}
		l.begun, l.walk, l.late.all, l.late.recent = false, nil, nil, [recentParts]*report.Summary{}
	}
}

// forget forgets what ended longer ago than is recent.
func (l *looking) forget(now int64) {
	part := now / partSpan
	for n := min(max(part-l.part, 0), recentParts); n > 0; n-- {
		for _, all := range [...]*[recentParts]*report.Summary{&l.ended, &l.late.recent} {
			copy(all[1:], all[:])
			all[0] = nil
		}
	}
	l.part = max(part, l.part)
}

// ended takes a connection that has ended.
func (w *worker) ended(r *record.Record) {
	l := w.look
	recent, all := &l.ended, w.summary
	if l.begun && w.tracker.Looked() == l.pass {
		recent, all = &l.late.recent, l.late.all
	}
	all.Add(r)
	// What ends in silence ends long after its last packet: TIME-WAIT, or after a RST.
	l.forget(l.now)
	if i := max(l.part-r.End/partSpan, 0); i < recentParts {
		if recent[i] == nil {
			recent[i] = w.summaryOfRecent()
		}
		recent[i].Add(r)
	}
	if len(l.closed) < closedKept {
		l.closed = append(l.closed, record.Record{})
	}
	report.CopyRecord(&l.closed[l.nClosed%closedKept], r)
	l.nClosed++
}

// glance is what there is to see for who wants it now; whole: of all connections, however
// many they are.
func (w *worker) glance(a *report.Wanted, whole bool, now int64) *glance {
	l := w.look
	if !a.SameSums(&l.wanted) {
		w.endWalk()
		l.shown = false
	}
	l.wanted, l.over = *a, whole
	if held := w.tracker.Held(); held <= l.whole || whole {
		w.endWalk()
		w.lookOn(held, now)
	}
	w.tracker.Follow(a.Follow)
	g := &glance{newest: l.newest, totals: l.totals, counts: w.counts()}
	g.held, g.timeWait = g.counts.tracker.Open, g.counts.tracker.TimeWait
	l.newest = nil
	w.tracker.Followed(func(r *record.Record) {
		w.names.Attach(r)
		g.followed = copied(r)
	})
	return g
}

// lookAgain goes on with a walk that is too long for one glance, as fast as the input allows.
func (w *worker) lookAgain(b *batch) {
	switch {
	case w.look == nil || w.tracker.Held() <= w.look.whole:
	case b.tick.Show && !w.look.shown:
		w.lookOn(lookFirst, b.now)
	case b.tick.Show:
		n := lookIdle + lookEach*(w.segments-w.look.segments)
		w.look.segments = w.segments
		w.lookOn(int(min(n, lookLive)), b.now)
	case b.ticks:
		w.lookOn(w.look.file, b.now)
	}
}

// count counts an event.
func (l *looking) count(k record.EventKind) {
	switch k {
	case record.EventOpened:
		l.totals.Opened++
	case record.EventFailed:
		l.totals.Failed++
	case record.EventClosed:
		l.totals.Closed++
	case record.EventReset:
		l.totals.Reset++
	}
}

// view hands those who watch what the workers show. What a worker showed last counts until it
// has completed another walk.
func (x *writer) view(n *batchNote, all []*glance) {
	first := x.w.workers[0] // whose options are those of all
	v := &report.View{Wanted: *n.wanted, Ended: n.ended, At: n.now, Headline: n.headline, Recent: first.summaryOfRecent()}
	var listed *report.Listing
	complete := true
	counted := make([]*counts, len(all))
	for i, g := range all {
		counted[i] = g.counts
		v.Totals.Add(&g.totals)
		v.Totals.Segments += g.counts.segments
		v.Standing.Held += uint64(g.held)
		v.Standing.TimeWait += uint64(g.timeWait)
		if g.followed != nil {
			v.Followed = g.followed
		}
		s := x.sights[i]
		if s == nil || !s.wanted.SameSums(n.wanted) {
			complete = false
			continue
		}
		v.Age = max(v.Age, v.At-s.at)
		v.Standing.Add(&s.standing)
		v.Recent.Merge(s.recent)
		if s.all != nil {
			if v.All == nil {
				v.All = first.summaryOfView()
			}
			v.All.Merge(s.all)
		}
		if listed == nil {
			a := *n.wanted
			a.Where = nil // what workers list was chosen by it
			listed = report.NewListing(a, first.sums.Records)
		}
		listed.Merge(s.listed)
	}
	addCounts(n.headline, counted)
	v.Partial = !complete
	x.w.strange.Store(v.Recent.Strange())
	v.Findings = v.Recent.Findings(n.headline)
	if listed != nil {
		v.Listed, v.Matching = listed.Records()
	}
	for _, o := range x.w.out.watchers {
		x.w.out.note(o.View(v))
	}
	x.seeing.Store(false)
}
