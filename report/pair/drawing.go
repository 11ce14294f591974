package pair

import (
	"cmp"
	"fmt"
	"slices"

	"tcpwatch/tracker/record"
)

// Drawing is a connection with what became of each of its segments.
type Drawing struct {
	A, B  *Conn // B is nil where the other place did not see it
	at    [2]*Place
	Rung  Rung
	Apart bool  // its segments were not compared: those of A are shown
	Rows  []Row // in the order in which they were sent, by A's clock; of a long connection those that show something
}

// At is the number of the connection at a place; 0 where that did not see it.
func (w *Drawing) At(p *Place) uint64 {
	for side, c := range [...]*Conn{w.A, w.B} {
		if c != nil && w.at[side] == p {
			return c.ID
		}
	}
	return 0
}

// Row is a segment on its way.
type Row struct {
	Dir           int
	Class         Class
	Seq           uint32            // from the sender's initial sequence number
	Len           uint32            // payload
	Again         bool              // it was sent before
	Sent          record.Opt[int64] // when it passed the sender's place, by A's clock; unknown where it was made between
	Got           record.Opt[int64] // when it came to the receiver's place; unknown where it did not
	SentNo, GotNo uint64            // packet numbers at those
	Fate          Fate
	Lost          uint32 // of Len, bytes that did not arrive, where a part did
	Overtaken     bool   // it came behind segments that were sent later
	Doubled       bool   // it came once more
	Made          bool   // it came without having been sent
	Skipped       int    // not a segment: so many that simply arrived are left out here
}

// What is shown of a long connection: its first and last rows, and those around each segment that did not simply
// arrive; fewer than leastSkipped in a row are shown all the same.
const (
	shownAtEnds  = 8
	shownAround  = 3
	leastSkipped = 6
)

// plain reports whether a segment simply arrived.
func (r *Row) plain() bool {
	return r.Fate == Arrived && !r.Made && !r.Doubled && !r.Overtaken && !r.Again && (r.Class == ClassData || r.Class == ClassACK)
}

// shorten leaves out rows of which there is nothing to say.
func shorten(rows []Row) (short []Row) {
	keep := make([]bool, len(rows))
	mark := func(from, to int) {
		for i := max(from, 0); i < min(to, len(rows)); i++ {
			keep[i] = true
		}
	}
	mark(0, shownAtEnds)
	mark(len(rows)-shownAtEnds, len(rows))
	for i := range rows {
		if !rows[i].plain() {
			mark(i-shownAround, i+shownAround+1)
		}
	}
	for i := 0; i < len(rows); {
		n := 0
		for i+n < len(rows) && !keep[i+n] {
			n++
		}
		switch {
		case n >= leastSkipped:
			short = append(short, Row{Skipped: n})
		default:
			n = max(n, 1)
			short = append(short, rows[i:i+n]...)
		}
		i += n
	}
	return short
}

// at is when it stands in the drawing.
func (r *Row) at() int64 {
	if r.Sent.OK {
		return r.Sent.V
	}
	return r.Got.V
}

// draw makes the drawing of the pair whose segments were set side by side.
func (x *comparison) draw(p *Pair) *Drawing {
	a, b := *p.A, *p.B
	w := &Drawing{A: &a, B: &b, Rung: p.Rung, at: [...]*Place{x.A, x.B}}
	for d := range x.flights {
		f := &x.flights[d]
		sentAt := func(q *packet) int64 { return x.onA(d == Forth, q.time) }
		gotAt := func(q *packet) int64 { return x.onA(d == Back, q.time) }
		for i := range f.sent {
			q := &f.sent[i]
			if f.fates[i] == Spare {
				continue
			}
			row := Row{Dir: d, Class: q.class(), Seq: q.seq - f.sentBase, Len: q.len, Again: f.again[i], Sent: record.Some(sentAt(q)), SentNo: q.number, Fate: f.fates[i], Overtaken: slices.Contains(f.late, int32(i))}
			if j := f.at[i]; j >= 0 {
				g := &f.got[j]
				row.Got, row.GotNo = record.Some(gotAt(g)), g.number
				if row.Fate == Lost {
					row.Lost = q.len - f.landed[i]
				}
			}
			w.Rows = append(w.Rows, row)
		}
		for j := range f.got {
			g := &f.got[j]
			if f.from[j] >= 0 && !f.doubled[j] || f.from[j] < 0 && g.marks&spare != 0 {
				continue
			}
			w.Rows = append(w.Rows, Row{Dir: d, Class: g.class(), Seq: g.seq - f.gotBase, Len: g.len, Got: record.Some(gotAt(g)), GotNo: g.number,
				Doubled: f.doubled[j], Made: !f.doubled[j]})
		}
	}
	w.sort()
	w.Rows = shorten(w.Rows)
	return w
}

// onA is a time of one of the places by A's clock.
func (x *comparison) onA(isA bool, at int64) int64 {
	if isA {
		return at
	}
	return at - x.Clock.AtB(at)
}

// sort puts the rows in order of time; of what passed at once, the lower packet number first.
func (w *Drawing) sort() {
	slices.SortStableFunc(w.Rows, func(a, b Row) int { return cmp.Compare(a.at(), b.at()) })
}

// drawAlone makes the drawing of a connection at A that has no pair.
func (x *comparison) drawAlone(c *Conn) (*Drawing, error) {
	a := *c
	w := &Drawing{A: &a, at: [...]*Place{x.A, x.B}}
	all, err := x.A.load(c, x.bufs[0])
	if err != nil {
		return nil, err
	}
	for i := range all {
		q := &all[i]
		if q.marks&spare != 0 {
			continue
		}
		base := uint32(0)
		if isn := c.ISN[q.end]; isn.OK {
			base = isn.V
		}
		row := Row{Dir: int(q.end), Class: q.class(), Seq: q.seq - base, Len: q.len, Fate: Unwatched}
		if q.end == uint8(record.Orig) {
			row.Sent, row.SentNo = record.Some(q.time), q.number
		} else {
			row.Got, row.GotNo = record.Some(q.time), q.number
		}
		w.Rows = append(w.Rows, row)
	}
	w.Rows = shorten(w.Rows)
	return w, nil
}

// mostDrawn is how many connections are drawn without being asked for.
const mostDrawn = 8

// shows reports whether a pair shows a kind of trouble that none before did.
func (x *comparison) shows(d *Detail) (first bool) {
	if x.shown == nil {
		x.shown = map[string]bool{}
	}
	show := func(dir int, what string, n uint64) {
		if kind := fmt.Sprint(dir, what); n > 0 && !x.shown[kind] {
			x.shown[kind], first = true, true
		}
	}
	for dir := range d.Flows {
		f := &d.Flows[dir]
		for c := range NClasses {
			show(dir, "lost "+c.String(), f.Lost[c])
		}
		show(dir, "RST made", d.Made[dir][ClassRST])
		show(dir, "FIN made", d.Made[dir][ClassFIN])
		show(dir, "doubled", All(f.Doubled))
		show(dir, "overtaken", f.Reordered)
	}
	return first
}
