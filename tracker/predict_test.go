package tracker

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/record"
)

// twoWays are two Trackers that are given the same; one of them predicts nothing.
type twoWays struct {
	t           *testing.T
	name        string
	short, long *Tracker
	records     [2]recorder
	n, expected int
}

func newTwoWays(t *testing.T, name string, o Options) *twoWays {
	w := &twoWays{t: t, name: name}
	w.short, w.long = New(o, &w.records[0]), New(o, &w.records[1])
	w.long.longWay = true
	return w
}

// observe has both take a segment, and compares all that they know of its connection then.
func (w *twoWays) observe(s *capture.Segment) {
	w.n++
	if i, _ := w.short.index.Find(&w.short.entries, w.short.segmentKey(s)); i != 0 {
		if c := w.short.stateOf(i); w.short.expects(c, c.from(&s.Src), s, s.Time) {
			w.expected++
		}
	}
	a, b := *s, *s
	x, y := *w.short.Observe(&a), *w.long.Observe(&b)
	x.Mark, y.Mark, x.Kept, y.Kept = nil, nil, nil, nil
	if x != y {
		w.t.Fatalf("%s: packet %d is placed as %+v, the long way as %+v", w.name, s.Packet, x, y)
	}
	k := w.short.segmentKey(s)
	i, _ := w.short.index.Find(&w.short.entries, k)
	j, _ := w.long.index.Find(&w.long.entries, w.long.segmentKey(s))
	if i == 0 || j == 0 {
		if i != j {
			w.t.Fatalf("%s: packet %d: entries %d and %d", w.name, s.Packet, i, j)
		}
		return
	}
	if c, d := w.short.stateOf(i), w.long.stateOf(j); !reflect.DeepEqual(c, d) {
		w.t.Fatalf("%s: after packet %d\n%+v\nthe long way\n%+v", w.name, s.Packet, *c, *d)
	}
}

// finish ends the input and compares what was told.
func (w *twoWays) finish() {
	w.short.Finish()
	w.long.Finish()
	if a, b := w.short.Stats(), w.long.Stats(); !reflect.DeepEqual(a, b) {
		w.t.Errorf("%s: %+v, the long way %+v", w.name, a, b)
	}
	if !reflect.DeepEqual(w.records[0], w.records[1]) {
		w.t.Errorf("%s: what was told of its connections differs", w.name)
	}
}

// That segments are predicted shows in nothing: all that is known of a connection after each
// packet of the bundled captures, and what is told of it, are the same.
func TestPredictionShowsInNothing(t *testing.T) {
	racetest.TooSlow(t)
	files, _ := filepath.Glob("../testdata/pcaps/*.pcap*")
	if dir := os.Getenv("TCPWATCH_CORPUS"); dir != "" {
		more, _ := filepath.Glob(filepath.Join(dir, "captures", "*", "*.pcap*"))
		files = append(files, more...)
	}
	packets, expected := 0, 0
	for _, name := range files {
		f, err := capture.Open(name)
		if err != nil {
			continue
		}
		d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
		w := newTwoWays(t, filepath.Base(name), Options{Events: true, Count: true, Interval: 100 * second, Verify: d.VerifyChecksum, WrongIP: d.WrongIPChecksum})
		var p capture.Packet
		for w.n < 10000 && f.Next(&p) == nil {
			switch d.Decode(&p) {
			case capture.OutcomeSegment:
				w.observe(&d.Segment)
			case capture.OutcomeQuote:
				w.short.Quoted(&d.Quote)
				w.long.Quoted(&d.Quote)
			}
			if p.Number%4096 == 0 {
				w.short.Tick(p.Time)
				w.long.Tick(p.Time)
			}
		}
		w.finish()
		packets, expected = packets+w.n, expected+w.expected
	}
	if expected < packets/20 {
		t.Errorf("%d of %d packets are expected", expected, packets)
	}
}

// FuzzPredicted throws segments of an open connection at two Trackers, most of them
// near what is expected next.
func FuzzPredicted(f *testing.F) {
	// Data and ACKs in turn; the same with holes, repeats, closed windows, pauses and a FIN.
	f.Add([]byte{0, 100, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 100, 0, 1, 0, 0, 0, 50, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 200, 0, 9, 0, 0, 0, 0, 0, 1, 0, 0})
	f.Add([]byte{0, 100, 0, 1, 0, 0, 0, 100, 16, 1, 0, 0, 1, 0, 0, 1, 32, 0, 1, 0, 0, 1, 32, 0, 0, 100, 200, 1, 0, 0, 1, 0, 0, 255, 0, 1, 0, 10, 0, 0, 0, 2, 1, 0, 0, 1, 0, 0})
	// Another TTL; duplicate ACKs.
	f.Add([]byte{0, 100, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0x72, 1, 0, 0, 0, 100, 0x70, 1, 0, 0})
	f.Add([]byte{0, 100, 0, 1, 0, 0, 0, 100, 0, 1, 0, 0, 1, 0, 0x3f, 1, 0, 0, 1, 0, 0x3f, 1, 0, 0, 1, 0, 0x3f, 1, 0, 0, 0, 100, 0, 1, 0, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		w := newTwoWays(t, "fuzz", Options{Events: true, Count: true, Interval: 100 * second})
		wire := plainWire
		now, packet := int64(0), uint64(0)
		next := [2]uint32{1, 1}
		send := func(l line, odd byte) {
			packet++
			s := wire.segment(l, packet)
			s.Time, s.IPID = now, uint16(packet)
			if odd&1 != 0 {
				s.IPID = 0
			}
			if odd&2 != 0 {
				s.ECN = odd >> 6
			}
			if odd&4 != 0 {
				s.Marks |= capture.MarkTruncated
				s.Captured = s.Len / 2
			}
			if odd&8 != 0 {
				s.Options |= capture.OptTimestamps
				s.TSVal, s.TSEcr = uint32(now/1e6)+1, uint32(now/1e6)
			}
			w.observe(s)
			if packet%16 == 0 {
				w.short.Tick(now)
				w.long.Tick(now)
			}
		}
		send(line{flags: capture.SYN, win: 1000, ttl: 64, options: capture.OptMSS | capture.OptWScale, mss: 1460, wscale: 7}, 0)
		send(line{from: record.Resp, flags: capture.SYN | capture.ACK, ack: 1, win: 1000, ttl: 64, options: capture.OptMSS | capture.OptWScale, mss: 1460, wscale: 2}, 0)
		send(line{flags: capture.ACK, seq: 1, ack: 1, win: 1000, ttl: 64}, 0)
		for ; len(in) >= 6; in = in[6:] {
			from := record.End(in[0] & 1)
			now += int64(in[3]) * int64(in[3]) * 1e6 / 2
			l := line{from: from, flags: capture.ACK, seq: next[from], ack: next[from.Peer()], n: uint32(in[1]) * 8, win: 1000, ttl: 64}
			switch in[2] >> 4 { // what is odd about it
			case 1:
				l.seq += uint32(in[2] & 15)
			case 2:
				l.seq -= uint32(in[2]&15) * 100
			case 3:
				l.ack -= uint32(in[2]&15) * 50
			case 4:
				l.ack += uint32(in[2] & 15)
			case 5:
				l.win = uint16(in[2] & 1)
			case 6:
				l.flags |= capture.Flags(in[2] & 15)
			case 7:
				l.ttl = 63 + uint8(in[2]&3)
			case 8:
				l.seq, l.n = l.seq-1, uint32(in[2]&1)
			case 9:
				l.win = uint16(in[4]) << 4
			case 10:
				now -= int64(in[2]&15) * 1e6
			}
			if end := l.seq + l.n; int32(end-next[from]) > 0 && l.flags&(capture.SYN|capture.RST) == 0 {
				next[from] = end
			}
			send(l, in[5])
		}
		w.finish()
	})
}
