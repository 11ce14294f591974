package diagnose

import "tcpwatch/tracker/record"

// every makes the i-th of connections that come so far apart, from one host.
func every(i int, apart int64, change ...func(r *record.Record)) *record.Record {
	return made(uint64(i+1), append([]func(r *record.Record){func(r *record.Record) {
		r.Start = at + int64(i)*apart
		r.End, r.Open.ThirdACK, r.Open.LastSYNAt = r.Start+second/2, record.Some(r.Start+millisecond), r.Start
	}}, change...)...)
}

// halfChecked: SYN, SYN/ACK, RST.
func halfChecked(r *record.Record) {
	start := r.Start
	failed(record.OpenAborted, 1)(r)
	r.Start, r.End = start, start+millisecond
	r.Open.SYNACKs, r.Open.Waited, r.Open.Resp = 1, record.Some(millisecond), record.Some(millisecond)
	mute(r, record.Orig)
	mute(r, record.Resp)
}

// fullChecked: the handshake, and a RST at once.
func fullChecked(r *record.Record) {
	start := r.Start
	reset(record.Orig, record.ResetAbort)(r)
	r.Start, r.End = start, start+millisecond
	r.Close.ResetTime = record.Some(r.End)
	mute(r, record.Orig)
	mute(r, record.Resp)
}

// unheardOf: seen beside the opener, whose ACK and data get nowhere.
func unheardOf(r *record.Record) {
	lateACK(3)(r)
	r.Open.SYNACKAfter = 7 * second
	leaveOpen := leftOpen(100 * second)
	leaveOpen(r)
	r.Ends[record.Resp] = record.EndRecord{Packets: 4}
}

// unheardAtServer: seen beside the listener, which waits for the third ACK.
func unheardAtServer(r *record.Record) {
	start := r.Start
	failed(record.OpenHalfOpen, 1)(r)
	r.Start = start
	r.Open.SYNACKs, r.Open.NSYNACKsAgain, r.Open.SYNACKAgainAt, r.Open.SYNACKAfter = 4, 3, r.ID+2, 7*second
	r.Ends[record.Resp].Packets = 4
}
