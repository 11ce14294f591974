package follow

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

const neverCaptured = -1

// judge checks that each byte comes out at most once, in order, with what the
// first copy of it held; what was sent is noted beside, byte by byte.
type judge struct {
	t       *testing.T
	sent    [2]map[int64]int // the first copy; neverCaptured when the snaplen cut it
	next    [2]int64
	missing [2]map[int64]bool
	over    bool
}

func (*judge) begin(*talk)  {}
func (*judge) flush() error { return nil }

func (j *judge) end(k *talk) {
	j.over = true
	for e := range k.streams {
		x := &k.streams[e]
		if x.next != j.next[e] || x.shown+x.missing+x.cut != x.next || int64(len(j.missing[e])) != x.missing {
			j.t.Errorf("direction %d ends at %d after %d: %d shown, %d missing (%d), %d cut", e, x.next, j.next[e], x.shown, x.missing, len(j.missing[e]), x.cut)
		}
		if x.wait.len() > 0 {
			j.t.Errorf("direction %d: %d pieces were left behind", e, x.wait.len())
		}
	}
}

func (j *judge) piece(p *piece) {
	if p.kind > pieceCut {
		return
	}
	if p.n <= 0 || (p.kind == pieceBytes || p.kind == pieceLate) && int64(len(p.data)) != p.n {
		j.t.Fatalf("%d bytes of data, n %d", len(p.data), p.n)
	}
	if p.kind != pieceLate {
		if p.off != j.next[p.from] {
			j.t.Fatalf("direction %d: byte %d comes after %d", p.from, p.off, j.next[p.from])
		}
		j.next[p.from] += p.n
	}
	for i := range p.n {
		off := p.off + i
		sent, ok := j.sent[p.from][off]
		switch p.kind {
		case pieceBytes:
			if !ok || sent != int(p.data[i]) {
				j.t.Fatalf("direction %d: byte %d is %d, sent %d", p.from, off, p.data[i], sent)
			}
		case pieceLate:
			if !j.missing[p.from][off] || !ok || sent != neverCaptured && sent != int(p.data[i]) {
				j.t.Fatalf("direction %d: late byte %d is %d, sent %d", p.from, off, p.data[i], sent)
			}
			delete(j.missing[p.from], off)
		case pieceMissing:
			if ok {
				j.t.Fatalf("direction %d: byte %d was captured and is told missing", p.from, off)
			}
			j.missing[p.from][off] = true
		case pieceCut:
			if !ok || sent != neverCaptured {
				j.t.Fatalf("direction %d: byte %d was not cut", p.from, off)
			}
		}
	}
}

// FuzzFollow sends whatever segments, in whatever order, with whatever numbers.
func FuzzFollow(f *testing.F) {
	f.Add([]byte{0, 0, 0, 5, 0, 0, 1, 1, 0, 0, 5, 0, 5, 1, 0, 0, 8, 5, 0, 5, 1, 0, 0, 5, 9, 0, 5, 1})
	f.Add([]byte{0, 0, 50, 9, 3, 0, 1, 0, 0, 0, 60, 0, 0, 1, 1, 0, 0, 0, 0, 60, 200, 4, 0, 0, 9, 0, 0, 1})
	f.Add([]byte{1, 0, 5, 9, 0, 70, 1, 8, 0, 20, 0, 0, 0, 0, 17, 0, 1, 9, 0, 0, 9, 1, 0, 90, 0, 0, 0, 255})
	f.Fuzz(func(t *testing.T, ops []byte) {
		j := &judge{t: t, sent: [2]map[int64]int{{}, {}}, missing: [2]map[int64]bool{{}, {}}}
		fw := New(j, all)
		isn := [2]uint32{0xffffff00, 0xfffffff0}
		var s capture.Segment
		for e := range isn {
			s = capture.Segment{Packet: uint64(e + 1), Seq: isn[e] - 1, Flags: capture.SYN}
			fw.Segment(&record.Placement{Conn: 1, From: record.End(e)}, &s, nil)
		}
		payload := make([]byte, 256)
		for ; len(ops) >= 7; ops = ops[7:] {
			from := ops[0] & 1
			off, n, cut := int64(ops[1])<<4+int64(ops[2])-16, int(ops[3]), int(ops[4])
			s = capture.Segment{Packet: s.Packet + 1, Time: s.Time + int64(ops[6])<<20, Flags: capture.ACK,
				Seq: isn[from] + uint32(off), Ack: isn[1-from] + uint32(ops[5])<<3, Len: uint32(n), Captured: uint32(n - min(n, cut))}
			for i := range payload[:n] {
				payload[i] = byte(s.Packet)
			}
			switch {
			case ops[0]&0x70 == 0x70:
				s.Flags |= capture.RST
			default:
				for i := range int64(n) {
					if _, known := j.sent[from][off+i]; known {
						continue
					}
					if j.sent[from][off+i] = int(s.Packet & 0xff); i >= int64(s.Captured) {
						j.sent[from][off+i] = neverCaptured
					}
				}
				if ops[0]&0x78 == 0x68 {
					s.Flags |= capture.FIN
				}
			}
			fw.Segment(&record.Placement{Conn: 1, From: record.End(from)}, &s, payload[:s.Captured])
		}
		if fw.Finish(); !j.over {
			t.Error("the connection did not end")
		}
	})
}
