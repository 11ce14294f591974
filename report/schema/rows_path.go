package schema

import "tcpwatch/tracker/record"

// pathFields are what the data of one end met on its way.
func pathFields(p string, e record.End) []Field {
	seen := hidden{perhaps: darkOf(e), without: pathOf(e)}
	stuck := hidden{perhaps: darkOf(e), without: stuckOf(e)}
	return []Field{
		{p + "stuck_bytes", Count, "bytes", "payload of the segment that it retransmitted without success, or until it made the segment smaller; absent when none", stuck, at(func(r *record.Record) any { return &r.Path[e].Stuck.Bytes })},
		{p + "stuck_times", Count, "segments", "retransmissions of it", stuck, at(func(r *record.Record) any { return &r.Path[e].Stuck.Times })},
		{p + "stuck_shrunk_bytes", Count, "bytes", "payload of the smaller segment that it sent at last", seen, at(func(r *record.Record) any { return &r.Path[e].Stuck.Shrunk }).ifAny()},
		{p + "passed_bytes", Count, "bytes", "payload of its largest segment that was acknowledged, where one is stuck or a hole remains", seen, at(func(r *record.Record) any { return &r.Path[e].Passed }).ifAny()},
		{p + "beyond_unscaled", Count, "segments", "new data that reached beyond the other end's window taken without its scale; absent when none", seen, at(func(r *record.Record) any { return &r.Path[e].Unscaled.Beyond }).ifAny()},
		{p + "beyond_unscaled_lost", Count, "segments", "of those, lost after the capture point; absent when none", seen, at(func(r *record.Record) any { return &r.Path[e].Unscaled.BeyondLost }).ifAny()},
		{p + "within_unscaled", Count, "segments", "new data that did not, where some did", seen, at(func(r *record.Record) any { return &r.Path[e].Unscaled.Within }).ifAny()},
		{p + "within_unscaled_lost", Count, "segments", "of those, lost after the capture point; absent when none", seen, at(func(r *record.Record) any { return &r.Path[e].Unscaled.WithinLost }).ifAny()},
		{p + "too_long", Count, "segments", "data in segments longer than the other end takes (joined ones are), retransmissions too; absent when none", seen, at(func(r *record.Record) any { return &r.Path[e].Long.Sent }).ifAny()},
		{p + "too_long_lost", Count, "segments", "of those, lost after the capture point; absent when none", seen, at(func(r *record.Record) any { return &r.Path[e].Long.Lost }).ifAny()},
		{p + "fitting_lost", Count, "segments", "of the others, lost there when they were sent first, where there are `too_long`; absent when none", seen, at(func(r *record.Record) any { return &r.Path[e].Long.ShortLost }).ifAny()},
		{p + "hole_bytes", Count, "bytes", "payload missing at the head of what is not acknowledged, never captured; absent when none", seen, at(func(r *record.Record) any { return &r.Path[e].Hole }).ifAny()},
		{p + "hole_s", Seconds, "s", "how long it went on sending without filling that", hidden{perhaps: darkOf(e), without: pathOf(e) | holeOf(e)}, at(func(r *record.Record) any { return &r.Path[e].Waited })},
		{p + "hasty_repeats", Count, "segments", "data retransmitted before a loss can be known: doubled on the path, or by the capture; absent when none", seen, at(func(r *record.Record) any { return &r.Path[e].Doubled }).ifAny()},
		{p + "too_big", Count, "packets", "ICMP errors to it for segments that are too big; absent when none", seen, at(func(r *record.Record) any { return &r.Path[e].TooBig.N }).ifAny()},
		{p + "too_big_mtu", Count, "bytes", "the least MTU that they named", seen, at(func(r *record.Record) any { return &r.Path[e].TooBig.MTU }).ifAny()},
		{p + "stalls", Count, "segments", "small segments that it delayed until a delayed ACK came (Nagle's algorithm); absent when none", seen, at(func(r *record.Record) any { return &r.Path[e].Nagle.N }).ifAny()},
		{p + "stalls_full", Count, "segments", "full segments that it delayed likewise, which Nagle's algorithm does not; absent when none", seen, at(func(r *record.Record) any { return &r.Path[e].Nagle.Full }).ifAny()},
		{p + "stalled_s", Seconds, "s", "how long all of those ACKs took", hidden{perhaps: darkOf(e), without: pathOf(e) | stallsOf(e)}, at(func(r *record.Record) any { return &r.Path[e].Nagle.Total })},
		{p + "ect", Truth, "", "`true` when its data carried an ECN-capable codepoint", seen, at(func(r *record.Record) any { return &r.Path[e].ECT }).ifAny()},
		{p + "ce", Truth, "", "`true` when its data carried the mark of congestion (ECN)", seen, at(func(r *record.Record) any { return &r.Path[e].CE }).ifAny()},
	}
}
