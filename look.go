package tcpwatch

import (
	"maps"
	"slices"

	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
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
	// lookQuiet where nothing has happened since the walk before began, so that only time can tell more,
	// or where nobody asks for what only the walk over all connections tells. What many segments allow the walk
	// over who is awake is not lost: behind them most come to rest. The first walk that somebody waits for is
	// faster. Of a file, which waits, it takes lookFile at every 4,096th packet.
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

// sight is what a worker shows of all its connections.
type sight struct {
	wanted report.Wanted   // what it is for
	at     int64           // when it began to look
	all    *report.Summary // nil when nobody wants it
	listed *report.Listing
}

// glance is what a worker shows at once, however many connections it has.
type glance struct {
	newest   *sight // nil when no walk was completed since the glance before
	awake    *seen  // likewise, of that over who is awake
	looked   int64  // packet time when the one that was completed last began
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
	awake  awake
	now    int64 // packet time
	// late sums up what ended after the walk under way had passed it: it counts from the next walk on,
	// and so it is not in the worker's summary yet.
	late    *report.Summary
	closed  []record.Record // the last closedKept, in a ring
	cited   []bool          // which of those a finding may cite
	nClosed uint64
	roomAt  int64                     // packet time before which there is no room for more of them
	kept    map[uint64]*record.Record // of those that are no longer in the ring, by id, what a finding may cite: at most citedKept
	totals  report.Totals

	shown    bool   // a walk was completed as wanted tells
	segments uint64 // of the worker, when it went on last
	ticked   uint64 // likewise, at a tick
	owed     uint64 // connections that the walk over who is awake may take beyond lookIdle; all that are held at most
	walkedAt int64  // packet time when it went on last
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

// lookOn goes on with the walk over all connections, over n at most.
func (w *worker) lookOn(n int, now int64) {
	l := w.look
	if !l.begun {
		l.begun = true
		l.pass = max(l.pass+1, 1) // once around it begins again
		l.walk = &sight{wanted: l.wanted, at: now, listed: report.NewListing(l.wanted, w.sums.Records)}
		if l.wanted.All {
			l.walk.all = w.summaryOfView()
		}
		l.late = report.NewSummary(w.sums)
		if l.awake.next.sum == nil {
			l.awake.next = nextBase{sum: w.summaryOfRecent(), pass: l.pass}
		}
	}
	x := l.walk
	done := w.tracker.Look(l.pass, n, func(r *record.Record, rest *table.Rest) {
		w.names.Attach(r)
		if l.awake.next.pass == l.pass {
			l.awake.rest(w, r, rest, now)
		}
		if !w.asked(r) {
			return
		}
		if x.all != nil {
			x.all.Add(r)
		}
		if l.wanted.Closed || l.wanted.Held || diagnose.GoesOn(r) {
			x.listed.Add(r)
		}
	})
	if done {
		l.newest, l.shown = w.complete(now), true
	}
}

// happened grows with all that happens to connections but that time passes.
func (w *worker) happened() uint64 {
	return w.segments + w.quotes + w.look.nClosed + w.look.awake.forgot
}

// quietly reports whether nothing has happened since the walk over who is awake that was completed last began.
func (w *worker) quietly() bool {
	l := &w.look.awake
	return l.last != nil && !l.begun && l.known == w.happened()
}

// complete is the walk that has come to its end, with what has ended.
func (w *worker) complete(now int64) *sight {
	l, x := w.look, w.look.walk
	if x.all != nil {
		x.all.Merge(w.summary)
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
	l.awake.next.done = l.awake.next.done || l.awake.next.pass == l.pass
	w.endWalk()
	return x
}

// endWalk ends the walk under way: what ended meanwhile counts with all else that did.
func (w *worker) endWalk() {
	if l := w.look; l != nil && l.begun {
		w.summary.Merge(l.late)
		l.begun, l.walk, l.late = false, nil, nil
	}
}

// ended takes a connection that has ended.
func (w *worker) ended(r *record.Record) {
	l := w.look
	all := w.summary
	if looked, _ := w.tracker.Leaving(); l.begun && looked == l.pass {
		all = l.late
	}
	all.Add(r)
	l.awake.end(w, r, l.now)
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
		w.stopWalk()
		l.shown = false
	}
	l.wanted, l.over = *a, whole
	held := w.tracker.Held()
	few, pass := held <= l.whole, l.awake.pass
	switch {
	case whole:
		w.finishAwake(now)
		w.finishAwake(now)
	case few && w.due(held, now):
		w.finishAwake(now)
	case !few && !l.awake.begun && w.due(held, now):
		w.lookAwake(l.whole, now)
	}
	if whole || few && (l.lists() && l.awake.pass != pass || !l.shown) {
		w.stopWalk()
		w.lookOn(held+1, now)
	}
	w.tracker.Follow(a.Follow)
	g := &glance{newest: l.newest, awake: l.awake.newest, looked: l.awake.looked, totals: l.totals, counts: w.counts()}
	g.held, g.timeWait = g.counts.tracker.Open, g.counts.tracker.TimeWait
	l.newest, l.awake.newest = nil, nil
	w.tracker.Followed(func(r *record.Record) {
		w.names.Attach(r)
		g.followed = copied(r)
	})
	return g
}

// lists reports whether somebody wants what only the walk over all connections tells.
func (l *looking) lists() bool { return l.wanted.All || l.wanted.Rows > 0 }

// due reports whether it is time for another walk over who is awake, of so many connections that are held.
func (w *worker) due(held int, now int64) bool {
	l := &w.look.awake
	every, little := awakeEvery, w.happened()-l.known < awakeFew
	switch {
	case w.quietly(): // the fewer are held, the less another walk costs
		every = min(awakeQuiet, int64(held/lookQuiet)*showEvery)
	case little && held > w.look.whole:
		every = awakeQuiet
	case held <= w.look.whole && (!little || held <= w.look.whole/8):
		every = 0
	}
	return l.last == nil || now < l.at || now-l.at >= every
}

// finishAwake completes the walk over who is awake, or one from its beginning.
func (w *worker) finishAwake(now int64) {
	for again := true; again; again = w.look.awake.begun {
		w.lookAwake(w.tracker.Held()+1, now)
	}
}

// stopWalk ends the walk over all connections before it is complete; it makes no base then.
func (w *worker) stopWalk() {
	if l := w.look; l.begun {
		if l.awake.next.pass == l.pass {
			l.awake.next = nextBase{}
		}
		w.endWalk()
	}
}

// lookAgain goes on with walks that are too long for one glance, as fast as the input allows.
func (w *worker) lookAgain(b *batch) {
	l := w.look
	if l == nil {
		return
	}
	switch {
	case w.tracker.Held() <= l.whole:
		if b.tick.Show && !l.lists() {
			w.lookOn(lookQuiet, b.now)
		}
	case b.tick.Show && l.awake.last == nil:
		w.lookAwake(lookFirst, b.now)
	case b.tick.Show && l.lists() && !l.shown:
		w.lookOn(lookFirst, b.now)
	case b.tick.Show:
		if past := b.now - l.walkedAt; past >= 0 && past < showEvery {
			return
		}
		n := lookIdle + lookEach*(w.segments-l.segments)
		l.owed = min(l.owed+n-lookIdle, uint64(w.tracker.Held()))
		l.segments, l.walkedAt = w.segments, b.now
		if l.awake.begun {
			more := min(l.owed, lookLive-lookIdle)
			l.owed -= more
			w.lookAwake(int(lookIdle+more), b.now)
		} else {
			if w.quietly() || !l.lists() {
				n = lookQuiet
			}
			w.lookOn(int(min(n, lookLive)), b.now)
		}
	case b.ticks && w.segments != l.ticked: // while no packet comes live, time ticks all the same
		n := int(min(lookEach*(w.segments-l.ticked), uint64(l.file)))
		l.ticked = w.segments
		w.lookAwake(n, b.now)
		w.lookOn(n, b.now)
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
