package schema

import "tcpwatch/tracker/record"

// pathFields are what the data of one end met on its way.
func pathFields(p string, e record.End) []Field {
	met := func(get func(r *record.PathRecord) Value) func(w *row) Value {
		return func(w *row) Value { return get(&w.Path[e]) }
	}
	// Where there was none of it, nothing of it is told.
	stuck := func(get func(r *record.StuckRecord) Value) func(w *row) Value {
		return func(w *row) Value {
			if w.Path[e].Stuck.Bytes == 0 {
				return Value{}
			}
			return get(&w.Path[e].Stuck)
		}
	}
	seen := hidden{perhaps: darkOf(e)}
	return []Field{
		{p + "stuck_bytes", Count, "bytes", "payload of the segment that it retransmitted without success, or until it made the segment smaller; absent when none", seen, stuck(func(r *record.StuckRecord) Value { return countOf(r.Bytes) })},
		{p + "stuck_times", Count, "segments", "retransmissions of it", seen, stuck(func(r *record.StuckRecord) Value { return countOf(r.Times) })},
		{p + "stuck_shrunk_bytes", Count, "bytes", "payload of the smaller segment that it sent at last", seen, met(func(r *record.PathRecord) Value { return someOf(r.Stuck.Shrunk) })},
		{p + "passed_bytes", Count, "bytes", "payload of its largest segment that was acknowledged, where one is stuck or a hole remains", seen, met(func(r *record.PathRecord) Value { return someOf(r.Passed) })},
		{p + "beyond_unscaled", Count, "segments", "new data that reached beyond the other end's window taken without its scale; absent when none", seen, met(func(r *record.PathRecord) Value { return someOf(r.Unscaled.Beyond) })},
		{p + "beyond_unscaled_lost", Count, "segments", "of those, lost after the capture point; absent when none", seen, met(func(r *record.PathRecord) Value { return someOf(r.Unscaled.BeyondLost) })},
		{p + "within_unscaled", Count, "segments", "new data that did not, where some did", seen, met(func(r *record.PathRecord) Value { return someOf(r.Unscaled.Within) })},
		{p + "within_unscaled_lost", Count, "segments", "of those, lost after the capture point; absent when none", seen, met(func(r *record.PathRecord) Value { return someOf(r.Unscaled.WithinLost) })},
		{p + "hole_bytes", Count, "bytes", "payload missing at the head of what is not acknowledged, never captured; absent when none", seen, met(func(r *record.PathRecord) Value { return someOf(r.Hole) })},
		{p + "hole_s", Seconds, "s", "how long it went on sending without filling that", seen, met(func(r *record.PathRecord) Value {
			if r.Hole == 0 {
				return Value{}
			}
			return secondsOf(r.Waited)
		})},
		{p + "hasty_repeats", Count, "segments", "data retransmitted before a loss can be known: doubled on the path, or by the capture; absent when none", seen, met(func(r *record.PathRecord) Value { return someOf(r.Doubled) })},
		{p + "too_big", Count, "packets", "ICMP errors to it for segments that are too big; absent when none", seen, met(func(r *record.PathRecord) Value { return someOf(r.TooBig.N) })},
		{p + "too_big_mtu", Count, "bytes", "the least MTU that they named", seen, met(func(r *record.PathRecord) Value { return someOf(r.TooBig.MTU) })},
		{p + "stalls", Count, "segments", "small segments that it delayed until a delayed ACK came (Nagle's algorithm); absent when none", seen, met(func(r *record.PathRecord) Value { return someOf(r.Nagle.N) })},
		{p + "stalled_s", Seconds, "s", "how long all of those ACKs took", seen, met(func(r *record.PathRecord) Value {
			if r.Nagle.N == 0 {
				return Value{}
			}
			return secondsOf(r.Nagle.Total)
		})},
		{p + "ect", Truth, "", "`true` when its data carried an ECN-capable codepoint", seen, met(func(r *record.PathRecord) Value { return ifTrue(r.ECT) })},
		{p + "ce", Truth, "", "`true` when its data carried the mark of congestion (ECN)", seen, met(func(r *record.PathRecord) Value { return ifTrue(r.CE) })},
	}
}
