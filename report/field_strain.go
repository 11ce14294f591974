package report

import (
	"tcpwatch/tracker/record"
)

// restFields are how the rests of a connection ended.
func restFields() []field {
	last := func(f func(r *record.IdleRecord) value) func(w *row) value {
		return func(w *row) value {
			if w.Idle.Outcome == record.IdleAnswered {
				return value{}
			}
			return f(&w.Idle)
		}
	}
	return []field{
		{"rest.longest_s", "longest pause of at least 30 s, with nothing under way, after which the other end answered", func(w *row) value { return optSeconds(w.Idle.Longest) }},
		{"rest.outcome", "what followed the last such pause, where no answer did: `unanswered`, `reset` (a RST answered) or `ended` (a RST ended it)", func(w *row) value { return textOf(w.Idle.Outcome.String()) }},
		{"rest.last_s", "how long that pause was", last(func(r *record.IdleRecord) value { return secondsOf(r.Gap) })},
		{"rest.by", "who ended it", last(func(r *record.IdleRecord) value { return textOf(r.By.String()) })},
		{"rest.packet", "by which packet", last(func(r *record.IdleRecord) value { return countOf(r.Packet) })},
		{"rest.tries", "how often that end asked for an answer", last(func(r *record.IdleRecord) value { return countOf(r.Tries) })},
	}
}

// strainFields are what the data of one end met.
func strainFields(p string, e record.End) []field {
	get := func(there func(r *record.PathRecord) bool, f func(r *record.PathRecord) value) func(w *row) value {
		return func(w *row) value {
			if r := &w.Path[e]; there(r) {
				return f(r)
			}
			return value{}
		}
	}
	stuck := func(r *record.PathRecord) bool { return r.Stuck.Bytes > 0 }
	tooBig := func(r *record.PathRecord) bool { return r.TooBig.N > 0 }
	stalls := func(r *record.PathRecord) bool { return r.Nagle.N > 0 }
	hole := func(r *record.PathRecord) bool { return r.Hole > 0 }
	return []field{
		{p + "stuck_bytes", "payload of the segment that it sent again and again, to no avail or until it was made smaller; absent when none", get(stuck, func(r *record.PathRecord) value { return countOf(r.Stuck.Bytes) })},
		{p + "stuck_times", "repeats of it", get(stuck, func(r *record.PathRecord) value { return countOf(r.Stuck.Times) })},
		{p + "stuck_shrunk_bytes", "payload with which it was sent at last, made smaller", get(func(r *record.PathRecord) bool { return r.Stuck.Shrunk > 0 }, func(r *record.PathRecord) value { return countOf(r.Stuck.Shrunk) })},
		{p + "passed_bytes", "payload of the largest segment of it that was acknowledged, where one is stuck or a hole stays", get(func(r *record.PathRecord) bool { return r.Passed > 0 }, func(r *record.PathRecord) value { return countOf(r.Passed) })},
		{p + "hole_bytes", "payload missing at the head of what is not acknowledged, never captured; absent when none", get(hole, func(r *record.PathRecord) value { return countOf(r.Hole) })},
		{p + "hole_s", "how long it went on sending without filling that", get(hole, func(r *record.PathRecord) value { return secondsOf(r.Waited) })},
		{p + "hasty_repeats", "data that came again sooner than a loss can be known: doubled on the way, or by the capture; absent when none", get(func(r *record.PathRecord) bool { return r.Doubled > 0 }, func(r *record.PathRecord) value { return countOf(r.Doubled) })},
		{p + "too_big", "ICMP errors that told it of segments too big; absent when none", get(tooBig, func(r *record.PathRecord) value { return countOf(r.TooBig.N) })},
		{p + "too_big_mtu", "the least MTU that they named", get(func(r *record.PathRecord) bool { return r.TooBig.MTU > 0 }, func(r *record.PathRecord) value { return countOf(r.TooBig.MTU) })},
		{p + "stalls", "small segments that it held back until a delayed ACK came (Nagle's algorithm); absent when none", get(stalls, func(r *record.PathRecord) value { return countOf(r.Nagle.N) })},
		{p + "stalled_s", "how long all of those ACKs took", get(stalls, func(r *record.PathRecord) value { return secondsOf(r.Nagle.Total) })},
		{p + "ect", "`true` when its data carried an ECN-capable codepoint", get(func(r *record.PathRecord) bool { return r.ECT }, func(*record.PathRecord) value { return truthOf(true) })},
		{p + "ce", "`true` when its data carried the mark of congestion (ECN)", get(func(r *record.PathRecord) bool { return r.CE }, func(*record.PathRecord) value { return truthOf(true) })},
	}
}
