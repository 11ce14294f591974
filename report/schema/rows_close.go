package schema

import (
	"strings"

	"tcpwatch/tracker/record"
)

// closeFields are how the connection closed.
func closeFields() []Field {
	none, closer, reset := hidden{}, hidden{perhaps: midstream}, hidden{without: resets}
	ofOrig, ofResp := hidden{by: darkOrig}, hidden{by: darkResp}
	fields := []Field{
		{"close.kind", Text, "", "the first that fits: `never-opened`, `normal`, `reset`, `half-closed`, `unacked-fin`, `timed-out`, `evicted`, `open`; a connection that a full table dropped before its end was seen is always `evicted`; absent where one FIN was acknowledged and the other may have passed before the capture began, or where a filter let only SYN, FIN and RST through and took the ACK of a FIN away", closer, wordOf(record.NCloseKinds, record.CloseUnknown, func(r *record.Record) *record.CloseKind { return &r.Close.Kind })},
		{"close.first", Text, "", "sender of the first FIN: `orig`, `resp` or `both`; absent where another may have passed before the capture began", closer, wordOf(record.NEnds, record.NoEnd, func(r *record.Record) *record.End { return &r.Close.First })},
		{"close.segments", Count, "segments", "3 when the second FIN carried the first ACK of the first, else 4", none, at(func(r *record.Record) any { return &r.Close.Segments }).ifAny()},
		{"close.half_close_s", Seconds, "s", "ACK of the first FIN to the second FIN", none, at(func(r *record.Record) any { return &r.Close.HalfClose })},
		{"close.bytes_after_fin", Count, "bytes", "bytes that the other end sent between the two FINs", none, at(func(r *record.Record) any { return &r.Close.BytesAfterFIN })},
		{"close.quiet_s", Seconds, "s", "from the last data that the sender of the first FIN sent or received, to that FIN; absent where it sent none", none, at(func(r *record.Record) any { return &r.Close.Quiet })},
		{"close.reset_by", Text, "", "sender of the first RST that its receiver accepted, also after a normal close; sender of the first RST where the receiver had to ignore all, or where they concern an older connection that was not captured", reset, wordOf(record.NEnds, record.NoEnd, func(r *record.Record) *record.End { return &r.Close.ResetBy }).toldAs(func(w *row) Value { return textOf(resetterTold(w.Record).String()) })},
		{"close.reset_in", Text, "", "that end's state before it", reset, wordOf(record.NStates, record.Unknown, func(r *record.Record) *record.State { return &r.Close.ResetIn }).toldAs(func(w *row) Value {
			if w.Close.ResetBy == record.NoEnd {
				return Value{}
			}
			return textOf(w.Close.ResetIn.String())
		})},
		{"close.reset_cause", Text, "", "`refused`, `abort`, `unread-data`, `late-data`, `after-close`, `keepalive-dead`, `middlebox`, `mptcp-close` or `unknown`", reset, wordOf(record.NResetCauses, record.ResetNone, func(r *record.Record) *record.ResetCause { return &r.Close.ResetCause }).toldAs(func(w *row) Value { return textOf(causeTold(w.Record).String()) })},
		{"close.reset_text", Text, "", "what the RST carries, at most 64 bytes of it, where all of that can be printed (RFC 9293 section 3.5.3); absent when nothing", reset, textAt(func(r *record.Record) *string { return &r.Close.ResetText })},
		{"close.reset_odd", Text, "", "how the RST differs from its sender's other segments: `ttl`, `ip-id`, `timestamps`, `signature`; and what else it shows: `own-stack` (it goes on from its sender's own numbers), `subflow` (an MPTCP option), `took-all` (its sender had acknowledged all that came), `outlived` (its sender's timestamps went on after it), `joined` (more RSTs in its sender's name came behind it another way), `damaged` (no RST was sent: its flags are none that a TCP sends, its checksum is wrong and that of the SYN right, or its bytes were acknowledged as data)", reset, oddAt(func(r *record.Record) *record.ResetSigns { return &r.Close.ResetOdd })},
		{"close.data_last", Truth, "", "`true` when the last segment of the other end before the first RST carried data, and the sender of the RST sent none after that", none, at(func(r *record.Record) any { return &r.Close.DataLast }).ifAny()},
		{"close.goodbye", Truth, "", "`true` when the last data of an end before the first RST was the goodbye of its protocol (QUIT, an LDAP unbind, an SMB logoff, ...)", none, at(func(r *record.Record) any { return &r.Close.Goodbye }).ifAny()},
		{"close.unheard_bytes", Count, "bytes", "bytes that the receiver of the first RST had sent and the sender of the RST had not acknowledged before it; absent when none", none, at(func(r *record.Record) any { return &r.Close.Unheard }).ifAny()},
		{"close.missed_bytes", Count, "bytes", "of a connection that late data reset, bytes that had passed half a second or more before the FIN of the RST's sender, which it had not acknowledged; absent when none", none, at(func(r *record.Record) any { return &r.Close.Missed }).ifAny()},
		{"close.fins_orig", Count, "packets", "FINs that the originator sent, copies included", ofOrig, withCopies(func(r *record.Record) (n, copies *uint32) {
			return &r.Close.FINs[record.Orig], &r.Close.FINCopies[record.Orig]
		}, nil)},
		{"close.fins_copied_orig", Count, "packets", "of those, copies that the capture made; absent when none", none, at(func(r *record.Record) any { return &r.Close.FINCopies[record.Orig] }).ifAny()},
		{"close.fins_resp", Count, "packets", "FINs that the responder sent, copies included", ofResp, withCopies(func(r *record.Record) (n, copies *uint32) {
			return &r.Close.FINs[record.Resp], &r.Close.FINCopies[record.Resp]
		}, nil)},
		{"close.fins_copied_resp", Count, "packets", "of those, copies that the capture made; absent when none", none, at(func(r *record.Record) any { return &r.Close.FINCopies[record.Resp] }).ifAny()},
		{"close.rsts_orig", Count, "packets", "RSTs that the originator sent", ofOrig, at(func(r *record.Record) any { return &r.Close.RSTs[record.Orig] })},
		{"close.rsts_resp", Count, "packets", "RSTs that the responder sent", ofResp, at(func(r *record.Record) any { return &r.Close.RSTs[record.Resp] })},
		{"close.rsts_ignored", Count, "packets", "RSTs that the receiver had to ignore (RFC 5961)", none, at(func(r *record.Record) any { return &r.Close.RSTsIgnored })},
	}
	return append(fields, closeDetails()...)
}

// resetterTold is who sent the first RST: one that its receiver had to ignore counts
// where there is no other, one of an older connection too.
func resetterTold(r *record.Record) record.End {
	switch {
	case r.Close.ResetBy != record.NoEnd:
	case r.Close.Ignored.Packet != 0:
		return r.Close.Ignored.By
	case r.Open.OldUnseen && r.Open.OldReset:
		return record.Orig
	}
	return r.Close.ResetBy
}

// causeTold is why it came. An ignored one has no cause, but where both FINs had
// been acknowledged before.
func causeTold(r *record.Record) record.ResetCause {
	if r.Close.ResetBy == record.NoEnd && r.Close.Ignored.Done {
		return record.ResetAfterClose
	}
	return r.Close.ResetCause
}

// signNames are the signs of a RST, in the order of their bits.
var signNames = [...]string{"ttl", "ip-id", "timestamps", "signature", "own-stack", "subflow", "took-all", "outlived", "joined", "damaged"}

// signWords names each set of signs, with blanks between.
var signWords = func() (words [1 << len(signNames)]string) {
	for set := range words {
		var names []string
		for i, name := range signNames {
			if set>>i&1 != 0 {
				names = append(names, name)
			}
		}
		words[set] = strings.Join(names, " ")
	}
	return words
}()

// oddWords names the signs, with blanks between.
func oddWords(odd record.ResetSigns) string { return signWords[odd&(record.Damaged<<1-1)] }

// oddAt are such signs of the record.
func oddAt(place func(r *record.Record) *record.ResetSigns) source {
	return made(func(w *row) Value { return textOf(oddWords(*place(w.Record))) }).into(func(r *record.Record, v Value) {
		for odd := range record.Damaged << 1 {
			if oddWords(odd) == v.s {
				*place(r) = odd
			}
		}
	})
}

// timeWaitFields are who held TIME-WAIT, and how long.
func timeWaitFields() []Field {
	held := hidden{without: timeWait}
	return []Field{
		{"time_wait.holder", Text, "", "who held TIME-WAIT: `orig`, `resp` or `both`", held, wordOf(record.NEnds, record.NoEnd, func(r *record.Record) *record.End { return &r.TimeWait.Holder })},
		{"time_wait.since", Time, "", "when it began", held, stamped(func(r *record.Record) *int64 { return &r.TimeWait.Since })},
		{"time_wait.until", Time, "", "when it ended or, with `input-end`, would end", held, stamped(func(r *record.Record) *int64 { return &r.TimeWait.Until })},
		{"time_wait.ended_by", Text, "", "`2msl`, `reuse`, `reset` or `input-end`", held, wordOf(record.NTimeWaitEnds, record.TimeWaitLasts, func(r *record.Record) *record.TimeWaitEnd { return &r.TimeWait.EndedBy })},
		{"time_wait.restarts", Count, "", "times that 2MSL restarted", held, at(func(r *record.Record) any { return &r.TimeWait.Restarts })},
	}
}
