package schema

import "tcpwatch/tracker/record"

// endFields are the fields of what one end sent.
func endFields(name, who string, e record.End) []Field {
	p := name + "."
	fields := sentFields(p, who, e)
	fields = append(fields, lossFields(p, e)...)
	fields = append(fields, windowFields(p, e)...)
	fields = append(fields, rttFields(p, e)...)
	fields = append(fields, optionFields(p, e)...)
	fields = append(fields, pathFields(p, e)...)
	return append(fields, timeInFields(p, e)...)
}

// sent reads what is told of end e. What was not captured can't be counted: most of it
// is hidden of the dark end of a capture of one direction.
func sent(e record.End, get func(r *record.EndRecord) Value) func(w *row) Value {
	return func(w *row) Value { return get(&w.Ends[e]) }
}

func sentFields(p, who string, e record.End) []Field {
	return []Field{
		{p + "packets", Count, "packets", "packets that the " + who + " sent, every copy captured", hidden{}, sent(e, func(r *record.EndRecord) Value { return countOf(r.Packets) })},
		{p + "data_segments", Count, "segments", "of those, segments with data, retransmissions included, copies made by the capture left out", hidden{by: darkOf(e)}, sent(e, func(r *record.EndRecord) Value { return countOf(r.DataSegments) })},
		{p + "pure_acks", Count, "segments", "and segments without data, SYN, FIN and RST: ACKs, window updates, most probes", hidden{by: darkOf(e)}, sent(e, func(r *record.EndRecord) Value { return countOf(r.PureACKs) })},
		{p + "bytes", Count, "bytes", "sequence span of its payload, gaps included", hidden{perhaps: darkOf(e) | spanOf(e)}, sent(e, func(r *record.EndRecord) Value { return optCount(r.Bytes) })},
		{p + "seen_bytes", Count, "bytes", "captured, each byte once", hidden{by: darkOf(e) | givenUp}, sent(e, func(r *record.EndRecord) Value { return countOf(r.SeenBytes) })},
		{p + "wire_bytes", Count, "bytes", "payload as sent, retransmissions included", hidden{by: darkOf(e) | gapsOf(e) | spanOf(e)}, sent(e, func(r *record.EndRecord) Value { return countOf(r.WireBytes) })},
		{p + "missing_bytes", Count, "bytes", "acknowledged by the other end, never captured; absent when known modulo 2^32 only", hidden{by: darkOf(e) | spanOf(e) | givenUp}, sent(e, func(r *record.EndRecord) Value { return countOf(r.MissingBytes) })},
	}
}

func lossFields(p string, e record.End) []Field {
	seen := hidden{by: darkOf(e)}
	filled := hidden{by: darkOf(e) | givenUp} // what tells a repeat from a segment that fills a gap
	answered := hidden{by: oneWay}            // what only the other end's ACKs tell
	return []Field{
		{p + "retx", Count, "segments", "data segments retransmitted: the sum of the next four", filled, sent(e, func(r *record.EndRecord) Value { return countOf(r.Retx) })},
		{p + "retx_rto", Count, "segments", "after a timeout", filled, sent(e, func(r *record.EndRecord) Value { return countOf(r.RetxRTO) })},
		{p + "retx_fast", Count, "segments", "after duplicate ACKs or SACK", filled, sent(e, func(r *record.EndRecord) Value { return countOf(r.RetxFast) })},
		{p + "retx_tlp", Count, "segments", "tail loss probes", filled, sent(e, func(r *record.EndRecord) Value { return countOf(r.RetxTLP) })},
		{p + "retx_other", Count, "segments", "for a reason that the capture does not show", filled, sent(e, func(r *record.EndRecord) Value { return countOf(r.RetxOther) })},
		{p + "retx_bytes", Count, "bytes", "payload in them", filled, sent(e, func(r *record.EndRecord) Value { return countOf(r.RetxBytes) })},
		{p + "retx_spurious", Count, "segments", "of those, spurious: the data had arrived", hidden{by: oneWay | givenUp}, sent(e, func(r *record.EndRecord) Value { return countOf(r.RetxSpurious) })},
		{p + "retx_refused", Count, "segments", "of those, retransmissions of data that the other end had discarded (paws_refused, bad_checksums): it was not lost; absent when none", hidden{by: oneWay | givenUp}, sent(e, func(r *record.EndRecord) Value { return someOf(r.RetxRefused) })},
		{p + "out_of_order", Count, "segments", "out-of-order segments that filled a gap", filled, sent(e, func(r *record.EndRecord) Value { return countOf(r.OutOfOrder) })},
		{p + "reorder_max_s", Seconds, "s", "the longest delay of one of them", filled, sent(e, func(r *record.EndRecord) Value { return secondsOf(r.ReorderMax) })},
		{p + "dup_acks", Count, "segments", "duplicate ACKs that it sent", seen, sent(e, func(r *record.EndRecord) Value { return countOf(r.DupAcks) })},
		{p + "lost_before_tap", Count, "segments", "segments lost between it and the capture point", filled, sent(e, func(r *record.EndRecord) Value { return countOf(r.LostBeforeTap) })},
		{p + "lost_after_tap", Count, "segments", "segments lost after the capture point", filled, sent(e, func(r *record.EndRecord) Value { return countOf(r.LostAfterTap) })},
		{p + "lost_again", Count, "segments", "of those, segments that had been retransmitted before: one lasting loss, not several; absent when none", seen, sent(e, func(r *record.EndRecord) Value { return someOf(r.LostAgain) })},
		{p + "dsacks", Count, "", "duplicates that the other end reported (RFC 2883)", answered, sent(e, func(r *record.EndRecord) Value { return countOf(r.DSACKs) })},
		{p + "sack_blocks", Count, "", "SACK blocks that it sent; absent when none", seen, sent(e, func(r *record.EndRecord) Value { return someOf(r.SACKBlocks) })},
		{p + "sack_out_of_range", Count, "", "of those, blocks of sequence numbers that the other end never sent: rewritten on the path; absent when none", seen, sent(e, func(r *record.EndRecord) Value { return someOf(r.SACKOutOfRange) })},
		{p + "paws_refused", Count, "segments", "its data segments that the other end discarded for an old timestamp (RFC 7323), as its immediate ACK shows; absent when none", answered, sent(e, func(r *record.EndRecord) Value { return someOf(r.PAWSRefused) })},
		{p + "conflicts", Count, "segments", "its data segments whose bytes are not those sent before under the same sequence number (the first 8 bytes compared, as long as the earlier segment is remembered), both with a right TCP checksum; absent when none", seen, sent(e, func(r *record.EndRecord) Value { return someOf(r.Conflicts) })},
		{p + "bad_checksums", Count, "packets", "its data packets with a wrong TCP checksum, which the other end discards, among those verified (retransmissions and all data after them); absent when none", seen, sent(e, func(r *record.EndRecord) Value { return someOf(r.BadChecksums) })},
		{p + "bad_segments", Count, "segments", "different segments among those; copies of one in a row count once", seen, sent(e, func(r *record.EndRecord) Value { return someOf(r.BadSegments) })},
	}
}

func windowFields(p string, e record.End) []Field {
	seen := hidden{by: darkOf(e)}
	answered := hidden{by: oneWay}
	scaled := hidden{by: oneWay | scaleUnseen} // what windows in bytes tell
	return []Field{
		{p + "zero_windows", Count, "", "times that it announced a zero window", seen, sent(e, func(r *record.EndRecord) Value { return countOf(r.ZeroWindows) })},
		{p + "zero_window_s", Seconds, "s", "time with its window at zero", seen, sent(e, func(r *record.EndRecord) Value { return secondsOf(r.ZeroWindow) })},
		{p + "zero_window_list", Objects, "", "those times, each with start and end (see below; JSON Lines only)", hidden{perhaps: darkOf(e)}, zeroWindowsOf(e)},
		{p + "silly_windows", Count, "", "times that it announced a window smaller than a segment and than half its window", scaled, sent(e, func(r *record.EndRecord) Value { return countOf(r.SillyWindows) })},
		{p + "window_probes", Count, "segments", "zero-window probes", seen, sent(e, func(r *record.EndRecord) Value { return countOf(r.WindowProbes) })},
		{p + "open_probes", Count, "segments", "probes that it went on sending, with doubling pauses and no new data, after the window update of the other end; absent when none", seen, sent(e, func(r *record.EndRecord) Value { return someOf(r.OpenProbes) })},
		{p + "open_probing_s", Seconds, "s", "for how long, from the window update to the last of them", seen, sent(e, func(r *record.EndRecord) Value {
			if r.OpenProbes == 0 {
				return Value{}
			}
			return secondsOf(r.OpenProbing)
		})},
		{p + "open_echoed", Truth, "", "`true` when one of them echoes the timestamp of the window update: it had arrived", seen, sent(e, func(r *record.EndRecord) Value { return ifTrue(r.OpenEchoed) })},
		{p + "window_full", Count, "", "times that it filled the other end's window", scaled, sent(e, func(r *record.EndRecord) Value { return countOf(r.WindowFull) })},
		{p + "window_used_bytes", Count, "bytes", "the largest window of the other end that it filled; absent when none", scaled, sent(e, func(r *record.EndRecord) Value { return someOf(r.WindowUsed) })},
		{p + "sending_s", Seconds, "s", "time from its first data until all that it sent was acknowledged, or to the last packet", answered, sent(e, func(r *record.EndRecord) Value { return secondsOf(r.Sending) })},
		{p + "sender_limited_s", Seconds, "s", "time in which it had nothing to send", answered, sent(e, func(r *record.EndRecord) Value { return secondsOf(r.SenderLimited) })},
		{p + "network_limited_s", Seconds, "s", "time with data in flight and room in the window", scaled, sent(e, func(r *record.EndRecord) Value { return secondsOf(r.NetworkLimited) })},
		{p + "window_limited_s", Seconds, "s", "time in which the other end's window was full", scaled, sent(e, func(r *record.EndRecord) Value { return secondsOf(r.WindowLimited) })},
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
	rtt := func(get func(r *record.RTTRecord) Value) func(w *row) Value {
		return func(w *row) Value {
			if w.Ends[e].RTT.N == 0 {
				return Value{}
			}
			return get(&w.Ends[e].RTT)
		}
	}
	measured := hidden{perhaps: oneWay}
	return []Field{
		{p + "rtt_n", Count, "", "round trips measured: its segment to the other end's ACK", hidden{by: oneWay, perhaps: untimed}, sent(e, func(r *record.EndRecord) Value { return countOf(r.RTT.N) })},
		{p + "rtt_min_s", Seconds, "s", "shortest", measured, rtt(func(r *record.RTTRecord) Value { return secondsOf(r.Min) })},
		{p + "rtt_p50_s", Seconds, "s", "median", measured, rtt(func(r *record.RTTRecord) Value { return secondsOf(r.P50) })},
		{p + "rtt_p95_s", Seconds, "s", "95th percentile", measured, rtt(func(r *record.RTTRecord) Value { return secondsOf(r.P95) })},
		{p + "rtt_max_s", Seconds, "s", "longest", measured, rtt(func(r *record.RTTRecord) Value { return secondsOf(r.Max) })},
		{p + "rtt_min_flying_bytes", Count, "bytes", "bytes of it in flight when the ACK of the shortest came; absent where that is the first of all", measured, rtt(func(r *record.RTTRecord) Value { return someOf(r.MinFlying) })},
		{p + "rtt_max_flying_bytes", Count, "bytes", "the most bytes of it in flight when an ACK that measures a round trip came; absent where there is one", measured, rtt(func(r *record.RTTRecord) Value { return someOf(r.MaxFlying) })},
		{p + "rtt_smoothed_s", Seconds, "s", "as RFC 6298 smooths it", measured, rtt(func(r *record.RTTRecord) Value { return secondsOf(r.Smoothed) })},
		{p + "rtt_delayed_n", Count, "", "samples left out because the ACK was delayed", hidden{perhaps: oneWay | untimed}, rtt(func(r *record.RTTRecord) Value { return countOf(r.Delayed) })},
		{p + "rtt_source", Text, "", "how it was measured", hidden{perhaps: oneWay | untimed}, rtt(func(r *record.RTTRecord) Value { return textOf(r.Source.String()) })},
	}
}

func optionFields(p string, e record.End) []Field {
	offered := hidden{perhaps: darkOf(e) | synUnseen}
	return []Field{
		{p + "mss", Count, "bytes", "maximum segment size that it announced", offered, sent(e, func(r *record.EndRecord) Value { return optCount(r.MSS) })},
		{p + "wscale", Count, "", "window scale shift that it announced", offered, sent(e, func(r *record.EndRecord) Value { return optCount(r.WScale) })},
		{p + "sack", Truth, "", "it announced SACK", offered, sent(e, func(r *record.EndRecord) Value { return optTruth(r.SACK) })},
		{p + "timestamps", Truth, "", "it announced timestamps", offered, sent(e, func(r *record.EndRecord) Value { return optTruth(r.Timestamps) })},
		{p + "ecn", Truth, "", "it announced ECN", offered, sent(e, func(r *record.EndRecord) Value { return optTruth(r.ECN) })},
		{p + "ttl", Count, "", "TTL or hop limit of its packets", hidden{perhaps: darkOf(e)}, sent(e, func(r *record.EndRecord) Value { return optCount(r.TTL) })},
		{p + "data_ttl", Count, "", "that of its first data, where it differs by two hops or more from that of the packets before; absent else", hidden{perhaps: darkOf(e)}, sent(e, func(r *record.EndRecord) Value { return optCount(r.DataTTL) })},
		{p + "first_byte_s", Seconds, "s", "open to its first payload byte", hidden{perhaps: darkOf(e) | midstream | gaps | wentBack}, sent(e, func(r *record.EndRecord) Value { return optSeconds(r.FirstByte) })},
	}
}

func timeInFields(p string, e record.End) (fields []Field) {
	for s := record.Closed; s < record.NStates; s++ {
		fields = append(fields, Field{p + "time_in." + s.String() + "_s", Seconds, "s", "time in " + s.String(), hidden{perhaps: darkOf(e)},
			sent(e, func(r *record.EndRecord) Value { return optSeconds(r.TimeIn[s]) })})
	}
	return fields
}
