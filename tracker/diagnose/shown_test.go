package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// A finding says no more than its packets show: what says it, and what looks alike.
func TestShownOnly(t *testing.T) {
	resp, orig := record.Resp, record.Orig
	set := func(f func(r *record.Record)) func(r *record.Record) { return f }
	repeatedSYN := func(unheard bool) func(r *record.Record) {
		return func(r *record.Record) { r.Open.SYNUnheard, r.Open.SYNs = unheard, 3 }
	}
	unread := reset(resp, record.ResetUnreadData)
	mute := func(r *record.Record) { r.Ends[resp].SeenBytes, r.Ends[resp].Bytes = 0, record.Some[uint64](0) }
	answeredLate := func(ms uint64) func(r *record.Record) {
		return func(r *record.Record) { r.Close.ResetAfter = int64(ms) * millisecond }
	}
	lateSYNACK := func(ns int64) func(r *record.Record) {
		return func(r *record.Record) {
			r.Open.NSYNACKsAgain, r.Open.SYNACKAgainAt, r.Open.SYNACKLate = 1, r.ID+2, ns
		}
	}
	vanish := func(taken bool) func(r *record.Record) {
		return func(r *record.Record) {
			leftOpen(100 * second)(r)
			r.Close.Kind = record.CloseTimedOut
			r.Ends[orig].Retx, r.Path[orig].NoneTaken = 6, !taken
		}
	}
	local := func(r *record.Record) { r.Orig.Addr = r.Resp.Addr }
	burst := func(apart int64, silent int64) []*record.Record {
		return many(200, func(i int) *record.Record {
			return made(uint64(i+1), failed(record.OpenNoAnswer, 1), func(r *record.Record) {
				r.Start, r.Unfinished, r.Silent = at+int64(i)*apart, true, silent
				r.End, r.Open.LastSYNAt = r.Start, r.Start
			})
		})
	}
	short := func(n uint32) func(r *record.Record) {
		return func(r *record.Record) {
			r.Ends[orig].Packets, r.Ends[orig].DataSegments, r.Open.Kind = uint64(n), n, record.OpenMidstream
			r.Close.FINAcked = [2]record.Opt[int64]{}
		}
	}
	unmeasured := func(fin int64, fins uint32) func(r *record.Record) {
		return func(r *record.Record) {
			r.Open.Resp, r.Open.Felt, r.Ends[orig].RTT = record.Some(1525*millisecond), record.Some(1525*millisecond), record.RTTRecord{}
			r.Close.FINs[orig], r.Close.FINTime[orig], r.Close.FINAcked[orig] = fins, record.Some(r.End-fin), record.Some(r.End)
		}
	}
	slowACK := func(tap record.Tap) func(r *record.Record) {
		return func(r *record.Record) { r.Open.Orig, r.Capture.Tap = record.Some(second), tap }
	}
	few := func(r *record.Record) { r.Ends[resp].RetxBytes = 9000 }
	for _, c := range []struct {
		detector, name string
		records        []*record.Record
		want, says     string // as of a situation, and what title or explanation hold
		silent         string // what they must not hold
	}{
		{"half-open", "the SYN came again after the SYN/ACK", same(2, failed(record.OpenHalfOpen, 3), repeatedSYN(true)), "notice proven", "after the SYN/ACK had passed", ""},
		{"half-open", "the SYN/ACK came after the last SYN", same(2, failed(record.OpenHalfOpen, 3), repeatedSYN(false)), "notice possible", "came after 3 SYNs", "does not reach"},
		{"stale-connection", "the new one opened", same(1, late(2), set(func(r *record.Record) { r.Open.OldUnseen, r.Open.OldReset = true, true })), "warning likely", "before the new one opened", ""},
		{"stale-connection", "none opened", same(1, failed(record.OpenAborted, 1), set(func(r *record.Record) { r.Open.OldUnseen, r.Open.OldReset = true, true })), "notice likely", "none of the new ones opened", "lost before"},
		{"syn-flood", "not due again when the capture ends", burst(millisecond, 10*millisecond), "notice possible", "whether anybody means to complete them is not known", ""},
		{"syn-flood", "due again", burst(millisecond, 5*second), "critical likely", "never repeated", ""},
		{"syn-cookies", "nothing but SYNs and SYN/ACKs", same(3, failed(record.OpenHalfOpen, 1)), "", "", ""},
		{"syn-ack-lost", "lost", same(1, lateSYNACK(0)), "notice likely", "took more than one SYN/ACK", "late"},
		{"syn-ack-lost", "late", same(1, lateSYNACK(second)), "notice likely", "reached the client late in the only handshake to 10.0.0.2:80, by 1 s", "it did not arrive"},
		{"syn-ack-lost", "late, and the SYN came again and again", same(1, lateSYNACK(second), set(func(r *record.Record) {
			r.Open.NSYNsAgain, r.Open.SYNsAgain[0], r.Open.SYNsAgain[1] = 2, 112, 213
		})), "notice likely", "ran meanwhile", ""},
		{"syn-lost", "sent again after 3 s", same(1, late(2), set(func(r *record.Record) { r.Open.SYNsAgain[0] = 2910 })), "notice possible", "retransmitted after 2.91 s", "1 s at first"},
		{"syn-lost", "its client held two others, and no other attempt found as many", heldTwo(), "notice possible", "the SYN was dropped while the client held 2 open", ""},
		{"reset-unread", "an answer had begun", same(1, unread), "notice likely", "not read, or aborted", "without a byte"},
		{"reset-unread", "no answer", same(1, unread, mute), "notice likely", "without a byte from the server", "answers early"},
		{"reset-unread", "long after the data", same(1, unread, answeredLate(16_000)), "", "", ""},
		{"reset-abort", "long after the data", same(1, unread, answeredLate(16_000)), "notice likely", "aborted", ""},
		{"closed-at-once", "the RST answers data: see reset-unread", same(1, unread, mute), "", "", ""},
		{"reset-bare", "between two hosts", same(1, reset(resp, record.ResetUnknown)), "notice possible", "or a middlebox", ""},
		{"reset-bare", "it answers the challenge ACK that a RST before had drawn", same(1, reset(resp, record.ResetUnknown), set(func(r *record.Record) {
			r.Close.Ignored = record.IgnoredRST{Packet: r.Close.ResetPacket - 2, By: resp}
		})), "notice possible", "answers a challenge ACK, sent as the server", "no socket there"},
		{"reset-bare", "a RST before that came in the other end's name", same(1, reset(resp, record.ResetUnknown), set(func(r *record.Record) {
			r.Close.Ignored = record.IgnoredRST{Packet: r.Close.ResetPacket - 2, By: orig}
		})), "notice possible", "no socket there", "challenge ACK"},
		{"reset-bare", "within one host", same(1, reset(resp, record.ResetUnknown), local), "", "", ""},
		{"reset-abort", "a bare RST within one host", same(1, reset(resp, record.ResetUnknown), local), "notice likely", "aborted", ""},
		{"reset-bare", "the other end goes on", same(1, reset(resp, record.ResetUnknown), set(func(r *record.Record) { r.End += 30 * second; r.Ends[orig].LastSent = r.End })), "notice possible", "and went on for 30.5 s", "ended by"},
		{"reset-abort", "it waited for an answer in vain", same(1, reset(orig, record.ResetAbort), set(func(r *record.Record) { r.Exchanges.Left = record.Some(10 * second) })), "notice likely", "aborted 10 s after the client's last data, to which no data came back", ""},
		{"reset-abort", "the other end goes on", same(1, reset(resp, record.ResetAbort), set(func(r *record.Record) { r.End += 30 * second; r.Ends[orig].LastSent = r.End })), "notice possible", "and went on for 30.5 s", "aborted: "},
		{"reset-bare", "its sender alone goes on", same(1, reset(resp, record.ResetUnknown), set(func(r *record.Record) { r.End += 30 * second; r.Ends[resp].LastSent = r.End })), "notice possible", "ended by", "and went on for 30.5 s"},
		{"reset-injected", "its own RST came too", same(1, reset(resp, record.ResetMiddlebox), set(func(r *record.Record) {
			r.Close.ResetTTL, r.Close.ResetAlso, r.Ends[resp].TTL = record.Some(uint8(59)), true, record.Some(uint8(123))
		})), "notice possible", "it reset the connection itself too", ""},
		{"reset-injected", "both ends had sent their FIN", same(1, reset(resp, record.ResetMiddlebox), set(func(r *record.Record) {
			r.Close.ResetTTL, r.Ends[resp].TTL = record.Some(uint8(59)), record.Some(uint8(123))
			r.Close.FINTime, r.Close.Unheard = [2]record.Opt[int64]{r.Close.ResetTime, r.Close.ResetTime}, 24
		})), "info possible", "nothing is lost", ""},
		{"reset-injected", "only the other", same(1, reset(resp, record.ResetMiddlebox), set(func(r *record.Record) {
			r.Close.ResetTTL, r.Ends[resp].TTL = record.Some(uint8(59)), record.Some(uint8(123))
		})), "notice possible", "seems to have reset", "itself too"},
		{"reset-ignored", "its sender gave up", same(1, set(func(r *record.Record) {
			r.Close.RSTsIgnored, r.Close.Ignored = 1, record.IgnoredRST{By: resp, Packet: r.ID + 5, GaveUp: true}
		})), "", "", ""},
		{"reset-ignored", "it is a damaged segment", same(1, set(func(r *record.Record) {
			r.Close.RSTsIgnored, r.Close.Ignored = 1, record.IgnoredRST{Packet: r.ID + 3, By: resp, WentOn: true, Odd: record.Damaged}
		})), "", "", ""},
		{"reset-ignored", "its sender did not", same(1, set(func(r *record.Record) {
			r.Close.RSTsIgnored, r.Close.Ignored = 1, record.IgnoredRST{By: resp, Packet: r.ID + 5}
		})), "notice likely", "must ignore", ""},
		{"reset-forgotten", "of those that ran already too", append(clean(3), many(3, func(i int) *record.Record {
			return made(uint64(i+20), reset(resp, record.ResetUnknown), func(r *record.Record) { r.Open.Kind, r.Close.ResetQuiet = record.OpenMidstream, 5*second })
		})...), "notice likely", "3 of 6 connections", "All 3"},
		{"vanished", "in the middle", same(1, vanish(true)), "notice likely", "in the middle", ""},
		{"vanished", "nothing sent was taken", same(1, vanish(false)), "notice possible", "the handshake passes, the first data does not", "in the middle"},
		{"mss-clamped", "a link whose MTU is small", same(1, set(func(r *record.Record) { r.Ends[resp].MSS, r.Open.SmallLink = record.Some(uint16(468)), true })), "info likely", "a small MTU of its own", "Ethernet"},
		{"mss-clamped", "Ethernet", same(1, set(func(r *record.Record) { r.Ends[resp].MSS = record.Some(uint16(468)) })), "notice likely", "Ethernet alone", ""},
		{"no-answer", "one SYN", same(1, failed(record.OpenNoAnswer, 1), set(func(r *record.Record) { r.Silent = 3500 * millisecond })), "notice possible", "One SYN was captured; whether another followed is not known", "0 us"},
		{"no-answer", "one SYN, and the capture goes on", append(same(3, failed(record.OpenNoAnswer, 1)), made(30, to(point("10.0.0.3:80")))), "notice possible", "No SYN was sent again, though the capture goes on", "not known"},
		{"no-answer", "one SYN, and nothing was captured behind the first", append(append(same(1, failed(record.OpenNoAnswer, 1)), same(1, failed(record.OpenNoAnswer, 1), after(100*second))...), made(1030, to(point("10.0.0.3:80")))), "notice possible", "nothing of TCP was captured behind one for", "though the capture goes on"},
		{"no-answer", "one SYN, and nothing else was captured meanwhile", append(same(3, failed(record.OpenNoAnswer, 1)), made(9000, to(point("10.0.0.3:80")))), "notice possible", "nothing of TCP was captured behind one for 15 min", "though the capture goes on"},
		{"capture-drops", "a few bytes of a small capture", append(same(1, set(func(r *record.Record) { r.Capture.MissingBytes = 1428 })), clean(3)...), "warning proven",
			"what was left out fits better than a host that could not keep up", ""},
		{"capture-drops", "a burst that a small capture lost", append(same(1, burstLost(96_000, 3*millisecond)), clean(3)...), "warning proven", "keep up: buffer too small, disk too slow; a mirror", "what was left out fits better"},
		{"capture-drops", "as much, at leisure", append(same(1, burstLost(96_000, 3*second)), clean(3)...), "warning proven", "what was left out fits better", ""},
		{"capture-drops", "of a large capture", append(same(1, set(func(r *record.Record) { r.Capture.MissingBytes = 1_000_000; r.Ends[orig].SeenBytes = 3_000_000 })), clean(3)...), "warning proven",
			"keep up: buffer too small, disk too slow; a mirror", "what was left out fits better"},
		{"stood-still", "two of five", append(same(2, stoodFor(62*second, 70*second)), clean(3)...), "notice likely", "2 of 5 connections to 10.0.0.2:80 stood still for 2 min 4 s of 2 min 20 s", ""},
		{"reset-abort", "the last that came was data", same(3, reset(orig, record.ResetAbort), set(func(r *record.Record) { r.Close.DataLast = true })), "notice likely",
			"a close then sends a RST too (RFC 2525 section 2.17). the application sets SO_LINGER to 0", "fits best"},
		{"reset-abort", "its sender sent last", same(3, reset(orig, record.ResetAbort)), "notice likely", "aborted it (RFC 9293 section 3.10.5). the application sets SO_LINGER to 0", "RFC 2525"},
		{"reset-late-data", "it was under way", same(1, reset(orig, record.ResetLateData), afterFIN(millisecond, 500)), "notice likely", "was under way when the FIN was sent", "goes on sending"},
		{"reset-late-data", "behind an ACK of the FIN", same(1, reset(orig, record.ResetLateData), afterFIN(second, 500), set(func(r *record.Record) {
			r.Close.FINAcked[orig] = record.Some(r.Close.ResetTime.V - second/2)
		})), "notice likely", "goes on sending behind the FIN", "was under way"},
		{"reset-late-data", "its FIN was acknowledged behind the RST", same(1, reset(orig, record.ResetLateData), afterFIN(second, 500), set(func(r *record.Record) {
			r.Close.FINAcked[orig] = record.Some(r.Close.ResetTime.V + second/2)
		})), "notice likely", "was under way when the FIN was sent", "goes on sending"},
		{"syn-lost", "each SYN was answered by a SYN/ACK of its own", same(1, late(2), set(func(r *record.Record) { r.Open.SYNACKsOther = 1 })), "notice possible", "the first answer was late and not lost", "lost between"},
		{"fin-unacked", "its own FIN was its last", clean(1, finsBoth(100*second)), "notice likely", "was gone, or cut off, right after", ""},
		{"fin-unacked", "its own FIN came again", clean(1, finsBoth(100*second), set(func(r *record.Record) { r.Path[orig].FINsAgain = 1 })), "notice likely", "got no ACK", "right after"},
		{"fin-unacked", "it sent something behind its FIN", clean(1, finsBoth(100*second), set(func(r *record.Record) { r.Ends[orig].LastSent += second })), "notice likely", "got no ACK", "right after"},
		{"fin-unacked", "its own FIN was sent a moment ago", clean(1, finsBoth(20*second)), "notice likely", "got no ACK", "right after"},
		{"capture-one-way", "its direction has holes too", append(same(3, ofOneWay(900)), made(9)), "warning proven", "A filter by content, or a hand, picked what is here. a filter by content kept", ""},
		{"capture-one-way", "its direction holds data alone", append(same(3, ofOneWay(1000), set(func(r *record.Record) { r.Ends[orig].Packets, r.Ends[orig].DataSegments = 7, 7 })), made(9)), "warning proven", "picked what is here", ""},
		{"capture-one-way", "one with holes among others", append(same(1, ofOneWay(900)), clean(9)...), "info possible", "the capture missed the other end's packets", "picked"},
		{"capture-one-way", "one segment is absent of one connection", same(1, ofOneWay(1000), short(2)), "warning possible", "the capture missed the other end's packets", "fits best"},
		{"capture-one-way", "nine segments, and no answer", same(1, ofOneWay(1000), short(9)), "warning proven", "a filter on source or destination alone", "the capture missed"},
		{"capture-one-way", "captured on the sending host", same(3, ofOneWay(1000), set(func(r *record.Record) { r.Capture.Offload = true })), "warning proven", "the capture was taken on its host", "the mirror port copies"},
		{"capture-one-way", "its direction is whole", append(same(3, ofOneWay(1000)), made(9)), "warning proven", "asymmetric", "picked"},
		{"retx-storm", "no ACK was captured", same(1, sent(func(x *record.EndRecord, _ *record.PathRecord) {
			x.Retx, x.RetxOther, x.RetxBytes, x.WireBytes, x.LostAfterTap = 20, 20, 5000, 10000, 20
		}), set(func(r *record.Record) { r.Capture.OneWay, r.Ends[orig] = true, record.EndRecord{} })), "warning likely", "no ACK was captured", "by timeout"},
		{"retx-storm", "none by timeout", same(1, sent(func(x *record.EndRecord, _ *record.PathRecord) {
			x.Retx, x.RetxFast, x.RetxBytes, x.WireBytes, x.LostAfterTap = 20, 20, 5000, 10000, 20
		}), set(func(r *record.Record) { r.Ends[orig].DupAcks = 60 })), "warning likely", "20 repeats, none by timeout.", "doubles"},
		{"retx-storm", "how far the sender is nothing tells", same(1, sent(func(x *record.EndRecord, _ *record.PathRecord) {
			x.Retx, x.RetxFast, x.RetxBytes, x.WireBytes, x.LostAfterTap = 20, 20, 5000, 10000, 20
		}), set(func(r *record.Record) { r.Ends[orig].DupAcks, r.Ends[orig].RTT = 60, record.RTTRecord{} })), "warning likely", "how many came by timeout is not known", "none by timeout"},
		{"retx-storm", "the same, some after long silence", same(1, sent(func(x *record.EndRecord, _ *record.PathRecord) {
			x.Retx, x.RetxRTO, x.RetxFast, x.RetxBytes, x.WireBytes, x.LostAfterTap = 20, 3, 17, 5000, 10000, 20
		}), set(func(r *record.Record) { r.Ends[orig].DupAcks, r.Ends[orig].RTT = 60, record.RTTRecord{} })), "warning likely", "of them at least 3 by timeout", "not known"},
		{"loss", "joined on the path", same(3, func(r *record.Record) {
			r.Ends[orig].Retx, r.Ends[orig].RetxRTO = 4, 4
			r.Path[orig].TooBig = record.TooBigRecord{N: 2, Again: 4, Joined: 2, MTU: 1500, Packet: r.ID + 3, From: r.Resp.Addr}
		}), "warning likely", "joins segments of connections to 10.0.0.2:80", "lost"},
		{"loss", "joined, and no ICMP error tells so", same(1, tooLong(27, 27, 31, 0, 1448), few), "warning likely", "oined segments are lost on connections from 10.0.0.2:80, others pass: 27 of 27 against 0 of 31", "policer"},
		{"loss", "some of the joined pass", same(1, tooLong(27, 12, 31, 0, 1448), few), "warning likely", "policer", "joined"},
		{"loss", "on another connection the joined pass", append(same(1, tooLong(27, 27, 31, 0, 1448), few), same(1, tooLong(40, 0, 31, 0, 0), few)...), "warning likely", "policer", "joined"},
		{"slow-handshake", "its client's others were quick", append(same(1, set(func(r *record.Record) {
			r.Open.Resp, r.Open.Felt, r.Ends[orig].RTT = record.Some(2*second), record.Some(2*second), record.RTTRecord{}
		})), clean(3, after(5*second))...), "notice possible", "the path is no longer than that. a queue on the path", "the path is long"},
		{"slow-handshake", "the ACK of the FIN took as long", same(1, unmeasured(1400*millisecond, 1)), "notice possible", "the quickest of them took 1.4 s, about as long (RFC 6298 section 3). the path is long; the host at the slow side is overloaded", "Too little"},
		{"slow-handshake", "the FIN was sent again", same(1, unmeasured(1400*millisecond, 2)), "notice possible", "Too little was measured", "about as long"},
		{"slow-handshake", "the ACK of the FIN came at once", same(1, unmeasured(20*millisecond, 1)), "notice possible", "The quickest round trip on them took 20 ms: the path is no longer", "about as long"},
		{"slow-handshake", "the client, far from the capture", same(1, slowACK(record.TapUnknown)), "notice likely", "its radio link had to wake up; what captures, or forwards (a VPN app), stood still", ""},
		{"slow-handshake", "the client, beside the capture", same(1, slowACK(record.TapOrig)), "notice likely", "sleeps to save power; what captures", "radio"},
		{"slow-handshake", "the server", same(1, set(func(r *record.Record) { r.Open.Resp, r.Open.Felt = record.Some(5*second/2), record.Some(5*second/2) })), "notice likely",
			"The server caused the wait: later round trips took 1 ms", "0 by"},
		{"keepalive-dead", "no answer", same(1, set(func(r *record.Record) {
			r.KeepaliveOutcome, r.Keepalive[resp] = record.KeepaliveDead, record.KeepaliveRecord{Probes: 2, Unanswered: 2, Idle: record.Some(370 * second)}
			reset(resp, record.ResetKeepaliveDead)(r)
		})), "notice proven", "10.0.0.2 sent 2 probes, got no answer and reset the connection", "the last of them"},
	} {
		x := situation{c.detector, c.name, c.records, c.want}
		got, text := "", ""
		for _, f := range x.findings(t) {
			got, text = f.Severity.String()+" "+f.Confidence.String(), f.Title+" "+f.Explanation+" "+strings.Join(f.Causes, "; ")+" "+f.Order
		}
		if got != c.want || !strings.Contains(text, c.says) || c.silent != "" && strings.Contains(text, c.silent) {
			t.Errorf("%s, %s: %q, %q; want %q with %q and without %q", c.detector, c.name, got, text, c.want, c.says, c.silent)
		}
	}
	var r fold.Range[uint32]
	r.Take(3)
	if rangeWords(r) != "3" {
		t.Error(rangeWords(r))
	}
}

// What is told of a connection that the capture holds twice, before a NAT and behind it,
// rests on the view that shows more.
func TestTwoViews(t *testing.T) {
	for _, c := range []struct {
		name    string
		first   uint32 // number of the view that shows more
		want    string
		explain bool
	}{
		{"the same numbers", 4000, "info possible", true},
		{"other numbers: another connection", 4001, "notice possible", false},
	} {
		near := made(1, halfClosed(120*second), numbers(record.Numbers{First: 4000, Next: 5000}, record.Numbers{First: 8000, Next: 9000}))
		far := made(2, reset(record.Resp, record.ResetAbort), numbers(record.Numbers{First: c.first, Next: 5000}, record.Numbers{First: 8000, Next: 9000}),
			from(near.Orig), to(point("10.0.0.3:80")))
		far.Ends[record.Resp].Packets = 90
		got, text := "", ""
		for _, f := range findingsOf(t, "", &Context{MSL: record.DefaultMSL, Conns: 2, Start: at}, near, far) {
			if f.Detector == "close-wait" {
				got, text = f.Severity.String()+" "+f.Confidence.String(), f.Explanation
			}
		}
		if got != c.want || strings.Contains(text, "with 10.0.0.3:80 as well") != c.explain {
			t.Errorf("%s: %q, %q", c.name, got, text)
		}
	}
	answered := same(2, failed(record.OpenHalfOpen, 4), func(r *record.Record) { r.Open.SYNACKs = 0 })
	if f := findingsOf(t, "no-answer", nil, answered...); len(f) != 1 || !strings.Contains(f[0].Title, "neither of the 2") {
		t.Errorf("a FIN of another connection is no answer: %+v", f)
	}
}

// lone are connections of which one packet was seen, with so many bytes.
func lone(n int, bytes uint64) []*record.Record {
	return many(n, func(i int) *record.Record {
		return made(uint64(i+900), func(r *record.Record) {
			r.Start, r.End = at+second/2, at+second
			r.Open, r.Close = record.OpenRecord{Kind: record.OpenMidstream}, record.CloseRecord{Kind: record.CloseOpen, First: record.NoEnd, ResetBy: record.NoEnd}
			r.Capture.Midstream, r.Ends = true, [2]record.EndRecord{{Packets: 1, WireBytes: bytes, SeenBytes: bytes}, {}}
		})
	})
}

// The ports of a scan are counted, not estimated, up to some thousands.
func TestScannedPorts(t *testing.T) {
	for _, c := range []struct {
		n     int
		words string
	}{{1, "1 port"}, {1000, "1,000 ports"}, {4095, "4,095 ports"}, {20000, "about "}} {
		var a, b, all portSet
		for i := range c.n {
			all.add(uint16(i + 1))
			all.add(uint16(i + 1))
			if i%2 == 0 {
				a.add(uint16(i + 1))
			} else {
				b.add(uint16(i + 1))
			}
		}
		fold.Merge(&a, &b)
		if !strings.HasPrefix(all.words(), c.words) || a.Count() != all.Count() && c.n < maxPorts {
			t.Errorf("%d ports: %q, merged %d", c.n, all.words(), a.Count())
		}
	}
}

// heldTwo is two connections that one client holds, and a third that opened late.
func heldTwo() []*record.Record {
	return many(3, func(i int) *record.Record {
		r := made(uint64(i+1), from(numbered(1, uint16(20000+i))))
		if i == 2 {
			late(2)(r)
		}
		r.Start = at + int64(i)*10*second
		r.End = r.Start + 60*second
		r.Close.FINTime = [2]record.Opt[int64]{record.Some(r.End), record.Some(r.End)}
		return r
	})
}

// later moves records by a time.
func later(ns int64, all []*record.Record) []*record.Record {
	for _, r := range all {
		r.Start, r.End = r.Start+ns, r.End+ns
	}
	return all
}
