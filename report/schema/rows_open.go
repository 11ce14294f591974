package schema

import (
	"strconv"
	"strings"

	"tcpwatch/tracker/record"
)

// openFields are how the connection opened.
func openFields() []Field {
	began := hidden{perhaps: midstream}
	felt := hidden{perhaps: oneWay | midstream | wentBack}
	half := hidden{perhaps: oneWay | midstream | synUnseen | wentBack}
	fields := []Field{
		{"open.kind", Text, "", "`handshake`, `simultaneous`, `refused`, `unreachable`, `no-answer`, `half-open`, `aborted` or `midstream`; absent when a full table dropped the attempt before it was known, or when of the originator nothing was captured and a lone SYN/ACK of the responder", began, wordOf(record.NOpenKinds, record.OpenUnknown, func(r *record.Record) *record.OpenKind { return &r.Open.Kind })},
		{"open.fast_open", Truth, "", "`true` when the SYN carried data and the responder accepted it", began, at(func(r *record.Record) any { return &r.Open.FastOpen }).ifAny()},
		{"open.syns", Count, "packets", "SYNs sent, retransmissions and copies included", hidden{perhaps: midstream | darkOrig}, withCopies(func(r *record.Record) (n, copies *uint32) { return &r.Open.SYNs, &r.Open.SYNCopies }, func(w *row, n uint32) Value { return handshakeCount(w, n, record.Orig) })},
		{"open.syns_copied", Count, "packets", "of those, copies that the capture made; absent when none", began, at(func(r *record.Record) any { return &r.Open.SYNCopies }).ifAny()},
		{"open.syn_acks", Count, "packets", "SYN/ACKs sent, retransmissions and copies included", hidden{perhaps: midstream | darkResp}, withCopies(func(r *record.Record) (n, copies *uint32) { return &r.Open.SYNACKs, &r.Open.SYNACKCopies }, func(w *row, n uint32) Value { return handshakeCount(w, n, record.Resp) })},
		{"open.syn_acks_unseen", Count, "packets", "SYN/ACKs that the client's ACKs echo by their timestamps, none of which was captured; absent below two", began, at(func(r *record.Record) any { return &r.Open.SYNACKsUnseen }).ifAny()},
		{"open.syn_acks_other", Count, "packets", "SYN/ACKs with another initial sequence number behind the first: each answers a SYN; absent when none", began, at(func(r *record.Record) any { return &r.Open.SYNACKsOther }).ifAny()},
		{"open.syn_acks_copied", Count, "packets", "of those, copies that the capture made; absent when none", began, at(func(r *record.Record) any { return &r.Open.SYNACKCopies }).ifAny()},
		{"open.felt_s", Seconds, "s", "first SYN to completing ACK", felt, at(func(r *record.Record) any { return &r.Open.Felt })},
		{"open.last_syn_s", Seconds, "s", "last SYN to completing ACK", felt, at(func(r *record.Record) any { return &r.Open.LastSYN })},
		{"open.resp_s", Seconds, "s", "SYN to SYN/ACK: the way to the server and back, as the capture point sees it", half, at(func(r *record.Record) any { return &r.Open.Resp })},
		{"open.orig_s", Seconds, "s", "SYN/ACK to the handshake's final ACK: the way to the client and back, as the capture point sees it", half, at(func(r *record.Record) any { return &r.Open.Orig })},
		{"open.old_id", Count, "", "`id` of an older connection on the same addresses and ports that answered the SYN: it was not lost", began, packetAt(func(r *record.Record) any { return &r.Open.OldConn }).ifAny()},
		{"open.held_id", Count, "", "`id` of an older connection on the same addresses and ports that the responder had not closed when the SYN came, by what was captured; absent when none", began, packetAt(func(r *record.Record) any { return &r.Open.HeldConn }).ifAny()},
		{"open.held_state", Text, "", "its state at the responder", began, wordOf(record.NStates, record.Unknown, func(r *record.Record) *record.State { return &r.Open.HeldState })},
		{"open.ts_val", Count, "", "timestamp on the first SYN (RFC 7323); absent when it carried none", hidden{perhaps: midstream | darkOrig}, at(func(r *record.Record) any { return &r.Open.TSVal })},
		{"open.fast_open_asked", Truth, "", "`true` when the SYN asked for a fast-open cookie, or carried one or data (RFC 7413)", began, at(func(r *record.Record) any { return &r.Open.FastOpenAsked }).ifAny()},
		{"open.syn_data", Truth, "", "`true` when the first SYN carried data", began, at(func(r *record.Record) any { return &r.Open.SYNData }).ifAny()},
		{"open.signed", Truth, "", "`true` when the first SYN was signed: TCP MD5 (RFC 2385) or TCP-AO (RFC 5925)", began, at(func(r *record.Record) any { return &r.Open.Signed }).ifAny()},
		{"open.syns_again_s", Spans, "s", "first SYN to each of its retransmissions, the first ten", hidden{perhaps: midstream, without: secondSYN}, made(func(w *row) Value {
			if w.Open.NSYNsAgain == 0 {
				return Value{}
			}
			return Value{kind: syns, r: w.Record}
		}).evenHidden().into(func(r *record.Record, v Value) {
			r.Open.SYNsAgain, r.Open.NSYNsAgain = v.r.Open.SYNsAgain, v.r.Open.NSYNsAgain
		})},
		{"open.acks_ignored", Count, "packets", "SYN/ACKs retransmitted after the ACK of the first one was seen; absent when none", began, at(func(r *record.Record) any { return &r.Open.ACKsIgnored }).ifAny()},
		{"open.answer", Text, "", "what answered the SYN: `syn-ack`, `rst`, `icmp:3/1`, `icmp6:1/4` (type/code)", hidden{perhaps: oneWay | midstream | synUnseen}, made(answerOf).into(answerBack)},
	}
	return append(fields, openDetails()...)
}

// handshakeCount leaves out a 0 that only says that nobody was looking: the
// opening of a midstream connection, the dark side of a one-way capture.
func handshakeCount(w *row, n uint32, e record.End) Value {
	if n == 0 && w.flaws&(midstream|darkOf(e)) != 0 {
		return Value{}
	}
	return countOf(n)
}

func answerOf(w *row) Value {
	a := w.Open.Answer
	switch a.Kind {
	case record.AnswerSYNACK:
		return textOf("syn-ack")
	case record.AnswerRST:
		return textOf("rst")
	case record.AnswerICMP:
		return Value{kind: icmp, s: "icmp", n: int64(a.Type)<<8 | int64(a.Code)}
	case record.AnswerICMPv6:
		return Value{kind: icmp, s: "icmp6", n: int64(a.Type)<<8 | int64(a.Code)}
	}
	return Value{}
}

// answerBack puts an answer that was read into a record.
func answerBack(r *record.Record, v Value) {
	a := &r.Open.Answer
	switch {
	case v.s == "syn-ack":
		a.Kind = record.AnswerSYNACK
	case v.s == "rst":
		a.Kind = record.AnswerRST
	case strings.HasPrefix(v.s, "icmp6:"):
		a.Kind = record.AnswerICMPv6
	case strings.HasPrefix(v.s, "icmp:"):
		a.Kind = record.AnswerICMP
	}
	_, code, _ := strings.Cut(v.s, ":")
	kind, code, _ := strings.Cut(code, "/")
	t, _ := strconv.ParseUint(kind, 10, 8)
	c, _ := strconv.ParseUint(code, 10, 8)
	a.Type, a.Code = uint8(t), uint8(c)
}
