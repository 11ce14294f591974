package tcpwatch

import (
	"sync/atomic"

	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// writer hands to the Outputs what the workers have, batch by batch, in the order in which
// one worker alone would have found it.
type writer struct {
	w       *run
	in      chan *batchNote
	current []*chunk     // of each worker, nil when its part of the batch is through
	next    []int        // of its keys
	asked   atomic.Bool  // a snapshot is not handed out yet
	seeing  atomic.Bool  // a View is not
	sights  []*sight     // what each worker showed last of all its connections
	seen    []*seen      // and of those that are awake
	shown   *report.View // the View that was handed out last; nil where the next has to be made anew
}

// batchNote is what the writer needs of a batch, which may be in use again by then.
type batchNote struct {
	ticks    bool // time goes on, or what there is to tell is wanted now
	tick     record.Tick
	batch    *batch           // whose packets some Output takes; else nil
	headline *report.Headline // as of the batch, when it asks for a snapshot or a View
	wanted   *report.Wanted   // of a View; nil for none
	now      int64            // the latest packet time
	ended    bool             // the input has ended
}

func newWriter(w *run) *writer {
	return &writer{w: w, in: make(chan *batchNote, 2*w.in.ahead()), current: make([]*chunk, len(w.workers)), next: make([]int, len(w.workers)), sights: make([]*sight, len(w.workers)), seen: make([]*seen, len(w.workers))}
}

// run writes until the last batch is through.
func (x *writer) run() {
	for n := range x.in {
		x.batch(n)
	}
}

func (x *writer) batch(n *batchNote) {
	out := x.w.out
	if n.batch != nil {
		for i := range n.batch.packets {
			out.packet(&out.ordered, &n.batch.packets[i], record.Datagram{})
		}
		x.w.done(n.batch)
	}
	var so *report.Summary
	var all []*counts
	var glances []*glance
	busy := 0
	take := func(i int) {
		c := <-x.w.workers[i].to
		x.current[i], x.next[i] = c, 0
		n.tick.Open += c.living.open
		n.tick.TimeWait += c.living.timeWait
		if c.summary != nil {
			if so == nil {
				so = c.summary
			} else {
				so.Merge(c.summary)
			}
			all = append(all, c.counts)
		}
		if c.glance != nil {
			glances = append(glances, c.glance)
			if c.glance.newest != nil {
				x.sights[i] = c.glance.newest
			}
			if c.glance.awake != nil {
				x.seen[i] = c.glance.awake
			}
		}
	}
	drop := func(i int) {
		c := x.current[i]
		last := c.last
		select {
		case x.w.workers[i].free <- c:
		default:
		}
		if x.current[i] = nil; last {
			busy--
		} else {
			take(i)
		}
	}
	for i := range x.current {
		take(i)
		busy++
	}
	for busy > 0 {
		first, second := -1, -1 // of the workers, by what each has next
		for i, c := range x.current {
			for c != nil && x.next[i] == len(c.keys) {
				drop(i)
				c = x.current[i]
			}
			switch {
			case c == nil:
			case first < 0 || x.key(i).before(x.key(first)):
				first, second = i, first
			case second < 0 || x.key(i).before(x.key(second)):
				second = i
			}
		}
		if first >= 0 {
			x.write(first, second)
		}
	}
	if n.ticks {
		out.tick(&out.ordered, &n.tick)
	}
	if n.wanted != nil {
		x.view(n, glances)
	}
	if so != nil {
		addCounts(n.headline, all)
		for _, o := range out.snapshots {
			out.note(o.Snapshot(n.headline, so))
		}
		x.asked.Store(false)
	}
}

// key is the place of what a worker has next.
func (x *writer) key(i int) *key { return &x.current[i].keys[x.next[i]] }

// write hands on what a worker has at its next key and, where there are only lines, at all keys before
// the next one of the worker that comes second; -1 for none.
func (x *writer) write(i, second int) {
	c := x.current[i]
	at := x.next[i]
	end := at + 1
	for len(c.told) == 0 && end < len(c.keys) && (second < 0 || c.keys[end].before(x.key(second))) {
		end++
	}
	x.next[i] = end
	out := x.w.out
	n := len(out.parallel)
	to := c.ends[(end-1)*n:]
	for s, o := range out.parallel {
		from := uint32(0)
		if at > 0 {
			from = c.ends[(at-1)*n+s]
		}
		if from < to[s] {
			out.note(o.Lines(c.lines[s][from:to[s]]))
		}
	}
	if at < len(c.told) {
		if t := &c.told[at]; t.conn != nil {
			out.conn(&out.ordered, t.conn)
		} else if t.event != nil {
			out.event(&out.ordered, t.event)
		} else if t.step != nil {
			for _, o := range out.watchers {
				out.note(o.Step(t.step))
			}
		}
	}
}
