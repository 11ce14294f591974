package report

import (
	"cmp"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/say"
	"tcpwatch/tracker"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// emitted keeps the records of one tracker.
type emitted struct{ all []*record.Record }

func (e *emitted) Conn(r *record.Record) {
	c := *r
	c.Transitions, c.Ends[0].ZeroWindowList, c.Ends[1].ZeroWindowList = nil, nil, nil
	e.all = append(e.all, &c)
}
func (e *emitted) Event(*record.Event) {}
func (e *emitted) Step(*record.Step)   {}

// talk is what one made-up connection has sent so far.
type talk struct{ sent [2]uint32 }

// segmentsOf makes a crowd: four bytes say whose connection goes on, how, and when.
func segmentsOf(in []byte) (all []capture.Segment) {
	var talks [256]talk
	now := recordtest.Start
	for packet := uint64(1); len(in) >= 4; in, packet = in[4:], packet+1 {
		now += int64(in[2]) * int64(in[2]) * 100 * microsecond
		x := &talks[in[0]]
		client := capture.Endpoint{Addr: capture.AddrFrom4([]byte{10, 0, 0, in[0] % 8}), Port: 1000 + uint16(in[0])}
		server := capture.Endpoint{Addr: capture.AddrFrom4([]byte{10, 0, 1, in[0] % 3}), Port: 443}
		s := capture.Segment{Packet: packet, FileNumber: packet, Time: now, Src: client, Dst: server, Window: 1000, TTL: 64, IPID: uint16(packet)}
		from := 0
		if in[1]&1 != 0 {
			s.Src, s.Dst, from = server, client, 1
		}
		isn := [2]uint32{uint32(in[0]) << 20, 0xfffffff0}
		s.Seq, s.Flags = isn[from]+x.sent[from], capture.ACK
		s.Ack = isn[1-from] + x.sent[1-from]
		switch in[1] >> 1 % 8 {
		case 0: // SYN or SYN/ACK
			s.Seq, s.Flags, x.sent[from] = isn[from], capture.SYN, max(x.sent[from], 1)
			if from == 1 {
				s.Flags |= capture.ACK
			}
		case 1, 2, 3:
			s.Len = uint32(in[3]) + 1
			s.Captured = s.Len
			s.Flags |= capture.PSH
			x.sent[from] += s.Len
		case 4: // FIN
			s.Flags |= capture.FIN
			x.sent[from]++
		case 5:
			s.Flags = capture.RST
		case 6: // a stray
			s.Seq += 5000
		}
		all = append(all, s)
	}
	return all
}

// crowded is a run over segments with a table of few places, by one tracker or by
// several that share the shards.
func crowded(t *testing.T, all []capture.Segment, places, workers int) (records []*record.Record, s record.Stats) {
	t.Helper()
	sinks, table := make([]emitted, workers), make([]*tracker.Tracker, workers)
	for i := range table {
		table[i] = tracker.New(tracker.Options{MaxConns: places}, &sinks[i])
	}
	for i := range all {
		hash := table[0].Hash(&all[i])
		for w := range table {
			if int(record.ShardOf(hash))%workers == w {
				table[w].ObserveHashed(&all[i], hash)
			} else {
				table[w].Pass(all[i].Time)
			}
		}
		if i%16 == 15 {
			held := 0
			for _, x := range table {
				x.Advance(all[i].Time)
			}
			tracker.MakeRoom(table...)
			for _, x := range table {
				x.HandOut()
				held += x.Held()
			}
			if held > places {
				t.Fatalf("%d connections held after a tick, of at most %d", held, places)
			}
		}
	}
	var stats []record.Stats
	for i, x := range table {
		x.Finish()
		stats = append(stats, x.Stats())
		records = append(records, sinks[i].all...)
	}
	slices.SortStableFunc(records, func(a, b *record.Record) int {
		return cmp.Or(cmp.Compare(a.Ended, b.Ended), cmp.Compare(a.ID, b.ID))
	})
	return records, tracker.MergeStats(stats)
}

// FuzzEviction has more connections than a table has places for: none is lost or
// held too long, what was dropped proves nothing, and how many trackers share
// the table makes no difference.
func FuzzEviction(f *testing.F) {
	for seed := range uint64(5) {
		rng := rand.New(rand.NewPCG(seed, 3))
		in := make([]byte, 4*(100+200*seed))
		for i := range in {
			in[i] = byte(rng.Uint32())
		}
		f.Add(in, byte(3+20*seed))
	}
	o := SummaryOptions{Detectors: diagnose.Detectors()}
	f.Fuzz(func(t *testing.T, in []byte, places byte) {
		in = in[:min(len(in), 4000)]
		all := segmentsOf(in)
		records, s := crowded(t, all, 1+int(places), 1)
		var packets, dropped uint64
		for _, r := range records {
			packets += r.Ends[0].Packets + r.Ends[1].Packets
			if r.Close.Kind != record.CloseEvicted {
				continue
			}
			dropped++
		}
		// An attempt that was dropped is neither unanswered nor half-open: it is dropped.
		if by := s.EvictedBy; dropped < by["attempts without an answer"]+by["half-open"]+by["single segments"] {
			t.Errorf("%d connections are told to have been dropped, of %v", dropped, by)
		}
		if packets != s.Segments || uint64(len(records)) != s.Conns || s.Open != 0 || dropped > s.Evicted {
			t.Errorf("%d packets in %d records, %d of them dropped; %+v", packets, len(records), dropped, s)
		}
		sum := summaryOf(o, records)
		h := headlineOf(records)
		h.Tracker = s
		for _, x := range sum.Findings(h) {
			if dropped > 0 && x.Confidence == diagnose.Proven {
				t.Errorf("%s is proven, though %d connections were dropped", x.ID, dropped)
			}
			if text := x.Title + x.Explanation + strings.Join(x.Causes, "") + strings.Join(x.Advice, ""); say.Escape(text) != text || strings.Contains(text, "%!") {
				t.Errorf("%s: %q", x.ID, text)
			}
		}
		shared, _ := crowded(t, all, 1+int(places), 3)
		if len(shared) != len(records) {
			t.Fatalf("%d records of three trackers, %d of one", len(shared), len(records))
		}
		for i := range records {
			if !reflect.DeepEqual(shared[i], records[i]) {
				t.Fatalf("of three trackers\n%+v\nof one\n%+v", shared[i], records[i])
			}
		}
	})
}
