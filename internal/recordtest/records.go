// Package recordtest is test support: records of connections, made up.
package recordtest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Start is when the first of them begins: 2023-11-14 22:13:20 UTC, in nanoseconds since 1970.
const Start = int64(1700000000) * 1e9

// Spans in nanoseconds.
const (
	microsecond = int64(1e3)
	millisecond = int64(1e6)
	second      = int64(1e9)
)

// Endpoint makes an endpoint of "10.0.0.1:80" or "[2001:db8::1]:80".
func Endpoint(s string) capture.Endpoint {
	ap := netip.MustParseAddrPort(s)
	return capture.Endpoint{Addr: capture.AddrFrom(ap.Addr()), Port: ap.Port()}
}

// MadeUp is a complete connection, four segments, closed by the client.
func MadeUp(id uint64, orig, resp string) *record.Record {
	start := Start + int64(id)*second/10
	r := &record.Record{
		ID: id, Orig: Endpoint(orig), Resp: Endpoint(resp), FirstPacket: id, LastPacket: id + 9, FilePacket: id,
		Start: start, End: start + 2*second,
		States:    [2]record.State{record.TimeWait, record.Closed},
		ConnState: "SF", History: "ShADadFf",
		Open: record.OpenRecord{Kind: record.OpenHandshake, SYNs: 1, SYNACKs: 1,
			Felt: record.Some(12*millisecond + 345*microsecond), LastSYN: record.Some(12*millisecond + 345*microsecond),
			Resp: record.Some(12 * millisecond), Orig: record.Some(345 * microsecond), Answer: record.Answer{Kind: record.AnswerSYNACK}},
		Close: record.CloseRecord{Kind: record.CloseNormal, First: record.Orig, Segments: 4, ResetBy: record.NoEnd,
			HalfClose: record.Some(millisecond), FINs: [2]uint32{1, 1},
			FINTime:   [2]record.Opt[int64]{record.Some(start + second), record.Some(start + second + 2*millisecond)},
			FINAcked:  [2]record.Opt[int64]{record.Some(start + second + millisecond), record.Some(start + 2*second)},
			FINPacket: [2]uint64{id + 6, id + 8}},
		TimeWait: record.TimeWaitRecord{Holder: record.Orig, Since: start + 2*second, Until: start + 62*second, EndedBy: record.TimeWait2MSL},
	}
	for e := range r.Ends {
		r.Ends[e] = record.EndRecord{Packets: 5, DataSegments: 2, PureACKs: 2, Bytes: record.Some(uint64(1000 * (e + 1))), SeenBytes: uint64(1000 * (e + 1)), WireBytes: uint64(1000 * (e + 1)),
			RTT: record.RTTRecord{N: 2, Min: 345 * microsecond, P50: 400 * microsecond, P95: millisecond, Max: millisecond, Source: record.RTTData},
			MSS: record.Some(uint16(1460)), TTL: record.Some(uint8(64))}
		r.Ends[e].TimeIn[record.Established] = record.Some(second)
	}
	r.Transitions = []record.Transition{
		{Time: start, Packet: id, End: record.Orig, From: record.Closed, To: record.SynSent, Basis: record.Seen},
		{Time: start + 62*second, End: record.Orig, From: record.TimeWait, To: record.Closed, Basis: record.Expected},
	}
	return r
}

// Opened is a connection that opened and goes on.
func Opened() *record.Record {
	return &record.Record{
		ID: 12, Orig: Endpoint("10.0.0.1:40000"), Resp: Endpoint("10.0.0.2:80"), Start: Start,
		States:   [2]record.State{record.Established, record.Established},
		Open:     record.OpenRecord{Kind: record.OpenHandshake, SYNs: 1, SYNACKs: 1, Felt: record.Some(int64(320_000))},
		Close:    record.CloseRecord{First: record.NoEnd, ResetBy: record.NoEnd},
		TimeWait: record.TimeWaitRecord{Holder: record.NoEnd},
	}
}

// NotOpened makes r an attempt that failed.
func NotOpened(r *record.Record, kind record.OpenKind) *record.Record {
	r.Open = record.OpenRecord{Kind: kind, SYNs: 3, Waited: record.Some(3 * second)}
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
		r.Open.Answer = record.Answer{Kind: record.AnswerICMP, Type: 3, Code: 13, From: Endpoint("192.0.2.254:0").Addr}
		r.Open.AnswerPacket = r.ID + 1
	}
	return r
}

// BadlyClosed takes the good end of r away.
func BadlyClosed(r *record.Record, kind record.CloseKind, wait int64) *record.Record {
	r.TimeWait = record.TimeWaitRecord{Holder: record.NoEnd}
	r.Close.Kind, r.Close.Segments = kind, 0
	r.Close.FINTime[record.Resp], r.Close.FINAcked[record.Resp] = record.Opt[int64]{}, record.Opt[int64]{}
	r.Close.FINPacket[record.Resp], r.Close.FINs[record.Resp] = 0, 0
	r.End = r.Start + 2*second + wait
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

// Probes adds keepalive probes of end e.
func Probes(r *record.Record, e record.End, idle, interval int64, n, unanswered uint32, outcome record.KeepaliveOutcome) *record.Record {
	r.Keepalive[e] = record.KeepaliveRecord{Probes: n, Answered: n - unanswered, Unanswered: unanswered,
		Idle: record.Some(idle), Interval: record.Some(interval), Last: r.End}
	r.KeepaliveOutcome = outcome
	return r
}

// CutShort says that the input ended that long after the last packet of r.
func CutShort(r *record.Record, silent int64) *record.Record {
	r.Unfinished, r.Silent = true, silent
	return r
}

// LastACKMissing takes the ACK of the server's FIN away.
func LastACKMissing(r *record.Record) *record.Record {
	r.Close.Kind, r.Close.Segments = record.CloseHalfClosed, 0
	r.Close.FINAcked[record.Resp] = record.Opt[int64]{}
	r.States, r.Proven = [2]record.State{record.TimeWait, record.LastAck}, [2]record.State{record.FinWait1, record.LastAck}
	r.TimeWait = record.TimeWaitRecord{Holder: record.NoEnd}
	r.End = r.Close.FINTime[record.Resp].V
	return r
}

// RefusedAfterACK lets the server answer the third ACK with a RST.
func RefusedAfterACK(r *record.Record) *record.Record {
	r = BadlyClosed(r, record.CloseReset, 0)
	r.Close.ResetBy, r.Close.ResetIn, r.Close.ResetCause = record.Resp, record.SynReceived, record.ResetUnknown
	return r
}

// Endpoints with long addresses.
const (
	Six1 = "[2001:db8:1111:2222:3333:4444:5555:6666]:50123"
	Six2 = "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65443"
)

// Mixture has one of everything, IPv6 included.
func Mixture() []*record.Record {
	server := "10.0.0.2:443"
	var all []*record.Record
	client := func() (uint64, string) {
		n := len(all)
		return uint64(n*10 + 1), fmt.Sprintf("10.0.0.1:%d", 40000+n)
	}
	add := func(resp string, make func(r *record.Record) *record.Record) {
		id, orig := client()
		if resp == Six2 {
			orig = Six1
		}
		all = append(all, make(MadeUp(id, orig, resp)))
	}
	same := func(r *record.Record) *record.Record { return r }
	for range 5 {
		add(server, same)
	}
	add(server, func(r *record.Record) *record.Record {
		r.Open.SYNs, r.Open.Felt, r.Open.Resp = 2, record.Some(second+3*millisecond), record.Opt[int64]{}
		return r
	})
	add(server, func(r *record.Record) *record.Record {
		r.Open.SYNs, r.Open.SYNACKs, r.Open.Felt = 3, 2, record.Some(3*second+millisecond)
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
		add("10.0.0.3:81", func(r *record.Record) *record.Record { return NotOpened(r, kind) })
	}
	for i, kind := range []record.CloseKind{record.CloseHalfClosed, record.CloseUnackedFIN, record.CloseTimedOut, record.CloseReset, record.CloseOpen} {
		add(server, func(r *record.Record) *record.Record { return BadlyClosed(r, kind, int64(40+i)*second) })
	}
	add(Six2, same)
	add(Six2, func(r *record.Record) *record.Record { return BadlyClosed(r, record.CloseHalfClosed, 95*second) })
	add(Six2, func(r *record.Record) *record.Record { return NotOpened(r, record.OpenRefused) })
	add("10.0.0.2:22", func(r *record.Record) *record.Record {
		return Probes(BadlyClosed(r, record.CloseOpen, 20000*second), record.Orig, 7200*second, 75*second, 9, 9, record.KeepaliveDead)
	})
	add(Six2, func(r *record.Record) *record.Record {
		return Probes(BadlyClosed(r, record.CloseOpen, 90*second), record.Resp, 30*second, 30*second, 3, 0, record.KeepaliveAlive)
	})
	add(server, func(r *record.Record) *record.Record {
		r.Open = record.OpenRecord{Kind: record.OpenMidstream}
		r.Capture.Midstream = true
		return r
	})
	add(server, func(r *record.Record) *record.Record { return CutShort(LastACKMissing(r), millisecond) })
	add(server, LastACKMissing)
	add(server, RefusedAfterACK)
	add(server, func(r *record.Record) *record.Record {
		r = BadlyClosed(r, record.CloseReset, 0)
		r.Close.ResetBy, r.Close.ResetCause, r.Close.ResetTTL = record.Resp, record.ResetMiddlebox, record.Some(uint8(255))
		return r
	})
	add(server, func(r *record.Record) *record.Record {
		r = BadlyClosed(r, record.CloseUnackedFIN, 3*second)
		r.States, r.Proven = [2]record.State{record.FinWait1, record.CloseWait}, [2]record.State{record.FinWait1, record.Established}
		return r
	})
	add(Six2, func(r *record.Record) *record.Record {
		r.Open.Felt, r.Open.Resp, r.Open.Orig = record.Opt[int64]{}, record.Opt[int64]{}, record.Opt[int64]{}
		r.Open.SYNACKs, r.Capture.OneWay = 0, true
		return BadlyClosed(r, record.CloseHalfClosed, 9*second)
	})
	add("10.0.0.4:80", func(r *record.Record) *record.Record {
		r = BadlyClosed(r, record.CloseOpen, 0)
		r.Open.SYNACKs, r.Ends[record.Resp].Retx = 3, 0
		r.States[record.Resp], r.Proven[record.Resp] = record.SynReceived, record.SynReceived
		return r
	})
	add("10.0.0.4:80", func(r *record.Record) *record.Record {
		r.Open.SYNs, r.Open.OldConn, r.Open.Felt = 2, 301, record.Some(13*millisecond)
		return r
	})
	add("10.0.0.5:80", func(r *record.Record) *record.Record {
		r = NotOpened(r, record.OpenNoAnswer)
		r.Open.SYNs = 1
		return CutShort(r, 20*millisecond)
	})
	return all
}

// Random makes n records of every kind, among hosts hosts.
func Random(seed uint64, n, hosts int) []*record.Record {
	rng := rand.New(rand.NewPCG(seed, 1))
	all := make([]*record.Record, n)
	opens := []record.OpenKind{record.OpenRefused, record.OpenUnreachable, record.OpenNoAnswer, record.OpenHalfOpen, record.OpenAborted}
	closes := []record.CloseKind{record.CloseHalfClosed, record.CloseUnackedFIN, record.CloseTimedOut, record.CloseReset, record.CloseOpen}
	for i := range all {
		host := rng.IntN(hosts)
		r := MadeUp(uint64(i+1), fmt.Sprintf("10.1.%d.%d:%d", host/250, host%250+1, 1024+i%60000),
			fmt.Sprintf("10.2.%d.%d:%d", host/250, host%250+1, 80+rng.IntN(3)))
		felt := int64(rng.ExpFloat64() * float64(20*millisecond))
		r.Open.Felt, r.Open.Resp, r.Open.Orig = record.Some(felt), record.Some(felt*9/10), record.Some(felt/10)
		r.TimeWait.Holder = record.End(rng.IntN(4))
		r.TimeWait.EndedBy = record.TimeWait2MSL + record.TimeWaitEnd(rng.IntN(4))
		switch rng.IntN(8) {
		case 0:
			r = NotOpened(r, opens[rng.IntN(len(opens))])
		case 1:
			r = BadlyClosed(r, closes[rng.IntN(len(closes))], int64(rng.IntN(100))*second)
		case 2:
			r = Probes(r, record.End(rng.IntN(2)), 60*second, 10*second, 5, uint32(rng.IntN(6)), record.KeepaliveAlive)
		}
		if rng.IntN(4) == 0 {
			r = CutShort(r, int64(rng.IntN(4))*second/2)
		}
		r.Capture.OneWay = rng.IntN(50) == 0
		r.Ends[record.Resp].WindowProbes = uint32(rng.IntN(2))
		all[i] = r
	}
	return all
}

// Ordinary is the record of a short connection to a busy listener, without
// trouble, and what turns it into the next n, of 16 clients.
func Ordinary(n int) (r *record.Record, next []func(r *record.Record)) {
	rng := rand.New(rand.NewPCG(7, 1))
	r = MadeUp(1, "10.1.0.1:1024", "10.2.0.1:80")
	for e := range r.Ends {
		x := &r.Ends[e]
		x.WScale, x.SACK, x.Timestamps, x.ECN = record.Some(uint8(7)), record.Some(true), record.Some(true), record.Some(false)
	}
	r.TimeWait.EndedBy, r.Unfinished, r.Capture.Truncated = record.TimeWaitInputEnd, true, true
	for i := range n {
		server, client := int64(20e3+rng.ExpFloat64()*20e3), int64(10e3+rng.ExpFloat64()*10e3)
		from, since := Endpoint(fmt.Sprintf("10.1.0.%d:%d", 1+rng.IntN(16), 1024+i%60000)), Start+int64(i)*millisecond
		next = append(next, func(r *record.Record) {
			r.ID, r.Orig = uint64(12*i+1), from
			r.Open.Felt, r.Open.LastSYN = record.Some(server+client), record.Some(server+client)
			r.Open.Resp, r.Open.Orig = record.Some(server), record.Some(client)
			r.TimeWait.Since, r.TimeWait.Until = since, since+60*second
		})
	}
	return r, next
}

// ZeroWindows is a connection with a closed window: n episodes of the server,
// the k-th k seconds long, the last one not over.
func ZeroWindows(n int) *record.Record {
	r := MadeUp(7, "10.0.0.1:50000", "10.0.0.2:443")
	e := &r.Ends[record.Resp]
	for k := range n {
		x := record.ZeroWindowEpisode{Start: Start + int64(100*k)*second, Packet: uint64(10 * (k + 1)), Probes: uint32(k), EndedBy: record.ZeroWindowInputEnd}
		if k < n-1 {
			x.End, x.EndPacket, x.EndedBy = x.Start+int64(k+1)*second, x.Packet+5, record.ZeroWindowUpdate
		}
		e.ZeroWindowList = append(e.ZeroWindowList, x)
	}
	e.ZeroWindows = uint32(n)
	return r
}

// Full is a record that has everything: all numbers 1, all flags set, of a capture
// with every flaw, or, when clean, without those that hide fields.
func Full(clean bool) *record.Record {
	r := new(record.Record)
	fill(reflect.ValueOf(r).Elem())
	if clean {
		r.Capture = record.CaptureRecord{}
		for e := range r.Ends {
			r.Ends[e].MissingBytes, r.Ends[e].SpanUnknown = 0, false
		}
	}
	return r
}

// fill sets all that v holds to 1, true or "x".
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	}
}
