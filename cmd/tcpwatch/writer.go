package main

import (
	"bytes"
	"sync/atomic"
	"time"

	"tcpwatch/report"
)

// writer puts together what the workers have to write, batch by batch, in the
// order in which one worker alone would have written it.
type writer struct {
	w       *watch
	in      chan *batchNote
	current []*chunk    // of each worker, nil when its part of the batch is through
	next    []int       // of its keys
	piped   bool        // the input comes as it is written: so does what is told of it
	asked   atomic.Bool // a snapshot is not printed yet
}

// batchNote is what the writer needs of a batch, which may be in use again by then.
type batchNote struct {
	show     bool
	at       progress
	drops    uint64
	headline *report.Headline // as of the batch, when it asks for a snapshot
}

func newWriter(w *watch) *writer {
	return &writer{w: w, piped: w.size == 0, in: make(chan *batchNote, 2*w.in.ahead()), current: make([]*chunk, len(w.workers)), next: make([]int, len(w.workers))}
}

// run writes until the last batch is through.
func (x *writer) run() {
	for n := range x.in {
		x.batch(n)
	}
}

func (x *writer) batch(n *batchNote) {
	out := x.w.out
	var live living
	var so *report.Summary
	var all []*counts
	busy, wrote := 0, false
	take := func(i int) {
		c := <-x.w.workers[i].to
		x.current[i], x.next[i] = c, 0
		live.open += c.living.open
		live.timeWait += c.living.timeWait
		if c.summary != nil {
			if so == nil {
				so = c.summary
			} else {
				so.Merge(c.summary)
			}
			all = append(all, c.counts)
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
		best := -1
		for i, c := range x.current {
			for c != nil && x.next[i] == len(c.keys) {
				drop(i)
				c = x.current[i]
			}
			if c != nil && (best < 0 || c.keys[x.next[i]].before(&x.current[best].keys[x.next[best]])) {
				best = i
			}
		}
		if best >= 0 {
			x.write(best)
			wrote = true
		}
	}
	if n.headline != nil {
		addCounts(n.headline, all)
		x.snapshot(so, n.headline)
		x.asked.Store(false)
	}
	if n.show || wrote && x.piped {
		out.flush()
	}
	x.w.mu.Lock()
	defer x.w.mu.Unlock()
	if n.show {
		x.w.status.living(x.w, n, live, time.Now())
	} else {
		x.w.status.reading(x.w, n.at)
	}
}

// write writes the lines of a worker's next key.
func (x *writer) write(i int) {
	c := x.current[i]
	at := x.next[i]
	x.next[i]++
	streams := x.w.out.streams
	to := c.ends[at*len(streams):]
	for s, stream := range streams {
		from := uint32(0)
		if at > 0 {
			from = c.ends[(at-1)*len(streams)+s]
		}
		if from < to[s] {
			x.w.out.note(stream.write(c.lines[s][from:to[s]]))
		}
	}
}

// snapshot prints the tables with the connections that are still open.
func (x *writer) snapshot(so *report.Summary, h *report.Headline) {
	w := x.w
	w.out.flush()
	to := w.stdout
	if w.out.stdout != "table" {
		to = w.stderr // whatever is on standard output has it for itself
	}
	var text bytes.Buffer
	w.out.note(report.WriteTables(&text, so, h, w.o.tablesOn(to)))
	w.clear()
	_, err := to.Write(text.Bytes())
	w.out.note(err)
}

// clear removes the status line, so that something else can be written.
func (w *watch) clear() {
	w.mu.Lock()
	w.status.clear()
	w.mu.Unlock()
	if w.in.handle == nil {
		w.out.screen.settle() // standard output is written directly
	}
}

// warn tells the user in a line that something is wrong, and goes on.
func (w *watch) warn(err error) {
	if w.out.found != nil {
		return // the second pass tells
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status.clear()
	tell(w.stderr, err.Error())
}
