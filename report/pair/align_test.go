package pair

import (
	"math/rand/v2"
	"slices"
	"testing"

	"tcpwatch/capture"
)

// sent is a data segment, as sent or as it came.
func sent(ms int64, seq, n uint32, id uint16) packet {
	return packet{time: ms * 1e6, seq: seq, len: n, flags: capture.ACK, ipid: id, ack: 1}
}

func stamped(p packet, ts uint32) packet {
	p.tsval, p.marks = ts, p.marks|hasTS
	return p
}

func flagged(p packet, f capture.Flags) packet {
	p.flags = f
	return p
}

func way(sent, got *packet) int64 { return got.time - sent.time }

func TestAlign(t *testing.T) {
	type counts struct{ arrived, lost, again, missed, doubled, extra, reordered uint64 }
	const mss = 1000
	for _, x := range []struct {
		name      string
		sent, got []packet
		acks      []reach
		want      counts
	}{
		{"all come", []packet{sent(0, 0, 1000, 1), sent(1, 1000, 1000, 2)}, []packet{sent(5, 0, 1000, 1), sent(6, 1000, 1000, 2)}, nil, counts{arrived: 2}},
		{"the first copy is lost, by IP identification", []packet{sent(0, 0, 1000, 1), sent(300, 0, 1000, 2), sent(301, 1000, 1000, 3)}, []packet{sent(305, 0, 1000, 2), sent(306, 1000, 1000, 3)},
			[]reach{{310e6, 2000}}, counts{arrived: 2, lost: 1}},
		{"the repeat is lost, by IP identification", []packet{sent(0, 0, 1000, 1), sent(300, 0, 1000, 2), sent(301, 1000, 1000, 3)}, []packet{sent(5, 0, 1000, 1), sent(306, 1000, 1000, 3)},
			[]reach{{310e6, 2000}}, counts{arrived: 2, lost: 1, again: 1}},
		{"the first copy is lost, by time alone", []packet{sent(0, 0, 1000, 0), sent(300, 0, 1000, 0)}, []packet{sent(305, 0, 1000, 0)}, []reach{{310e6, 1000}}, counts{arrived: 1, lost: 1}},
		{"the repeat is lost, by time alone", []packet{sent(0, 0, 1000, 0), sent(300, 0, 1000, 0)}, []packet{sent(5, 0, 1000, 0)}, []reach{{310e6, 1000}}, counts{arrived: 1, lost: 1, again: 1}},
		{"the repeat is lost, by TSval", []packet{stamped(sent(0, 0, 1000, 0), 7), stamped(sent(1, 0, 1000, 0), 8), stamped(sent(2, 1000, 9, 0), 9)},
			[]packet{stamped(sent(5, 0, 1000, 0), 7), stamped(sent(7, 1000, 9, 0), 9)}, nil, counts{arrived: 2, lost: 1, again: 1}},
		{"acknowledged but not captured: it came", []packet{sent(0, 0, 1000, 1), sent(1, 1000, 1000, 2)}, []packet{sent(6, 1000, 1000, 2)}, []reach{{7e6, 2000}}, counts{arrived: 1, missed: 1}},
		{"acknowledged before the repeat came: it came the first time", []packet{sent(0, 0, 1000, 1), sent(300, 0, 1000, 2)}, []packet{sent(305, 0, 1000, 2)}, []reach{{6e6, 1000}}, counts{arrived: 1, missed: 1}},
		{"one of a segment that a host cuts later is lost", []packet{sent(0, 0, 4000, 1)}, []packet{sent(5, 0, 1000, 1), sent(6, 1000, 1000, 2), sent(7, 3000, 1000, 4)}, nil, counts{arrived: 3, lost: 1}},
		{"segments that a host joins all came", []packet{sent(0, 0, 1000, 1), sent(1, 1000, 1000, 2), sent(2, 2000, 1000, 3)}, []packet{sent(5, 0, 3000, 1)}, nil, counts{arrived: 3}},
		{"doubled on the path", []packet{sent(0, 0, 1000, 1), sent(1, 1000, 1000, 2)}, []packet{sent(5, 0, 1000, 1), sent(5, 0, 1000, 1), sent(6, 1000, 1000, 2)}, nil, counts{arrived: 2, doubled: 1}},
		{"overtaken", []packet{sent(0, 0, 1000, 1), sent(1, 1000, 1000, 2)}, []packet{sent(5, 1000, 1000, 2), sent(6, 0, 1000, 1)}, nil, counts{arrived: 2, reordered: 1}},
		{"sent at one moment: the order says nothing", []packet{sent(0, 0, 1000, 1), sent(0, 1000, 1000, 2)}, []packet{sent(5, 1000, 1000, 2), sent(5, 0, 1000, 1)}, nil, counts{arrived: 2}},
		{"a RST that nobody sent", []packet{sent(0, 0, 1000, 1)}, []packet{sent(5, 0, 1000, 1), flagged(sent(9, 1000, 0, 9), capture.RST)}, nil, counts{arrived: 1, extra: 1}},
		{"two pure ACKs of three that are alike", []packet{sent(0, 1, 0, 1), sent(1, 1, 0, 2), sent(2, 1, 0, 3), sent(3, 1, 5, 4)}, []packet{sent(5, 1, 0, 1), sent(7, 1, 0, 3), sent(8, 1, 5, 4)}, nil, counts{arrived: 3, lost: 1}},
		{"a FIN and its repeat", []packet{flagged(sent(0, 9, 0, 1), capture.FIN|capture.ACK), flagged(sent(200, 9, 0, 2), capture.FIN|capture.ACK)},
			[]packet{flagged(sent(205, 9, 0, 2), capture.FIN|capture.ACK)}, []reach{{206e6, 10}}, counts{arrived: 1, lost: 1}},
	} {
		t.Run(x.name, func(t *testing.T) {
			for _, base := range []uint32{0, 1 << 31, 0xffff_ff00} { // wherever the numbers begin
				f := &flight{sentBase: base, gotBase: base + 77, sentAck: 0, gotAck: 0, acks: x.acks}
				f.sent, f.got = slices.Clone(x.sent), slices.Clone(x.got)
				for i := range f.sent {
					f.sent[i].seq += f.sentBase
				}
				for i := range f.got {
					f.got[i].seq += f.gotBase
				}
				var a aligner
				a.align(f, way)
				var sum Flow
				sum.add(f, mss, func(*packet, *packet) {})
				got := counts{All(sum.Arrived), All(sum.Lost), All(sum.LostAgain), All(sum.Missed), All(sum.Doubled), All(sum.Extra), sum.Reordered}
				if got != x.want {
					t.Errorf("numbers from %d: %+v, want %+v", base, got, x.want)
				}
			}
		})
	}
}

// What a wire of known faults does is counted as it did it, whatever tells copies apart.
func TestAlignTruth(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		ids, stamps := seed%3 == 0, seed%3 == 1
		var f flight
		var lost, again, doubled uint64
		base := r.Uint32()
		f.sentBase, f.gotBase = base, base
		seq, id := uint32(0), uint16(1)
		ms := int64(0)
		for range 200 {
			n := uint32(1 + r.IntN(1000))
			for try := 0; ; try++ {
				p := sent(ms, base+seq, n, 0)
				if ids {
					p.ipid = id
				}
				if stamps {
					p = stamped(p, uint32(ms))
				}
				id++
				f.sent = append(f.sent, p)
				came := r.IntN(10) != 0
				if came {
					p.time += 5e6
					f.got = append(f.got, p)
					if ids && r.IntN(20) == 0 {
						f.got = append(f.got, p)
						doubled++
					}
					ms += 10
					break
				}
				lost++
				if try > 0 {
					again++
				}
				ms += 300 // until it is sent again
			}
			seq += n
			f.acks = append(f.acks, reach{(ms - 4) * 1e6, seq})
		}
		var a aligner
		a.align(&f, way)
		var sum Flow
		sum.add(&f, 1000, func(*packet, *packet) {})
		if All(sum.Lost) != lost || All(sum.LostAgain) != again || All(sum.Doubled) != doubled || All(sum.Missed)+All(sum.Extra)+sum.Reordered != 0 {
			t.Fatalf("seed %d: %d lost, %d of them again, %d doubled, %d missed, %d extra, %d overtaken; want %d, %d, %d", seed, All(sum.Lost), All(sum.LostAgain), All(sum.Doubled),
				All(sum.Missed), All(sum.Extra), sum.Reordered, lost, again, doubled)
		}
	}
}
