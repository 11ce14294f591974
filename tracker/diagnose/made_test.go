package diagnose

import (
	"net/netip"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// at is where made-up records begin, 2024-01-01 UTC.
const at = int64(1704067200) * second

// point makes an endpoint of "10.0.0.1:80".
func point(s string) capture.Endpoint {
	p := netip.MustParseAddrPort(s)
	return capture.Endpoint{Addr: capture.AddrFrom(p.Addr()), Port: p.Port()}
}

// numbered is the n-th endpoint of a made-up network, with a port.
func numbered(n int, port uint16) capture.Endpoint {
	return capture.Endpoint{Addr: capture.AddrFrom4([]byte{10, 9, byte(n >> 8), byte(n)}), Port: port}
}

// made is a complete connection between two hosts a millisecond apart, closed
// by the opener; what differs is set by the functions.
func made(id uint64, change ...func(r *record.Record)) *record.Record {
	start := at + int64(id)*100*millisecond
	r := &record.Record{
		ID: id * 10, Orig: numbered(1, uint16(40000+id)), Resp: point("10.0.0.2:80"), FirstPacket: id * 10, LastPacket: id*10 + 9,
		Start: start, End: start + second,
		States: [2]record.State{record.TimeWait, record.Closed},
		Open: record.OpenRecord{Kind: record.OpenHandshake, SYNs: 1, SYNACKs: 1, Felt: record.Some(millisecond), LastSYN: record.Some(millisecond),
			Resp: record.Some(millisecond), Orig: record.Some(millisecond / 100), Answer: record.Answer{Kind: record.AnswerSYNACK}},
		Close: record.CloseRecord{Kind: record.CloseNormal, First: record.Orig, Segments: 4, ResetBy: record.NoEnd, FINs: [2]uint32{1, 1},
			FINTime:   [2]record.Opt[int64]{record.Some(start + second/2), record.Some(start + second)},
			FINAcked:  [2]record.Opt[int64]{record.Some(start + second), record.Some(start + second)},
			FINPacket: [2]uint64{id*10 + 6, id*10 + 7}},
		TimeWait: record.TimeWaitRecord{Holder: record.Orig, Since: start + second, Until: start + 61*second, EndedBy: record.TimeWait2MSL},
	}
	r.Evidence = record.EvidenceRecord{Duplicate: r.ID + 5, WentBack: r.ID + 5, Truncated: r.ID + 3, Offload: r.ID + 3, Missing: r.ID + 4,
		SYNACK: r.ID + 1, ThirdACK: r.ID + 2, OldAnswer: r.ID + 1}
	for e := range r.Evidence.Ends {
		r.Evidence.Ends[e] = record.EndEvidence{Repeat: r.ID + 4, Needless: r.ID + 5, Doubled: r.ID + 4, Late: r.ID + 4, WindowFull: r.ID + 4,
			Silly: r.ID + 4, Probe: r.ID + 4, Unanswered: r.ID + 5, Unmarked: r.ID + 3,
			OpenProbe: r.ID + 5, OldStamp: r.ID + 3, BadChecksum: r.ID + 3}
	}
	r.Open.ThirdACK, r.Open.LastSYNAt = record.Some(start+millisecond), start
	for e := range r.Ends {
		r.Ends[e] = record.EndRecord{Packets: 5, DataSegments: 2, PureACKs: 2, Bytes: record.Some(uint64(1000)), SeenBytes: 1000, WireBytes: 1000, TTL: record.Some(uint8(64)),
			MSS: record.Some(uint16(1460)), WScale: record.Some(uint8(7)), SACK: record.Some(true), Timestamps: record.Some(true),
			RTT: record.RTTRecord{N: 3, Min: millisecond, P50: millisecond, P95: millisecond, Max: millisecond, Source: record.RTTData}}
	}
	for _, f := range change {
		f(r)
	}
	return r
}

// failed makes it an attempt that failed, with so many SYNs, a second apart.
func failed(kind record.OpenKind, syns uint32) func(r *record.Record) {
	return func(r *record.Record) {
		wait := int64(syns-1) * second
		r.Open = record.OpenRecord{Kind: kind, SYNs: syns, Waited: record.Some(wait)}
		r.Close = record.CloseRecord{Kind: record.CloseNeverOpened, First: record.NoEnd, ResetBy: record.NoEnd}
		r.TimeWait = record.TimeWaitRecord{Holder: record.NoEnd}
		r.Ends[record.Resp] = record.EndRecord{}
		r.Ends[record.Orig].SeenBytes, r.Ends[record.Orig].Packets = 0, uint64(syns)
		r.End, r.Silent = r.Start+wait, 100*second
		r.Open.ThirdACK, r.Open.LastSYNAt = record.Opt[int64]{}, r.End
		again(r, syns-1)
		switch kind {
		case record.OpenRefused:
			reset(record.Resp, record.ResetRefused)(r)
			r.Close.Kind = record.CloseNeverOpened
		case record.OpenUnreachable:
			r.Open.AnswerPacket = r.ID + 1
			r.Open.Answer = record.Answer{Kind: record.AnswerICMP, Type: 3, Code: 13, From: point("192.0.2.254:1").Addr}
		case record.OpenAborted:
			reset(record.Orig, record.ResetAbort)(r)
			r.Close.Kind = record.CloseNeverOpened
		case record.OpenHalfOpen:
			r.Open.SYNACKs = 1
			r.Ends[record.Resp].Packets = 1
		}
	}
}

// again gives the SYN so many repeats, a second apart.
func again(r *record.Record, n uint32) {
	r.Open.NSYNsAgain = uint8(n)
	for i := range n {
		r.Open.SYNsAgain[i] = 1000 * (i + 1)
	}
	if n > 0 {
		r.Open.SYNAgainAt = r.ID + 1
	}
}

// late opens it with so many SYNs.
func late(syns uint32) func(r *record.Record) {
	return func(r *record.Record) {
		r.Open.SYNs = syns
		r.Open.Felt = record.Some(int64(syns-1)*second + millisecond)
		again(r, syns-1)
	}
}

// lateACK repeats its SYN/ACK so often after the third ACK was seen.
func lateACK(n uint8) func(r *record.Record) {
	return func(r *record.Record) {
		r.Open.SYNACKs = 1 + uint32(n)
		r.Open.NSYNACKsAgain, r.Open.ACKsIgnored = n, n
		r.Open.SYNACKAgainAt, r.Open.ACKIgnoredAt = r.ID+3, r.ID+3
		r.Open.ACKIgnored, r.Open.SYNACKAfter = record.Some(second), second
	}
}

// reset ends it with a RST of one end, half a second after it began.
func reset(by record.End, cause record.ResetCause) func(r *record.Record) {
	return func(r *record.Record) {
		r.Close = record.CloseRecord{Kind: record.CloseReset, First: record.NoEnd, ResetBy: by, ResetIn: record.Established, ResetCause: cause,
			ResetPacket: r.ID + 5, ResetTTL: record.Some(uint8(64))}
		r.Close.RSTs[by] = 1
		r.TimeWait = record.TimeWaitRecord{Holder: record.NoEnd}
		r.Close.ResetTime = record.Some(r.Start + second/2)
	}
}

// probe leaves nothing of a connection but a segment of one end and the RST that answers it.
func probe(by record.End) func(r *record.Record) {
	return func(r *record.Record) {
		reset(by.Peer(), record.ResetUnknown)(r)
		r.Open = record.OpenRecord{Kind: record.OpenMidstream}
		r.Capture.Midstream = true
		for e := range r.Ends {
			r.Ends[e] = record.EndRecord{Packets: 1}
		}
		r.Ends[by].PureACKs = 1
	}
}

// unheard makes it a lone segment without ACK that nobody answers, with so many FINs.
func unheard(fins uint32) func(r *record.Record) {
	return func(r *record.Record) {
		r.Open, r.Close = record.OpenRecord{Kind: record.OpenMidstream}, record.CloseRecord{Kind: record.CloseUnackedFIN, First: record.NoEnd, ResetBy: record.NoEnd}
		r.Close.FINs[record.Orig] = fins
		r.Capture.Midstream = true
		r.States = [2]record.State{record.FinWait1, record.Unknown}
		r.Ends = [2]record.EndRecord{{Packets: 1}, {}}
	}
}

// afterFIN lets the end that resets have sent a FIN before, and the other so many bytes.
func afterFIN(ns int64, bytes uint64) func(r *record.Record) {
	return func(r *record.Record) {
		by := r.Close.ResetBy
		r.Close.First, r.Close.FINTime[by] = by, record.Some(r.Close.ResetTime.V-ns)
		r.Close.BytesAfterFIN = record.Some(bytes)
	}
}

// to sends it to another listener.
func to(e capture.Endpoint) func(r *record.Record) { return func(r *record.Record) { r.Resp = e } }

// from lets another host open it.
func from(e capture.Endpoint) func(r *record.Record) { return func(r *record.Record) { r.Orig = e } }

// many makes n of them.
func many(n int, make func(i int) *record.Record) (all []*record.Record) {
	for i := range n {
		all = append(all, make(i))
	}
	return all
}

// same makes n that differ by their id only.
func same(n int, change ...func(r *record.Record)) []*record.Record {
	return many(n, func(i int) *record.Record { return made(uint64(i+1), change...) })
}

// numbers are the sequence numbers that both ends used.
func numbers(orig, resp record.Numbers) func(r *record.Record) {
	return func(r *record.Record) {
		r.Ends[record.Orig].Numbers, r.Ends[record.Resp].Numbers = record.Some(orig), record.Some(resp)
	}
}

// twoAddresses are a connection to 10.0.0.3 that lives, and one to 10.0.0.4 from the same
// port whose SYN an ACK with these numbers answered.
func twoAddresses(ack, seq uint32) []*record.Record {
	older := made(1, leftOpen(second), to(point("10.0.0.3:443")), numbers(record.Numbers{First: 5000, Next: 7000}, record.Numbers{First: 8000, Next: 9000}))
	newer := made(2, late(2), to(point("10.0.0.4:443")), from(older.Orig), func(r *record.Record) {
		r.Open.OldUnseen, r.Open.OldReset, r.Open.OldAck, r.Open.OldSeq = true, true, ack, seq
	})
	return []*record.Record{older, newer}
}

// silentSince are three connections whose data is not acknowledged from some time after
// their beginning on, and three whose SYNs are not answered after that.
func silentSince(after int64) []*record.Record {
	all := same(3, leftOpen(after+40*second), func(r *record.Record) {
		r.Ends[record.Orig].Retx, r.Path[record.Orig].Unacked = 5, r.Start+after
	})
	return append(all, many(3, func(i int) *record.Record {
		r := made(uint64(i+4), failed(record.OpenNoAnswer, 6))
		r.Start, r.End, r.Open.LastSYNAt = r.Start+after+second, r.End+after+second, r.Open.LastSYNAt+after+second
		return r
	})...)
}

// untranslatedTo are a connection that a bare RST ended, and a segment with these
// numbers that came from another address to the same port, and drew a RST.
func untranslatedTo(ack, seq uint32) []*record.Record {
	real := made(1, reset(record.Resp, record.ResetUnknown), numbers(record.Numbers{First: 4000, Next: 5000}, record.Numbers{First: 8000, Next: 20000}))
	stray := made(2, probe(record.Resp), to(point("10.0.0.7:80")), from(real.Orig), numbers(record.Numbers{First: ack, Next: ack}, record.Numbers{First: seq, Next: seq + 1000}))
	stray.Start = real.Start + second/4
	return []*record.Record{real, stray}
}

// promptly has the opener send data as soon as the connection is open.
func promptly(r *record.Record) { r.Ends[record.Orig].FirstByte = record.Some(millisecond) }

// burstLost lets the capture miss so many bytes of what the opener sent in a time.
func burstLost(bytes uint64, in int64) func(r *record.Record) {
	return func(r *record.Record) {
		x := &r.Ends[record.Orig]
		r.Capture.MissingBytes, x.MissingBytes, x.Sending = bytes, bytes, in
	}
}

// ofOneWay leaves of a connection what the opener sent, of which so many of 1,000 bytes were captured.
func ofOneWay(seen uint64) func(r *record.Record) {
	return func(r *record.Record) {
		r.Capture.OneWay, r.Capture.OneWayShown = true, true
		r.Ends[record.Resp] = record.EndRecord{}
		r.Ends[record.Orig].SeenBytes = seen
	}
}

// stoodFor lets the opener wait so long in all for two timeouts, of so long a life.
func stoodFor(stood, lasted int64) func(r *record.Record) {
	return func(r *record.Record) {
		r.End = r.Start + lasted
		x := &r.Ends[record.Orig]
		x.Retx, x.RetxRTO, x.LostAfterTap, x.RetxBytes, x.Stood = 2, 2, 2, 200, stood
	}
}

// finsBoth lets both ends send a FIN that nobody acknowledges: the opener so long before the end, as its
// last packet, and the other four times more.
func finsBoth(ago int64) func(r *record.Record) {
	return func(r *record.Record) {
		unackedFIN(0, 10*second)(r)
		r.Start, r.End = r.Start-ago, r.End+ago
		r.Close.FINs[record.Resp], r.Path[record.Resp].FINsAgain = 5, 4
		r.Close.FINTime[record.Orig], r.Close.FINTime[record.Resp] = record.Some(r.End-ago), record.Some(r.End-10*second)
		r.Ends[record.Orig].LastSent = r.Close.FINTime[record.Orig].V
	}
}
