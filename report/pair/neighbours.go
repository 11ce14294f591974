package pair

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"sort"

	"tcpwatch/capture"
)

// compareEnds compares the addresses and ports of two connections, whoever opened them.
func compareEnds(x, y *Conn) int {
	low, high := inOrder(x)
	low2, high2 := inOrder(y)
	return cmp.Or(compareEnd(low, low2), compareEnd(high, high2))
}

func compareEnd(x, y *capture.Endpoint) int {
	return cmp.Or(bytes.Compare(x.Addr[:], y.Addr[:]), cmp.Compare(x.Port, y.Port))
}

func inOrder(c *Conn) (low, high *capture.Endpoint) {
	if compareEnd(&c.Orig, &c.Resp) > 0 {
		return &c.Resp, &c.Orig
	}
	return &c.Orig, &c.Resp
}

// byEnds are a place's connections, those with the same addresses and ports in the order in which they began.
type byEnds []*Conn

func newByEnds(all []*Conn) byEnds {
	b := byEnds(slices.Clone(all))
	slices.SortFunc(b, func(x, y *Conn) int { return cmp.Or(compareEnds(x, y), cmp.Compare(x.ID, y.ID)) })
	return b
}

// of are those with the addresses and ports of one.
func (b byEnds) of(c *Conn) []*Conn {
	from := sort.Search(len(b), func(i int) bool { return compareEnds(b[i], c) >= 0 })
	n := sort.Search(len(b)-from, func(i int) bool { return compareEnds(b[from+i], c) > 0 })
	return b[from : from+n]
}

// mostBeside is of how many connections with the same addresses and ports packets are looked at.
const mostBeside = 8

// beside adds to the packets that are loaded those of connections that had the same addresses and ports
// at one of the places at about the same time: where two are one for a place, it may tell a segment of one as
// the other's. It reports whether there are any.
func (x *comparison) beside(p *Pair) (any bool, err error) {
	if x.pairOf == nil {
		x.pairOf = map[*Conn]*Pair{}
		for i := range x.Pairs {
			q := &x.Pairs[i]
			x.pairOf[q.A], x.pairOf[q.B] = q, q
		}
		x.ends = [2]byEnds{newByEnds(x.A.Conns), newByEnds(x.B.Conns)}
	}
	done := []*Pair{p}
	for side, c := range [...]*Conn{p.A, p.B} {
		for _, o := range x.ends[side].of(c) {
			q := x.pairOf[o]
			if q == nil || slices.Contains(done, q) || o.Start > c.End+nearby || c.Start > o.End+nearby || len(done) > mostBeside {
				continue
			}
			done = append(done, q)
			turned := o.Orig != c.Orig
			for i, of := range [...]*Conn{q.A, q.B} {
				if err := x.add(i, of, turned != (i != side && p.Turn != q.Turn)); err != nil {
					return false, err
				}
			}
		}
	}
	if len(done) == 1 {
		return false, nil
	}
	for _, all := range x.bufs {
		sortPackets(all)
	}
	return true, nil
}

// add adds another connection's packets to those that are loaded of a place.
func (x *comparison) add(side int, c *Conn, turned bool) error {
	more, err := [...]*Place{x.A, x.B}[side].load(c, nil)
	for i := range more {
		more[i].marks |= foreign
		if turned {
			more[i].end ^= 1
		}
	}
	x.bufs[side] = append(x.bufs[side], more...)
	return err
}

// adopt gives packets of connections that came to nothing, as a SYN that the old connection on these ports
// outlived, to that one.
func (p *Place) adopt() error {
	if len(p.open) == 0 {
		return nil
	}
	ends := newByEnds(p.Conns)
	for _, id := range slices.Sorted(maps.Keys(p.open)) {
		c := p.open[id]
		delete(p.open, id)
		all, err := p.load(c, nil)
		if err != nil {
			return err
		}
		same := ends.of(c)
		i := sort.Search(len(same), func(i int) bool { return same[i].ID > id }) - 1
		if i < 0 {
			continue
		}
		to := same[i]
		for j := range all {
			if c.src != to.src {
				all[j].end ^= 1
			}
		}
		to.packets, to.adopted = append(to.packets, all...), true
	}
	return nil
}
