package report

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// end makes an endpoint of "10.0.0.1:80" or "[2001:db8::1]:80".
func end(s string) capture.Endpoint {
	ap := netip.MustParseAddrPort(s)
	return capture.Endpoint{Addr: capture.AddrFrom(ap.Addr()), Port: ap.Port()}
}

// madeUp is a complete connection, four segments, closed by the client.
func madeUp(id uint64, orig, resp string) *record.Record {
	start := testStart + int64(id)*oneSecond/10
	r := &record.Record{
		ID: id, Orig: end(orig), Resp: end(resp), FirstPacket: id, LastPacket: id + 9, FilePacket: id,
		Start: start, End: start + 2*oneSecond,
		States:    [2]record.State{record.TimeWait, record.Closed},
		ConnState: "SF", History: "ShADadFf",
		Open: record.OpenRecord{Kind: record.OpenHandshake, SYNs: 1, SYNACKs: 1,
			Felt: record.Some(12*millisecond + 345*microsecond), LastSYN: record.Some(12*millisecond + 345*microsecond),
			Resp: record.Some(12 * millisecond), Orig: record.Some(345 * microsecond), Answer: record.Answer{Kind: record.AnswerSYNACK}},
		Close: record.CloseRecord{Kind: record.CloseNormal, First: record.Orig, Segments: 4, ResetBy: record.NoEnd,
			HalfClose: record.Some(millisecond), FINs: [2]uint32{1, 1},
			FINTime:   [2]record.Opt[int64]{record.Some(start + oneSecond), record.Some(start + oneSecond + 2*millisecond)},
			FINAcked:  [2]record.Opt[int64]{record.Some(start + oneSecond + millisecond), record.Some(start + 2*oneSecond)},
			FINPacket: [2]uint64{id + 6, id + 8}},
		TimeWait: record.TimeWaitRecord{Holder: record.Orig, Since: start + 2*oneSecond, Until: start + 62*oneSecond, EndedBy: record.TimeWait2MSL},
	}
	for e := range r.Ends {
		r.Ends[e] = record.EndRecord{Packets: 5, Bytes: record.Some(uint64(1000 * (e + 1))), SeenBytes: uint64(1000 * (e + 1)), WireBytes: uint64(1000 * (e + 1)),
			RTT: record.RTTRecord{N: 2, Min: 345 * microsecond, P50: 400 * microsecond, P95: millisecond, Max: millisecond, Source: record.RTTData},
			MSS: record.Some(uint16(1460)), TTL: record.Some(uint8(64))}
		r.Ends[e].TimeIn[record.Established] = record.Some(oneSecond)
	}
	r.Transitions = []record.Transition{
		{Time: start, Packet: id, End: record.Orig, From: record.Closed, To: record.SynSent, Basis: record.Seen},
		{Time: start + 62*oneSecond, End: record.Orig, From: record.TimeWait, To: record.Closed, Basis: record.Expected},
	}
	return r
}

// notOpened makes r an attempt that failed.
func notOpened(r *record.Record, kind record.OpenKind) *record.Record {
	r.Open = record.OpenRecord{Kind: kind, SYNs: 3, Waited: record.Some(3 * oneSecond)}
	r.Close = record.CloseRecord{Kind: record.CloseNeverOpened, First: record.NoEnd, ResetBy: record.NoEnd}
	r.TimeWait = record.TimeWaitRecord{Holder: record.NoEnd}
	r.States = [2]record.State{record.SynSent, record.Unknown}
	r.ConnState, r.History = "S0", "S"
	switch kind {
	case record.OpenRefused:
		r.Open.SYNs, r.Open.Waited = 1, record.Some(200*microsecond)
		r.Open.Answer = record.Answer{Kind: record.AnswerRST}
		r.States = [2]record.State{record.Closed, record.Listen}
		r.Close.ResetBy, r.Close.ResetCause, r.Close.ResetPacket = record.Resp, record.ResetRefused, r.ID+1
		r.ConnState, r.History = "REJ", "Sr"
	case record.OpenUnreachable:
		r.Open.Answer = record.Answer{Kind: record.AnswerICMP, Type: 3, Code: 13, From: end("192.0.2.254:0").Addr}
		r.Open.AnswerPacket = r.ID + 1
	}
	return r
}

// badlyClosed takes the good end of r away.
func badlyClosed(r *record.Record, kind record.CloseKind, wait int64) *record.Record {
	r.TimeWait = record.TimeWaitRecord{Holder: record.NoEnd}
	r.Close.Kind, r.Close.Segments = kind, 0
	r.Close.FINTime[record.Resp], r.Close.FINAcked[record.Resp] = record.Opt[int64]{}, record.Opt[int64]{}
	r.Close.FINPacket[record.Resp], r.Close.FINs[record.Resp] = 0, 0
	r.End = r.Start + 2*oneSecond + wait
	r.ConnState, r.History = "S2", "ShADadF"
	switch kind {
	case record.CloseHalfClosed:
		r.States = [2]record.State{record.FinWait2, record.CloseWait}
		r.Close.FINAcked[record.Orig] = record.Some(r.End - wait)
		r.Ends[record.Resp].TimeIn[record.CloseWait] = record.Some(wait)
	case record.CloseUnackedFIN:
		r.States = [2]record.State{record.FinWait1, record.Established}
		r.Close.FINAcked[record.Orig] = record.Opt[int64]{}
		r.Close.FINTime[record.Orig] = record.Some(r.End - wait)
	case record.CloseTimedOut, record.CloseReset, record.CloseOpen:
		r.States = [2]record.State{record.Established, record.Established}
		r.Close.First, r.Close.FINPacket, r.Close.FINs = record.NoEnd, [2]uint64{}, [2]uint32{}
		r.Close.FINTime[record.Orig], r.Close.FINAcked[record.Orig] = record.Opt[int64]{}, record.Opt[int64]{}
		r.Ends[record.Orig].Retx = 6
	}
	if kind == record.CloseReset {
		r.States = [2]record.State{record.Closed, record.Closed}
		r.Close.ResetBy, r.Close.ResetIn, r.Close.ResetCause, r.Close.ResetPacket = record.Orig, record.Established, record.ResetAbort, r.LastPacket
		r.Close.RSTs[record.Orig] = 1
		r.ConnState, r.History = "RSTO", "ShADadR"
	}
	return r
}

// probes adds keepalive probes of end e.
func probes(r *record.Record, e record.End, idle, interval int64, n, unanswered uint32, outcome record.KeepaliveOutcome) *record.Record {
	r.Keepalive[e] = record.KeepaliveRecord{Probes: n, Answered: n - unanswered, Unanswered: unanswered,
		Idle: record.Some(idle), Interval: record.Some(interval), Last: r.End}
	r.KeepaliveOutcome = outcome
	return r
}

const (
	six1 = "[2001:db8:1111:2222:3333:4444:5555:6666]:50123"
	six2 = "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65443"
)

// mixture has one of everything, IPv6 included.
func mixture() []*record.Record {
	server := "10.0.0.2:443"
	var all []*record.Record
	client := func() (uint64, string) {
		n := len(all)
		return uint64(n*10 + 1), fmt.Sprintf("10.0.0.1:%d", 40000+n)
	}
	add := func(resp string, make func(r *record.Record) *record.Record) {
		id, orig := client()
		if resp == six2 {
			orig = six1
		}
		all = append(all, make(madeUp(id, orig, resp)))
	}
	same := func(r *record.Record) *record.Record { return r }
	for range 5 {
		add(server, same)
	}
	add(server, func(r *record.Record) *record.Record {
		r.Open.SYNs, r.Open.Felt, r.Open.Resp = 2, record.Some(oneSecond+3*millisecond), record.Opt[int64]{}
		return r
	})
	add(server, func(r *record.Record) *record.Record {
		r.Open.SYNs, r.Open.SYNACKs, r.Open.Felt = 3, 2, record.Some(3*oneSecond+millisecond)
		r.Close.Segments, r.Close.First = 3, record.Both
		r.TimeWait.Holder, r.TimeWait.EndedBy, r.TimeWait.Restarts = record.Both, record.TimeWaitInputEnd, 1
		return r
	})
	add(server, func(r *record.Record) *record.Record {
		r.Close.First, r.Close.BytesAfterFIN = record.Resp, record.Some(uint64(54321))
		r.TimeWait.Holder, r.TimeWait.EndedBy = record.Resp, record.TimeWaitReuse
		return r
	})
	for _, kind := range []record.OpenKind{record.OpenRefused, record.OpenUnreachable, record.OpenNoAnswer, record.OpenHalfOpen, record.OpenAborted} {
		add("10.0.0.3:81", func(r *record.Record) *record.Record { return notOpened(r, kind) })
	}
	for i, kind := range []record.CloseKind{record.CloseHalfClosed, record.CloseUnackedFIN, record.CloseTimedOut, record.CloseReset, record.CloseOpen} {
		add(server, func(r *record.Record) *record.Record { return badlyClosed(r, kind, int64(40+i)*oneSecond) })
	}
	add(six2, same)
	add(six2, func(r *record.Record) *record.Record { return badlyClosed(r, record.CloseHalfClosed, 95*oneSecond) })
	add(six2, func(r *record.Record) *record.Record { return notOpened(r, record.OpenRefused) })
	add("10.0.0.2:22", func(r *record.Record) *record.Record {
		return probes(badlyClosed(r, record.CloseOpen, 20000*oneSecond), record.Orig, 7200*oneSecond, 75*oneSecond, 9, 9, record.KeepaliveDead)
	})
	add(six2, func(r *record.Record) *record.Record {
		return probes(badlyClosed(r, record.CloseOpen, 90*oneSecond), record.Resp, 30*oneSecond, 30*oneSecond, 3, 0, record.KeepaliveAlive)
	})
	add(server, func(r *record.Record) *record.Record {
		r.Open = record.OpenRecord{Kind: record.OpenMidstream}
		r.Capture.Midstream = true
		return r
	})
	add(server, func(r *record.Record) *record.Record { return cutShort(lastACKMissing(r), millisecond) })
	add(server, lastACKMissing)
	add(server, refusedAfterACK)
	add(server, func(r *record.Record) *record.Record {
		r = badlyClosed(r, record.CloseReset, 0)
		r.Close.ResetBy, r.Close.ResetCause, r.Close.ResetTTL = record.Resp, record.ResetMiddlebox, record.Some(uint8(255))
		return r
	})
	add(server, func(r *record.Record) *record.Record {
		r = badlyClosed(r, record.CloseUnackedFIN, 3*oneSecond)
		r.States, r.Proven = [2]record.State{record.FinWait1, record.CloseWait}, [2]record.State{record.FinWait1, record.Established}
		return r
	})
	add(six2, func(r *record.Record) *record.Record {
		r.Open.Felt, r.Open.Resp, r.Open.Orig = record.Opt[int64]{}, record.Opt[int64]{}, record.Opt[int64]{}
		r.Open.SYNACKs, r.Capture.OneWay = 0, true
		return badlyClosed(r, record.CloseHalfClosed, 9*oneSecond)
	})
	add("10.0.0.4:80", func(r *record.Record) *record.Record {
		r = badlyClosed(r, record.CloseOpen, 0)
		r.Open.SYNACKs, r.Ends[record.Resp].Retx = 3, 0
		r.States[record.Resp], r.Proven[record.Resp] = record.SynReceived, record.SynReceived
		return r
	})
	add("10.0.0.4:80", func(r *record.Record) *record.Record {
		r.Open.SYNs, r.Open.OldConn, r.Open.Felt = 2, 301, record.Some(13*millisecond)
		return r
	})
	add("10.0.0.5:80", func(r *record.Record) *record.Record {
		r = notOpened(r, record.OpenNoAnswer)
		r.Open.SYNs = 1
		return cutShort(r, 20*millisecond)
	})
	return all
}

// random makes n records of every kind, among hosts hosts.
func random(seed uint64, n, hosts int) []*record.Record {
	rng := rand.New(rand.NewPCG(seed, 1))
	all := make([]*record.Record, n)
	opens := []record.OpenKind{record.OpenRefused, record.OpenUnreachable, record.OpenNoAnswer, record.OpenHalfOpen, record.OpenAborted}
	closes := []record.CloseKind{record.CloseHalfClosed, record.CloseUnackedFIN, record.CloseTimedOut, record.CloseReset, record.CloseOpen}
	for i := range all {
		host := rng.IntN(hosts)
		r := madeUp(uint64(i+1), fmt.Sprintf("10.1.%d.%d:%d", host/250, host%250+1, 1024+i%60000),
			fmt.Sprintf("10.2.%d.%d:%d", host/250, host%250+1, 80+rng.IntN(3)))
		felt := int64(rng.ExpFloat64() * float64(20*millisecond))
		r.Open.Felt, r.Open.Resp, r.Open.Orig = record.Some(felt), record.Some(felt*9/10), record.Some(felt/10)
		r.TimeWait.Holder = record.End(rng.IntN(4))
		r.TimeWait.EndedBy = record.TimeWait2MSL + record.TimeWaitEnd(rng.IntN(4))
		switch rng.IntN(8) {
		case 0:
			r = notOpened(r, opens[rng.IntN(len(opens))])
		case 1:
			r = badlyClosed(r, closes[rng.IntN(len(closes))], int64(rng.IntN(100))*oneSecond)
		case 2:
			r = probes(r, record.End(rng.IntN(2)), 60*oneSecond, 10*oneSecond, 5, uint32(rng.IntN(6)), record.KeepaliveAlive)
		}
		if rng.IntN(4) == 0 {
			r = cutShort(r, int64(rng.IntN(4))*oneSecond/2)
		}
		r.Capture.OneWay = rng.IntN(50) == 0
		r.Ends[record.Resp].WindowProbes = uint32(rng.IntN(2))
		all[i] = r
	}
	return all
}

// ordinary is the record of a short connection to a busy listener, without
// trouble, and what turns it into the next n, of 16 clients.
func ordinary(n int) (r *record.Record, next []func(r *record.Record)) {
	rng := rand.New(rand.NewPCG(7, 1))
	r = madeUp(1, "10.1.0.1:1024", "10.2.0.1:80")
	for e := range r.Ends {
		x := &r.Ends[e]
		x.WScale, x.SACK, x.Timestamps, x.ECN = record.Some(uint8(7)), record.Some(true), record.Some(true), record.Some(false)
	}
	r.TimeWait.EndedBy, r.Unfinished, r.Capture.Truncated = record.TimeWaitInputEnd, true, true
	for i := range n {
		server, client := int64(20e3+rng.ExpFloat64()*20e3), int64(10e3+rng.ExpFloat64()*10e3)
		from, since := end(fmt.Sprintf("10.1.0.%d:%d", 1+rng.IntN(16), 1024+i%60000)), testStart+int64(i)*millisecond
		next = append(next, func(r *record.Record) {
			r.ID, r.Orig = uint64(12*i+1), from
			r.Open.Felt, r.Open.LastSYN = record.Some(server+client), record.Some(server+client)
			r.Open.Resp, r.Open.Orig = record.Some(server), record.Some(client)
			r.TimeWait.Since, r.TimeWait.Until = since, since+60*oneSecond
		})
	}
	return r, next
}

func summaryOf(o SummaryOptions, records []*record.Record) *Summary {
	s := NewSummary(o)
	for _, r := range records {
		s.Add(r)
	}
	return s
}

// headlineOf is the headline of a run that saw the records.
func headlineOf(records []*record.Record) *Headline {
	h := &Headline{Files: []string{"some.pcap"}, MSL: 30 * oneSecond}
	for _, r := range records {
		if h.Start == 0 || r.Start < h.Start {
			h.Start = r.Start
		}
		h.End = max(h.End, r.End)
		h.Packets += r.Ends[0].Packets + r.Ends[1].Packets
	}
	h.Segments, h.Bytes = h.Packets, h.Packets*100
	h.Tracker = record.Stats{Segments: h.Segments, Emitted: uint64(len(records))}
	return h
}
