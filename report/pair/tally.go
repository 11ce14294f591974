package pair

import (
	"slices"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// tally is what the findings are made of.
type tally struct {
	lost      [NDirections]examples
	fewer     [NDirections]examples // of which the records of the other place count less
	doubled   [NDirections]examples
	overtaken [NDirections]examples // of which segments were overtaken
	ways      [NDirections]uint64   // of those, connections whose segments came by ways of several lengths
	made      [NDirections][NClasses]examples
	changed   [NChanges]examples
	sides     [NChanges]string        // of each change, at which place the option was in the first connection
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
	listen capture.Endpoint // of the first
	spread bool             // others have another listener
}

// add takes a connection.
func (e *examples) add(c *Conn) {
	if e.n++; e.n == 1 {
		e.listen = c.Resp
	}
	e.spread = e.spread || c.Resp != e.listen
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
	return e.listen, e.n > 0 && !e.spread
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
		if c := &d.Counted[dir]; All(c.Fewer) > 0 {
			t.fewer[dir].add(p.A)
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
			if t.changed[c].n == 0 {
				t.sides[c] = sideOf(p, c)
			}
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
