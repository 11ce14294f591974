package plot

import (
	"fmt"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// seqMarks is how many marks of a direction are kept of each kind at least; twice as many at
// most, before neighbours are put together.
const seqMarks = 400

// Sequence gathers what the time-sequence graphs of a connection show, in bounded memory: of a
// long connection neighbours become one mark.
type Sequence struct {
	sides [2]side // by the end that sent the data
	from  int64
	until int64
	some  bool
}

// side is what one end sent, and what the other acknowledged.
type side struct {
	segments []sent
	acks     []acked
	blocks   []block
	data     bool   // it sent some
	windows  bool   // the other end's windows are known
	last     uint64 // the last sequence number, as it would be if it had no end
	left     int    // segments that are not drawn: there are too many
}

// sent is a segment, or several that follow each other.
type sent struct {
	at, until  int64
	from, to   uint64
	packet     uint64
	lastPacket uint64
	class      string // "" for data that is sent the first time
	letter     string
	tip        string
}

// acked is an ACK of the other end.
type acked struct {
	at       int64
	packet   uint64
	ack, end uint64 // up to which it acknowledges, and to which its window reaches
	window   bool   // which is known
	again    bool   // it acknowledges what the one before did
}

// block is a SACK block.
type block struct {
	at       int64
	packet   uint64
	from, to uint64
}

// Take takes a step with what is told of it, and keeps nothing that it borrows.
func (q *Sequence) Take(s *record.Step, t *sentence.Told) {
	g := s.Segment
	if g == nil || s.Untimed || s.From > record.Resp {
		return
	}
	if !q.some {
		q.from, q.some = s.Time, true
	}
	q.until = max(q.until, s.Time)
	own, other := &q.sides[s.From], &q.sides[s.From.Peer()]
	const probes = 1<<record.MomentKeepalive | 1<<record.MomentWindowProbe
	if g.Len > 0 || g.Flags.Any(capture.SYN|capture.FIN|capture.RST) || t.Kinds&probes != 0 {
		own.send(s, t)
	}
	if g.Flags.Has(capture.ACK) && !g.Flags.Has(capture.RST) {
		other.acknowledge(s, t)
	}
}

// far is a sequence number without its end at 2^32: the nearest to the last.
func (x *side) far(n uint32) uint64 {
	v := int64(x.last) + int64(int32(n-uint32(x.last)))
	return uint64(max(v, 0))
}

// special are the moments of a segment that is no data sent the first time.
var special = [...]struct {
	kind          record.MomentKind
	class, letter string
}{
	{record.MomentRetransmission, "again", "R"}, {record.MomentSYNAgain, "again", "R"}, {record.MomentSYNACKAgain, "again", "R"}, {record.MomentFINAgain, "again", "R"},
	{record.MomentOutOfOrder, "late", "O"}, {record.MomentKeepalive, "probe", "K"}, {record.MomentWindowProbe, "probe", "P"},
}

func (x *side) send(s *record.Step, t *sentence.Told) {
	g := s.Segment
	from := x.far(t.Seq)
	m := sent{at: s.Time, until: s.Time, from: from, to: from + uint64(g.Len), packet: g.Packet, lastPacket: g.Packet}
	x.last = max(x.last, m.to)
	x.data = x.data || g.Len > 0
	for _, k := range special {
		if t.Kinds&(1<<k.kind) != 0 {
			m.class, m.letter = k.class, k.letter
		}
	}
	for _, f := range [...]struct {
		flag   capture.Flags
		letter string
	}{{capture.SYN, "SYN"}, {capture.FIN, "FIN"}, {capture.RST, "RST"}} {
		if g.Flags.Any(f.flag) {
			m.letter = strings.TrimPrefix(m.letter+" "+f.letter, " ")
			if m.class == "" {
				m.class = "flag"
			}
			if f.flag == capture.RST {
				m.class = "again"
			}
		}
	}
	if m.class != "" {
		m.tip = strings.Join(t.Words, "; ")
	}
	x.segments = append(x.segments, m)
	if len(x.segments) >= 2*seqMarks {
		x.thin()
	}
}

// thin puts neighbours together, and leaves some out where that is not enough.
func (x *side) thin() {
	kept := x.segments[:0]
	for i := 0; i < len(x.segments); i++ {
		m := x.segments[i]
		if i+1 < len(x.segments) {
			if n := x.segments[i+1]; m.class == "" && n.class == "" && n.from >= m.from {
				m.until, m.to, m.lastPacket = n.until, max(m.to, n.to), n.lastPacket
				i++
			}
		}
		kept = append(kept, m)
	}
	if len(kept) > seqMarks*3/2 {
		half := kept[:0]
		for i, m := range kept {
			if i%2 == 0 {
				half = append(half, m)
			} else {
				x.left++
			}
		}
		kept = half
	}
	x.segments = kept
}

func (x *side) acknowledge(s *record.Step, t *sentence.Told) {
	g := s.Segment
	ack := x.far(t.Ack)
	m := acked{at: s.Time, packet: g.Packet, ack: ack}
	if t.Offered.OK {
		m.end, m.window, x.windows = ack+uint64(t.Offered.V), true, true
	}
	if n := len(x.acks); n > 0 {
		before := &x.acks[n-1]
		m.again = before.ack == ack && g.Len == 0 && !g.Flags.Any(capture.SYN|capture.FIN)
	}
	x.acks = append(x.acks, m)
	if len(x.acks) >= 2*seqMarks {
		for i := range len(x.acks) / 2 {
			x.acks[i] = x.acks[2*i+1]
		}
		x.acks = x.acks[:len(x.acks)/2]
	}
	for _, b := range g.SACK[:min(int(g.NSACK), len(g.SACK))] {
		if len(x.blocks) < 2*seqMarks {
			x.blocks = append(x.blocks, block{s.Time, g.Packet, x.far(b.Left - g.Ack + t.Ack), x.far(b.Right - g.Ack + t.Ack)})
		}
	}
}

// Drawings are the graphs of the ends that sent data.
func (q *Sequence) Drawings(id string, c say.Clock) (all []*Drawing) {
	for e := range q.sides {
		if q.sides[e].data {
			all = append(all, q.drawing(id, record.End(e), c))
		}
	}
	return all
}

func (q *Sequence) drawing(id string, e record.End, c say.Clock) *Drawing {
	x := &q.sides[e]
	d := &Drawing{ID: fmt.Sprintf("%s-sequence-%s", id, e), Width: sheet, Height: 400, Title: "What the " + sentence.Who(e) + " sent over time",
		Desc: fmt.Sprintf("Time runs to the right, sequence numbers run up, counted from the first. Each upright mark is a segment; the lower line is what the %s acknowledged, the upper one how far its window reached. R: retransmission, O: out of order, K: keepalive probe, P: zero-window probe.", sentence.Who(e.Peer()))}
	keys := []key{{"seg", "segment"}, {"again", "retransmission, RST"}, {"late", "out of order"}, {"ack", "ACK"}}
	if x.windows {
		keys = append(keys, key{"window", "window"})
	} else {
		d.Desc += " The window is not known: the SYNs were not captured."
	}
	if len(x.blocks) > 0 {
		keys = append(keys, key{"sack", "SACK"})
	}
	if x.left > 0 {
		d.Desc += fmt.Sprintf(" %s more are not drawn.", say.Plural(uint64(x.left), "segment"))
	}
	top := d.legend(4, keys...) + 14
	bottom := d.Height - below
	low, high := x.reach()
	y := d.counts(high-low, top, bottom, nil)
	y.from, y.to = y.from+float64(low), y.to+float64(low)
	t := d.times(q.from, max(q.until, q.from+1), bottom, c)
	x.lines(d, t, y)
	for _, b := range x.blocks {
		d.rect("sack", t.at(float64(b.at))-1, y.at(float64(b.to)), 2, max(y.at(float64(b.from))-y.at(float64(b.to)), 1), fmt.Sprintf("packet %d: SACK %d:%d", b.packet, b.from, b.to))
	}
	for i := range x.segments {
		x.segments[i].draw(d, t, y)
	}
	return d
}

// reach is from which sequence number to which the graph goes.
func (x *side) reach() (low, high uint64) {
	low, high = x.segments[0].from, 1
	for i := range x.segments {
		low, high = min(low, x.segments[i].from), max(high, x.segments[i].to)
	}
	for i := range x.acks {
		high = max(high, x.acks[i].ack)
	}
	for i := range x.acks {
		if a := &x.acks[i]; a.window && a.end-low <= (high-low)*3/2 {
			high = max(high, a.end)
		}
	}
	return low, max(high, low+1)
}

// lines draws the lines of the ACKs and of the windows; where a window reaches beyond the
// graph its line has a gap.
func (x *side) lines(d *Drawing, t, y scale) {
	var acks, windows strings.Builder
	lastACK, up := "", false
	for i := range x.acks {
		a := &x.acks[i]
		at, h := number(t.at(float64(a.at))), number(y.at(max(float64(a.ack), y.from)))
		switch {
		case i == 0:
			acks.WriteString("M" + at + " " + h)
		case h != lastACK:
			acks.WriteString("H" + at + "V" + h)
		}
		lastACK = h
		if a.again {
			d.rect("ack", t.at(float64(a.at))-1, y.at(max(float64(a.ack), y.from))-3, 2, 6, fmt.Sprintf("packet %d: ACK %d again", a.packet, a.ack))
		}
		shown := a.window && float64(a.end) <= y.to
		switch w := number(y.at(max(float64(a.end), y.from))); {
		case shown && up:
			windows.WriteString("H" + at + "V" + w)
		case shown:
			windows.WriteString("M" + at + " " + w)
		case up:
			windows.WriteString("H" + at)
		}
		up = shown
	}
	end := "H" + number(t.high)
	if acks.Len() > 0 {
		d.path("curve ack", acks.String()+end, "")
	}
	if up {
		windows.WriteString(end)
	}
	if windows.Len() > 0 {
		d.path("curve window", windows.String(), "")
	}
}

// draw draws a segment, or several as a slanted mark.
func (m *sent) draw(d *Drawing, t, y scale) {
	x1, x2, y1, y2 := t.at(float64(m.at)), t.at(float64(m.until)), y.at(float64(m.from)), y.at(float64(m.to))
	tip := fmt.Sprintf("packet %d: %d:%d", m.packet, m.from, m.to)
	if m.lastPacket != m.packet {
		tip = fmt.Sprintf("packets %d to %d: %d:%d", m.packet, m.lastPacket, m.from, m.to)
	}
	if m.tip != "" {
		tip += ", " + m.tip
	}
	class := "seg"
	if m.class != "" {
		class = m.class
	}
	if m.lastPacket != m.packet {
		d.line("curve "+class, x1, y1, x2, y2, tip)
	} else {
		d.rect(class, x1-1, min(y2, y1-2), 2, max(y1-y2, 2), tip)
	}
	if m.letter != "" {
		place := "middle"
		if x1 < left+textWidth(m.letter)/2 {
			place = "start"
		}
		d.text(place+" mark in-"+class, x1+3, min(y1, y2)-4, m.letter)
	}
}
