package report

import (
	"tcpwatch/tracker/record"
)

// zeroWindowsOf tells the episodes with a closed window; absent without any.
func zeroWindowsOf(e record.End) func(w *row) value {
	return func(w *row) value {
		if len(w.Ends[e].ZeroWindowList) == 0 {
			return value{}
		}
		return value{kind: episodes, r: w.Record, n: int64(e)}
	}
}

// endFields are the fields of what one end sent.
func endFields(name, who string, e record.End) []field {
	get := func(f func(r *record.EndRecord) value) func(w *row) value {
		return func(w *row) value { return f(&w.Ends[e]) }
	}
	// What was not captured can't be counted: absent for the dark side of a one-way capture.
	seen := func(f func(r *record.EndRecord) value) func(w *row) value {
		return func(w *row) value {
			if dark(w, e) {
				return value{}
			}
			return f(&w.Ends[e])
		}
	}
	// What the other end's ACKs would tell, and what windows in bytes would.
	answered := func(f func(r *record.EndRecord) value) func(w *row) value {
		return func(w *row) value {
			if w.Capture.OneWay {
				return value{}
			}
			return f(&w.Ends[e])
		}
	}
	scaled := func(f func(r *record.EndRecord) value) func(w *row) value {
		return func(w *row) value {
			if w.Capture.ScaleUnknown || w.Capture.OneWay {
				return value{}
			}
			return f(&w.Ends[e])
		}
	}
	rtt := func(f func(r *record.RTTRecord) value) func(w *row) value {
		return func(w *row) value {
			if w.Ends[e].RTT.N == 0 {
				return value{}
			}
			return f(&w.Ends[e].RTT)
		}
	}
	p := name + "."
	fields := []field{
		{p + "packets", "packets that the " + who + " sent, every copy captured", get(func(r *record.EndRecord) value { return countOf(r.Packets) })},
		{p + "bytes", "sequence span of its payload, gaps included", get(func(r *record.EndRecord) value { return optCount(r.Bytes) })},
		{p + "seen_bytes", "captured, each byte once", seen(func(r *record.EndRecord) value { return countOf(r.SeenBytes) })},
		{p + "wire_bytes", "payload as sent, repeats included", seen(func(r *record.EndRecord) value {
			if r.MissingBytes > 0 || r.SpanUnknown {
				return value{}
			}
			return countOf(r.WireBytes)
		})},
		{p + "missing_bytes", "acknowledged by the other end, never captured; absent when known modulo 2^32 only", seen(func(r *record.EndRecord) value {
			if r.SpanUnknown {
				return value{}
			}
			return countOf(r.MissingBytes)
		})},
		{p + "retx", "data segments sent again: the sum of the next four", seen(func(r *record.EndRecord) value { return countOf(r.Retx) })},
		{p + "retx_rto", "after a timeout", seen(func(r *record.EndRecord) value { return countOf(r.RetxRTO) })},
		{p + "retx_fast", "after duplicate ACKs or SACK", seen(func(r *record.EndRecord) value { return countOf(r.RetxFast) })},
		{p + "retx_tlp", "tail loss probes", seen(func(r *record.EndRecord) value { return countOf(r.RetxTLP) })},
		{p + "retx_other", "for a reason that the capture does not show", seen(func(r *record.EndRecord) value { return countOf(r.RetxOther) })},
		{p + "retx_bytes", "payload in them", seen(func(r *record.EndRecord) value { return countOf(r.RetxBytes) })},
		{p + "retx_spurious", "of those, needless", answered(func(r *record.EndRecord) value { return countOf(r.RetxSpurious) })},
		{p + "retx_refused", "of those, of data that the other end had thrown away (paws_refused, bad_checksums): it was not lost; absent when none", answered(func(r *record.EndRecord) value { return unlessNone(r.RetxRefused) })},
		{p + "out_of_order", "late segments that filled a gap", seen(func(r *record.EndRecord) value { return countOf(r.OutOfOrder) })},
		{p + "reorder_max_s", "the longest that one of them came late", seen(func(r *record.EndRecord) value { return secondsOf(r.ReorderMax) })},
		{p + "dup_acks", "duplicate ACKs that it sent", seen(func(r *record.EndRecord) value { return countOf(r.DupAcks) })},
		{p + "lost_before_tap", "segments lost between it and the capture point", seen(func(r *record.EndRecord) value { return countOf(r.LostBeforeTap) })},
		{p + "lost_after_tap", "segments lost behind the capture point", seen(func(r *record.EndRecord) value { return countOf(r.LostAfterTap) })},
		{p + "dsacks", "duplicates that the other end reported (RFC 2883)", answered(func(r *record.EndRecord) value { return countOf(r.DSACKs) })},
		{p + "sack_blocks", "SACK blocks that it sent; absent when none", seen(func(r *record.EndRecord) value { return unlessNone(r.SACKBlocks) })},
		{p + "sack_out_of_range", "of those, blocks of numbers that the other end never sent: rewritten on the way; absent when none", seen(func(r *record.EndRecord) value { return unlessNone(r.SACKOutOfRange) })},
		{p + "paws_refused", "its data segments that the other end threw away for an old timestamp (RFC 7323), as its ACK at once shows; absent when none", answered(func(r *record.EndRecord) value { return unlessNone(r.PAWSRefused) })},
		{p + "bad_checksums", "its data packets with a wrong TCP checksum, of those verified (what was sent again, and all data that followed), which the other end throws away; absent when none", seen(func(r *record.EndRecord) value { return unlessNone(r.BadChecksums) })},
		{p + "zero_windows", "times that it closed its window", seen(func(r *record.EndRecord) value { return countOf(r.ZeroWindows) })},
		{p + "zero_window_s", "time with its window closed", seen(func(r *record.EndRecord) value { return secondsOf(r.ZeroWindow) })},
		{p + "zero_window_list", "those times, each with start and end (see below; JSON Lines only)", zeroWindowsOf(e)},
		{p + "silly_windows", "times that it offered less than a segment and half its window", scaled(func(r *record.EndRecord) value { return countOf(r.SillyWindows) })},
		{p + "window_probes", "probes of the other end's closed window", seen(func(r *record.EndRecord) value { return countOf(r.WindowProbes) })},
		{p + "window_full", "times that it used up the other end's window", scaled(func(r *record.EndRecord) value { return countOf(r.WindowFull) })},
		{p + "sender_limited_s", "time in which it had nothing to send", answered(func(r *record.EndRecord) value { return secondsOf(r.SenderLimited) })},
		{p + "network_limited_s", "time with data in flight and room in the window", scaled(func(r *record.EndRecord) value { return secondsOf(r.NetworkLimited) })},
		{p + "window_limited_s", "time in which the other end's window was used up", scaled(func(r *record.EndRecord) value { return secondsOf(r.WindowLimited) })},
		{p + "rtt_n", "round trips measured: its segment to the other end's ACK", answered(func(r *record.EndRecord) value { return countOf(r.RTT.N) })},
		{p + "rtt_min_s", "shortest", rtt(func(r *record.RTTRecord) value { return secondsOf(r.Min) })},
		{p + "rtt_p50_s", "median", rtt(func(r *record.RTTRecord) value { return secondsOf(r.P50) })},
		{p + "rtt_p95_s", "95th percentile", rtt(func(r *record.RTTRecord) value { return secondsOf(r.P95) })},
		{p + "rtt_max_s", "longest", rtt(func(r *record.RTTRecord) value { return secondsOf(r.Max) })},
		{p + "rtt_smoothed_s", "as RFC 6298 smooths it", rtt(func(r *record.RTTRecord) value { return secondsOf(r.Smoothed) })},
		{p + "rtt_delayed_n", "samples left out because the ACK was held back", rtt(func(r *record.RTTRecord) value { return countOf(r.Delayed) })},
		{p + "rtt_source", "how it was measured", rtt(func(r *record.RTTRecord) value { return textOf(r.Source.String()) })},
		{p + "mss", "maximum segment size that it announced", get(func(r *record.EndRecord) value { return optCount(r.MSS) })},
		{p + "wscale", "window scale shift that it announced", get(func(r *record.EndRecord) value { return optCount(r.WScale) })},
		{p + "sack", "it announced SACK", get(func(r *record.EndRecord) value { return optTruth(r.SACK) })},
		{p + "timestamps", "it announced timestamps", get(func(r *record.EndRecord) value { return optTruth(r.Timestamps) })},
		{p + "ecn", "it announced ECN", get(func(r *record.EndRecord) value { return optTruth(r.ECN) })},
		{p + "ttl", "TTL or hop limit of its packets", get(func(r *record.EndRecord) value { return optCount(r.TTL) })},
		{p + "first_byte_s", "open to its first payload byte", get(func(r *record.EndRecord) value { return optSeconds(r.FirstByte) })},
	}
	fields = append(fields, strainFields(p, e)...)
	for s := record.Closed; s < record.NStates; s++ {
		fields = append(fields, field{p + "time_in." + s.String() + "_s", "time in " + s.String(),
			get(func(r *record.EndRecord) value { return optSeconds(r.TimeIn[s]) })})
	}
	return fields
}
