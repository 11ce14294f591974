package schema

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// endFields are the fields of what one end sent.
func endFields(name, who string, e record.End) []Field {
	p := name + "."
	fields := sentFields(p, who, e)
	fields = append(fields, lossFields(p, e)...)
	fields = append(fields, windowFields(p, e)...)
	fields = append(fields, rttFields(p, e)...)
	fields = append(fields, optionFields(p, e)...)
	fields = append(fields, pathFields(p, e)...)
	fields = append(fields, endDetails(p, e)...)
	return append(fields, timeInFields(p, e)...)
}

func sentFields(p, who string, e record.End) []Field {
	return []Field{
		{p + "packets", Count, "packets", "packets that the " + who + " sent, every copy captured", hidden{}, at(func(r *record.Record) any { return &r.Ends[e].Packets })},
		{p + "data_segments", Count, "segments", "of those, segments with data, retransmissions included, copies made by the capture left out", hidden{by: darkOf(e)}, at(func(r *record.Record) any { return &r.Ends[e].DataSegments })},
		{p + "pure_acks", Count, "segments", "and segments without data, SYN, FIN and RST: ACKs, window updates, most probes", hidden{by: darkOf(e)}, at(func(r *record.Record) any { return &r.Ends[e].PureACKs })},
		{p + "bytes", Count, "bytes", "sequence span of its payload, gaps included", hidden{perhaps: darkOf(e) | spanOf(e)}, at(func(r *record.Record) any { return &r.Ends[e].Bytes })},
		{p + "seen_bytes", Count, "bytes", "captured, each byte once", hidden{by: darkOf(e) | givenUp}, at(func(r *record.Record) any { return &r.Ends[e].SeenBytes })},
		{p + "wire_bytes", Count, "bytes", "payload as sent, retransmissions included", hidden{by: darkOf(e) | gapsOf(e) | spanOf(e)}, at(func(r *record.Record) any { return &r.Ends[e].WireBytes })},
		{p + "missing_bytes", Count, "bytes", "acknowledged by the other end, never captured; absent when known modulo 2^32 only", hidden{by: darkOf(e) | spanOf(e) | givenUp}, at(func(r *record.Record) any { return &r.Ends[e].MissingBytes })},
	}
}

func lossFields(p string, e record.End) []Field {
	seen := hidden{by: darkOf(e)}
	filled := hidden{by: darkOf(e) | givenUp} // what tells a repeat from a segment that fills a gap
	answered := hidden{by: oneWay}            // what only the other end's ACKs tell
	return []Field{
		{p + "retx", Count, "segments", "data segments retransmitted: the sum of the next four", filled, at(func(r *record.Record) any { return &r.Ends[e].Retx })},
		{p + "retx_rto", Count, "segments", "after a timeout", filled, at(func(r *record.Record) any { return &r.Ends[e].RetxRTO })},
		{p + "retx_fast", Count, "segments", "after duplicate ACKs or SACK", filled, at(func(r *record.Record) any { return &r.Ends[e].RetxFast })},
		{p + "retx_tlp", Count, "segments", "tail loss probes", filled, at(func(r *record.Record) any { return &r.Ends[e].RetxTLP })},
		{p + "retx_other", Count, "segments", "for a reason that the capture does not show", filled, at(func(r *record.Record) any { return &r.Ends[e].RetxOther })},
		{p + "retx_bytes", Count, "bytes", "payload in them", filled, at(func(r *record.Record) any { return &r.Ends[e].RetxBytes })},
		{p + "retx_spurious", Count, "segments", "of those, spurious: the data had arrived", hidden{by: oneWay | givenUp}, at(func(r *record.Record) any { return &r.Ends[e].RetxSpurious })},
		{p + "retx_refused", Count, "segments", "of those, retransmissions of data that the other end had discarded (paws_refused, bad_checksums): it was not lost; absent when none", hidden{by: oneWay | givenUp}, at(func(r *record.Record) any { return &r.Ends[e].RetxRefused }).ifAny()},
		{p + "out_of_order", Count, "segments", "out-of-order segments that filled a gap", filled, at(func(r *record.Record) any { return &r.Ends[e].OutOfOrder })},
		{p + "reorder_max_s", Seconds, "s", "the longest delay of one of them", filled, at(func(r *record.Record) any { return &r.Ends[e].ReorderMax })},
		{p + "dup_acks", Count, "segments", "duplicate ACKs that it sent", seen, at(func(r *record.Record) any { return &r.Ends[e].DupAcks })},
		{p + "lost_before_tap", Count, "segments", "segments lost between it and the capture point", filled, at(func(r *record.Record) any { return &r.Ends[e].LostBeforeTap })},
		{p + "lost_after_tap", Count, "segments", "segments lost after the capture point", filled, at(func(r *record.Record) any { return &r.Ends[e].LostAfterTap })},
		{p + "lost_again", Count, "segments", "of those, segments that had been retransmitted before: one lasting loss, not several; absent when none", seen, at(func(r *record.Record) any { return &r.Ends[e].LostAgain }).ifAny()},
		{p + "stood_s", Seconds, "s", "time in which nothing came from either end before it retransmitted lost data after a timeout; absent when none", hidden{by: oneWay | givenUp}, at(func(r *record.Record) any { return &r.Ends[e].Stood }).ifAny()},
		{p + "dsacks", Count, "", "duplicates that the other end reported (RFC 2883)", answered, at(func(r *record.Record) any { return &r.Ends[e].DSACKs })},
		{p + "sack_blocks", Count, "", "SACK blocks that it sent; absent when none", seen, at(func(r *record.Record) any { return &r.Ends[e].SACKBlocks }).ifAny()},
		{p + "sack_all_came", Count, "", "of `sack_out_of_range`, blocks in ACKs of all that the other end had sent: they tell what came twice (RFC 2883); absent when none", seen, at(func(r *record.Record) any { return &r.Ends[e].SACKAllCame }).ifAny()},
		{p + "sack_out_of_range", Count, "", "of those, blocks of sequence numbers that the other end never sent: rewritten on the path; absent when none", seen, at(func(r *record.Record) any { return &r.Ends[e].SACKOutOfRange }).ifAny()},
		{p + "paws_refused", Count, "segments", "its data segments that the other end discarded for an old timestamp (RFC 7323), as its immediate ACK shows; absent when none", answered, at(func(r *record.Record) any { return &r.Ends[e].PAWSRefused }).ifAny()},
		{p + "strange", Count, "segments", "data segments in its name that came another way (its TTL by two or more) and without the timestamps that its own have, at most 255; absent when none", seen, at(func(r *record.Record) any { return &r.Ends[e].Strange }).ifAny()},
		{p + "conflicts", Count, "segments", "its data segments whose bytes are not those sent before under the same sequence number (the first 8 bytes compared, as long as the earlier segment is remembered), both with a right TCP checksum; absent when none", seen, at(func(r *record.Record) any { return &r.Ends[e].Conflicts }).ifAny()},
		{p + "conflicts_own", Count, "segments", "of those, segments with its own TTL whose IP identification goes on from its others: the same sender; absent when none", seen, at(func(r *record.Record) any { return &r.Ends[e].ConflictsOwn }).ifAny()},
		{p + "bad_checksums", Count, "packets", "its data packets with a wrong TCP checksum, which the other end discards, among those verified (retransmissions and all data after them); absent when none", seen, at(func(r *record.Record) any { return &r.Ends[e].BadChecksums }).ifAny()},
		{p + "bad_segments", Count, "segments", "different segments among those; copies of one in a row count once", seen, at(func(r *record.Record) any { return &r.Ends[e].BadSegments }).ifAny()},
	}
}

func windowFields(p string, e record.End) []Field {
	seen := hidden{by: darkOf(e)}
	answered := hidden{by: oneWay}
	scaled := hidden{by: oneWay | scaleUnseen} // what windows in bytes tell
	return []Field{
		{p + "zero_windows", Count, "", "times that it announced a zero window", seen, at(func(r *record.Record) any { return &r.Ends[e].ZeroWindows })},
		{p + "zero_window_s", Seconds, "s", "time with its window at zero", seen, at(func(r *record.Record) any { return &r.Ends[e].ZeroWindow })},
		{p + "zero_window_list", Objects, "", "those times, each with start and end (see below; not in CSV)", hidden{perhaps: darkOf(e), without: closedOf(e)}, made(zeroWindowsOf(e)).evenHidden().into(func(r *record.Record, v Value) { r.Ends[e].ZeroWindowList = v.r.Ends[record.Orig].ZeroWindowList })},
		{p + "silly_windows", Count, "", "times that it announced a window smaller than a segment and than half its window", scaled, at(func(r *record.Record) any { return &r.Ends[e].SillyWindows })},
		{p + "window_probes", Count, "segments", "zero-window probes", seen, at(func(r *record.Record) any { return &r.Ends[e].WindowProbes })},
		{p + "open_probes", Count, "segments", "probes that it went on sending, with doubling pauses and no new data, after the window update of the other end; absent when none", seen, at(func(r *record.Record) any { return &r.Ends[e].OpenProbes }).ifAny()},
		{p + "open_probing_s", Seconds, "s", "for how long, from the window update to the last of them", hidden{by: darkOf(e), without: openProbesOf(e)}, at(func(r *record.Record) any { return &r.Ends[e].OpenProbing })},
		{p + "open_echoed", Truth, "", "`true` when one of them echoes the timestamp of the window update: it had arrived", seen, at(func(r *record.Record) any { return &r.Ends[e].OpenEchoed }).ifAny()},
		{p + "window_full", Count, "", "times that it filled the other end's window", scaled, at(func(r *record.Record) any { return &r.Ends[e].WindowFull })},
		{p + "window_used_bytes", Count, "bytes", "the largest window of the other end that it filled; absent when none", scaled, at(func(r *record.Record) any { return &r.Ends[e].WindowUsed }).ifAny()},
		{p + "sending_s", Seconds, "s", "time from its first data until all that it sent was acknowledged, or to the last packet", answered, at(func(r *record.Record) any { return &r.Ends[e].Sending })},
		{p + "sender_limited_s", Seconds, "s", "time in which it had nothing to send", answered, at(func(r *record.Record) any { return &r.Ends[e].SenderLimited })},
		{p + "network_limited_s", Seconds, "s", "time with data in flight and room in the window", scaled, at(func(r *record.Record) any { return &r.Ends[e].NetworkLimited })},
		{p + "window_limited_s", Seconds, "s", "time in which the other end's window was full", scaled, at(func(r *record.Record) any { return &r.Ends[e].WindowLimited })},
	}
}

// zeroWindowsOf tells the episodes with a closed window; absent without any.
func zeroWindowsOf(e record.End) func(w *row) Value {
	return func(w *row) Value {
		if len(w.Ends[e].ZeroWindowList) == 0 {
			return Value{}
		}
		return Value{kind: episodes, r: w.Record, n: int64(e)}
	}
}

func rttFields(p string, e record.End) []Field {
	measured := hidden{perhaps: oneWay, without: roundTripsOf(e)}
	return []Field{
		{p + "rtt_n", Count, "", "round trips measured: its segment to the other end's ACK", hidden{by: oneWay, perhaps: untimed}, at(func(r *record.Record) any { return &r.Ends[e].RTT.N })},
		{p + "rtt_min_s", Seconds, "s", "shortest", measured, at(func(r *record.Record) any { return &r.Ends[e].RTT.Min })},
		{p + "rtt_p50_s", Seconds, "s", "median", measured, at(func(r *record.Record) any { return &r.Ends[e].RTT.P50 })},
		{p + "rtt_p95_s", Seconds, "s", "95th percentile", measured, at(func(r *record.Record) any { return &r.Ends[e].RTT.P95 })},
		{p + "rtt_max_s", Seconds, "s", "longest", measured, at(func(r *record.Record) any { return &r.Ends[e].RTT.Max })},
		{p + "rtt_min_flying_bytes", Count, "bytes", "bytes of it in flight when the ACK of the shortest came; absent where that is the first of all", measured, at(func(r *record.Record) any { return &r.Ends[e].RTT.MinFlying }).ifAny()},
		{p + "rtt_max_flying_bytes", Count, "bytes", "the most bytes of it in flight when an ACK that measures a round trip came; absent where there is one", measured, at(func(r *record.Record) any { return &r.Ends[e].RTT.MaxFlying }).ifAny()},
		{p + "rtt_smoothed_s", Seconds, "s", "as RFC 6298 smooths it", measured, at(func(r *record.Record) any { return &r.Ends[e].RTT.Smoothed })},
		{p + "rtt_delayed_n", Count, "", "samples left out because the ACK was delayed", hidden{perhaps: oneWay | untimed, without: roundTripsOf(e)}, at(func(r *record.Record) any { return &r.Ends[e].RTT.Delayed })},
		{p + "rtt_source", Text, "", "how it was measured", hidden{perhaps: oneWay | untimed, without: roundTripsOf(e)}, wordOf(record.NRTTSources, record.RTTNone, func(r *record.Record) *record.RTTSource { return &r.Ends[e].RTT.Source })},
	}
}

func optionFields(p string, e record.End) []Field {
	offered := hidden{perhaps: darkOf(e) | synUnseen}
	return []Field{
		{p + "mss", Count, "bytes", "maximum segment size that it announced", offered, at(func(r *record.Record) any { return &r.Ends[e].MSS })},
		{p + "wscale", Count, "", "window scale shift that it announced", offered, at(func(r *record.Record) any { return &r.Ends[e].WScale })},
		{p + "sack", Truth, "", "it announced SACK", offered, at(func(r *record.Record) any { return &r.Ends[e].SACK })},
		{p + "timestamps", Truth, "", "it announced timestamps", offered, at(func(r *record.Record) any { return &r.Ends[e].Timestamps })},
		{p + "ecn", Truth, "", "it announced ECN", offered, at(func(r *record.Record) any { return &r.Ends[e].ECN })},
		{p + "ttl", Count, "", "TTL or hop limit of its packets", hidden{perhaps: darkOf(e)}, at(func(r *record.Record) any { return &r.Ends[e].TTL })},
		{p + "data_ttl", Count, "", "that of its first data, where it differs by two hops or more from that of the packets before; absent else", hidden{perhaps: darkOf(e)}, at(func(r *record.Record) any { return &r.Ends[e].DataTTL })},
		{p + "option_order", Text, "", "whose way of ordering the options of a SYN fits its own: `linux`, `bsd` (macOS and the BSDs), or `other`; absent where any may write so", offered, wordOf(capture.NOptionOrders, capture.OrderUnknown, func(r *record.Record) *capture.OptionOrder { return &r.Ends[e].Order })},
		{p + "first_byte_s", Seconds, "s", "open to its first payload byte", hidden{perhaps: darkOf(e) | midstream | gaps | wentBack}, at(func(r *record.Record) any { return &r.Ends[e].FirstByte })},
	}
}

func timeInFields(p string, e record.End) (fields []Field) {
	for s := record.Closed; s < record.NStates; s++ {
		fields = append(fields, Field{p + "time_in." + s.String() + "_s", Seconds, "s", "time in " + s.String(), hidden{perhaps: darkOf(e)},
			at(func(r *record.Record) any { return &r.Ends[e].TimeIn[s] })})
	}
	return fields
}
