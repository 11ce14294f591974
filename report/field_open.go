package report

import (
	"tcpwatch/tracker/record"
)

func openFields() []field {
	return []field{
		{"open.kind", "`handshake`, `simultaneous`, `refused`, `unreachable`, `no-answer`, `half-open`, `aborted` or `midstream`; absent when a full table dropped the attempt before it was known", func(w *row) value { return textOf(w.Open.Kind.String()) }},
		{"open.fast_open", "`true` when data rode on the SYN and was accepted", func(w *row) value {
			if !w.Open.FastOpen {
				return value{}
			}
			return truthOf(true)
		}},
		{"open.syns", "SYNs sent, repeats and copies included", func(w *row) value { return handshakeCount(w, w.Open.SYNs+w.Open.SYNCopies, record.Orig) }},
		{"open.syns_copied", "of those, copies that the capture made; absent when none", func(w *row) value { return someOf(w.Open.SYNCopies) }},
		{"open.syn_acks", "SYN/ACKs sent, repeats and copies included", func(w *row) value { return handshakeCount(w, w.Open.SYNACKs+w.Open.SYNACKCopies, record.Resp) }},
		{"open.syn_acks_copied", "of those, copies that the capture made; absent when none", func(w *row) value { return someOf(w.Open.SYNACKCopies) }},
		{"open.felt_s", "first SYN to completing ACK", func(w *row) value { return optSeconds(w.Open.Felt) }},
		{"open.last_syn_s", "last SYN to completing ACK", func(w *row) value { return optSeconds(w.Open.LastSYN) }},
		{"open.resp_s", "SYN to SYN/ACK: the server half", func(w *row) value { return optSeconds(w.Open.Resp) }},
		{"open.orig_s", "SYN/ACK to ACK: the client half", func(w *row) value { return optSeconds(w.Open.Orig) }},
		{"open.old_id", "`id` of an older connection on the same addresses and ports that answered the SYN: it was not lost", func(w *row) value {
			if w.Open.OldConn == 0 {
				return value{}
			}
			return countOf(w.Open.OldConn)
		}},
		{"open.syns_again_s", "first SYN to each of its repeats, the first ten", func(w *row) value {
			if w.Open.NSYNsAgain == 0 {
				return value{}
			}
			return value{kind: syns, r: w.Record}
		}},
		{"open.acks_ignored", "SYN/ACKs sent again after the ACK of the first one was seen; absent when none", func(w *row) value {
			if w.Open.ACKsIgnored == 0 {
				return value{}
			}
			return countOf(w.Open.ACKsIgnored)
		}},
		{"open.answer", "what answered the SYN: `syn-ack`, `rst`, `icmp:3/1`, `icmp6:1/4` (type/code)", answerOf},
	}
}

// handshakeCount leaves out a 0 that only says that nobody was looking: the
// opening of a midstream connection, the dark side of a one-way capture.
func handshakeCount(w *row, n uint32, e record.End) value {
	if n == 0 && (w.Capture.Midstream || dark(w, e)) {
		return value{}
	}
	return countOf(n)
}

// dark tells that the capture never saw what end e sent.
func dark(w *row, e record.End) bool { return w.Capture.OneWay && w.Ends[e].Packets == 0 }

func answerOf(w *row) value {
	a := w.Open.Answer
	switch a.Kind {
	case record.AnswerSYNACK:
		return textOf("syn-ack")
	case record.AnswerRST:
		return textOf("rst")
	case record.AnswerICMP:
		return value{kind: icmp, s: "icmp", n: int64(a.Type)<<8 | int64(a.Code)}
	case record.AnswerICMPv6:
		return value{kind: icmp, s: "icmp6", n: int64(a.Type)<<8 | int64(a.Code)}
	}
	return value{}
}
