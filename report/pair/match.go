package pair

import (
	"cmp"
	mathbits "math/bits"
	"slices"

	"tcpwatch/tracker/record"
)

// Rung is by what a connection was known again at the other place, the surest first.
type Rung uint8

// Rungs.
const (
	ByNumbers   Rung = iota // both initial sequence numbers
	ByOneNumber             // one of them; the other was rewritten, or not captured
	ByPayload               // the first bytes of payload, and a sign that no proxy opened a connection of its own
	ByAddresses             // addresses and ports, at the same time
	ByProxy                 // the first bytes of payload alone: two connections of a proxy; only when asked for

	NRungs
)

// String is the rung as tables name it.
func (r Rung) String() string {
	return [NRungs]string{"both initial sequence numbers", "one initial sequence number", "first payload bytes", "addresses and ports", "payload through a proxy"}[r]
}

// Name is the rung as JSON Lines name it.
func (r Rung) Name() string {
	return [NRungs]string{"isns", "isn", "payload", "addresses", "via"}[r]
}

// Pair is one connection at both places.
type Pair struct {
	A, B *Conn
	Rung Rung
	Turn bool // the originator at A is the responder at B: one of them was guessed
}

// at is the connection at a place, 0 for A.
func (p *Pair) at(side int) *Conn { return [...]*Conn{p.A, p.B}[side] }

// endAt is which end it is at B that is e at A.
func (p *Pair) endAt(e record.End) record.End {
	if p.Turn {
		return e.Peer()
	}
	return e
}

// nearby is by how much the same connection's times may differ at two places with equal clocks.
const nearby = int64(2e9)

// mostOfKey is among how many connections of one key those that fit are looked for.
const mostOfKey = 64

// matcher pairs the connections of two places.
type matcher struct {
	sides     [2]side
	room      *room
	pairs     *sorter // by the ID at A
	rungs     [NRungs]uint64
	ambiguous uint64 // connections at A that fitted several of one key
	proxied   uint64 // pairs that only --via would join
	via       bool
	ahead     sample             // by how much B's clock is, as pairs show
	offset    record.Opt[int64]  // the middle of that
	same      func(p *Pair) bool // a sign in the packets that no proxy stands between
}

// side is a place with what became of its connections.
type side struct {
	place  *Place
	paired bits
	unsure bits // those that fitted several
}

func newMatcher(a, b *Place, via bool) *matcher {
	m := &matcher{room: roomOf(a, b), via: via}
	for i, p := range [...]*Place{a, b} {
		m.sides[i] = side{p, newBits(p.n), newBits(p.n)}
	}
	m.pairs = &sorter{room: m.room}
	return m
}

// roomOf is what sorters may take while two places are compared.
func roomOf(a, b *Place) *room {
	const sorters = 8 // at once
	r := &room{file: a.opt.Spill}
	if a.opt.MaxBytes > 0 && b.opt.MaxBytes > 0 && r.file != nil {
		r.most = int(min(a.opt.MaxBytes, b.opt.MaxBytes)/sorters/perItem) + 1
	}
	return r
}

// run pairs by rung after rung.
func (m *matcher) run() error {
	rung := func(r Rung, key func(*Conn) (uint64, bool), fits func(*Pair) bool) error {
		err := m.join(r, key, fits, m.take, func(side, i int) { m.sides[side].unsure.set(i) })
		m.offset = m.ahead.middle()
		return err
	}
	err := rung(ByNumbers, func(c *Conn) (uint64, bool) {
		a, b := c.ISN[0].V, c.ISN[1].V // of a simultaneous open either end may be the originator
		return uint64(min(a, b))<<32 | uint64(max(a, b)), c.ISN[0].OK && c.ISN[1].OK
	}, nil)
	for e := range 2 {
		err = cmp.Or(err, rung(ByOneNumber, func(c *Conn) (uint64, bool) { return uint64(c.ISN[e].V), c.ISN[e].OK }, m.near))
	}
	for _, ends := range [...][]int{{0, 1}, {0}, {1}} {
		err = cmp.Or(err, rung(ByPayload, func(c *Conn) (uint64, bool) { return digests(c, ends) }, m.sameBytes))
	}
	err = cmp.Or(err, rung(ByAddresses, func(c *Conn) (uint64, bool) { return hashEnds(c), true },
		func(p *Pair) bool { return compareEnds(p.A, p.B) == 0 && m.near(p) }))
	for i, unsure := range m.sides[0].unsure {
		m.ambiguous += uint64(mathbits.OnesCount64(unsure &^ m.sides[0].paired[i]))
	}
	return cmp.Or(err, m.byProxy())
}

// take takes a pair.
func (m *matcher) take(p *Pair) error {
	m.sides[0].paired.set(p.A.at)
	m.sides[1].paired.set(p.B.at)
	m.rungs[p.Rung]++
	if p.A.Start != 0 && p.B.Start != 0 && p.Rung < ByAddresses {
		m.ahead.add(p.B.Start - p.A.Start)
	}
	return m.pairs.add(p.item())
}

// item is the pair as sorters have it.
func (p *Pair) item() item {
	return item{key: p.A.ID, i: uint32(p.A.at), j: uint32(p.B.at), rung: p.Rung, turn: p.Turn}
}

// byProxy joins, or counts, connections with the same first bytes in both directions but
// numbers of their own.
func (m *matcher) byProxy() error {
	return m.join(ByProxy, func(c *Conn) (uint64, bool) { return digests(c, []int{0, 1}) }, m.near, func(p *Pair) error {
		m.proxied++
		if m.via {
			return m.take(p)
		}
		return nil
	}, func(side, i int) {})
}

// digests is a key of the digests and the numbers of bytes of some ends.
func digests(c *Conn, ends []int) (key uint64, ok bool) {
	const most = 64 // bytes in a digest
	for _, e := range ends {
		if !c.Digest[e].OK {
			return 0, false
		}
		n := uint64(most)
		if b := c.Bytes[e]; b.OK && b.V < most {
			n = b.V
		}
		key = (key*0x9e3779b97f4a7c15 ^ c.Digest[e].V) + n
	}
	return key, true
}

// near reports whether both may be of the same time.
func (m *matcher) near(p *Pair) bool {
	if !m.offset.OK || p.A.Start == 0 || p.B.Start == 0 {
		return true
	}
	off := m.offset.V
	return p.B.Start-off <= p.A.End+nearby && p.B.End-off >= p.A.Start-nearby
}

// sameBytes is near, with a sign that the segments themselves passed, or the same endpoints.
func (m *matcher) sameBytes(p *Pair) bool {
	return m.near(p) && (p.A.Orig == p.B.Orig && p.A.Resp == p.B.Resp || m.same != nil && m.same(p))
}

// join pairs, of the connections left, those that are alone with their key at each place; of
// several those that fit one another and no other. It calls several with the connections that fitted several.
func (m *matcher) join(rung Rung, key func(*Conn) (uint64, bool), fits func(*Pair) bool, take func(*Pair) error, several func(side, i int)) error {
	var at [2]*cursor
	for i := range m.sides {
		s := &sorter{room: m.room}
		defer s.close()
		err := m.sides[i].place.each(m.sides[i].paired, func(c *Conn) error {
			if k, ok := key(c); ok {
				return s.add(item{key: k, i: uint32(c.at)})
			}
			return nil
		})
		if err != nil {
			return err
		}
		at[i] = s.all()
	}
	var conns, own [2][]*Conn // those of a key, and the memory for them
	for {
		x, more := at[0].peek()
		y, more2 := at[1].peek()
		switch {
		case !more || !more2:
			return cmp.Or(at[0].err, at[1].err)
		case x.key < y.key:
			at[0].next()
			continue
		case x.key > y.key:
			at[1].next()
			continue
		}
		of, many := alike(at, x.key, several)
		if many {
			continue
		}
		for side, all := range of {
			conns[side] = conns[side][:0]
			for k, i := range all {
				if k == len(own[side]) {
					own[side] = append(own[side], &Conn{})
				}
				c, err := m.sides[side].place.getIn(i, own[side][k])
				if err != nil {
					return err
				}
				conns[side] = append(conns[side], c)
			}
		}
		for _, p := range m.among(conns[0], conns[1], rung, fits, several) {
			if err := take(&p); err != nil {
				return err
			}
		}
	}
}

// alike are the connections of a key, by place. Of more than mostOfKey at one place it calls several with each.
func alike(at [2]*cursor, key uint64, several func(side, i int)) (of [2][]int, many bool) {
	for side, c := range at {
		for x, ok := c.peek(); ok && x.key == key; x, ok = c.peek() {
			c.next()
			if many {
				several(side, int(x.i))
				continue
			}
			of[side] = append(of[side], int(x.i))
			if many = len(of[side]) > mostOfKey; many {
				for side, all := range of {
					for _, i := range all {
						several(side, i)
					}
				}
			}
		}
	}
	return of, many
}

// among pairs connections of one key: by each test in turn, those that only fit one another.
func (m *matcher) among(a, b []*Conn, rung Rung, fits func(*Pair) bool, several func(side, i int)) (pairs []Pair) {
	pairOf := func(x, y *Conn) Pair {
		turn := x.Orig == y.Resp && x.Resp == y.Orig && x.Orig != y.Orig
		if rung == ByNumbers {
			turn = x.ISN[0] != y.ISN[0]
		}
		return Pair{A: x, B: y, Rung: rung, Turn: turn}
	}
	tests := []func(*Pair) bool{m.near, sameDigests, sameEnds}
	if len(a) == 1 && len(b) == 1 {
		tests = []func(*Pair) bool{func(*Pair) bool { return true }}
	}
	for _, test := range tests {
		fit := func(x, y *Conn) (Pair, bool) {
			p := pairOf(x, y)
			return p, (fits == nil || fits(&p)) && test(&p)
		}
		var taken []*Conn
		for _, x := range a {
			y, alone := only(b, func(y *Conn) bool { _, ok := fit(x, y); return ok })
			if !alone {
				continue
			}
			if _, alone = only(a, func(x *Conn) bool { _, ok := fit(x, y); return ok }); alone {
				pairs, taken = append(pairs, pairOf(x, y)), append(taken, x, y)
			}
		}
		isTaken := func(c *Conn) bool { return slices.Contains(taken, c) }
		a, b = slices.DeleteFunc(slices.Clone(a), isTaken), slices.DeleteFunc(slices.Clone(b), isTaken)
	}
	for _, x := range a {
		for _, y := range b {
			if p := pairOf(x, y); fits == nil || fits(&p) {
				several(0, x.at)
				several(1, y.at)
			}
		}
	}
	return pairs
}

// only is the connection that fits, where exactly one does.
func only(all []*Conn, fits func(*Conn) bool) (found *Conn, alone bool) {
	for _, c := range all {
		if fits(c) {
			if found != nil {
				return nil, false
			}
			found = c
		}
	}
	return found, found != nil
}

// sameDigests reports whether both directions began with the same bytes.
func sameDigests(p *Pair) bool {
	for e := range p.A.Digest {
		if a, b := p.A.Digest[e], p.B.Digest[e]; !a.OK || !b.OK || a.V != b.V {
			return false
		}
	}
	return true
}

// sameEnds reports whether the addresses and ports are the same.
func sameEnds(p *Pair) bool { return p.A.Orig == p.B.Orig && p.A.Resp == p.B.Resp }

// sample is a bounded part of many values: each of the first, then each second, fourth, ...
type sample struct {
	of       []int64
	every, n int
}

// mostSampled is how many values a sample holds.
const mostSampled = 1 << 16

func (s *sample) add(v int64) {
	s.every = max(s.every, 1)
	if s.n++; (s.n-1)%s.every != 0 {
		return
	}
	if s.of = append(s.of, v); len(s.of) == mostSampled {
		for i := range s.of[:mostSampled/2] {
			s.of[i] = s.of[2*i]
		}
		s.of, s.every = s.of[:mostSampled/2], 2*s.every
	}
}

// middle is the median.
func (s *sample) middle() (m record.Opt[int64]) {
	if len(s.of) == 0 {
		return m
	}
	all := slices.Sorted(slices.Values(s.of))
	return record.Some(all[len(all)/2])
}
