package pair

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// Options choose how two places are compared.
type Options struct {
	Why  uint64 // the connection at A to draw, by ID; 0 for none
	Draw bool   // one connection of each kind of trouble is drawn, as Result.Drawn
	Via  bool   // connections with the same payload through a proxy are joined too
	// Each, if set, takes every pair when its segments were set side by side.
	Each func(r *Result, p *Pair, d *Detail) error
}

// Directions of segments between the places.
const (
	Forth = iota // from A, at the clients, to B
	Back

	NDirections
)

// Detail is what became of the segments of one pair.
type Detail struct {
	Flows   [NDirections]Flow
	Changed Changes
	Counted [NDirections]Counted          // by records
	Made    [NDirections][NClasses]uint64 // came at the receiver's place alone, while the sender's watched
	Apart   bool                          // the two places' numbers have nothing in common: nothing was compared
}

// Result is what the comparison of two places found.
type Result struct {
	A, B      *Place
	Swapped   bool // the places were given the other way round: A is at the clients
	Pairs     uint64
	Rungs     [NRungs]uint64
	Ambiguous uint64 // connections at A that fit several at B
	Proxied   uint64 // pairs of connections with the same payload, which only Options.Via joins
	Clock     Clock
	Flows     [NDirections]Flow
	Counted   [NDirections]Counted
	Paths     []*Path // the most lost first
	Alone     [2]Alone
	Apart     uint64                      // pairs of which no segment could be compared
	Unheld    uint64                      // pairs of which a place kept no packets, as of stored records, or not all: its table was full
	Unseen    [NDirections][2]bool        // no place saw segments of that direction, by place
	Classes   [NDirections][NClasses]bool // segments of the class were compared
	Inferred  [NDirections]uint64         // lost segments of kinds of which the other place captured none: their sender heard no ACK for them

	Drawing *Drawing   // of Options.Why
	Drawn   []*Drawing // of Options.Draw

	tally tally
	via   bool // of the Options
}

// comparison is a Result in the making.
type comparison struct {
	*Result
	opt     Options
	aligner aligner
	flights [NDirections]flight
	bufs    [2][]packet
	watch   *clockWatch
	saw     [NDirections][2][NClasses]bool
	paths   map[[2]capture.Endpoint]*Path
	shown   map[string]bool // kinds of trouble that a drawing shows
	pairs   *sorter
	ends    [2]*index // the pairs by the addresses and ports at each place, when asked for
	detail  Detail    // of the pair that is compared
	merger  fold.Merger
}

// Compare pairs the connections of two places and sets their segments side by side.
func Compare(a, b *Place, o Options) (*Result, error) {
	x := &comparison{Result: &Result{A: a, B: b, via: o.Via}, opt: o, watch: newClockWatch(), paths: map[[2]capture.Endpoint]*Path{}}
	x.tally.cite(x.A, x.B)
	if err := cmp.Or(a.adopt(), b.adopt(), x.match()); err != nil {
		return nil, err
	}
	defer x.close()
	turned, err := x.turned()
	if err == nil && turned {
		err = x.swap()
	}
	if err := cmp.Or(err, x.setClocks(), x.each(x.compare)); err != nil {
		return nil, err
	}
	if o.Why != 0 && x.Drawing == nil {
		if err := x.drawUnpaired(); err != nil {
			return nil, err
		}
	}
	for _, p := range x.paths {
		x.Paths = append(x.Paths, p)
		for d := range p.Flows {
			fold.Merge(&x.Flows[d], &p.Flows[d])
		}
	}
	lost := func(p *Path) uint64 { return All(p.Flows[Forth].Lost) + All(p.Flows[Back].Lost) }
	slices.SortFunc(x.Paths, func(p, q *Path) int {
		return cmp.Or(cmp.Compare(lost(q), lost(p)), cmp.Compare(q.Conns, p.Conns), cmp.Compare(p.A.String(), q.A.String()), cmp.Compare(p.B.String(), q.B.String()))
	})
	return x.Result, nil
}

// ErrNoConn is that there is no connection of the number in Options.Why.
var ErrNoConn = errors.New("no connection")

// drawUnpaired makes the drawing of Options.Why where that connection has no pair.
func (x *comparison) drawUnpaired() (err error) {
	var found *Conn
	err = x.A.each(nil, func(c *Conn) error {
		if c.ID == x.opt.Why {
			copied := *c
			found = &copied
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case found == nil:
		return fmt.Errorf("%w #%d at %s: they are numbered by their first packet there", ErrNoConn, x.opt.Why, x.A.Name())
	}
	if x.Drawing, err = x.drawAlone(found); err != nil {
		return err
	}
	if x.Alone[0].missed[found.ID] { // what its client sent came nowhere
		for i := range x.Drawing.Rows {
			if row := &x.Drawing.Rows[i]; row.Sent.OK {
				row.Fate = Lost
			}
		}
	}
	return nil
}

// match pairs the connections.
func (x *comparison) match() error {
	var failed error
	m := newMatcher(x.A, x.B, x.opt.Via)
	x.pairs = m.pairs
	m.same = func(p *Pair) bool {
		same, err := x.unproxied(p)
		failed = cmp.Or(failed, err)
		return same
	}
	err := m.run()
	x.Pairs, x.Rungs, x.Ambiguous, x.Proxied = uint64(m.pairs.n), m.rungs, m.ambiguous, m.proxied
	return cmp.Or(err, failed, x.alone(m))
}

// each calls f with all pairs, by the IDs at A; f keeps none of them.
func (x *comparison) each(f func(*Pair) error) error {
	var own [2]Conn
	return x.pairs.each(func(i item) error {
		p, err := x.pairIn(i, &own[0], &own[1])
		if err != nil {
			return err
		}
		return f(p)
	})
}

// pair is the one that an item stands for.
func (x *comparison) pair(i item) (*Pair, error) { return x.pairIn(i, nil, nil) }

func (x *comparison) pairIn(i item, toA, toB *Conn) (*Pair, error) {
	a, err := x.A.getIn(int(i.i), toA)
	b, err2 := x.B.getIn(int(i.j), toB)
	return &Pair{A: a, B: b, Rung: i.rung, Turn: i.turn}, cmp.Or(err, err2)
}

// close gives up files.
func (x *comparison) close() {
	x.pairs.close()
	for _, i := range x.ends {
		i.close()
	}
}

// unproxied reports whether the first segment with payload in some direction has the same IP
// identification, or the same TSval, at both places: a proxy sends segments of its own.
func (x *comparison) unproxied(p *Pair) (bool, error) {
	for e := range p.A.IPID {
		if a, b := p.A.IPID[e], p.B.IPID[e]; a.OK && b.OK && a.V == b.V {
			return true, nil
		}
	}
	if err := x.load(p); err != nil {
		return false, err
	}
	first := func(all []packet, end record.End) *packet {
		i := slices.IndexFunc(all, func(q packet) bool { return q.end == uint8(end) && q.len > 0 })
		if i < 0 {
			return nil
		}
		return &all[i]
	}
	for e := record.Orig; e <= record.Resp; e++ {
		a, b := first(x.bufs[0], e), first(x.bufs[1], p.endAt(e))
		if a == nil || b == nil {
			continue
		}
		if a.ipid != 0 && a.ipid == b.ipid || a.marks&b.marks&hasTS != 0 && a.tsval == b.tsval {
			return true, nil
		}
	}
	return false, nil
}

// compare sets the segments of a pair side by side.
func (x *comparison) compare(p *Pair) error {
	key := [2]capture.Endpoint{p.A.Resp, *p.B.end(p.endAt(record.Resp))}
	path := x.path(key)
	path.Conns++
	detail := &x.detail
	*detail = Detail{Changed: changes(p)}
	if err := x.load(p); err != nil {
		return err
	}
	aligned := false
	switch {
	case p.Rung == ByProxy:
	case len(x.bufs[0]) == 0 || len(x.bufs[1]) == 0 || p.A.Evicted || p.B.Evicted:
		x.Unheld++
		x.count(p, detail)
		detail.Changed.offeredECN(p)
	default:
		aligned = true
		if err := x.set(p, path, detail); err != nil {
			return err
		}
	}
	switch {
	case x.opt.Why == 0 || p.A.ID != x.opt.Why:
	case aligned && !detail.Apart:
		x.Drawing = x.draw(p)
	default:
		d, err := x.drawAlone(p.A)
		if err != nil {
			return err
		}
		b := *p.B
		d.B, d.Rung, d.Apart, x.Drawing = &b, p.Rung, true, d
	}
	if x.opt.Draw && len(x.Drawn) < mostDrawn && x.shows(detail) {
		x.Drawn = append(x.Drawn, x.draw(p))
	}
	for d := range detail.Flows {
		x.merger.Merge(&path.Flows[d], &detail.Flows[d])
		x.merger.Merge(&x.Counted[d], &detail.Counted[d])
	}
	if detail.Apart {
		x.Apart++
	}
	x.tally.take(p, detail)
	if x.opt.Each != nil {
		return x.opt.Each(x.Result, p, detail)
	}
	return nil
}

// set compares the packets that are loaded.
func (x *comparison) set(p *Pair, path *Path, to *Detail) error {
	arrived, all, open := x.align(p)
	if open {
		more, err := x.beside(p)
		if err != nil {
			return err
		}
		if more {
			arrived, all, _ = x.align(p)
		}
	}
	if to.Apart = arrived == 0 && all >= fewest; to.Apart {
		return nil
	}
	for d := range x.flights {
		f := &x.flights[d]
		x.unwatched(f, d)
		unit := unitOf(p, d, f)
		// Only for who takes each pair is it gathered how long its segments took, and then merged: that is a third of the time.
		into := &path.Flows[d]
		if x.opt.Each != nil {
			into = &to.Flows[d]
		}
		way := x.way(d)
		to.Flows[d].add(f, unit, func(sent, got *packet) {
			if x.Clock.Known() && f.timed(sent, got) {
				into.took(way(sent, got))
			}
		})
		to.Changed.segmentsECN(&to.Flows[d])
		x.made(f, d, &to.Made[d])
	}
	return nil
}

// align aligns both directions of the packets that are loaded: how many of how many at both places are
// equal, and whether any has nothing at the other place.
func (x *comparison) align(p *Pair) (arrived, all int, open bool) {
	x.fly(p)
	for d := range x.flights {
		f := &x.flights[d]
		x.aligner.align(f, x.way(d))
		for i := range f.fates {
			if f.at[i] >= 0 {
				arrived++
			}
			open = open || f.fates[i] == Lost || f.fates[i] == Missed
		}
		for j := range f.from {
			open = open || f.from[j] < 0 && f.got[j].marks&spare == 0
		}
		all += min(len(f.sent), len(f.got))
	}
	return arrived, all, open
}

// fewest is of how many segments at both places some must be equal.
const fewest = 3

// unwatched notes the segments that the other place could not capture: it began later, or had
// ended, or takes no segments of that class.
func (x *comparison) unwatched(f *flight, d int) {
	other := x.B
	if d == Back {
		other = x.A
	}
	for i := range f.sent {
		if f.fates[i] != Lost {
			continue
		}
		switch c := f.sent[i].class(); {
		case !x.watched(other, x.onClockOf(d, f.sent[i].time)):
			f.fates[i] = Unwatched
		case !x.Classes[d][c] && f.unanswered(&f.sent[i]):
			x.Inferred[d]++
		case !x.Classes[d][c]:
			f.fates[i] = Unwatched
		}
	}
}

// onClockOf is a time of the sender's place by the receiver's clock.
func (x *comparison) onClockOf(d int, at int64) int64 {
	if d == Forth {
		return at + x.Clock.At(at)
	}
	return at - x.Clock.AtB(at)
}

// watched reports whether a place captured at a time of its own clock.
func (x *comparison) watched(p *Place, at int64) bool {
	from, until := p.watch()
	return at >= from && at <= until
}

// atOnce is how long after the last packet of a capture that capture still ran, ns: what ended a connection
// at one place ended the traffic at the other too.
const atOnce = int64(100e6)

// made counts what came while the sender's place, which captures such segments, saw nothing of it.
func (x *comparison) made(f *flight, d int, to *[NClasses]uint64) {
	near := x.A
	if d == Back {
		near = x.B
	}
	for j := range f.got {
		g := &f.got[j]
		if f.from[j] >= 0 || g.marks&spare != 0 || !x.saw[d][0][ClassData] && !x.saw[d][0][ClassACK] {
			continue
		}
		at := g.time - x.Clock.AtB(g.time)
		if d == Back {
			at = g.time + x.Clock.At(g.time)
		}
		if from, until := near.watch(); at >= from && at-atOnce <= until {
			to[g.class()]++
		}
	}
}
