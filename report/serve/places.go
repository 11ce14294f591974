package serve

import (
	"cmp"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/report"
)

// Limits of who has series of its own.
const (
	maxOwn = 64 // listeners of this host
	// DefaultTop is how many of the others with the most attempts get series of their own at a time.
	DefaultTop = 10
	topTimes   = 4 // so many times that at most ever get them
	someTries  = 8 // attempts that make a listener of this host worth series, though none opened
	otherName  = "other"
)

// places says which listeners have series of their own; what all others count is told as that of
// "other". A series only ever grows, and never goes away: who is once among the first keeps its
// own, though others may be busier later, and of one that comes in later what it counted before
// stays with "other".
type places struct {
	top   int
	given map[capture.Endpoint]*place
	own   int                       // of those, of this host
	seen  map[capture.Endpoint]bool // the listeners that were counted before
	total report.Counts
	other report.Counts
}

// place is what is shown of a listener.
type place struct {
	name   string
	before report.Counts // that "other" shows
	shown  report.Counts
}

// take takes what was counted; all: nothing more comes, so that what was not settled is. Counts that
// went back since stay as they were.
func (p *places) take(c report.Counters, all bool, local func(capture.Addr) bool) {
	if p.given == nil {
		p.given = make(map[capture.Endpoint]*place)
	}
	now := make(map[capture.Endpoint]report.Counts)
	for l, n := range c.Each {
		now[l] = told(n, all)
	}
	p.choose(now, local)
	p.seen = make(map[capture.Endpoint]bool, len(now))
	for l := range now {
		p.seen[l] = true
	}
	total := told(&c.Total, all)
	grow(&p.total, &total)
	rest := p.total
	for l, x := range p.given {
		if n, ok := now[l]; ok {
			less(&n, &x.before)
			grow(&x.shown, &n)
		}
		less(&rest, &x.shown)
	}
	grow(&p.other, &rest)
}

// told are the counts of a listener.
func told(n *report.Counted, all bool) report.Counts {
	c := n.Settled
	if all {
		for i, k := range n.Unsettled {
			c[i] += k
		}
	}
	return c
}

// grow has counts be no less than others.
func grow(c, o *report.Counts) {
	for i := range c {
		c[i] = max(c[i], o[i])
	}
}

// less takes others away.
func less(c, o *report.Counts) {
	for i := range c {
		c[i] -= min(c[i], o[i])
	}
}

// tries are the attempts to open.
func tries(c *report.Counts) (n uint64) {
	for _, k := range c[report.CountOpened:report.CountClosed] {
		n += k
	}
	return n
}

// choose gives places to those who are to have one.
func (p *places) choose(now map[capture.Endpoint]report.Counts, local func(capture.Addr) bool) {
	var own, remote []capture.Endpoint
	for l, c := range now {
		switch mine := local != nil && local(l.Addr); {
		case !mine:
			remote = append(remote, l)
		case p.given[l] == nil && (c[report.CountOpened] > 0 || tries(&c) >= someTries):
			own = append(own, l)
		}
	}
	first := func(a, b capture.Endpoint) int {
		x, y := now[a], now[b]
		return cmp.Or(cmp.Compare(tries(&y), tries(&x)), slices.Compare(a.Addr[:], b.Addr[:]), cmp.Compare(a.Port, b.Port))
	}
	slices.SortFunc(own, first)
	for _, l := range own[:min(len(own), maxOwn-p.own)] {
		p.give(l, now[l])
		p.own++
	}
	slices.SortFunc(remote, first)
	for _, l := range remote[:min(len(remote), p.top)] {
		if p.given[l] == nil && len(p.given)-p.own < topTimes*p.top {
			p.give(l, now[l])
		}
	}
}

// give gives a listener a place; what it counted before stays where it is.
func (p *places) give(l capture.Endpoint, c report.Counts) {
	x := &place{name: l.String()}
	if p.seen[l] {
		x.before = c
	}
	p.given[l] = x
}

// all are the listeners with their counts, in the order of their names, "other" last.
func (p *places) all() (all []*place) {
	for _, x := range p.given {
		held := *x // what is told is read while the next is counted
		all = append(all, &held)
	}
	slices.SortFunc(all, func(a, b *place) int { return cmp.Compare(a.name, b.name) })
	return append(all, &place{name: otherName, shown: p.other})
}
