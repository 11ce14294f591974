package pair

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

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

// hashEnds is a key of the addresses and ports of a connection, whoever opened it.
func hashEnds(c *Conn) uint64 {
	low, high := inOrder(c)
	return stir(hashEnd(low)) + hashEnd(high)
}

func hashEnd(e *capture.Endpoint) uint64 {
	le := binary.LittleEndian
	return stir(stir(le.Uint64(e.Addr[:])^uint64(e.Port)) ^ le.Uint64(e.Addr[8:]))
}

// stir is the finalizer of SplitMix64: each bit of x changes half of the bits.
func stir(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// mostBeside is of how many connections with the same addresses and ports packets are looked at.
const mostBeside = 8

// beside adds to the packets that are loaded those of connections that had the same addresses and ports
// at one of the places at about the same time: where two are one for a place, it may tell a segment of one as
// the other's. It reports whether there are any.
func (x *comparison) beside(p *Pair) (any bool, err error) {
	if x.ends[0] == nil {
		if err := x.indexEnds(); err != nil {
			return false, err
		}
	}
	done := []item{p.item()}
	for side, c := range [...]*Conn{p.A, p.B} {
		same, err := x.besideAt(side, c)
		if err != nil {
			return false, err
		}
		for _, q := range same {
			o := q.at(side)
			if slices.Contains(done, q.item()) || o.Start > c.End+nearby || c.Start > o.End+nearby || len(done) > mostBeside {
				continue
			}
			done = append(done, q.item())
			turned := o.Orig != c.Orig
			for i := range x.bufs {
				if err := x.add(i, q.at(i), turned != (i != side && p.Turn != q.Turn)); err != nil {
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

// indexEnds makes the index of pairs by the addresses and ports at each place.
func (x *comparison) indexEnds() error {
	var by [2]*sorter
	for i := range by {
		by[i] = &sorter{room: x.pairs.room}
		defer by[i].close()
	}
	err := x.each(func(p *Pair) error {
		a, b := p.item(), p.item()
		a.key, b.key = hashEnds(p.A), hashEnds(p.B)
		return cmp.Or(by[0].add(a), by[1].add(b))
	})
	for i, s := range by {
		x.ends[i] = &index{room: x.pairs.room}
		err = cmp.Or(err, x.ends[i].take(s))
	}
	return err
}

// besideAt are the pairs whose connection at a place has the addresses and ports of one, in the order in which those began.
func (x *comparison) besideAt(side int, c *Conn) (same []*Pair, err error) {
	items, err := x.ends[side].of(hashEnds(c))
	if err != nil {
		return nil, err
	}
	for _, i := range items {
		q, err := x.pair(i)
		if err != nil {
			return nil, err
		}
		if compareEnds(q.at(side), c) == 0 {
			same = append(same, q)
		}
	}
	slices.SortFunc(same, func(p, q *Pair) int { return cmp.Compare(p.at(side).ID, q.at(side).ID) })
	return same, nil
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
	left := slices.Sorted(maps.Keys(p.open))
	by := map[uint64][]uint64{} // those connections, by their ends
	of := map[uint64]*Conn{}
	for _, id := range left {
		of[id] = p.open[id].conn(id)
		key := hashEnds(of[id])
		by[key] = append(by[key], id)
	}
	type taker struct {
		id uint64
		at int
	}
	to := map[uint64]taker{}
	err := p.each(nil, func(c *Conn) error {
		for _, id := range by[hashEnds(c)] {
			if c.ID <= id && c.ID >= to[id].id && compareEnds(of[id], c) == 0 {
				to[id] = taker{c.ID, c.at}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range left {
		c := of[id]
		delete(p.open, id)
		t, ok := to[id]
		if !ok {
			continue
		}
		all, err := p.load(c, nil)
		if err != nil {
			return err
		}
		old, err := p.get(t.at)
		if err != nil {
			return err
		}
		for j := range all {
			if c.src != old.src {
				all[j].end ^= 1
			}
		}
		old.packets, old.adopted = append(old.packets, all...), true
		p.change(old)
	}
	return nil
}
