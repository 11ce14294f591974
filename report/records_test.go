package report

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"tcpwatch/capture"
	"tcpwatch/tracker"
)

// end makes an endpoint of "10.0.0.1:80" or "[2001:db8::1]:80".
func end(s string) capture.Endpoint {
	ap := netip.MustParseAddrPort(s)
	return capture.Endpoint{Addr: capture.AddrFrom(ap.Addr()), Port: ap.Port()}
}

// madeUp is a complete connection, four segments, closed by the client.
func madeUp(id uint64, orig, resp string) *tracker.Record {
	start := testStart + int64(id)*oneSecond/10
	r := &tracker.Record{
		ID: id, Orig: end(orig), Resp: end(resp), FirstPacket: id, LastPacket: id + 9, FilePacket: id,
		Start: start, End: start + 2*oneSecond,
		States:    [2]tracker.State{tracker.TimeWait, tracker.Closed},
		ConnState: "SF", History: "ShADadFf",
		Open: tracker.OpenRecord{Kind: tracker.OpenHandshake, SYNs: 1, SYNACKs: 1,
			Felt: tracker.Some(12*millisecond + 345*microsecond), LastSYN: tracker.Some(12*millisecond + 345*microsecond),
			Resp: tracker.Some(12 * millisecond), Orig: tracker.Some(345 * microsecond), Answer: tracker.Answer{Kind: tracker.AnswerSYNACK}},
		Close: tracker.CloseRecord{Kind: tracker.CloseNormal, First: tracker.Orig, Segments: 4, ResetBy: tracker.NoEnd,
			HalfClose: tracker.Some(millisecond), FINs: [2]uint32{1, 1},
			FINTime:   [2]tracker.Opt[int64]{tracker.Some(start + oneSecond), tracker.Some(start + oneSecond + 2*millisecond)},
			FINAcked:  [2]tracker.Opt[int64]{tracker.Some(start + oneSecond + millisecond), tracker.Some(start + 2*oneSecond)},
			FINPacket: [2]uint64{id + 6, id + 8}},
		TimeWait: tracker.TimeWaitRecord{Holder: tracker.Orig, Since: start + 2*oneSecond, Until: start + 62*oneSecond, EndedBy: tracker.TimeWait2MSL},
	}
	for e := range r.Ends {
		r.Ends[e] = tracker.EndRecord{Packets: 5, Bytes: tracker.Some(uint64(1000 * (e + 1))), SeenBytes: uint64(1000 * (e + 1)), WireBytes: uint64(1000 * (e + 1)),
			RTT: tracker.RTTRecord{N: 2, Min: 345 * microsecond, P50: 400 * microsecond, P95: millisecond, Max: millisecond, Source: "ack"},
			MSS: tracker.Some(uint16(1460)), TTL: tracker.Some(uint8(64))}
		r.Ends[e].TimeIn[tracker.Established] = tracker.Some(oneSecond)
	}
	r.Transitions = []tracker.Transition{
		{Time: start, Packet: id, End: tracker.Orig, From: tracker.Closed, To: tracker.SynSent, Proof: tracker.Seen},
		{Time: start + 62*oneSecond, End: tracker.Orig, From: tracker.TimeWait, To: tracker.Closed, Proof: tracker.Expected},
	}
	return r
}

// notOpened makes r an attempt that failed.
func notOpened(r *tracker.Record, kind tracker.OpenKind) *tracker.Record {
	r.Open = tracker.OpenRecord{Kind: kind, SYNs: 3, Waited: tracker.Some(3 * oneSecond)}
	r.Close = tracker.CloseRecord{Kind: tracker.CloseNeverOpened, First: tracker.NoEnd, ResetBy: tracker.NoEnd}
	r.TimeWait = tracker.TimeWaitRecord{Holder: tracker.NoEnd}
	r.States = [2]tracker.State{tracker.SynSent, tracker.Unknown}
	r.ConnState, r.History = "S0", "S"
	switch kind {
	case tracker.OpenRefused:
		r.Open.SYNs, r.Open.Waited = 1, tracker.Some(200*microsecond)
		r.Open.Answer = tracker.Answer{Kind: tracker.AnswerRST}
		r.States = [2]tracker.State{tracker.Closed, tracker.Listen}
		r.Close.ResetBy, r.Close.ResetCause, r.Close.ResetPacket = tracker.Resp, tracker.ResetRefused, r.ID+1
		r.ConnState, r.History = "REJ", "Sr"
	case tracker.OpenUnreachable:
		r.Open.Answer = tracker.Answer{Kind: tracker.AnswerICMP, Type: 3, Code: 13, From: end("192.0.2.254:0").Addr}
		r.Facts.AnswerPacket = r.ID + 1
	}
	return r
}

// badlyClosed takes the good end of r away.
func badlyClosed(r *tracker.Record, kind string, wait int64) *tracker.Record {
	r.TimeWait = tracker.TimeWaitRecord{Holder: tracker.NoEnd}
	r.Close.Kind, r.Close.Segments = kind, 0
	r.Close.FINTime[tracker.Resp], r.Close.FINAcked[tracker.Resp] = tracker.Opt[int64]{}, tracker.Opt[int64]{}
	r.Close.FINPacket[tracker.Resp], r.Close.FINs[tracker.Resp] = 0, 0
	r.End = r.Start + 2*oneSecond + wait
	r.ConnState, r.History = "S2", "ShADadF"
	switch kind {
	case tracker.CloseHalfClosed:
		r.States = [2]tracker.State{tracker.FinWait2, tracker.CloseWait}
		r.Close.FINAcked[tracker.Orig] = tracker.Some(r.End - wait)
		r.Ends[tracker.Resp].TimeIn[tracker.CloseWait] = tracker.Some(wait)
	case tracker.CloseUnackedFIN:
		r.States = [2]tracker.State{tracker.FinWait1, tracker.Established}
		r.Close.FINAcked[tracker.Orig] = tracker.Opt[int64]{}
		r.Close.FINTime[tracker.Orig] = tracker.Some(r.End - wait)
	case tracker.CloseTimedOut, tracker.CloseReset, tracker.CloseOpen:
		r.States = [2]tracker.State{tracker.Established, tracker.Established}
		r.Close.First, r.Close.FINPacket, r.Close.FINs = tracker.NoEnd, [2]uint64{}, [2]uint32{}
		r.Close.FINTime[tracker.Orig], r.Close.FINAcked[tracker.Orig] = tracker.Opt[int64]{}, tracker.Opt[int64]{}
		r.Ends[tracker.Orig].Retx = 6
	}
	if kind == tracker.CloseReset {
		r.States = [2]tracker.State{tracker.Closed, tracker.Closed}
		r.Close.ResetBy, r.Close.ResetIn, r.Close.ResetCause, r.Close.ResetPacket = tracker.Orig, tracker.Established, tracker.ResetAbort, r.LastPacket
		r.Close.RSTs[tracker.Orig] = 1
		r.ConnState, r.History = "RSTO", "ShADadR"
	}
	return r
}

// probes adds keepalive probes of end e.
func probes(r *tracker.Record, e tracker.End, idle, interval int64, n, unanswered uint32, outcome string) *tracker.Record {
	r.Keepalive[e] = tracker.KeepaliveRecord{Probes: n, Answered: n - unanswered, Unanswered: unanswered,
		Idle: tracker.Some(idle), Interval: tracker.Some(interval), Last: r.End}
	r.KeepaliveOutcome = outcome
	return r
}

const (
	six1 = "[2001:db8:1111:2222:3333:4444:5555:6666]:50123"
	six2 = "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65443"
)

// mixture has one of everything, IPv6 included.
func mixture() []*tracker.Record {
	server := "10.0.0.2:443"
	var all []*tracker.Record
	client := func() (uint64, string) {
		n := len(all)
		return uint64(n*10 + 1), fmt.Sprintf("10.0.0.1:%d", 40000+n)
	}
	add := func(resp string, make func(r *tracker.Record) *tracker.Record) {
		id, orig := client()
		if resp == six2 {
			orig = six1
		}
		all = append(all, make(madeUp(id, orig, resp)))
	}
	same := func(r *tracker.Record) *tracker.Record { return r }
	for range 5 {
		add(server, same)
	}
	add(server, func(r *tracker.Record) *tracker.Record {
		r.Open.SYNs, r.Open.Felt, r.Open.Resp = 2, tracker.Some(oneSecond+3*millisecond), tracker.Opt[int64]{}
		return r
	})
	add(server, func(r *tracker.Record) *tracker.Record {
		r.Open.SYNs, r.Open.SYNACKs, r.Open.Felt = 3, 2, tracker.Some(3*oneSecond+millisecond)
		r.Close.Segments, r.Close.First = 3, tracker.Both
		r.TimeWait.Holder, r.TimeWait.EndedBy, r.TimeWait.Restarts = tracker.Both, tracker.TimeWaitInputEnd, 1
		return r
	})
	add(server, func(r *tracker.Record) *tracker.Record {
		r.Close.First, r.Close.BytesAfterFIN = tracker.Resp, tracker.Some(uint64(54321))
		r.TimeWait.Holder, r.TimeWait.EndedBy = tracker.Resp, tracker.TimeWaitReuse
		return r
	})
	for _, kind := range []tracker.OpenKind{tracker.OpenRefused, tracker.OpenUnreachable, tracker.OpenNoAnswer, tracker.OpenHalfOpen, tracker.OpenAborted} {
		add("10.0.0.3:81", func(r *tracker.Record) *tracker.Record { return notOpened(r, kind) })
	}
	for i, kind := range []string{tracker.CloseHalfClosed, tracker.CloseUnackedFIN, tracker.CloseTimedOut, tracker.CloseReset, tracker.CloseOpen} {
		add(server, func(r *tracker.Record) *tracker.Record { return badlyClosed(r, kind, int64(40+i)*oneSecond) })
	}
	add(six2, same)
	add(six2, func(r *tracker.Record) *tracker.Record { return badlyClosed(r, tracker.CloseHalfClosed, 95*oneSecond) })
	add(six2, func(r *tracker.Record) *tracker.Record { return notOpened(r, tracker.OpenRefused) })
	add("10.0.0.2:22", func(r *tracker.Record) *tracker.Record {
		return probes(badlyClosed(r, tracker.CloseOpen, 20000*oneSecond), tracker.Orig, 7200*oneSecond, 75*oneSecond, 9, 9, tracker.KeepaliveDead)
	})
	add(six2, func(r *tracker.Record) *tracker.Record {
		return probes(badlyClosed(r, tracker.CloseOpen, 90*oneSecond), tracker.Resp, 30*oneSecond, 30*oneSecond, 3, 0, tracker.KeepaliveAlive)
	})
	add(server, func(r *tracker.Record) *tracker.Record {
		r.Open = tracker.OpenRecord{Kind: tracker.OpenMidstream}
		r.Capture.Midstream = true
		return r
	})
	add(server, func(r *tracker.Record) *tracker.Record { return cutShort(lastACKMissing(r), millisecond) })
	add(server, lastACKMissing)
	add(server, refusedAfterACK)
	add(server, func(r *tracker.Record) *tracker.Record {
		r = badlyClosed(r, tracker.CloseReset, 0)
		r.Close.ResetBy, r.Close.ResetCause, r.Close.ResetTTL = tracker.Resp, tracker.ResetMiddlebox, tracker.Some(uint8(255))
		return r
	})
	add(server, func(r *tracker.Record) *tracker.Record {
		r = badlyClosed(r, tracker.CloseUnackedFIN, 3*oneSecond)
		r.States, r.Proven = [2]tracker.State{tracker.FinWait1, tracker.CloseWait}, [2]tracker.State{tracker.FinWait1, tracker.Established}
		return r
	})
	add(six2, func(r *tracker.Record) *tracker.Record {
		r.Open.Felt, r.Open.Resp, r.Open.Orig = tracker.Opt[int64]{}, tracker.Opt[int64]{}, tracker.Opt[int64]{}
		r.Open.SYNACKs, r.Capture.OneWay = 0, true
		return badlyClosed(r, tracker.CloseHalfClosed, 9*oneSecond)
	})
	add("10.0.0.4:80", func(r *tracker.Record) *tracker.Record {
		r = badlyClosed(r, tracker.CloseOpen, 0)
		r.Open.SYNACKs, r.Ends[tracker.Resp].Retx = 3, 0
		r.States[tracker.Resp], r.Proven[tracker.Resp] = tracker.SynReceived, tracker.SynReceived
		return r
	})
	add("10.0.0.4:80", func(r *tracker.Record) *tracker.Record {
		r.Open.SYNs, r.Open.OldConn, r.Open.Felt = 2, 301, tracker.Some(13*millisecond)
		return r
	})
	add("10.0.0.5:80", func(r *tracker.Record) *tracker.Record {
		r = notOpened(r, tracker.OpenNoAnswer)
		r.Open.SYNs = 1
		return cutShort(r, 20*millisecond)
	})
	return all
}

// random makes n records of every kind, among hosts hosts.
func random(seed uint64, n, hosts int) []*tracker.Record {
	rng := rand.New(rand.NewPCG(seed, 1))
	all := make([]*tracker.Record, n)
	opens := []tracker.OpenKind{tracker.OpenRefused, tracker.OpenUnreachable, tracker.OpenNoAnswer, tracker.OpenHalfOpen, tracker.OpenAborted}
	closes := []string{tracker.CloseHalfClosed, tracker.CloseUnackedFIN, tracker.CloseTimedOut, tracker.CloseReset, tracker.CloseOpen}
	for i := range all {
		host := rng.IntN(hosts)
		r := madeUp(uint64(i+1), fmt.Sprintf("10.1.%d.%d:%d", host/250, host%250+1, 1024+i%60000),
			fmt.Sprintf("10.2.%d.%d:%d", host/250, host%250+1, 80+rng.IntN(3)))
		felt := int64(rng.ExpFloat64() * float64(20*millisecond))
		r.Open.Felt, r.Open.Resp, r.Open.Orig = tracker.Some(felt), tracker.Some(felt*9/10), tracker.Some(felt/10)
		r.TimeWait.Holder = tracker.End(rng.IntN(4))
		r.TimeWait.EndedBy = tracker.TimeWait2MSL + tracker.TimeWaitEnd(rng.IntN(4))
		switch rng.IntN(8) {
		case 0:
			r = notOpened(r, opens[rng.IntN(len(opens))])
		case 1:
			r = badlyClosed(r, closes[rng.IntN(len(closes))], int64(rng.IntN(100))*oneSecond)
		case 2:
			r = probes(r, tracker.End(rng.IntN(2)), 60*oneSecond, 10*oneSecond, 5, uint32(rng.IntN(6)), tracker.KeepaliveAlive)
		}
		if rng.IntN(4) == 0 {
			r = cutShort(r, int64(rng.IntN(4))*oneSecond/2)
		}
		r.Capture.OneWay = rng.IntN(50) == 0
		r.Ends[tracker.Resp].WindowProbes = uint32(rng.IntN(2))
		all[i] = r
	}
	return all
}

// ordinary is the record of a short connection to a busy listener, without
// trouble, and what turns it into the next n, of 16 clients.
func ordinary(n int) (r *tracker.Record, next []func(r *tracker.Record)) {
	rng := rand.New(rand.NewPCG(7, 1))
	r = madeUp(1, "10.1.0.1:1024", "10.2.0.1:80")
	for e := range r.Ends {
		x := &r.Ends[e]
		x.WScale, x.SACK, x.Timestamps, x.ECN = tracker.Some(uint8(7)), tracker.Some(true), tracker.Some(true), tracker.Some(false)
	}
	r.TimeWait.EndedBy, r.Unfinished, r.Capture.Truncated = tracker.TimeWaitInputEnd, true, true
	for i := range n {
		server, client := int64(20e3+rng.ExpFloat64()*20e3), int64(10e3+rng.ExpFloat64()*10e3)
		from, since := end(fmt.Sprintf("10.1.0.%d:%d", 1+rng.IntN(16), 1024+i%60000)), testStart+int64(i)*millisecond
		next = append(next, func(r *tracker.Record) {
			r.ID, r.Orig = uint64(12*i+1), from
			r.Open.Felt, r.Open.LastSYN = tracker.Some(server+client), tracker.Some(server+client)
			r.Open.Resp, r.Open.Orig = tracker.Some(server), tracker.Some(client)
			r.TimeWait.Since, r.TimeWait.Until = since, since+60*oneSecond
		})
	}
	return r, next
}

func summaryOf(o SummaryOptions, records []*tracker.Record) *Summary {
	s := NewSummary(o)
	for _, r := range records {
		s.Add(r)
	}
	return s
}

// headlineOf is the headline of a run that saw the records.
func headlineOf(records []*tracker.Record) *Headline {
	h := &Headline{Files: []string{"some.pcap"}, MSL: 30 * oneSecond}
	for _, r := range records {
		if h.Start == 0 || r.Start < h.Start {
			h.Start = r.Start
		}
		h.End = max(h.End, r.End)
		h.Packets += r.Ends[0].Packets + r.Ends[1].Packets
	}
	h.Segments, h.Bytes = h.Packets, h.Packets*100
	h.Tracker = tracker.Stats{Segments: h.Segments, Emitted: uint64(len(records))}
	return h
}
