package report

import (
	"tcpwatch/tracker/record"
)

func closeFields() []field {
	fields := []field{
		{"close.kind", "the first that fits: `never-opened`, `normal`, `reset`, `half-closed`, `unacked-fin`, `timed-out`, `evicted`, `open`; what a full table dropped before its end was seen is `evicted` whatever fits; absent where one FIN was acknowledged and the other may have passed before the capture began", func(w *row) value { return textOf(w.Close.Kind.String()) }},
		{"close.first", "sender of the first FIN: `orig`, `resp` or `both`; absent where another may have passed before the capture began", func(w *row) value { return textOf(w.Close.First.String()) }},
		{"close.segments", "3 when the second FIN carried the first ACK of the first, else 4", func(w *row) value {
			if w.Close.Segments == 0 {
				return value{}
			}
			return countOf(w.Close.Segments)
		}},
		{"close.half_close_s", "ACK of the first FIN to the second FIN", func(w *row) value { return optSeconds(w.Close.HalfClose) }},
		{"close.bytes_after_fin", "what the other end sent meanwhile", func(w *row) value { return optCount(w.Close.BytesAfterFIN) }},
		{"close.reset_by", "sender of the first RST that its receiver took, one after a normal close too; where it had to ignore all, of the first", func(w *row) value { return textOf(resetterTold(w).String()) }},
		{"close.reset_in", "that end's state before it", func(w *row) value {
			if w.Close.ResetBy == record.NoEnd {
				return value{}
			}
			return textOf(w.Close.ResetIn.String())
		}},
		{"close.reset_cause", "`refused`, `abort`, `unread-data`, `late-data`, `after-close`, `keepalive-dead`, `middlebox` or `unknown`", func(w *row) value { return textOf(causeTold(w).String()) }},
		{"close.reset_odd", "how the RST differs from its sender's other segments: `ttl`, `ip-id`, `timestamps`", func(w *row) value { return textOf(oddWords(w.Close.ResetOdd)) }},
		{"close.fins_orig", "FINs that the originator sent, copies included", func(w *row) value { return finCount(w, record.Orig) }},
		{"close.fins_copied_orig", "of those, copies that the capture made; absent when none", func(w *row) value { return someOf(w.Close.FINCopies[record.Orig]) }},
		{"close.fins_resp", "FINs that the responder sent, copies included", func(w *row) value { return finCount(w, record.Resp) }},
		{"close.fins_copied_resp", "of those, copies that the capture made; absent when none", func(w *row) value { return someOf(w.Close.FINCopies[record.Resp]) }},
		{"close.rsts_orig", "RSTs that the originator sent", func(w *row) value { return seenCount(w, w.Close.RSTs[record.Orig], record.Orig) }},
		{"close.rsts_resp", "RSTs that the responder sent", func(w *row) value { return seenCount(w, w.Close.RSTs[record.Resp], record.Resp) }},
		{"close.rsts_ignored", "RSTs that the receiver had to ignore (RFC 5961)", func(w *row) value { return countOf(w.Close.RSTsIgnored) }},
	}
	fields = append(fields, timeWaitFields()...)
	fields = append(fields, keepaliveFields("orig", "originator", record.Orig)...)
	fields = append(fields, keepaliveFields("resp", "responder", record.Resp)...)
	return append(fields, field{"keepalive.outcome", "`alive`, `dead` or `unknown`", func(w *row) value { return textOf(w.KeepaliveOutcome.String()) }})
}

// resetterTold is who sent the first RST: one that its receiver had to ignore counts
// where there is no other.
func resetterTold(w *row) record.End {
	if w.Close.ResetBy == record.NoEnd && w.Close.Ignored.Packet != 0 {
		return w.Close.Ignored.By
	}
	return w.Close.ResetBy
}

// causeTold is why it came. An ignored one has no cause, but where both FINs had
// been acknowledged before.
func causeTold(w *row) record.ResetCause {
	if w.Close.ResetBy == record.NoEnd && w.Close.Ignored.Done {
		return record.ResetAfterClose
	}
	return w.Close.ResetCause
}

// oddWords names the signs, with blanks between.
func oddWords(odd record.ResetSigns) string {
	const ttl, id, stamps = record.OddTTL, record.OddIPID, record.OddTimestamps
	switch odd & (ttl | id | stamps) {
	case ttl:
		return "ttl"
	case id:
		return "ip-id"
	case stamps:
		return "timestamps"
	case ttl | id:
		return "ttl ip-id"
	case ttl | stamps:
		return "ttl timestamps"
	case id | stamps:
		return "ip-id timestamps"
	case ttl | id | stamps:
		return "ttl ip-id timestamps"
	}
	return ""
}

func finCount(w *row, e record.End) value {
	return seenCount(w, w.Close.FINs[e]+w.Close.FINCopies[e], e)
}

// seenCount leaves out counts of an end that the capture never saw.
func seenCount(w *row, n uint32, e record.End) value {
	if dark(w, e) {
		return value{}
	}
	return countOf(n)
}

func timeWaitFields() []field {
	held := func(get func(w *row) value) func(w *row) value {
		return func(w *row) value {
			if w.TimeWait.Holder == record.NoEnd {
				return value{}
			}
			return get(w)
		}
	}
	return []field{
		{"time_wait.holder", "who held TIME-WAIT: `orig`, `resp` or `both`", held(func(w *row) value { return textOf(w.TimeWait.Holder.String()) })},
		{"time_wait.since", "when it began", held(func(w *row) value { return momentOf(w.Stamp(w.TimeWait.Since)) })},
		{"time_wait.until", "when it ended or, with `input-end`, would end", held(func(w *row) value { return momentOf(w.Stamp(w.TimeWait.Until)) })},
		{"time_wait.ended_by", "`2msl`, `reuse`, `reset` or `input-end`", held(func(w *row) value { return textOf(w.TimeWait.EndedBy.String()) })},
		{"time_wait.restarts", "times that 2MSL began again", held(func(w *row) value { return countOf(w.TimeWait.Restarts) })},
	}
}

func keepaliveFields(name, who string, e record.End) []field {
	probed := func(get func(k *record.KeepaliveRecord) value) func(w *row) value {
		return func(w *row) value {
			if w.Keepalive[e].Probes == 0 {
				return value{}
			}
			return get(&w.Keepalive[e])
		}
	}
	answers := func(get func(k *record.KeepaliveRecord) value) func(w *row) value {
		known := probed(get)
		return func(w *row) value {
			if w.Capture.OneWay {
				return value{} // they went another way
			}
			return known(w)
		}
	}
	p := "keepalive." + name + "."
	return []field{
		{p + "probes", "keepalive probes that the " + who + " sent; no field of this group without any", probed(func(k *record.KeepaliveRecord) value { return countOf(k.Probes) })},
		{p + "answered", "of those, answered", answers(func(k *record.KeepaliveRecord) value { return countOf(k.Answered) })},
		{p + "unanswered", "of those, not answered", answers(func(k *record.KeepaliveRecord) value { return countOf(k.Unanswered) })},
		{p + "idle_s", "last exchange to first probe", probed(func(k *record.KeepaliveRecord) value { return optSeconds(k.Idle) })},
		{p + "interval_s", "between unanswered probes, or answered ones when all were", probed(func(k *record.KeepaliveRecord) value { return optSeconds(k.Interval) })},
	}
}
