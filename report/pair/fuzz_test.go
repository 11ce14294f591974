package pair

import (
	"testing"

	"tcpwatch/capture"
)

// FuzzAlign sets any two lists of packets side by side: each segment has one fate, and what came is at most one's.
func FuzzAlign(f *testing.F) {
	f.Add([]byte{1, 0, 0, 10, 1, 0, 1, 10, 2, 0, 10, 10, 0x11, 0, 0, 10, 0x12, 0, 10, 10}, uint32(5), uint32(7))
	f.Fuzz(func(t *testing.T, b []byte, sentBase, gotBase uint32) {
		x := &flight{sentBase: sentBase, gotBase: gotBase}
		for i := 0; i+4 <= len(b) && i < 4*256; i += 4 {
			p := packet{time: int64(i) * 1e5, number: uint64(i), seq: uint32(b[i+1]) << (b[i] & 8), len: uint32(b[i+3]) << (b[i] & 4), ipid: uint16(b[i+2] & 0x3f),
				tsval: uint32(b[i+2]), flags: capture.Flags(b[i] & 7), marks: packetMarks(b[i+2] >> 6 & 1)}
			if b[i]&0x20 != 0 {
				p.flags |= capture.ACK
				p.ack = uint32(b[i+2])
			}
			if b[i]&0x10 == 0 {
				p.seq += sentBase
				x.sent = append(x.sent, p)
			} else {
				p.seq += gotBase
				x.got = append(x.got, p)
				if p.flags.Has(capture.ACK) {
					x.acks = append(x.acks, reach{p.time, p.ack})
				}
			}
		}
		var a aligner
		a.align(x, way)
		var sum Flow
		came := 0
		sum.add(x, 100, func(sent, got *packet) { came++ })
		if n, parts := All(sum.Sent), sum.Known()+All(sum.Missed)+All(sum.Unwatched); parts > n {
			t.Fatalf("%d segments were sent, %d have a fate", n, parts)
		}
		for i, j := range x.at {
			if j >= 0 && (int(j) >= len(x.got) || x.from[j] < 0) {
				t.Fatalf("segment %d came as %d, which came from %v", i, j, x.from)
			}
			if x.landed[i] > x.sent[i].len {
				t.Fatalf("of %d bytes %d came", x.sent[i].len, x.landed[i])
			}
		}
		for j, i := range x.from {
			if i >= int32(len(x.sent)) {
				t.Fatalf("packet %d came from %d of %d", j, i, len(x.sent))
			}
		}
	})
}
