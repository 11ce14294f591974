package plot

import (
	"cmp"
	"fmt"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// maxWaiting is how many segments wait for their ACK: the oldest of more are not measured.
const maxWaiting = 4096

// RoundTrips gathers the round trips of a connection, in bounded memory: from a segment that was
// sent once to the first ACK of it, as the capture point sees both (Karn's rule). An ACK that
// covers several measures the last of them, which is what it answers.
type RoundTrips struct {
	Marks int // of a direction that are kept at least; 0 means 400

	sides [2]trips // by the end that sent the data
	from  int64
	until int64
	some  bool
}

// trips are those of the data of one end.
type trips struct {
	last    uint64 // the last sequence number
	waiting []waits
	samples []trip
	again   []waits // segments that were sent again
	every   int     // of so many samples one is kept
	n       int
}

// waits is a segment that waits for its ACK.
type waits struct {
	to     uint64
	at     int64
	packet uint64
	again  bool // it was sent again: nobody knows which one an ACK answers
}

// trip is a round trip.
type trip struct {
	at, took    int64 // when its ACK came, and how long after the segment
	packet, ack uint64
}

// Take takes a step with what is told of it, and keeps nothing that it borrows.
func (q *RoundTrips) Take(s *record.Step, t *sentence.Told) {
	g := s.Segment
	if g == nil || s.Untimed || s.From > record.Resp || t.Kinds&(1<<record.MomentDuplicate) != 0 {
		return
	}
	if !q.some {
		q.from, q.some = s.Time, true
	}
	q.until = max(q.until, s.Time)
	most := 2 * cmp.Or(q.Marks, seqMarks)
	if g.Flags.Has(capture.ACK) && !g.Flags.Has(capture.RST) {
		q.sides[s.From.Peer()].acknowledge(s, t, most)
	}
	if n := g.Len + flagsLength(g.Flags); n > 0 && !g.Flags.Has(capture.RST) {
		q.sides[s.From].send(s, t, n, most)
	}
}

// flagsLength is how many sequence numbers SYN and FIN take.
func flagsLength(f capture.Flags) (n uint32) {
	for _, one := range [...]capture.Flags{capture.SYN, capture.FIN} {
		if f.Has(one) {
			n++
		}
	}
	return n
}

func (x *trips) send(s *record.Step, t *sentence.Told, n uint32, most int) {
	from := nearest(x.last, t.Seq)
	w := waits{to: from + uint64(n), at: s.Time, packet: s.Segment.Packet}
	const again = 1<<record.MomentRetransmission | 1<<record.MomentSYNAgain | 1<<record.MomentSYNACKAgain | 1<<record.MomentFINAgain | 1<<record.MomentLastACKLost
	if t.Kinds&again != 0 || from < x.last {
		for i := range x.waiting {
			if o := &x.waiting[i]; o.to > from {
				o.again = true
			}
		}
		if t.Kinds&again != 0 && len(x.again) < most {
			x.again = append(x.again, w)
		}
		x.last = max(x.last, w.to)
		return
	}
	x.last = w.to
	if len(x.waiting) == maxWaiting {
		x.waiting = append(x.waiting[:0], x.waiting[1:]...)
	}
	x.waiting = append(x.waiting, w)
}

func (x *trips) acknowledge(s *record.Step, t *sentence.Told, most int) {
	ack := nearest(x.last, t.Ack)
	n := 0
	for n < len(x.waiting) && x.waiting[n].to <= ack {
		n++
	}
	if n == 0 {
		return
	}
	w := x.waiting[n-1]
	x.waiting = append(x.waiting[:0], x.waiting[n:]...)
	if w.again {
		return
	}
	x.n++
	if x.every = max(x.every, 1); x.n%x.every != 0 {
		return
	}
	x.samples = append(x.samples, trip{at: s.Time, took: max(s.Time-w.at, 0), packet: w.packet, ack: s.Segment.Packet})
	if len(x.samples) >= most {
		x.every *= 2
		for i := range len(x.samples) / 2 {
			x.samples[i] = x.samples[2*i+1]
		}
		x.samples = x.samples[:len(x.samples)/2]
	}
}

// Drawings are the graphs of the ends for which there are round trips.
func (q *RoundTrips) Drawings(id string, c say.Clock) (all []*Drawing) {
	for e := range q.sides {
		if len(q.sides[e].samples) > 0 {
			all = append(all, q.drawing(id, record.End(e), c))
		}
	}
	return all
}

func (q *RoundTrips) drawing(id string, e record.End, c say.Clock) *Drawing {
	x := &q.sides[e]
	d := &Drawing{ID: fmt.Sprintf("%s-rtt-%s", id, e), Width: sheet, Height: 296, Title: "Round trips of what the " + sentence.Who(e) + " sent",
		Desc: fmt.Sprintf("Each dot is a segment that was sent once: how long after it the %s's first ACK of it passed the capture point. Marks at the foot are segments that were sent again, whose round trip nobody knows.", sentence.Who(e.Peer()))}
	if x.every > 1 {
		d.Desc += fmt.Sprintf(" One of %d is drawn.", x.every)
	}
	keys := []key{{"trip", "round trip"}}
	if len(x.again) > 0 {
		keys = append(keys, key{"again", "retransmission"})
	}
	top := d.legend(4, keys...) + 14
	bottom := d.Height - below
	var most int64
	for _, s := range x.samples {
		most = max(most, s.took)
	}
	y := d.counts(uint64(most), top, bottom, "round trip", func(v uint64) string { return say.Duration(int64(v), false) })
	t := d.times(q.from, max(q.until, q.from+1), bottom, c, firstPacket)
	for _, a := range x.again {
		d.rect("again", t.at(float64(a.at))-1, bottom-8, 2, 8, fmt.Sprintf("packet %d: retransmission", a.packet))
	}
	var l labels
	for _, s := range x.samples { // no number covers a dot
		l.taken = append(l.taken, Mark{X: t.at(float64(s.at)) - 3, Y: y.at(float64(s.took)) + 5, W: 6})
	}
	for _, s := range x.samples {
		d.circle("trip", t.at(float64(s.at)), y.at(float64(s.took)), 3, fmt.Sprintf("packet %d, acknowledged by packet %d after %s", s.packet, s.ack, say.Duration(s.took, false)))
		l.write(d, "", t.at(float64(s.at)), y.at(float64(s.took))-6, fmt.Sprint(s.ack))
	}
	return d
}
