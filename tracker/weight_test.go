package tracker

import (
	"runtime"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/table"
)

// What a connection that is not packed books is about what it takes, whatever it
// holds; and when such are gone nothing of it is left.
func TestWeight(t *testing.T) {
	racetest.TooSlow(t)
	for _, tt := range []struct {
		name    string
		sent    int    // segments of 10 bytes
		step    uint32 // between their first bytes
		answers bool   // each draws 10 bytes from the other end
	}{
		{"nothing sent", 0, 10, false},
		{"200 segments in flight", 200, 10, false},
		{"1,000 segments in flight", 1000, 10, false},
		{"60 holes", 60, 20, false},
		{"more holes than are kept", 200, 20, false},
		{"requests and answers", 20, 10, true},
	} {
		tr := New(Options{MaxBytes: 1 << 40}, nowhere{})
		packet := uint64(0)
		observe := func(s *capture.Segment) {
			packet++
			s.Packet, s.FileNumber = packet, packet
			tr.Observe(s)
		}
		const few, many = 200, 800
		begin := func(from, to int) (inHeap, booked int64) {
			for i := from; i < to; i++ {
				all := shortConn(i, tr.clock.last, false)[:3]
				out, in := all[2], all[1]
				for k := range all {
					observe(&all[k])
				}
				in.Flags, in.Seq, in.Options = capture.ACK, in.Seq+1, capture.OptTimestamps
				first := out.Seq
				for k := range uint32(tt.sent) {
					out.Time += 1e6
					out.Seq, out.Len = first+k*tt.step, 10
					observe(&out)
					if tt.answers {
						in.Time = out.Time + 5e5
						in.Ack, in.Len = out.Seq+10, 10
						observe(&in)
						in.Seq += 10
						out.Ack = in.Seq
					}
				}
			}
			tr.Advance(tr.clock.last)
			return heap(), tr.bytes
		}
		before, bookedBefore := begin(0, few)
		after, booked := begin(few, many)
		each, own := (after-before)/(many-few), (booked-bookedBefore)/(many-few)
		t.Logf("%s: %d bytes a connection, %d booked", tt.name, each, own)
		if own < each*4/5 || own > each*2 {
			t.Errorf("%s: %d bytes a connection, %d booked", tt.name, each, own)
		}
		// A second of silence, and all of them time out.
		tr.clock.now += timeouts[table.Established] + second
		tr.Tick(tr.clock.last)
		if left := heap(); tr.Held() != 0 || tr.bytes != 0 || left-before > many*(4096+1024)+16<<20 {
			t.Errorf("%s: %d held, %d bytes booked, %d in the heap", tt.name, tr.Held(), tr.bytes, left-before)
		}
		runtime.KeepAlive(tr)
	}
}

// Booked is the same whoever holds the connections, and whatever storage was
// lent before: else others would be dropped.
func TestWeightOfAnyDivision(t *testing.T) {
	sum := func(parts int) (n int64) {
		var trackers []*Tracker
		for range parts {
			trackers = append(trackers, New(Options{MaxBytes: 1 << 40}, nowhere{}))
		}
		for _, each := range []int{7, 40} {
			observeStages(t, trackers, each)
			for _, tr := range trackers {
				tr.Tick(tr.clock.last)
			}
		}
		for _, tr := range trackers {
			tr.Advance(tr.clock.last + 20e6)
			n += tr.bytes
		}
		return n
	}
	want := sum(1)
	for _, parts := range []int{2, 3, 17} {
		if got := sum(parts); got != want {
			t.Errorf("%d trackers book %d, one %d", parts, got, want)
		}
	}
}

// Whatever comes, what the tracker holds stays near Options.MaxBytes.
func TestMaxBytesHolds(t *testing.T) {
	racetest.TooSlow(t)
	const most = 8 << 20
	for _, tt := range []struct {
		name  string
		n     int // segments a connection
		step  uint32
		conns int // at a time, whose segments come by turns
	}{
		{"long flights, one after another", 1000, 10, 1},
		{"long flights by turns", 100, 10, 4000},
		{"holes by turns", 60, 20, 4000},
		{"one segment each", 1, 10, 100000},
	} {
		tr := New(Options{MaxBytes: most}, nowhere{})
		before, peak := heap(), int64(0)
		packet, at := uint64(0), int64(0)
		one := shortConn(0, 0, false)[3]
		for from := 0; packet < 240000; from += tt.conns {
			for k := range tt.n {
				for i := range tt.conns {
					s, n := one, from+i
					s.Src.Addr = capture.AddrFrom4([]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
					s.Seq, s.Len = s.Seq+uint32(k)*tt.step, 10
					packet++
					at += 1e5
					s.Time, s.Packet, s.FileNumber = at, packet, packet
					tr.Observe(&s)
					if packet%4096 == 0 {
						tr.Tick(at)
						if packet%(16*4096) == 0 {
							peak = max(peak, heap()-before)
						}
					}
				}
			}
		}
		t.Logf("%s: %d MiB at most, %d held, %d dropped", tt.name, peak>>20, tr.Held(), tr.Stats().Evicted)
		if peak > most+12<<20 || tr.Stats().Evicted == 0 {
			t.Errorf("%s: %d MiB held, %d dropped", tt.name, peak>>20, tr.Stats().Evicted)
		}
		runtime.KeepAlive(tr)
	}
}
