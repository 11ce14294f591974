package schema

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// The fields here are details: what detectors read besides, and what tables print.

// identityDetails are when a connection was over, and how far its states are shown.
func identityDetails() []Field {
	none := hidden{}
	return details(
		Field{"orig_state_proven", Text, "", "the last state of the originator that is more than expected", none, wordOf(record.NStates, record.Unknown, func(r *record.Record) *record.State { return &r.Proven[record.Orig] })},
		Field{"resp_state_proven", Text, "", "the same for the responder", none, wordOf(record.NStates, record.Unknown, func(r *record.Record) *record.State { return &r.Proven[record.Resp] })},
		Field{"unfinished", Truth, "", "`true` when the input ended while the connection was still held: what is missing may have come later", none, at(func(r *record.Record) any { return &r.Unfinished })},
		Field{"silent_s", Seconds, "s", "from its last packet to when it was handed out, or the clock jumped", none, at(func(r *record.Record) any { return &r.Silent })},
		Field{"silent_longer", Truth, "", "`true` when the clock of the input jumped meanwhile: it was silent for at least so long", none, at(func(r *record.Record) any { return &r.Vague })},
		Field{"over_s", Seconds, "s", "when it was over, on the clock by which connections end, which steps of the capture's do not move: the order in which records come", none, at(func(r *record.Record) any { return &r.Ended })},
		Field{"file_index", Count, "", "index of the file of the first packet among those of the stats line, from 0; absent for the first", none, at(func(r *record.Record) any { return &r.File }).numbered(files)},
		Field{"interface_index", Count, "", "the same of the interface", none, at(func(r *record.Record) any { return &r.Interface })},
	)
}

// openDetails are what an opening with trouble shows.
func openDetails() []Field {
	none := hidden{}
	return details(
		Field{"open.waited_s", Seconds, "s", "an attempt that failed: first SYN to the answer that ended it, or the last packet", none, at(func(r *record.Record) any { return &r.Open.Waited })},
		Field{"open.answer_from", Address, "", "who sent an ICMP error that answered the SYN", none, addressAt(func(r *record.Record) *capture.Addr { return &r.Open.Answer.From })},
		Field{"open.answer_packet", Count, "", "the packet that ended an attempt that failed", none, packetAt(func(r *record.Record) any { return &r.Open.AnswerPacket })},
		Field{"open.syn_again_packet", Count, "", "packet of the first retransmission of the SYN", none, packetAt(func(r *record.Record) any { return &r.Open.SYNAgainAt })},
		Field{"open.syn_answered", Truth, "", "`true` when a SYN/ACK had passed before that: the SYN was not lost", none, at(func(r *record.Record) any { return &r.Open.SYNAnswered })},
		Field{"open.syns_other", Count, "packets", "SYNs with the number of the first that carry other data or more options: attempts of their own", none, at(func(r *record.Record) any { return &r.Open.SYNsOther })},
		Field{"open.syn_heard", Truth, "", "`true` when the SYN/ACK echoes the timestamp of a SYN before the last: that had arrived", none, at(func(r *record.Record) any { return &r.Open.SYNHeard })},
		Field{"open.syn_unheard", Truth, "", "`true` when a SYN came 100 ms or more after a SYN/ACK: that had not reached the client by then", none, at(func(r *record.Record) any { return &r.Open.SYNUnheard })},
		Field{"open.last_syn", Time, "", "time of the last SYN", none, at(func(r *record.Record) any { return &r.Open.LastSYNAt })},
		Field{"open.syn_acks_again", Count, "packets", "retransmitted SYN/ACKs", none, at(func(r *record.Record) any { return &r.Open.NSYNACKsAgain })},
		Field{"open.syn_ack_again_packet", Count, "", "packet of the first of those", none, packetAt(func(r *record.Record) any { return &r.Open.SYNACKAgainAt })},
		Field{"open.syn_ack_again_s", Seconds, "s", "first SYN/ACK to the last of those", none, at(func(r *record.Record) any { return &r.Open.SYNACKAfter })},
		Field{"open.syn_ack_late_s", Seconds, "s", "first SYN/ACK to the ACK that completes the handshake, where that or what follows shows that the SYN/ACKs were late, not lost", none, at(func(r *record.Record) any { return &r.Open.SYNACKLate })},
		Field{"open.third_ack", Time, "", "time of the ACK that completed the handshake", none, at(func(r *record.Record) any { return &r.Open.ThirdACK })},
		Field{"open.ack_ignored_packet", Count, "", "packet of the first SYN/ACK of `open.acks_ignored`", none, packetAt(func(r *record.Record) any { return &r.Open.ACKIgnoredAt })},
		Field{"open.ack_ignored_s", Seconds, "s", "ACK that completes the handshake to that SYN/ACK", none, at(func(r *record.Record) any { return &r.Open.ACKIgnored })},
		Field{"open.next_id", Count, "", "`id` of the attempt by which the client replaced this one, which had not opened, on the same addresses and ports", none, packetAt(func(r *record.Record) any { return &r.Open.NextConn })},
		Field{"open.next_after_s", Seconds, "s", "last packet to the SYN of that", none, at(func(r *record.Record) any { return &r.Open.NextAfter })},
		Field{"open.small_link", Truth, "", "`true` when the SYNs were captured on a link whose own MTU is small", none, at(func(r *record.Record) any { return &r.Open.SmallLink })},
		Field{"open.old_state", Text, "", "state of the end of the older connection that answered the SYN", none, wordOf(record.NStates, record.Unknown, func(r *record.Record) *record.State { return &r.Open.OldState })},
		Field{"open.old_unseen", Truth, "", "`true` when that connection was not captured: its challenge ACK acknowledges nothing of this SYN", none, at(func(r *record.Record) any { return &r.Open.OldUnseen })},
		Field{"open.old_seq", Count, "", "sequence number of that ACK", none, at(func(r *record.Record) any { return &r.Open.OldSeq })},
		Field{"open.old_ack", Count, "", "the number that it acknowledges", none, at(func(r *record.Record) any { return &r.Open.OldAck })},
		Field{"open.old_went_on", Count, "segments", "data segments by which the client went on in that connection after this one had opened", none, at(func(r *record.Record) any { return &r.Open.OldWentOn })},
		Field{"open.old_went_on_packet", Count, "", "packet of the first of those", none, packetAt(func(r *record.Record) any { return &r.Open.OldWentOnAt })},
		Field{"open.old_reset", Truth, "", "`true` when the client reset that connection, which it did not know", none, at(func(r *record.Record) any { return &r.Open.OldReset })},
		Field{"open.rival_packet", Count, "", "packet of a SYN that retransmits one of another client behind this address and port, while this connection lived", none, packetAt(func(r *record.Record) any { return &r.Open.RivalAgain })},
		Field{"open.refused_first", Truth, "", "`true` when a RST answered the SYN, which was sent again", none, at(func(r *record.Record) any { return &r.Open.RefusedFirst })},
		Field{"open.ts_recent", Count, "", "newest timestamp that the server had accepted of the client (RFC 7323: TS.Recent)", none, at(func(r *record.Record) any { return &r.Open.TSRecent })},
	)
}

// closeDetails are the packets and times of a close.
func closeDetails() []Field {
	none := hidden{}
	return details(
		Field{"close.reset_packet", Count, "", "packet of the RST", none, packetAt(func(r *record.Record) any { return &r.Close.ResetPacket })},
		Field{"close.reset_ttl", Count, "", "its TTL", none, at(func(r *record.Record) any { return &r.Close.ResetTTL })},
		Field{"close.reset_at", Time, "", "its time", none, at(func(r *record.Record) any { return &r.Close.ResetTime })},
		Field{"close.reset_quiet_s", Seconds, "s", "from what its sender had sent before to it", none, at(func(r *record.Record) any { return &r.Close.ResetQuiet })},
		Field{"close.reset_after_s", Seconds, "s", "from the last segment of the other end to it", none, at(func(r *record.Record) any { return &r.Close.ResetAfter })},
		Field{"close.reset_crossed", Truth, "", "`true` when data of its receiver was under way when it was sent", none, at(func(r *record.Record) any { return &r.Close.Crossed })},
		Field{"close.reset_also", Truth, "", "`true` when it came with another TTL, and one with its sender's own came too", none, at(func(r *record.Record) any { return &r.Close.ResetAlso })},
		Field{"close.reset_by_newer", Truth, "", "`true` when the client reset the connection for the sake of a newer one, whose SYN it had answered", none, at(func(r *record.Record) any { return &r.Close.ByNewer })},
		Field{"close.ignored_packet", Count, "", "packet of the first RST that its receiver had to ignore", none, packetAt(func(r *record.Record) any { return &r.Close.Ignored.Packet })},
		Field{"close.ignored_by", Text, "", "in whose name, where it is not the originator", hidden{without: resets}, wordOf(record.NEnds, record.Orig, func(r *record.Record) *record.End { return &r.Close.Ignored.By }).unlessInitial()},
		Field{"close.ignored_odd", Text, "", "how it differs from its sender's other segments, and what else it shows, in the words of `close.reset_odd`", hidden{without: resets}, oddAt(func(r *record.Record) *record.ResetSigns { return &r.Close.Ignored.Odd })},
		Field{"close.ignored_late", Truth, "", "`true` when its sender had sent its FIN before", none, at(func(r *record.Record) any { return &r.Close.Ignored.Late })},
		Field{"close.ignored_done", Truth, "", "`true` when both FINs had been acknowledged", none, at(func(r *record.Record) any { return &r.Close.Ignored.Done })},
		Field{"close.ignored_gave_up", Truth, "", "`true` when its sender had retransmitted data without an answer before", none, at(func(r *record.Record) any { return &r.Close.Ignored.GaveUp })},
		Field{"close.ignored_went_on", Truth, "", "`true` when it had the expected number, and both ends went on: what one sent after it the other acknowledged", none, at(func(r *record.Record) any { return &r.Close.Ignored.WentOn })},
		Field{"close.fin_orig", Time, "", "time of the first FIN of the originator", none, at(func(r *record.Record) any { return &r.Close.FINTime[record.Orig] })},
		Field{"close.fin_packet_orig", Count, "", "its packet", none, packetAt(func(r *record.Record) any { return &r.Close.FINPacket[record.Orig] })},
		Field{"close.fin_acked_orig", Time, "", "when it was acknowledged", none, at(func(r *record.Record) any { return &r.Close.FINAcked[record.Orig] })},
		Field{"close.fin_resp", Time, "", "time of the first FIN of the responder", none, at(func(r *record.Record) any { return &r.Close.FINTime[record.Resp] })},
		Field{"close.fin_packet_resp", Count, "", "its packet", none, packetAt(func(r *record.Record) any { return &r.Close.FINPacket[record.Resp] })},
		Field{"close.fin_acked_resp", Time, "", "when it was acknowledged", none, at(func(r *record.Record) any { return &r.Close.FINAcked[record.Resp] })},
	)
}

// probeDetails are when an end probed last.
func probeDetails(p string, e record.End) []Field {
	none := hidden{}
	return details(
		Field{p + "last", Time, "", "time of the last probe", none, at(func(r *record.Record) any { return &r.Keepalive[e].Last })},
	)
}

// idleDetails are when the last pause ended.
func idleDetails() []Field {
	none := hidden{}
	return details(
		Field{"rest.ended", Time, "", "when the last pause without an answer ended", none, at(func(r *record.Record) any { return &r.Idle.Woke })},
	)
}

// endDetails are the sequence numbers of an end, and when it was heard last.
func endDetails(p string, e record.End) []Field {
	none, numbered := hidden{}, hidden{without: numbersOf(e)}
	return details(
		Field{p + "first_seq", Count, "", "first of its sequence numbers that is known: that of its SYN, where it was captured", numbered, numbersAt(e, func(n *record.Numbers) *uint32 { return &n.First })},
		Field{p + "next_seq", Count, "", "the next one that is due", numbered, numbersAt(e, func(n *record.Numbers) *uint32 { return &n.Next })},
		Field{p + "last_sent", Time, "", "time of its last segment", none, at(func(r *record.Record) any { return &r.Ends[e].LastSent })},
		Field{p + "span_unknown", Truth, "", "`true` when the capture missed more than a window at once: how many bytes is known modulo 2^32 only", none, at(func(r *record.Record) any { return &r.Ends[e].SpanUnknown })},
		Field{p + "stuck_passed", Truth, "", "`true` when the smaller segment of `stuck_shrunk_bytes` was acknowledged", none, at(func(r *record.Record) any { return &r.Path[e].Stuck.Passed })},
		Field{p + "stuck_heard", Truth, "", "`true` when the other end went on sending meanwhile", none, at(func(r *record.Record) any { return &r.Path[e].Stuck.Heard })},
		Field{p + "stuck_since", Time, "", "time of the first retransmission of the stuck segment", none, at(func(r *record.Record) any { return &r.Path[e].Stuck.Since })},
		Field{p + "stuck_packet", Count, "", "its packet", none, packetAt(func(r *record.Record) any { return &r.Path[e].Stuck.Packet })},
		Field{p + "too_big_again", Count, "packets", "of the ICMP errors of `too_big`, those about a segment that was told of before", none, at(func(r *record.Record) any { return &r.Path[e].TooBig.Again })},
		Field{p + "too_big_joined", Count, "packets", "of those, errors about a segment longer than it was sent: something on the path had joined several", none, at(func(r *record.Record) any { return &r.Path[e].TooBig.Joined })},
		Field{p + "too_big_packet", Count, "", "packet of the first of those errors", none, packetAt(func(r *record.Record) any { return &r.Path[e].TooBig.Packet })},
		Field{p + "too_big_from", Address, "", "its sender", hidden{without: pathOf(e)}, addressAt(func(r *record.Record) *capture.Addr { return &r.Path[e].TooBig.From })},
		Field{p + "stall_min_s", Seconds, "s", "shortest of the delays of `stalls`", none, at(func(r *record.Record) any { return &r.Path[e].Nagle.Min })},
		Field{p + "stall_max_s", Seconds, "s", "longest", none, at(func(r *record.Record) any { return &r.Path[e].Nagle.Max })},
		Field{p + "stall_packet", Count, "", "packet of the first segment that was delayed", none, packetAt(func(r *record.Record) any { return &r.Path[e].Nagle.Packet })},
		Field{p + "fins_again", Count, "packets", "retransmissions of its FIN, copies left out", none, at(func(r *record.Record) any { return &r.Path[e].FINsAgain })},
		Field{p + "fins_again_acked", Count, "packets", "of those, sent after an ACK of it had passed", none, at(func(r *record.Record) any { return &r.Path[e].FINsAcked })},
		Field{p + "fins_short_acks", Count, "segments", "ACKs of the other end that came after such a retransmission and do not cover the FIN", none, at(func(r *record.Record) any { return &r.Path[e].FINsShort })},
		Field{p + "unscaled_least_bytes", Count, "bytes", "payload of the smallest segment that was lost beyond the unscaled window", none, at(func(r *record.Record) any { return &r.Path[e].Unscaled.Least })},
		Field{p + "unscaled_packet", Count, "", "packet of the first retransmission of one of those", none, packetAt(func(r *record.Record) any { return &r.Path[e].Unscaled.Packet })},
		Field{p + "too_long_least_bytes", Count, "bytes", "payload of the smallest segment of `too_long_lost`", none, at(func(r *record.Record) any { return &r.Path[e].Long.Least })},
		Field{p + "too_long_packet", Count, "", "packet of the first retransmission of one of those", none, packetAt(func(r *record.Record) any { return &r.Path[e].Long.Packet })},
		Field{p + "none_acked", Truth, "", "`true` when it sent data, both SYNs were captured, and no byte of it was ever acknowledged", none, at(func(r *record.Record) any { return &r.Path[e].NoneTaken })},
		Field{p + "unacked_since", Time, "", "when it first sent the oldest data that nobody had acknowledged when it last sent", none, at(func(r *record.Record) any { return &r.Path[e].Unacked })},
		Field{p + "unacked_times", Count, "segments", "how often it had sent that", none, at(func(r *record.Record) any { return &r.Path[e].UnackedTimes })},
	)
}

// captureDetails are what the capture hides, in detail.
func captureDetails() []Field {
	none := hidden{}
	return details(
		Field{"capture.twice_file", Count, "", "with `capture.twice`: number of the other file among those of the stats line, from 1", none, at(func(r *record.Record) any { return &r.Capture.TwiceFile }).numbered(files)},
		Field{"capture.one_end", Truth, "", "`true` when nothing was captured of one end", none, at(func(r *record.Record) any { return &r.Capture.OneWay })},
		Field{"capture.wild_bytes", Count, "bytes", "of `missing_bytes`, those that only an ACK beyond every window claims, or the numbers of a damaged segment", none, at(func(r *record.Record) any { return &r.Capture.WildBytes })},
		Field{"capture.astray_bytes", Count, "bytes", "of the others, as many as data of the same end holds whose numbers fit nothing that was captured", none, at(func(r *record.Record) any { return &r.Capture.AstrayBytes })},
		Field{"capture.syn_unseen_orig", Truth, "", "`true` when the SYN of the originator was not captured", none, at(func(r *record.Record) any { return &r.Capture.SYNUnseen[record.Orig] })},
		Field{"capture.syn_unseen_resp", Truth, "", "`true` when the SYN/ACK of the responder was not captured", none, at(func(r *record.Record) any { return &r.Capture.SYNUnseen[record.Resp] })},
		Field{"capture.scale_unknown", Truth, "", "`true` when windows can't be told in bytes (RFC 7323 section 2.2)", none, at(func(r *record.Record) any { return &r.Capture.ScaleUnknown })},
		Field{"capture.stepped_at", Time, "", "time of the last packet before the latest step of the clock, or pause of the capture", none, at(func(r *record.Record) any { return &r.Capture.SteppedAt })},
		Field{"capture.startless", Truth, "", "`true` when the first packet has no time", none, at(func(r *record.Record) any { return &r.Capture.Startless })},
		Field{"capture.endless", Truth, "", "`true` when the last packet has none", none, at(func(r *record.Record) any { return &r.Capture.Endless })},
		Field{"capture.last_timed", Time, "", "time of the last packet that has one, where some have none", none, at(func(r *record.Record) any { return &r.Capture.LastTimed })},
	)
}

// evidenceFields are the packets that show what a record tells.
func evidenceFields() []Field {
	none := hidden{}
	all := details(
		Field{"evidence.duplicate", Count, "", "number of the packet that shows it: the first packet that was captured twice", none, packetAt(func(r *record.Record) any { return &r.Evidence.Duplicate })},
		Field{"evidence.went_back", Count, "", "number of the packet that shows it: the first with an earlier time than the packet before", none, packetAt(func(r *record.Record) any { return &r.Evidence.WentBack })},
		Field{"evidence.truncated", Count, "", "number of the packet that shows it: the first that the snaplen cut", none, packetAt(func(r *record.Record) any { return &r.Evidence.Truncated })},
		Field{"evidence.offload", Count, "", "number of the packet that shows it: the first that is longer than on the wire", none, packetAt(func(r *record.Record) any { return &r.Evidence.Offload })},
		Field{"evidence.missing", Count, "", "number of the packet that shows it: the first that shows bytes which were not captured", none, packetAt(func(r *record.Record) any { return &r.Evidence.Missing })},
		Field{"evidence.syn_ack", Count, "", "number of the packet that shows it: the SYN/ACK", none, packetAt(func(r *record.Record) any { return &r.Evidence.SYNACK })},
		Field{"evidence.third_ack", Count, "", "number of the packet that shows it: the ACK that completes the handshake", none, packetAt(func(r *record.Record) any { return &r.Evidence.ThirdACK })},
		Field{"evidence.old_answer", Count, "", "number of the packet that shows it: an older connection's answer to the SYN", none, packetAt(func(r *record.Record) any { return &r.Evidence.OldAnswer })},
	)
	return append(append(all, endEvidence("evidence.orig.", record.Orig)...), endEvidence("evidence.resp.", record.Resp)...)
}

// endEvidence are those of one end.
func endEvidence(p string, e record.End) []Field {
	none := hidden{}
	return details(
		Field{p + "data", Count, "", "number of the packet: its first data", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].Data })},
		Field{p + "data_time", Time, "", "time of that", none, at(func(r *record.Record) any { return &r.Evidence.Ends[e].DataTime })},
		Field{p + "repeat", Count, "", "number of the packet: its first retransmission of data that is no needless one at first sight", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].Repeat })},
		Field{p + "repeat_time", Time, "", "time of that", none, at(func(r *record.Record) any { return &r.Evidence.Ends[e].RepeatTime })},
		Field{p + "needless", Count, "", "number of the packet: what shows that a retransmission was spurious", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].Needless })},
		Field{p + "doubled", Count, "", "number of the packet: data that came again sooner than a loss can be known", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].Doubled })},
		Field{p + "late", Count, "", "number of the packet: an out-of-order segment", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].Late })},
		Field{p + "window_full", Count, "", "number of the packet: the segment that filled the other end's window", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].WindowFull })},
		Field{p + "silly", Count, "", "number of the packet: what announced a silly window", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].Silly })},
		Field{p + "probe", Count, "", "number of the packet: its first keepalive probe", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].Probe })},
		Field{p + "unanswered", Count, "", "number of the packet: the first of the probes that were not answered any more", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].Unanswered })},
		Field{p + "old_stamp", Count, "", "number of the packet: data that the other end discarded for its timestamp", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].OldStamp })},
		Field{p + "conflict", Count, "", "number of the packet: data that is not what was sent before under the same numbers", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].Conflict })},
		Field{p + "strange", Count, "", "number of the packet: data in its name that something else seems to have sent", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].Strange })},
		Field{p + "bad_checksum", Count, "", "number of the packet: data with a wrong TCP checksum", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].BadChecksum })},
		Field{p + "open_probe", Count, "", "number of the packet: a probe of a window that the other end had opened again", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].OpenProbe })},
		Field{p + "unmarked", Count, "", "number of the packet: data without ECN mark after both agreed on ECN", none, packetAt(func(r *record.Record) any { return &r.Evidence.Ends[e].Unmarked })},
	)
}

// numbersAt is one of the sequence numbers of an end.
func numbersAt(e record.End, place func(n *record.Numbers) *uint32) source {
	s := made(func(w *row) Value { return countOf(*place(&w.Ends[e].Numbers.V)) })
	s.number = func(r *record.Record) any { return place(&r.Ends[e].Numbers.V) }
	return s.into(func(r *record.Record, v Value) {
		n := &r.Ends[e].Numbers
		n.OK = true
		*place(&n.V) = uint32(v.n)
	})
}
