package tracker

import (
	"runtime"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/record"
)

// shortConn is one connection's segments, as between two Linux hosts with
// timestamps: a handshake, a request, an answer and, where it closes, three
// segments more.
func shortConn(i int, at int64, closes bool) []capture.Segment {
	c := capture.Endpoint{Addr: capture.AddrFrom4([]byte{10, byte(i >> 18), byte(i >> 10), 7}), Port: uint16(32768 + i%1024)}
	s := capture.Endpoint{Addr: capture.AddrFrom4([]byte{10, 255, 0, 1}), Port: 443}
	isn, irs := uint32(i)*2654435761, uint32(i)*40503+7
	var all []capture.Segment
	add := func(out bool, f capture.Flags, seq, ack, n uint32) {
		at += 150e3 + int64(i%7)*1e3
		x := capture.Segment{Time: at, Src: c, Dst: s, Flags: f, Seq: isn + seq, Ack: irs + ack, Len: n, Window: 502, TTL: 64,
			Options: capture.OptTimestamps, TSVal: uint32(at/1e6) + uint32(i), TSEcr: uint32(at / 1e6), IPID: uint16(i + len(all))}
		if !out {
			x.Src, x.Dst, x.Seq, x.Ack, x.TTL, x.IPID = s, c, irs+seq, isn+ack, 61, uint16(7*i+len(all))
		}
		if f.Has(capture.SYN) {
			x.Options |= capture.OptMSS | capture.OptWScale | capture.OptSACKPermitted
			x.MSS, x.WScale, x.Window = 1460, 7, 64240
		}
		all = append(all, x)
	}
	add(true, capture.SYN, 0, 0, 0)
	add(false, capture.SYN|capture.ACK, 0, 1, 0)
	add(true, capture.ACK, 1, 1, 0)
	add(true, capture.ACK|capture.PSH, 1, 1, 517)
	add(false, capture.ACK, 1, 518, 0)
	add(false, capture.ACK|capture.PSH, 1, 518, 1400)
	add(true, capture.ACK, 518, 1401, 0)
	add(false, capture.ACK|capture.PSH, 1401, 518, 900)
	add(true, capture.ACK, 518, 2301, 0)
	if closes {
		add(true, capture.ACK|capture.FIN, 518, 2301, 0)
		add(false, capture.ACK|capture.FIN, 2301, 519, 0)
		add(true, capture.ACK, 519, 2302, 0)
	}
	return all
}

// fill hands connections i <= n < to to t, eight at a time, 3,333 a second.
func fill(t *Tracker, from, to int, packet *uint64, closes bool) {
	for i := from; i < to; i += 8 {
		var side [8][]capture.Segment
		for k := range side {
			side[k] = shortConn(i+k, int64(i)*3e5, closes)
		}
		for n := range side[0] {
			for k := range side {
				s := &side[k][n]
				*packet++
				s.Packet, s.FileNumber = *packet, *packet
				t.Observe(s)
				if *packet%4096 == 0 {
					t.Tick(s.Time)
				}
			}
		}
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

type nowhere struct{}

func (nowhere) Conn(*record.Record) {}
func (nowhere) Event(*record.Event) {}
func (nowhere) Step(*record.Step)   {}

// An open connection with nothing in flight takes at most 700 bytes, one in
// TIME-WAIT at most 400, all told: what a table of a million needs is known
// beforehand.
func TestMemory(t *testing.T) {
	racetest.TooSlow(t)
	for _, tt := range []struct {
		name   string
		closes bool
		most   int64
	}{{"open", false, 700}, {"TIME-WAIT", true, 400}} {
		tr := New(Options{}, nowhere{})
		packet := uint64(0)
		held := func(from, to int) (inHeap, own int64) {
			fill(tr, from, to, &packet, tt.closes)
			for range 3 {
				tr.Tick(tr.clock.last + 10e6)
			}
			return heap(), tr.bytes
		}
		const few, many = 20000, 80000 // the states in use are as many with either
		before, ownBefore := held(0, few)
		after, ownAfter := held(few, many)
		each, own := (after-before)/(many-few), (ownAfter-ownBefore)/(many-few)
		t.Logf("%s: %d bytes a connection, %d by its own count", tt.name, each, own)
		if n := tr.Stats().Open; n != many {
			t.Errorf("%s: %d connections held, want %d", tt.name, n, many)
		}
		if each > tt.most {
			t.Errorf("%s: %d bytes a connection, want at most %d", tt.name, each, tt.most)
		}
		if own > each*5/4 || each > own*5/4 {
			t.Errorf("%s: %d bytes by its own count, %d in truth", tt.name, own, each)
		}
		runtime.KeepAlive(tr)
	}
}

// Four hours of packet time with connections that come and go take no more
// memory than the first ten minutes.
func TestAnEndlessRunDoesNotGrow(t *testing.T) {
	racetest.TooSlow(t)
	tr := New(Options{}, nowhere{})
	packet := uint64(0)
	const second = 10 // connections, for the test to be short
	spread := func(from, to int) {
		for i := from; i < to; i++ {
			for _, s := range shortConn(i, int64(i)*100e6, true) {
				packet++
				s.Packet, s.FileNumber = packet, packet
				tr.Observe(&s)
				if packet%4096 == 0 {
					tr.Tick(s.Time)
				}
			}
		}
	}
	spread(0, 600*second)
	first := heap()
	spread(600*second, 4*3600*second)
	if last := heap(); last > first+first/10+1<<20 {
		t.Errorf("%d bytes after four hours, %d after ten minutes", last, first)
	}
	if held := tr.Stats().Open; held > 200*second {
		t.Errorf("%d connections held", held)
	}
	runtime.KeepAlive(tr)
}
