package plot

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

var phrases = sentence.Phrases{MSL: 30e9}

// play hands a Sequence the segments of a connection.
type play struct {
	q      Sequence
	teller sentence.Teller
	packet uint64
	also   func(s *record.Step, t *sentence.Told) // nil for nobody
}

func (p *play) send(at int64, from record.End, flags capture.Flags, seq, ack, length uint32, moments ...record.MomentKind) *capture.Segment {
	p.packet++
	g := &capture.Segment{Packet: p.packet, Time: recordtest.Start + at, Flags: flags, Seq: seq, Ack: ack, Len: length, Window: 1000, MSS: 100}
	p.take(g, from, moments...)
	return g
}

func (p *play) take(g *capture.Segment, from record.End, moments ...record.MomentKind) {
	s := &record.Step{Conn: 1, Segment: g, Time: g.Time, From: from, RelSeq: g.Seq, RelAck: g.Ack}
	for _, k := range moments {
		s.Moments = append(s.Moments, record.Moment{Kind: k, End: from})
	}
	t := p.teller.Take(s)
	p.q.Take(s, &t)
	if p.also != nil {
		p.also(s, &t)
	}
}

func newPlay() *play { return &play{teller: sentence.NewTeller(phrases)} }

// open is a handshake at once; windows are not scaled.
func (p *play) open() {
	p.send(0, record.Orig, capture.SYN, 0, 0, 0)
	p.send(0, record.Resp, capture.SYN|capture.ACK, 0, 1, 0)
	p.send(0, record.Orig, capture.ACK, 1, 1, 0)
}

func TestSequence(t *testing.T) {
	p := newPlay()
	p.open()
	p.send(1e9, record.Orig, capture.ACK, 1, 1, 500)
	p.send(2e9, record.Orig, capture.ACK, 501, 1, 500)
	g := &capture.Segment{Packet: 6, Time: recordtest.Start + 2e9, Flags: capture.ACK, Seq: 1, Ack: 1, Window: 1000, NSACK: 1}
	g.SACK[0] = capture.SACKBlock{Left: 501, Right: 1001}
	p.packet = 6
	p.take(g, record.Resp)
	p.send(3e9, record.Orig, capture.ACK, 1, 1, 500, record.MomentRetransmission)
	p.send(4e9, record.Resp, capture.ACK, 1, 1001, 0)
	all := p.q.Drawings("x", say.Clock{})
	if len(all) != 1 || all[0].ID != "x-sequence-orig" {
		t.Fatalf("%d drawings", len(all))
	}
	d := all[0]
	// 4 s are 870 wide from 70 on; numbers from 0 to 1,500 are 328 high, from 370 up. The window is
	// known from the ACK at 2 s on, and reaches beyond 1,500 from 4 s on.
	check(t, "segments", of(d, Rect, "seg")[1:], "286.5 260.4 2 109.3", "504 151.1 2 109.3")
	check(t, "retransmission", of(d, Rect, "again")[1:], "721.5 260.4 2 109.3")
	check(t, "SACK", of(d, Rect, "sack")[1:], "504 151.1 2 109.3")
	check(t, "ACK line", of(d, Path, "curve ack"), "M70 369.8H940V151.1H940")
	check(t, "window line", of(d, Path, "curve window"), "M505 151.1H940")
	check(t, "letters", append(of(d, Text, "start mark in-again"), of(d, Text, "start mark in-flag")...), "R 7", "SYN 1")
	check(t, "numbers", of(d, Text, "start mark"), "4", "5")
	if d.Zoom != "70 940 42 370 0 4 0 1500" {
		t.Errorf("to zoom: %s", d.Zoom)
	}
	for _, m := range d.Marks {
		if m.Class == "again" && m.Tip != "" && m.Tip != "packet 7: 1:501, retransmission of 0 bytes" {
			t.Errorf("%q", m.Tip)
		}
	}
}

// A window of 0 is known whatever the scale.
func TestSequenceOfClosedWindow(t *testing.T) {
	p := newPlay()
	g := &capture.Segment{Packet: 1, Time: recordtest.Start, Flags: capture.ACK, Seq: 1, Ack: 501}
	p.take(g, record.Resp)
	if a := p.q.sides[record.Orig].acks; len(a) != 1 || !a[0].window || a[0].end != 501 {
		t.Errorf("%+v", a)
	}
}

// However long a connection is, what is kept of it is bounded, and says how much it leaves out.
func TestSequenceBounded(t *testing.T) {
	for _, again := range []bool{false, true} {
		p := newPlay()
		p.open()
		const n = 20_000
		for i := range uint32(n) {
			var kind []record.MomentKind
			if again {
				kind = []record.MomentKind{record.MomentRetransmission}
			}
			p.send(int64(i)*1e6, record.Orig, capture.ACK, 1+i*100, 1, 100, kind...)
			p.send(int64(i)*1e6, record.Resp, capture.ACK, 1, 1+(i+1)*100, 0)
		}
		x := &p.q.sides[record.Orig]
		if len(x.segments) > 2*seqMarks || len(x.acks) > 2*seqMarks {
			t.Errorf("%d segments, %d ACKs", len(x.segments), len(x.acks))
		}
		var last uint64
		for _, m := range x.segments {
			if !again && m.from != last && m.from != last+1 {
				t.Errorf("from %d to %d nothing is drawn", last, m.from)
			}
			last = m.to
		}
		if last != 1+n*100 || again != (x.left > 0) {
			t.Errorf("the last number is %d, %d segments left out", last, x.left)
		}
	}
}

// Sequence numbers go on past 2^32.
func TestSequenceWraps(t *testing.T) {
	x := &side{last: 1<<32 - 100}
	if got := x.far(50); got != 1<<32+50 {
		t.Error(got)
	}
	x.last = 1<<32 + 50
	if got := x.far(1<<32 - 100); got != 1<<32-100 {
		t.Error(got)
	}
}
