package pair

import (
	"cmp"
	"slices"

	"tcpwatch/capture"
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
	a, b      []*Conn // those not yet paired
	pairs     []Pair
	ambiguous uint64         // connections at A that fitted several of one key
	proxied   uint64         // pairs that only --via would join
	unsure    map[*Conn]bool // connections that fitted several
	via       bool
	offset    record.Opt[int64]  // by how much B's clock is ahead, roughly
	same      func(p *Pair) bool // a sign in the packets that no proxy stands between
}

// keyed is a connection under its key.
type keyed[K cmp.Ordered] struct {
	key  K
	conn *Conn
}

// run pairs by rung after rung.
func (m *matcher) run() {
	var many map[*Conn]bool // that fitted several, at the rung at hand
	rung := func(ambiguous map[*Conn]bool) {
		if many == nil {
			many = map[*Conn]bool{}
		}
		for c := range ambiguous {
			many[c] = true
		}
		m.learn()
	}
	rung(join(m, ByNumbers, func(c *Conn) (uint64, bool) {
		a, b := c.ISN[0].V, c.ISN[1].V // of a simultaneous open either end may be the originator
		return uint64(min(a, b))<<32 | uint64(max(a, b)), c.ISN[0].OK && c.ISN[1].OK
	}, nil))
	for e := range 2 {
		rung(join(m, ByOneNumber, func(c *Conn) (uint64, bool) { return uint64(c.ISN[e].V), c.ISN[e].OK }, m.near))
	}
	for _, ends := range [...][]int{{0, 1}, {0}, {1}} {
		rung(join(m, ByPayload, func(c *Conn) (uint64, bool) { return digests(c, ends) }, m.sameBytes))
	}
	addressed := func(c *Conn) (string, bool) { return addresses(c), true }
	rung(join(m, ByAddresses, addressed, m.near))
	m.unsure = many
	for _, c := range m.a {
		if many[c] {
			m.ambiguous++
		}
	}
	m.byProxy()
	slices.SortFunc(m.pairs, func(x, y Pair) int { return cmp.Compare(x.A.ID, y.A.ID) })
}

// byProxy joins, or counts, connections with the same first bytes in both directions but
// numbers of their own.
func (m *matcher) byProxy() {
	before := len(m.pairs)
	join(m, ByProxy, func(c *Conn) (uint64, bool) { return digests(c, []int{0, 1}) }, m.near)
	m.proxied = uint64(len(m.pairs) - before)
	if m.via {
		return
	}
	for _, p := range m.pairs[before:] {
		p.A.paired, p.B.paired = false, false
		m.a, m.b = append(m.a, p.A), append(m.b, p.B)
	}
	m.pairs = m.pairs[:before]
	byID := func(x, y *Conn) int { return cmp.Compare(x.ID, y.ID) }
	slices.SortFunc(m.a, byID)
	slices.SortFunc(m.b, byID)
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

// addresses is a key of both endpoints, whoever opened the connection.
func addresses(c *Conn) string {
	one := func(e *capture.Endpoint) string {
		return string(e.Addr[:]) + string([]byte{byte(e.Port >> 8), byte(e.Port)})
	}
	a, b := one(&c.Orig), one(&c.Resp)
	return min(a, b) + max(a, b)
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
// several those that fit one another and no other. It returns the connections at A that
// fitted several.
func join[K cmp.Ordered](m *matcher, rung Rung, key func(*Conn) (K, bool), fits func(*Pair) bool) map[*Conn]bool {
	of := func(all []*Conn) (keys []keyed[K]) {
		for _, c := range all {
			if k, ok := key(c); ok {
				keys = append(keys, keyed[K]{key: k, conn: c})
			}
		}
		slices.SortStableFunc(keys, func(x, y keyed[K]) int { return cmp.Compare(x.key, y.key) })
		return keys
	}
	a, b := of(m.a), of(m.b)
	several := map[*Conn]bool{}
	for len(a) > 0 && len(b) > 0 {
		switch c := cmp.Compare(a[0].key, b[0].key); {
		case c < 0:
			a = a[1:]
			continue
		case c > 0:
			b = b[1:]
			continue
		}
		i, j := alike(a), alike(b)
		for _, p := range m.among(conns(a[:i]), conns(b[:j]), rung, fits, several) {
			m.pairs = append(m.pairs, p)
			p.A.paired, p.B.paired = true, true
		}
		a, b = a[i:], b[j:]
	}
	left := func(all []*Conn) []*Conn {
		return slices.DeleteFunc(all, func(c *Conn) bool { return c.paired })
	}
	m.a, m.b = left(m.a), left(m.b)
	return several
}

// alike is how many have the key of the first.
func alike[K cmp.Ordered](all []keyed[K]) int {
	n := 1
	for n < len(all) && all[n].key == all[0].key {
		n++
	}
	return n
}

// conns are the connections of those.
func conns[K cmp.Ordered](all []keyed[K]) []*Conn {
	list := make([]*Conn, len(all))
	for i, x := range all {
		list[i] = x.conn
	}
	return list
}

// among pairs connections of one key: by each test in turn, those that only fit one another.
func (m *matcher) among(a, b []*Conn, rung Rung, fits func(*Pair) bool, several map[*Conn]bool) (pairs []Pair) {
	if len(a) > mostOfKey || len(b) > mostOfKey {
		for _, c := range slices.Concat(a, b) {
			several[c] = true
		}
		return nil
	}
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
				several[x], several[y] = true, true
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

// learn finds by how much B's clock is ahead of A's: the middle of what the connections paired so far show.
func (m *matcher) learn() {
	var all []int64
	for i := range m.pairs {
		if p := &m.pairs[i]; p.A.Start != 0 && p.B.Start != 0 && p.Rung < ByAddresses {
			all = append(all, p.B.Start-p.A.Start)
		}
	}
	if len(all) > 0 {
		slices.Sort(all)
		m.offset = record.Some(all[len(all)/2])
	}
}
