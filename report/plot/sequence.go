package plot

import (
	"cmp"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// seqMarks is how many marks of a direction are kept of each kind at least where nobody asks
// for more; twice as many at most, before neighbours are put together.
const seqMarks = 400

// Sequence gathers what the time-sequence graphs of a connection show, in bounded memory: of a
// long connection neighbours become one mark.
type Sequence struct {
	Marks int // of a direction that are kept of each kind at least; 0 means 400

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
	most     int    // marks of a kind before neighbours are put together
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
	own.most, other.most = 2*cmp.Or(q.Marks, seqMarks), 2*cmp.Or(q.Marks, seqMarks)
	const probes = 1<<record.MomentKeepalive | 1<<record.MomentWindowProbe
	if g.Len > 0 || g.Flags.Any(capture.SYN|capture.FIN|capture.RST) || t.Kinds&probes != 0 {
		own.send(s, t)
	}
	if g.Flags.Has(capture.ACK) && !g.Flags.Has(capture.RST) {
		other.acknowledge(s, t)
	}
}

// far is a sequence number without its end at 2^32.
func (x *side) far(n uint32) uint64 { return nearest(x.last, n) }

// nearest is a sequence number without its end at 2^32: the nearest to the last.
func nearest(last uint64, n uint32) uint64 {
	v := int64(last) + int64(int32(n-uint32(last)))
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
	if len(x.segments) >= x.most {
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
	if len(kept) > x.most*3/4 {
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
	if len(x.acks) >= x.most {
		for i := range len(x.acks) / 2 {
			x.acks[i] = x.acks[2*i+1]
		}
		x.acks = x.acks[:len(x.acks)/2]
	}
	for _, b := range g.SACK[:min(int(g.NSACK), len(g.SACK))] {
		if len(x.blocks) < x.most {
			x.blocks = append(x.blocks, block{s.Time, g.Packet, x.far(b.Left - g.Ack + t.Ack), x.far(b.Right - g.Ack + t.Ack)})
		}
	}
}
