package diagnose

import (
	"net/netip"

	"tcpwatch/capture"
	"tcpwatch/tracker"
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
func made(id uint64, change ...func(r *tracker.Record)) *tracker.Record {
	start := at + int64(id)*100*millisecond
	r := &tracker.Record{
		ID: id * 10, Orig: numbered(1, uint16(40000+id)), Resp: point("10.0.0.2:80"), FirstPacket: id * 10, LastPacket: id*10 + 9,
		Start: start, End: start + second,
		States: [2]tracker.State{tracker.TimeWait, tracker.Closed},
		Open: tracker.OpenRecord{Kind: tracker.OpenHandshake, SYNs: 1, SYNACKs: 1, Felt: tracker.Some(millisecond), LastSYN: tracker.Some(millisecond),
			Resp: tracker.Some(millisecond), Orig: tracker.Some(millisecond / 100), Answer: tracker.Answer{Kind: tracker.AnswerSYNACK}},
		Close: tracker.CloseRecord{Kind: tracker.CloseNormal, First: tracker.Orig, Segments: 4, ResetBy: tracker.NoEnd, FINs: [2]uint32{1, 1},
			FINTime:   [2]tracker.Opt[int64]{tracker.Some(start + second/2), tracker.Some(start + second)},
			FINAcked:  [2]tracker.Opt[int64]{tracker.Some(start + second), tracker.Some(start + second)},
			FINPacket: [2]uint64{id*10 + 6, id*10 + 7}},
		TimeWait: tracker.TimeWaitRecord{Holder: tracker.Orig, Since: start + second, Until: start + 61*second, EndedBy: tracker.TimeWait2MSL},
	}
	r.Proof = tracker.ProofRecord{Copy: r.ID + 5, Back: r.ID + 5, Cut: r.ID + 3, Long: r.ID + 3, Unseen: r.ID + 4,
		SYNACK: r.ID + 1, ThirdACK: r.ID + 2, OldAnswer: r.ID + 1}
	for e := range r.Proof.Ends {
		r.Proof.Ends[e] = tracker.EndProof{Repeat: r.ID + 4, Needless: r.ID + 5, Hasty: r.ID + 4, Late: r.ID + 4, WindowFull: r.ID + 4,
			Silly: r.ID + 4, Probe: r.ID + 4, Unanswered: r.ID + 5, Unmarked: r.ID + 3}
	}
	r.Facts.ThirdACK, r.Facts.LastSYN = tracker.Some(start+millisecond), start
	for e := range r.Ends {
		r.Ends[e] = tracker.EndRecord{Packets: 5, Bytes: tracker.Some(uint64(1000)), SeenBytes: 1000, WireBytes: 1000, TTL: tracker.Some(uint8(64)),
			MSS: tracker.Some(uint16(1460)), WScale: tracker.Some(uint8(7)), SACK: tracker.Some(true), Timestamps: tracker.Some(true),
			RTT: tracker.RTTRecord{N: 3, Min: millisecond, P50: millisecond, P95: millisecond, Max: millisecond, Source: tracker.RTTData}}
	}
	for _, f := range change {
		f(r)
	}
	return r
}

// failed makes it an attempt that failed, with so many SYNs, a second apart.
func failed(kind tracker.OpenKind, syns uint32) func(r *tracker.Record) {
	return func(r *tracker.Record) {
		wait := int64(syns-1) * second
		r.Open = tracker.OpenRecord{Kind: kind, SYNs: syns, Waited: tracker.Some(wait)}
		r.Close = tracker.CloseRecord{Kind: tracker.CloseNeverOpened, First: tracker.NoEnd, ResetBy: tracker.NoEnd}
		r.TimeWait = tracker.TimeWaitRecord{Holder: tracker.NoEnd}
		r.Ends[tracker.Resp] = tracker.EndRecord{}
		r.Ends[tracker.Orig].SeenBytes, r.Ends[tracker.Orig].Packets = 0, uint64(syns)
		r.End, r.Silent = r.Start+wait, 100*second
		r.Facts.ThirdACK, r.Facts.LastSYN = tracker.Opt[int64]{}, r.End
		again(r, syns-1)
		switch kind {
		case tracker.OpenRefused:
			reset(tracker.Resp, tracker.ResetRefused)(r)
			r.Close.Kind = tracker.CloseNeverOpened
		case tracker.OpenUnreachable:
			r.Facts.AnswerPacket = r.ID + 1
			r.Open.Answer = tracker.Answer{Kind: tracker.AnswerICMP, Type: 3, Code: 13, From: point("192.0.2.254:1").Addr}
		case tracker.OpenAborted:
			reset(tracker.Orig, tracker.ResetAbort)(r)
			r.Close.Kind = tracker.CloseNeverOpened
		case tracker.OpenHalfOpen:
			r.Open.SYNACKs = 1
			r.Ends[tracker.Resp].Packets = 1
		}
	}
}

// again gives the SYN so many repeats, a second apart.
func again(r *tracker.Record, n uint32) {
	r.Facts.NSYNsAgain = uint8(n)
	for i := range n {
		r.Facts.SYNsAgain[i] = 1000 * (i + 1)
	}
	if n > 0 {
		r.Facts.SYNAgainAt = r.ID + 1
	}
}

// late opens it with so many SYNs.
func late(syns uint32) func(r *tracker.Record) {
	return func(r *tracker.Record) {
		r.Open.SYNs = syns
		r.Open.Felt = tracker.Some(int64(syns-1)*second + millisecond)
		again(r, syns-1)
	}
}

// lateACK repeats its SYN/ACK so often after the third ACK was seen.
func lateACK(n uint8) func(r *tracker.Record) {
	return func(r *tracker.Record) {
		r.Open.SYNACKs = 1 + uint32(n)
		r.Facts.NSYNACKsAgain, r.Facts.ACKsIgnored = n, n
		r.Facts.SYNACKAgainAt, r.Facts.ACKIgnoredAt = r.ID+3, r.ID+3
		r.Facts.ACKIgnored, r.Facts.SYNACKAfter = tracker.Some(second), second
	}
}

// reset ends it with a RST of one end, half a second after it began.
func reset(by tracker.End, cause tracker.ResetCause) func(r *tracker.Record) {
	return func(r *tracker.Record) {
		r.Close = tracker.CloseRecord{Kind: tracker.CloseReset, First: tracker.NoEnd, ResetBy: by, ResetIn: tracker.Established, ResetCause: cause,
			ResetPacket: r.ID + 5, ResetTTL: tracker.Some(uint8(64))}
		r.Close.RSTs[by] = 1
		r.TimeWait = tracker.TimeWaitRecord{Holder: tracker.NoEnd}
		r.Facts.ResetTime = tracker.Some(r.Start + second/2)
	}
}

// probe leaves nothing of a connection but a segment of one end and the RST that answers it.
func probe(by tracker.End) func(r *tracker.Record) {
	return func(r *tracker.Record) {
		reset(by.Peer(), tracker.ResetUnknown)(r)
		r.Open = tracker.OpenRecord{Kind: tracker.OpenMidstream}
		r.Capture.Midstream = true
		for e := range r.Ends {
			r.Ends[e] = tracker.EndRecord{Packets: 1}
		}
	}
}

// afterFIN lets the end that resets have sent a FIN before, and the other so many bytes.
func afterFIN(ns int64, bytes uint64) func(r *tracker.Record) {
	return func(r *tracker.Record) {
		by := r.Close.ResetBy
		r.Close.First, r.Close.FINTime[by] = by, tracker.Some(r.Facts.ResetTime.V-ns)
		r.Close.BytesAfterFIN = tracker.Some(bytes)
	}
}

// to sends it to another listener.
func to(e capture.Endpoint) func(r *tracker.Record) { return func(r *tracker.Record) { r.Resp = e } }

// from lets another host open it.
func from(e capture.Endpoint) func(r *tracker.Record) { return func(r *tracker.Record) { r.Orig = e } }

// many makes n of them.
func many(n int, make func(i int) *tracker.Record) (all []*tracker.Record) {
	for i := range n {
		all = append(all, make(i))
	}
	return all
}

// same makes n that differ by their id only.
func same(n int, change ...func(r *tracker.Record)) []*tracker.Record {
	return many(n, func(i int) *tracker.Record { return made(uint64(i+1), change...) })
}

// promptly has the opener send data as soon as the connection is open.
func promptly(r *tracker.Record) { r.Ends[tracker.Orig].FirstByte = tracker.Some(millisecond) }
