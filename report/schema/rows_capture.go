package schema

import "tcpwatch/tracker/record"

// captureFields are what the capture is worth, and what it hides.
func captureFields() []Field {
	none := hidden{}
	fields := []Field{
		{"capture.midstream", Truth, "", "the first packet seen is no SYN: states are inferred, the originator may be a guess", none, at(func(r *record.Record) any { return &r.Capture.Midstream })},
		{"capture.forgotten", Truth, "", "`true` when it began without a SYN after a full table had dropped connections: it may be one of those", none, at(func(r *record.Record) any { return &r.Capture.Forgotten }).ifAny()},
		{"capture.tap", Text, "", "where the capture point is: near orig, near resp, or between", hidden{perhaps: oneWay | midstream | synUnseen | wentBack | untimed}, wordOf(record.NTaps, record.TapUnknown, func(r *record.Record) *record.Tap { return &r.Capture.Tap })},
		{"capture.one_way", Truth, "", "only one direction was captured: ACKs show that the other end sent something, too, in the time that was captured", none, at(func(r *record.Record) any { return &r.Capture.OneWayShown })},
		{"capture.truncated", Truth, "", "the snaplen cut segments", none, at(func(r *record.Record) any { return &r.Capture.Truncated })},
		{"capture.duplicates", Count, "packets", "packets that the capture saw twice; ACKs without IP identification only where other packets came twice, too", none, at(func(r *record.Record) any { return &r.Capture.Duplicates })},
		{"capture.twice", Text, "", "files of two places hold it: `copies`, near each other in time, were told one by one; of `left-out` what the file of the other place holds is counted as duplicates and nothing else; `mixed`: in which of more files the rest was captured is not known; absent when none do", none, wordOf(record.NTwices, record.TwiceNone, func(r *record.Record) *record.Twice { return &r.Capture.Twice }).unlessInitial()},
		{"capture.hops_lost", Count, "hops", "of those, the most hops that one had lost since it passed the capture point first: two or more show a routing loop; absent when none", none, at(func(r *record.Record) any { return &r.Capture.HopsLost }).ifAny()},
		{"capture.ip_checksum_wrong", Truth, "", "`true` when the IPv4 header of each of its packets has a wrong checksum: their receiver throws them away, unless the capture was edited", none, at(func(r *record.Record) any { return &r.Capture.WrongIP }).ifAny()},
		{"capture.missing_bytes", Count, "bytes", "bytes acknowledged and not captured; absent when known modulo 2^32 only", hidden{by: spanOrig | spanResp | givenUp}, at(func(r *record.Record) any { return &r.Capture.MissingBytes })},
		{"capture.given_up_bytes", Count, "bytes", "bytes in gaps that the program gave up while they were open (more at once than it keeps): whether they were captured later is unknown; absent when none", none, at(func(r *record.Record) any { return &r.Capture.GivenUpBytes }).ifAny()},
		{"capture.offload", Truth, "", "segments longer than on the wire: captured before the network card cut them", none, at(func(r *record.Record) any { return &r.Capture.Offload })},
		{"capture.time_went_back", Count, "packets", "packets with an earlier time than the packet before, or with a wrong time, as the packets around them show", none, at(func(r *record.Record) any { return &r.Capture.TimeWentBack })},
		{"capture.untimed", Count, "packets", "packets without a time (Simple Packet Blocks of pcapng), or with one beyond the year 2262: all spans are absent", none, at(func(r *record.Record) any { return &r.Capture.Untimed }).ifAny()},
		{"capture.stepped_s", Seconds, "s", "by how much the clock was stepped between its packets: no span includes it", none, at(func(r *record.Record) any { return &r.Capture.Stepped }).ifAny()},
		{"capture.uncovered_s", Seconds, "s", "how long the capture was off between its packets: only duration_s includes it", none, at(func(r *record.Record) any { return &r.Capture.Uncovered }).ifAny()},
		{"capture.unknown", Texts, "", "the reasons for which fields of this record are absent (see below); absent when there are none", none, made(func(w *row) Value {
			if s := reasonsFor(w.Record, w.flaws); s != 0 {
				return Value{kind: lacking, n: int64(s)}
			}
			return Value{}
		})},
	}
	return append(fields, captureDetails()...)
}
