package pair

import (
	"slices"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// alone sorts the connections that were not paired by what that means.
func (x *comparison) alone(m *matcher) {
	var known [2]map[capture.Endpoint]bool // listeners of paired connections, by place
	for side := range known {
		known[side] = map[capture.Endpoint]bool{}
	}
	for i := range m.pairs {
		p := &m.pairs[i]
		known[0][p.A.Resp], known[1][p.B.Resp] = true, true
	}
	var listens [2]map[capture.Endpoint]bool // all of them
	for side, p := range [...]*Place{x.A, x.B} {
		listens[side] = map[capture.Endpoint]bool{}
		for _, c := range p.Conns {
			listens[side][c.Resp] = true
		}
	}
	off := m.offset
	for side, left := range [...][]*Conn{m.a, m.b} {
		other, sign := x.B, int64(1)
		if side == 1 {
			other, sign = x.A, -1
		}
		alone := &x.Alone[side]
		for _, c := range left {
			switch {
			case m.unsure[c]:
			case off.OK && c.Start != 0 && (c.Start+sign*off.V > other.last || c.End+sign*off.V < other.first),
				!off.OK && (c.Start > other.last || c.End < other.first):
				alone.Outside++
			case !known[side][c.Resp] && !listens[1-side][c.Resp]:
				alone.Elsewhere++
			default:
				alone.Missing = append(alone.Missing, c)
			}
		}
	}
}

// tally is what the findings are made of.
type tally struct {
	lost      [NDirections]examples
	doubled   [NDirections]examples
	overtaken [NDirections]examples // of which segments were overtaken
	ways      [NDirections]uint64   // of those, connections whose segments came by ways of several lengths
	made      [NDirections][NClasses]examples
	changed   [NChanges]examples
	mss       [2]map[[2]uint16]uint64 // by whose SYN: values at A and at B
	payload   examples
	cited     [2]map[uint64]*Detail // by place: connections that findings of the place name, by ID
}

// mostExamples is how many connections a finding names.
const mostExamples = 20

// examples are connections that show something.
type examples struct {
	n      uint64
	conns  []uint64 // ids at A, the first
	since  int64
	until  int64
	listen map[capture.Endpoint]uint64
}

// add takes a connection.
func (e *examples) add(c *Conn) {
	if e.listen == nil {
		e.listen = map[capture.Endpoint]uint64{}
	}
	e.n++
	e.listen[c.Resp]++
	if len(e.conns) < mostExamples {
		e.conns = append(e.conns, c.ID)
	}
	if e.since == 0 || c.Start < e.since {
		e.since = c.Start
	}
	e.until = max(e.until, c.End)
}

// one is the only listener of the connections, if there is only one.
func (e *examples) one() (l capture.Endpoint, ok bool) {
	for l = range e.listen {
	}
	return l, len(e.listen) == 1
}

// cite looks for the connections that the findings of each place name.
func (t *tally) cite(a, b *Place) {
	for side, p := range [...]*Place{a, b} {
		t.cited[side] = map[uint64]*Detail{}
		for i := range p.Found {
			for _, id := range p.Found[i].Conns {
				t.cited[side][id] = nil
			}
		}
	}
}

// take counts a pair.
func (t *tally) take(p *Pair, d *Detail) {
	for side, c := range [...]*Conn{p.A, p.B} {
		if _, ok := t.cited[side][c.ID]; ok {
			kept := *d
			t.cited[side][c.ID] = &kept
		}
	}
	for dir := range d.Flows {
		f := &d.Flows[dir]
		if All(f.Lost) > 0 {
			t.lost[dir].add(p.A)
		}
		if All(f.Doubled) > 0 {
			t.doubled[dir].add(p.A)
		}
		if f.Reordered > 0 {
			t.overtaken[dir].add(p.A)
			if len(f.ways()) > 1 {
				t.ways[dir]++
			}
		}
		for c := range NClasses {
			if d.Made[dir][c] > 0 && (c == ClassRST || c == ClassFIN) {
				t.made[dir][c].add(p.A)
			}
		}
		if f.Payloads > 0 {
			t.payload.add(p.A)
		}
	}
	for c := range NChanges {
		if d.Changed.Has(c) {
			t.changed[c].add(p.A)
		}
	}
	for e := record.Orig; e <= record.Resp; e++ {
		if d.Changed.Has(ChangedClientMSS + Change(e)) {
			if t.mss[e] == nil {
				t.mss[e] = map[[2]uint16]uint64{}
			}
			t.mss[e][[2]uint16{p.A.Offers[e].MSS.V, p.B.Offers[p.endAt(e)].MSS.V}]++
		}
	}
}

// commonMSS is the change of MSS that most connections show.
func (t *tally) commonMSS(e record.End) (from, to uint16) {
	best := uint64(0)
	for x, n := range t.mss[e] {
		if n > best || n == best && slices.Compare(x[:], []uint16{from, to}) < 0 {
			from, to, best = x[0], x[1], n
		}
	}
	return from, to
}
