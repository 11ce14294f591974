package diagnose

import "tcpwatch/tracker/record"

// queueSituations are of round trips that grow.
func queueSituations() []situation {
	trips := func(least, p95 int64, flyingLeast, flyingMost uint32, change ...func(x *record.RTTRecord)) func(r *record.Record) {
		return sent(func(x *record.EndRecord, _ *record.PathRecord) {
			x.RTT = record.RTTRecord{N: 500, Min: least, P50: p95 / 2, P95: p95, Max: p95, MinFlying: flyingLeast, MaxFlying: flyingMost, Source: record.RTTData}
			x.WireBytes, x.NetworkLimited = 1_000_000, second
			for _, f := range change {
				f(&x.RTT)
			}
		})
	}
	few := func(x *record.RTTRecord) { x.N = 5 }
	stamps := func(x *record.RTTRecord) { x.Source = record.RTTTimestamps }
	timeout := sent(func(x *record.EndRecord, _ *record.PathRecord) { x.Retx, x.RetxRTO = 1, 1 })
	short := sent(func(x *record.EndRecord, _ *record.PathRecord) { x.NetworkLimited = 160 * millisecond })
	const ms = millisecond
	return []situation{
		{"queueing", "from 22 to 155 ms with 400 kB under way", clean(1, trips(22*ms, 155*ms, 2896, 400_000)), "notice likely"},
		{"queueing", "the first of all is the shortest", clean(1, trips(22*ms, 155*ms, 0, 400_000)), "notice likely"},
		{"queueing", "a stop of a second, with timeouts", clean(1, trips(22*ms, 155*ms, 2896, 400_000), timeout), ""},
		{"queueing", "all in one round trip", clean(1, trips(22*ms, 155*ms, 2896, 400_000), short), ""},
		{"queueing", "a long way", clean(1, trips(150*ms, 160*ms, 2896, 400_000)), ""},
		{"queueing", "as much was under way at the shortest: the way changed", clean(1, trips(22*ms, 155*ms, 390_000, 400_000)), ""},
		{"queueing", "small messages: the other end is slow at times", clean(1, trips(22*ms, 155*ms, 100, 900)), ""},
		{"queueing", "a few round trips", clean(1, trips(22*ms, 155*ms, 2896, 400_000, few)), ""},
		{"queueing", "told by timestamps only", clean(1, trips(22*ms, 155*ms, 2896, 400_000, stamps)), ""},
		{"queueing", "a local network", clean(1, trips(ms/5, 4*ms, 2896, 400_000)), ""},
	}
}
