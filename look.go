package tcpwatch

import (
	"maps"
	"slices"

	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// While somebody watches (report.Watcher), each worker walks over its connections again and
// again, a part at a time, and sums them up as they stand. A View is made of the walk that was
// completed last, and of what had ended when it was: each connection is in one of the two.

const (
	// lookWhole is up to how many connections a worker walks over at once when a View is
	// wanted; of more it shows the walk that it completed last.
	lookWhole = 16384
	// lookLive is how many it walks over at most four times a second of a live capture: some 20 ms
	// (BenchmarkLook). Where little happens it takes fewer, lookIdle and lookEach for each segment, and
	// lookQuiet where nothing has happened since the walk before began, so that only time can tell more;
	// the first walk that somebody waits for is faster. Of a file, which waits, it takes lookFile at every
	// 4,096th packet.
	lookLive  = 8192
	lookIdle  = 512
	lookEach  = 4
	lookQuiet = 128
	lookFirst = 4 * lookLive
	lookFile  = 1024
	// recentParts is in how many parts of report.RecentSpan what ended is forgotten.
	recentParts = 5 // the newest of which has just begun
	partSpan    = report.RecentSpan / (recentParts - 1)
	// closedKept is how many connections that ended a worker keeps for a list, and citedKept how many besides
	// that a finding may cite.
	closedKept = 1024
	citedKept  = 4096
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
	cited   []bool          // which of those a finding may cite
	nClosed uint64
	roomAt  int64                     // packet time before which there is no room for more of them
	kept    map[uint64]*record.Record // of those that are no longer in the ring, by id, what a finding may cite: at most citedKept
	totals  report.Totals

	shown    bool   // a walk was completed as wanted tells
	segments uint64 // of the worker, when it went on last
	ticked   uint64 // likewise, at a tick
	walkedAt int64  // packet time when it went on last
	began    uint64 // what had happened when the walk under way began
	known    uint64 // and when the one that was completed last did
	forgot   uint64 // parts of ended that are no longer recent
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
		l.begun, l.began = true, w.happened()
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
		if l.wanted.Closed || l.wanted.Held || diagnose.GoesOn(r) {
			x.listed.Add(r)
		}
	})
	if done {
		l.newest, l.shown, l.known = w.complete(now), true, l.began
	}
}

// happened grows with all that happens to connections but that time passes.
func (w *worker) happened() uint64 { return w.segments + w.quotes + w.look.nClosed + w.look.forgot }

// quietly reports whether nothing has happened since the walk that was completed last began.
func (w *worker) quietly() bool { return w.look.shown && w.look.known == w.happened() }

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
		for _, r := range l.kept {
			if l.over || now-r.End <= report.RecentSpan {
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
			if all[recentParts-1] != nil {
				l.forgot++
			}
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
	l.close(r, all.Cited(r.ID))
}

// close keeps a connection that ended; cited: a finding may cite it.
func (l *looking) close(r *record.Record, cited bool) {
	if len(l.closed) < closedKept {
		l.closed, l.cited = append(l.closed, record.Record{}), append(l.cited, false)
	}
	i := l.nClosed % closedKept
	if old := &l.closed[i]; l.cited[i] {
		l.keep(old)
		*old = record.Record{}
	}
	report.CopyRecord(&l.closed[i], r)
	l.cited[i] = cited
	l.nClosed++
}

// keep keeps one that leaves the ring. Findings cite those that showed a trouble first, of the whole input or of what
// is recent: when there are too many, half of the places are for the first, the others for what is recent.
func (l *looking) keep(r *record.Record) {
	if l.kept == nil {
		l.kept = make(map[uint64]*record.Record)
	}
	if len(l.kept) >= citedKept {
		if l.now < l.roomAt {
			return
		}
		ids := slices.Sorted(maps.Keys(l.kept))
		for _, id := range ids[citedKept/2:] {
			if l.now-l.kept[id].End > report.RecentSpan {
				delete(l.kept, id)
			}
		}
		if l.roomAt = l.now + partSpan/4; len(l.kept) >= citedKept {
			return
		}
	}
	c := *r
	l.kept[r.ID] = &c
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
	held := w.tracker.Held()
	fresh := w.quietly() && now >= l.walkedAt && (now-l.walkedAt)/showEvery*lookQuiet < int64(held)
	if whole || held <= l.whole && !fresh {
		w.endWalk()
		w.lookOn(held, now)
		l.walkedAt = now
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
		if past := b.now - w.look.walkedAt; past >= 0 && past < showEvery {
			return
		}
		n := lookIdle + lookEach*(w.segments-w.look.segments)
		if w.quietly() {
			n = lookQuiet
		}
		w.look.segments, w.look.walkedAt = w.segments, b.now
		w.lookOn(int(min(n, lookLive)), b.now)
	case b.ticks && w.segments != w.look.ticked: // while no packet comes live, time ticks all the same
		n := min(lookEach*(w.segments-w.look.ticked), uint64(w.look.file))
		w.look.ticked = w.segments
		w.lookOn(int(n), b.now)
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
