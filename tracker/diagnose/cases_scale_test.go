package diagnose

import "tcpwatch/tracker/record"

// scaleSituations are of windows that something takes without their scale.
func scaleSituations() []situation {
	reach := func(within, withinLost, beyond, beyondLost, least, passed uint32) func(r *record.Record) {
		return sent(func(x *record.EndRecord, y *record.PathRecord) {
			y.Unscaled = record.UnscaledRecord{Within: within, WithinLost: withinLost, Beyond: beyond, BeyondLost: beyondLost, Least: least, Packet: 9}
			y.Passed = passed
			x.Packets, x.Retx, x.RetxRTO, x.LostAfterTap = 100, beyondLost+withinLost, beyondLost+withinLost, beyondLost+withinLost
		})
	}
	large := sent(func(_ *record.EndRecord, y *record.PathRecord) {
		y.Stuck, y.Passed = record.StuckRecord{Bytes: 1448, Times: 5, Heard: true, Since: at, Packet: 8}, 400
	})
	joinedStuck := func(r *record.Record) {
		r.Path[record.Resp].Stuck = record.StuckRecord{Bytes: 2896, Times: 5, Shrunk: 1448, Passed: true, Since: at, Packet: 8}
	}
	oneWay := func(r *record.Record) { r.Capture.OneWay = true }
	return []situation{
		{"window-scale-ignored", "13 of 13 beyond, 0 of 53 within", clean(1, reach(53, 0, 13, 13, 1448, 1448)), "critical likely"},
		{"window-scale-ignored", "all that were lost were larger", clean(1, reach(53, 0, 13, 13, 1448, 400)), "critical possible"},
		{"window-scale-ignored", "another connection reaches beyond and loses nothing", append(clean(1, reach(53, 0, 13, 13, 1448, 1448)), clean(1, reach(53, 0, 20, 0, 0, 0))...), ""},
		{"window-scale-ignored", "what drops them knows later ACKs", clean(1, reach(94, 0, 80, 69, 1448, 1448)), "critical likely"},
		{"window-scale-ignored", "what drops them knows much later ACKs", clean(1, reach(94, 0, 95, 65, 1448, 1448)), "critical likely"},
		{"window-scale-ignored", "others are lost by chance besides", clean(1, reach(53, 3, 20, 19, 1448, 1448)), "critical likely"},
		{"window-scale-ignored", "too few beyond to tell", clean(1, reach(53, 0, 6, 4, 1448, 1448)), ""},
		{"window-scale-ignored", "those within fare no better for certain", clean(1, reach(10, 1, 5, 4, 1448, 1448)), ""},
		{"window-scale-ignored", "a queue overflows: half of a flight", clean(1, reach(94, 0, 80, 40, 1448, 1448)), ""},
		{"window-scale-ignored", "loss by chance", clean(5, reach(53, 4, 130, 11, 1448, 1448)), ""},
		{"window-scale-ignored", "all is lost", clean(5, reach(5, 5, 13, 13, 1448, 0)), ""},
		{"window-scale-ignored", "nothing is lost", clean(5, reach(53, 0, 130, 0, 0, 0)), ""},
		{"window-scale-ignored", "one direction only", clean(1, reach(53, 0, 13, 13, 1448, 1448), oneWay), ""},
		{"window-scale-ignored", "all that is lost came after a rest", clean(1, reach(53, 0, 13, 13, 1448, 1448), func(r *record.Record) {
			r.Idle = record.IdleRecord{Outcome: record.IdleAnswered, Gap: 63 * second, Packet: 9}
		}), ""},
		{"mtu-black-hole", "what is lost also reached beyond the unscaled window", clean(1, reach(9, 0, 3, 3, 1448, 400), large), "warning likely"},
		{"loss", "27 of 27 joined segments, 0 of 31 others", clean(1, tooLong(27, 27, 31, 0, 1448)), "warning likely"},
		{"retx-storm", "joined segments", clean(1, tooLong(27, 27, 31, 0, 1448)), ""},
		{"retx-storm", "joined segments and others", clean(1, tooLong(27, 27, 31, 8, 1448)), "warning likely"},
		{"mtu-black-hole", "joined segments, until they came in pieces", clean(1, tooLong(27, 27, 31, 0, 1448), joinedStuck), ""},
		{"mtu-black-hole", "what passed is much shorter", clean(1, tooLong(27, 27, 31, 0, 400), joinedStuck), "warning proven"},
		{"loss", "beyond the unscaled window", clean(1, reach(53, 0, 13, 13, 1448, 1448)), ""},
	}
}

// tooLong is what became of segments from the server that had been joined, and of the others.
func tooLong(sent, lost, short, shortLost, passed uint32) func(r *record.Record) {
	return func(r *record.Record) {
		x, y := &r.Ends[record.Resp], &r.Path[record.Resp]
		y.Long, y.Passed = record.LongRecord{Sent: sent, Lost: lost, ShortLost: shortLost, Least: 2896 * min(lost, 1), Packet: 9}, passed
		x.DataSegments, x.Packets, x.WireBytes, x.RetxBytes = sent+short, 100, 100_000, 40_000
		x.Retx, x.RetxRTO, x.LostAfterTap = lost+shortLost, lost+shortLost, lost+shortLost
	}
}
