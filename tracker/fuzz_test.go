package tracker

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// FuzzObserve throws segments of a few connections at a Tracker: whatever
// comes, every edge is legal, nothing is lost and nothing is told twice.
func FuzzObserve(f *testing.F) {
	f.Add([]byte{0, 2, 0, 0, 0, 1, 1, 0x12, 0, 1, 0, 1, 0, 0x10, 1, 1, 0, 1, 0, 0x11, 1, 1, 0, 1, 1, 0x11, 1, 2, 0, 1, 0, 0x10, 2, 2, 0, 1})
	f.Add([]byte{0, 2, 0, 0, 0, 1, 1, 0x14, 0, 1, 0, 1, 0, 2, 9, 0, 0, 9, 1, 0x10, 1, 1, 0, 200})
	f.Fuzz(func(t *testing.T, in []byte) {
		rec := &recorder{}
		tr := New(Options{Events: true, MaxConns: 1 + 3*record.NShards, Interval: 100 * second,
			Mark: func(id uint64, _, _ capture.Endpoint) bool { return id%2 == 0 }}, rec)
		now, packet := int64(0), uint64(0)
		for ; len(in) >= 6; in = in[6:] {
			packet++
			now += int64(in[5]) * int64(in[5]) * 1e6
			if in[5] == 255 {
				now -= 20e6
			}
			from := record.End(in[0] & 1)
			w := plainWire
			w.ends[record.Orig].Port += uint16(in[0]>>1) & 3
			l := line{from: from, flags: capture.Flags(in[1] & 0x3f), seq: uint32(in[2]), ack: uint32(in[3]), n: uint32(in[4] & 15), win: uint16(in[4] >> 4), ttl: 64}
			if in[0]&0x80 != 0 {
				l.seq *= 1 << 24
			}
			if in[0]&0x40 != 0 {
				q := capture.Quote{Packet: packet, Time: now, Src: w.ends[from], Dst: w.ends[from.Peer()], Seq: w.isn[from] + l.seq, Type: 3, Code: in[1]}
				tr.Quoted(&q)
				continue
			}
			s := w.segment(l, packet)
			s.Time = now
			tr.Observe(s)
			if in[0]&0x20 != 0 {
				tr.Tick(now)
			}
		}
		tr.Finish()
		st := tr.Stats()
		var packets uint64
		ids := map[uint64]bool{}
		for i := range rec.records {
			r := &rec.records[i]
			if r.Capture.TimeWentBack == 0 && len(r.Transitions) < maxTransitions {
				checkLegal(t, r)
			}
			if r.End < r.Start || r.Open.Felt.OK && r.Open.Felt.V < 0 || r.Open.Resp.OK && r.Open.Resp.V < 0 {
				t.Errorf("negative time in %+v", r)
			}
			if r.Interim {
				continue
			}
			if ids[r.ID] {
				t.Errorf("connection %d told twice", r.ID)
			}
			ids[r.ID] = true
			packets += r.Ends[0].Packets + r.Ends[1].Packets
		}
		if packets != st.Segments || uint64(len(ids)) != st.Conns || st.Emitted != st.Conns || st.Open != 0 {
			t.Errorf("%d packets in %d records; %+v", packets, len(ids), st)
		}
	})
}
