package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// refusedSituations are of data and SACK blocks that arrived and were thrown away.
func refusedSituations() []situation {
	type end = record.EndRecord
	type path = record.PathRecord
	stamps := func(n uint32) func(r *record.Record) {
		return sent(func(x *end, _ *path) {
			x.PAWSRefused, x.RetxRefused, x.Retx, x.RetxRTO = n, n-min(n, 1), n-min(n, 1), n-min(n, 1)
		})
	}
	sums := func(wrong, segments, again uint32) func(r *record.Record) {
		return sent(func(x *end, _ *path) {
			x.BadChecksums, x.BadSegments, x.RetxRefused, x.Retx, x.RetxRTO = wrong, segments, again, again, again
		})
	}
	blocks := func(all, out uint32) func(r *record.Record) {
		return func(r *record.Record) {
			x, y := &r.Ends[record.Orig], &r.Ends[record.Resp]
			x.SACKBlocks, x.SACKOutOfRange = all, out
			y.Retx, y.RetxRTO, y.LostAfterTap = 4, 3, 4
		}
	}
	open := func(r *record.Record) { r.Close.Kind = record.CloseOpen }
	conflicting := func(n uint32) func(r *record.Record) {
		return func(r *record.Record) {
			r.Ends[record.Resp].Conflicts = n
			r.Evidence.Ends[record.Resp].Conflict = r.LastPacket
		}
	}
	again := sent(func(x *end, _ *path) { x.Retx, x.RetxRTO, x.LostAfterTap = 1, 1, 1 })
	hole := func(r *record.Record) { r.Ends[record.Resp].MissingBytes = 1000 }
	midstream := func(r *record.Record) { r.Capture.Midstream = true }
	oneWay := func(r *record.Record) { r.Capture.OneWay = true }
	const moment = 20 * second
	return []situation{
		{"no-answer", "data of open connections went unanswered as well", silentSince(moment), "warning likely"},
		{"no-answer", "another connection went on after that", append(silentSince(moment), made(9, func(r *record.Record) { r.End = r.Start + 3*moment })), "warning possible"},
		{"no-answer", "the data of open connections was acknowledged", append(silentSince(moment)[3:], same(3, leftOpen(moment))...), "warning possible"},
		{"timestamps-refused", "six of 26 connections hang", append(clean(20), clean(6, stamps(8), open)...), "critical proven"},
		{"timestamps-refused", "six of 26 connections got over it", append(clean(20), clean(6, stamps(8))...), "warning proven"},
		{"timestamps-refused", "one of 26 connections", append(clean(25), clean(1, stamps(8))...), "warning proven"},
		{"timestamps-refused", "an old copy now and then", append(clean(20), clean(6, stamps(1))...), ""},
		{"timestamps-refused", "wrong checksums", clean(6, sums(8, 1, 7)), ""},
		{"checksum-wrong", "two of 42 connections, every copy alike", append(clean(40), clean(2, sums(8, 1, 8))...), "warning likely"},
		{"checksum-wrong", "all connections, every copy alike", clean(4, sums(8, 1, 8), open), "critical likely"},
		{"checksum-wrong", "bits flip by chance: the repeat was right", append(clean(40), clean(2, sums(2, 2, 2))...), "notice likely"},
		{"checksum-wrong", "two packets in all", clean(1, sums(2, 2, 2)), ""},
		{"checksum-wrong", "one direction only", clean(4, sums(8, 1, 8), oneWay), ""},
		{"checksum-wrong", "nothing set the sender off", clean(4, sums(8, 1, 8), func(r *record.Record) { r.Ends[record.Resp].RetxRTO = 0 }), ""},
		{"checksum-wrong", "it was not sent again", append(clean(40), clean(2, sums(1, 1, 0))...), ""},
		{"checksum-wrong", "timestamps", clean(6, stamps(8)), ""},
		{"data-conflict", "the same sender sent them", clean(1, conflicting(2), func(r *record.Record) { r.Ends[record.Resp].ConflictsOwn = 2 }), "notice likely"},
		{"data-conflict", "one of two is of the same sender", clean(1, conflicting(2), func(r *record.Record) { r.Ends[record.Resp].ConflictsOwn = 1 }), "notice possible"},
		{"data-conflict", "something else sent in its name", clean(1, func(r *record.Record) { r.Ends[record.Resp].Strange = 1 }), "warning likely"},
		{"data-conflict", "so it did, and the bytes differ", clean(1, conflicting(1), func(r *record.Record) { r.Ends[record.Resp].Strange = 1 }), "warning likely"},
		{"data-conflict", "one of three connections", append(clean(2), clean(1, conflicting(1))...), "notice possible"},
		{"data-conflict", "others repeat what they sent", append(clean(3, again), clean(2, conflicting(2))...), "notice possible"},
		{"data-conflict", "begun before the capture", clean(1, conflicting(1), midstream), "info possible"},
		{"data-conflict", "the same bytes again", clean(5, again), ""},
		{"sack-rewritten", "all blocks on ten connections", append(clean(2), clean(10, blocks(25, 25))...), "warning proven"},
		{"sack-rewritten", "others take another way", append(clean(5, blocks(9, 0)), clean(10, blocks(25, 25))...), "warning likely"},
		{"sack-rewritten", "begun before the capture", clean(10, blocks(25, 25), midstream), "warning likely"},
		{"sack-rewritten", "some blocks are right", clean(10, blocks(25, 5)), ""},
		{"sack-rewritten", "nothing was missing: they tell of stray segments", clean(10, blocks(4, 4), func(r *record.Record) { r.Ends[record.Resp].Retx = 0 }), ""},
		{"sack-rewritten", "one stray block", clean(10, blocks(1, 1)), ""},
		{"sack-rewritten", "the capture missed data", clean(10, blocks(25, 25), hole), ""},
		{"sack-rewritten", "one direction only", clean(10, blocks(25, 25), oneWay), ""},
		{"sack-rewritten", "blocks as they should be", clean(10, blocks(25, 0)), ""},
	}
}

// Who waits for data that arrives and is thrown away each time has not vanished.
func TestThrownAwayIsNotGone(t *testing.T) {
	silent := func(r *record.Record) {
		r.Close = record.CloseRecord{Kind: record.CloseTimedOut, First: record.NoEnd, ResetBy: record.NoEnd}
		r.Ends[record.Resp].Retx, r.Ends[record.Resp].RetxRTO = 8, 8
	}
	spoiled := func(r *record.Record) {
		x := &r.Ends[record.Resp]
		x.BadChecksums, x.BadSegments, x.RetxRefused = 8, 1, 8
	}
	if found := findingsOf(t, "vanished", nil, clean(3, silent)...); len(found) != 1 {
		t.Errorf("silence: %+v", found)
	}
	if found := findingsOf(t, "vanished", nil, clean(3, silent, spoiled)...); len(found) != 0 {
		t.Errorf("wrong checksums: %+v", found)
	}
}

// What a host that scans left half-open is no other finding's, but where its own system, which resets what it did not ask
// for, let the server repeat its SYN/ACK.
func TestHalfOpenOfAScanner(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *record.Record)
		told   int
	}{
		{"the SYN/ACK came again", func(r *record.Record) { r.Open.NSYNACKsAgain = 2 }, 1},
		{"the SYN/ACK came once", func(r *record.Record) {}, 0},
		{"the SYN is no system's", func(r *record.Record) { r.Open.NSYNACKsAgain = 2; bareSYN(r) }, 0},
	} {
		all := many(40, func(i int) *record.Record {
			return made(uint64(i+1), failed(record.OpenRefused, 1), from(point("10.66.6.6:1")), to(numbered(i, uint16(8000+i))))
		})
		all = append(all, many(3, func(i int) *record.Record {
			return made(uint64(i+100), failed(record.OpenHalfOpen, 1), from(point("10.66.6.6:1")), to(point("10.0.0.9:443")), c.change)
		})...)
		n := 0
		for _, f := range findingsOf(t, "port-scan,half-open", nil, all...) {
			if f.Detector == "half-open" {
				n++
			}
		}
		if n != c.told {
			t.Errorf("%s: %d findings, want %d", c.name, n, c.told)
		}
	}
}

// What a lone packet without SYN is of is not known: no connection began before the capture for it, and none is open.
func TestLonePackets(t *testing.T) {
	midstream := func(r *record.Record) {
		r.Open, r.Capture.Midstream = record.OpenRecord{Kind: record.OpenMidstream}, true
	}
	single := func(r *record.Record) { r.Ends = [2]record.EndRecord{{Packets: 1, SeenBytes: 27}, {}} }
	fin := func(r *record.Record) {
		r.Ends[record.Orig].PureACKs, r.Close.FINs[record.Orig] = 0, 1
	}
	for _, x := range []struct {
		name   string
		record *record.Record
		counts bool
	}{
		{"a connection of before", made(1, midstream, leftOpen(0)), true},
		{"an ACK that drew a RST", made(1, probe(record.Orig)), false},
		{"one packet", made(1, midstream, leftOpen(0), single), false},
		{"without flags, and no answer", made(1, unheard(0)), false},
		{"a FIN that drew a RST", made(1, probe(record.Orig), fin), false},
		{"without flags, with a RST", made(1, probe(record.Orig), func(r *record.Record) { r.Ends[record.Orig].PureACKs = 0 }), false},
	} {
		list := findingsOf(t, "capture-midstream,still-open", nil, x.record)
		if found := len(list) > 0; found != x.counts {
			t.Errorf("%s: %d findings", x.name, len(list))
		}
	}
	list := findingsOf(t, "port-scan", nil, made(1, probe(record.Orig), fin), made(2, probe(record.Orig), func(r *record.Record) { r.Ends[record.Orig].PureACKs = 0 }),
		made(3, failed(record.OpenRefused, 1), to(point("10.0.0.2:99"))))
	if len(list) != 1 || !strings.Contains(list[0].Title, "2 lone segments that belong to no connection, 1 of them without flags") || !strings.Contains(list[0].Explanation, "Its SYNs failed too, on 1 connection") {
		t.Errorf("%+v", list)
	}
}
