package diagnose

import (
	"slices"
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

func transferSituations() []situation {
	type end = record.EndRecord
	type path = record.PathRecord
	lossy := func(n uint32) func(r *record.Record) {
		return func(r *record.Record) {
			sent(func(x *end, _ *path) {
				x.Packets, x.DataSegments, x.WireBytes = 2200, 1000, 1_000_000 // the others are ACKs
				x.Retx, x.RetxFast, x.LostAfterTap, x.RetxBytes = n, n, n, uint64(n)*1000
			})(r)
			r.Ends[record.Orig].DupAcks = 3 * n
		}
	}
	small := func(n uint32) func(r *record.Record) {
		return func(r *record.Record) {
			lossy(n)(r)
			r.Ends[record.Resp].Packets, r.Ends[record.Resp].DataSegments, r.Ends[record.Resp].WireBytes = 500, 223, 300_000
		}
	}
	doubled := func(r *record.Record) { r.Ends[record.Orig].DupAcks = 0 }
	hasty := sent(func(x *end, y *path) { y.Doubled = x.Retx })
	needless := sent(func(x *end, _ *path) { x.RetxSpurious, x.DSACKs = x.Retx, x.Retx })
	limited := func(sender, network, window int64) func(r *record.Record) {
		return sent(func(x *end, _ *path) {
			x.WireBytes = 5_000_000
			x.SenderLimited, x.NetworkLimited, x.WindowLimited = sender*second, network*second, window*second
		})
	}
	zero := func(ns int64) func(r *record.Record) {
		return func(r *record.Record) {
			r.Ends[record.Orig].ZeroWindows, r.Ends[record.Orig].ZeroWindow = 2, ns
		}
	}
	stuck := func(s record.StuckRecord, passed uint32) func(r *record.Record) {
		return sent(func(_ *end, y *path) { y.Stuck, y.Passed = s, passed })
	}
	hole := func(n uint32, waited int64, passed uint32) func(r *record.Record) {
		return sent(func(_ *end, y *path) { y.Hole, y.Waited, y.Passed = n, waited, passed })
	}
	told := sent(func(_ *end, y *path) { y.TooBig = record.TooBigRecord{N: 2, MTU: 1400, Packet: 9} })
	stalls := func(n uint32, total int64) func(r *record.Record) {
		return sent(func(_ *end, y *path) {
			y.Nagle = record.NagleRecord{N: n, Total: total, Min: 40 * millisecond, Max: 41 * millisecond, Packet: 7}
		})
	}
	lacks := sent(func(x *end, _ *path) { x.WScale = record.Opt[uint8]{} })
	notOffered := func(r *record.Record) { r.Ends[record.Orig].WScale = record.Opt[uint8]{} }
	ecn := func(ect bool) func(r *record.Record) {
		return func(r *record.Record) {
			r.Ends[0].ECN, r.Ends[1].ECN = record.Some(true), record.Some(true)
			r.Ends[1].WireBytes, r.Path[1].ECT = 1_000_000, ect
		}
	}
	mss := func(v uint16) func(r *record.Record) {
		return sent(func(x *end, _ *path) { x.MSS = record.Some(v) })
	}
	late := func(n uint32) func(r *record.Record) {
		return sent(func(x *end, _ *path) { x.OutOfOrder, x.ReorderMax = n, 3*millisecond })
	}
	silly := func(n uint32) func(r *record.Record) {
		return sent(func(x *end, _ *path) { x.SillyWindows = n })
	}
	big := record.StuckRecord{Bytes: 1448, Times: 5, Heard: true, Since: at, Packet: 8}
	deaf, shrunk := big, big
	deaf.Heard = false
	shrunk.Heard, shrunk.Shrunk, shrunk.Passed = false, 1000, true
	return []situation{
		{"loss", "4 per cent", clean(10, lossy(40)), "warning likely"},
		{"loss", "1.5 per cent", clean(10, lossy(15)), "notice likely"},
		{"loss", "11 of 223", clean(1, small(11)), "warning likely"},
		{"loss", "11 of 223 came again after they were acknowledged", clean(1, small(11), sent(func(x *end, _ *path) { x.LostAfterTap, x.RetxSpurious = 0, 1 })), ""},
		{"loss", "11 of 223, and not a byte was ever acknowledged", clean(1, small(11), sent(func(_ *end, p *path) { p.NoneTaken = true })), ""},
		{"loss", "11 of 223, into silence while the input ends", clean(1, small(11), unheardSince(2*second)), ""},
		{"loss", "4 of 223", clean(1, small(4)), ""},
		{"loss", "5 of 223: it may be less than 1 per cent", clean(1, small(5)), ""},
		{"loss", "11 of 223, eight times the same one: an outage", clean(1, small(11), sent(func(x *end, _ *path) { x.LostAgain = 7 })), ""},
		{"loss", "11 of 223, and 6 needless repeats of what had been sent again before", clean(1, small(11), sent(func(x *end, _ *path) { x.Retx, x.LostAfterTap, x.RetxSpurious, x.LostAgain = 17, 17, 6, 6 })), "warning likely"},
		{"loss", "1 in 1,000", clean(10, lossy(1)), ""},
		{"loss", "one connection in ten", append(clean(9, lossy(0)), clean(1, lossy(60))...), ""},
		{"loss", "needless repeats", clean(10, lossy(40), needless), ""},
		{"loss", "the path doubled them", clean(10, lossy(40), hasty), ""},
		{"loss", "nothing set the sender off", clean(10, lossy(40), doubled), ""},
		{"loss", "a storm", clean(10, lossy(400)), ""},
		{"stood-still", "two timeouts of a minute", clean(1, stoodFor(130*second, 170*second)), "notice likely"},
		{"stood-still", "a short transfer with one timeout", clean(3, stoodFor(second/5, 300*millisecond)), ""},
		{"stood-still", "a tenth of a long life", clean(3, stoodFor(62*second, 600*second)), ""},
		{"stood-still", "its other end never took it", clean(1, stoodFor(130*second, 170*second), func(r *record.Record) { r.Close.Kind = record.CloseTimedOut }), ""},
		{"stood-still", "one direction only", clean(1, stoodFor(130*second, 170*second), oneWay), ""},
		{"retx-storm", "two fifths again", clean(1, lossy(400)), "warning likely"},
		{"retx-storm", "4 per cent", clean(1, lossy(40)), ""},
		{"retx-storm", "the path doubled them", clean(1, lossy(400), hasty), ""},
		{"retx-storm", "large ones only: a black hole", clean(1, lossy(400), stuck(big, 500)), ""},
		{"retx-spurious", "all needless", clean(1, lossy(40), needless), "notice likely"},
		{"retx-spurious", "fewer than one in 100 of all that the listener sent", append(clean(1, lossy(40), needless), clean(9, lossy(0))...), "info likely"},
		{"retx-spurious", "all needed", clean(1, lossy(40)), ""},
		{"retx-spurious", "a few among many", append(clean(1, lossy(20), needless), clean(9, lossy(40))...), ""},
		{"reordering", "3 in 100", clean(10, late(3)), "notice likely"},
		{"reordering", "a few", clean(1, late(3)), ""},
		{"zero-window", "for long", clean(1, zero(5*second)), "warning proven"},
		{"zero-window", "for half a second", clean(1, zero(second/2)), "notice proven"},
		{"zero-window", "for a fifth of a second in all", clean(1, zero(second/5)), "info proven"},
		{"zero-window", "for milliseconds, again and again", clean(1, zero(5*second), func(r *record.Record) { r.Ends[record.Orig].ZeroWindows = 5000 }), ""},
		{"receiver-limited", "the window was closed for milliseconds, again and again", clean(1, limited(1, 1, 8), zero(7*second), func(r *record.Record) { r.Ends[record.Orig].ZeroWindows = 5000 }), "notice likely"},
		{"zero-window", "for a moment", clean(1, zero(millisecond)), ""},
		{"receiver-limited", "most of the time", clean(1, limited(1, 1, 8)), "notice likely"},
		{"receiver-limited", "the window was closed", clean(1, limited(1, 1, 8), zero(7*second)), ""},
		{"receiver-limited", "the network", clean(1, limited(1, 8, 1)), ""},
		{"sender-limited", "most of the time", clean(1, limited(8, 1, 1)), "info likely"},
		{"sender-limited", "the receiver", clean(1, limited(1, 1, 8)), ""},
		{"network-limited", "most of the time", clean(1, limited(1, 8, 1)), "info likely"},
		{"network-limited", "seen near the receiver", clean(1, limited(1, 8, 1), func(r *record.Record) { r.Capture.Tap = record.TapOrig }), "info possible"},
		{"network-limited", "the receiver", clean(1, limited(1, 1, 8)), ""},
		{"silly-window", "often", clean(1, silly(30)), "notice likely"},
		{"silly-window", "now and then", clean(1, silly(3)), ""},
		{"nagle-delay", "some", clean(1, stalls(5, 200*millisecond)), "notice likely"},
		{"nagle-delay", "many", clean(50, stalls(5, 200*millisecond)), "warning likely"},
		{"nagle-delay", "once", clean(50, stalls(1, 40*millisecond)), ""},
		{"mtu-black-hole", "only small ones pass", clean(1, stuck(big, 500)), "warning likely"},
		{"mtu-black-hole", "smaller ones helped", clean(1, stuck(shrunk, 1448)), "warning proven"},
		{"mtu-black-hole", "the sender heeds no ICMP", clean(1, stuck(big, 500), told), "warning likely"},
		{"mtu-black-hole", "behind the loss: a hole stays", clean(1, hole(1460, 2*second, 500)), "warning possible"},
		{"mtu-black-hole", "behind the loss: a hole of late", clean(1, hole(1460, second/10, 500)), ""},
		{"mtu-black-hole", "behind the loss: large ones come", clean(1, hole(1460, 2*second, 1448)), ""},
		{"mtu-black-hole", "ICMP told, the sender obeyed", clean(1, told), ""},
		{"mtu-black-hole", "as large ones passed before: loss", clean(1, stuck(big, 1448)), ""},
		{"mtu-black-hole", "nothing was heard: the other end is gone", clean(1, stuck(deaf, 500)), ""},
		{"mtu-black-hole", "one direction only", clean(1, stuck(big, 500), func(r *record.Record) { r.Capture.OneWay = true }), ""},
		{"option-stripped", "some lack it", append(clean(5), clean(5, lacks)...), "notice possible"},
		{"option-stripped", "all lack it: it is off", clean(5, lacks), ""},
		{"option-stripped", "not offered", append(clean(5), clean(5, lacks, notOffered)...), ""},
		{"mss-clamped", "a tunnel", clean(1, mss(1360)), "info likely"},
		{"mss-clamped", "tiny", clean(1, mss(256)), "notice likely"},
		{"mss-clamped", "PPPoE", clean(1, mss(1452)), ""},
		{"ecn-bleached", "agreed, not used", clean(1, ecn(false)), "notice likely"},
		{"ecn-bleached", "agreed and used", clean(1, ecn(true)), ""},
		{"ecn-bleached", "not agreed", clean(1, lossy(0)), ""},
	}
}

// inFile is of a file, with numbers of its own.
func inFile(file int) func(r *record.Record) {
	return func(r *record.Record) {
		n := uint32(r.ID)
		r.File, r.Open.SYNs, r.Open.SYNACKs = file, 1, 1
		r.Ends[0].Numbers, r.Ends[1].Numbers = record.Some(record.Numbers{First: n * 77, Next: n*77 + 10}), record.Some(record.Numbers{First: n * 99, Next: n*99 + 10})
	}
}

// twoFiles are connections that two files hold, under other addresses; without both they have one of their numbers in common only.
func twoFiles(n int, both bool) []*record.Record {
	return slices.Concat(clean(n, inFile(0)), clean(n, inFile(1), func(r *record.Record) {
		r.ID, r.Orig.Addr = r.ID+100, numbered(9, 1).Addr
		if !both {
			r.Ends[1].Numbers.V.First++
		}
	}))
}

func captureSituations() []situation {
	// What a filter on SYN, FIN and RST lets through of a connection.
	onlyFlags := func(r *record.Record) {
		r.Open.SYNs, r.Open.SYNACKs, r.Close.FINs, r.Close.RSTs = 1, 1, [2]uint32{1, 1}, [2]uint32{0, 1}
		for e := range r.Ends {
			r.Ends[e].Packets, r.Ends[e].SeenBytes, r.Ends[e].WireBytes = 2+uint64(e), 0, 0
		}
	}
	missing := func(n uint64) func(r *record.Record) {
		return func(r *record.Record) {
			r.Capture.MissingBytes, r.Ends[1].MissingBytes = n, n
		}
	}
	change := func(f func(c *record.CaptureRecord)) func(r *record.Record) {
		return func(r *record.Record) { f(&r.Capture) }
	}
	cut := change(func(c *record.CaptureRecord) { c.Truncated = true })
	offload := change(func(c *record.CaptureRecord) { c.Offload = true })
	midstream := change(func(c *record.CaptureRecord) { c.Midstream = true })
	copies := change(func(c *record.CaptureRecord) { c.Duplicates = 4 })
	back := change(func(c *record.CaptureRecord) { c.TimeWentBack = 1 })
	doubled := func(n uint32) func(r *record.Record) {
		return func(r *record.Record) { r.Path[1].Doubled = n }
	}
	stray := func(bytes uint64) func(r *record.Record) {
		return func(r *record.Record) { r.Ends[0].Packets, r.Ends[0].WireBytes = 2, bytes }
	}
	return []situation{
		{"capture-drops", "a tenth", clean(10, missing(2000)), "warning proven"},
		{"capture-drops", "lone packets under other addresses hold as much", append(clean(10, missing(2000)), lone(14, 1391)...), "warning possible"},
		{"capture-drops", "lone packets of an hour later", append(clean(10, missing(2000)), later(3600*second, lone(14, 1391))...), "warning proven"},
		{"capture-drops", "lone packets hold little", append(clean(10, missing(2000)), lone(3, 1391)...), "warning proven"},
		{"capture-drops", "a filter that lets SYN, FIN and RST through", clean(10, missing(2000), onlyFlags), "info proven"},
		{"capture-drops", "and one connection with data", append(clean(9, missing(2000), onlyFlags), clean(1, missing(2000))...), "warning proven"},
		{"capture-drops", "one byte", append(clean(10), clean(1, missing(1))...), "info proven"},
		{"capture-drops", "one connection of many", append(clean(200), clean(1, missing(1_000_000))...), "info proven"},
		{"capture-drops", "a stray ACK claims it", clean(1, missing(1<<29), change(func(c *record.CaptureRecord) { c.WildBytes = 1 << 29 })), ""},
		{"capture-drops", "one direction only is another matter", clean(10, missing(2000), oneWay), ""},
		{"capture-one-way", "all", clean(10, oneWay), "warning proven"},
		{"capture-one-way", "one of eleven", append(clean(10), clean(1, oneWay)...), "info possible"},
		{"capture-one-way", "three of thirteen", append(clean(10), clean(3, oneWay)...), "warning proven"},
		{"capture-one-way", "nothing shows that the other end sent", clean(10, oneWay, func(r *record.Record) { r.Capture.OneWayShown = false }), ""},
		{"capture-one-way", "none", clean(10), ""},
		{"capture-one-way", "strays", clean(3, oneWay, stray(0)), ""},
		{"capture-one-way", "lone data", clean(3, oneWay, stray(100)), "warning proven"},
		{"capture-copies", "some", clean(1, copies), "info likely"},
		{"capture-copies", "with other marks", clean(1, doubled(8)), "info likely"},
		{"capture-copies", "one doubled by the path", clean(1, doubled(1)), ""},
		{"capture-cut", "cut", clean(1, cut), "info proven"},
		{"capture-cut", "whole", clean(1), ""},
		{"capture-offload", "long", clean(1, offload), "info proven"},
		{"capture-offload", "as on the wire", clean(1), ""},
		{"seen-twice", "before and behind a NAT", twoFiles(3, true), "notice proven"},
		{"seen-twice", "one of them", twoFiles(1, true), "notice likely"},
		{"seen-twice", "the SYN of one is in the other file too", clean(2, change(func(c *record.CaptureRecord) { c.Twice, c.TwiceFile = record.TwiceLeftOut, 2 }), inFile(0)), "notice proven"},
		{"seen-twice", "within what is told copy by copy", clean(2, change(func(c *record.CaptureRecord) { c.Twice, c.TwiceFile = record.TwiceCopied, 2 }), inFile(0)), "info proven"},
		{"seen-twice", "one number in common", twoFiles(3, false), ""},
		{"seen-twice", "both numbers, in one file", slices.Concat(clean(1, inFile(0)), clean(1, inFile(0), func(r *record.Record) { r.ID += 100 })), ""},
		{"seen-twice", "numbers that a sender always has", slices.Concat(twoFiles(1, true), clean(1, inFile(1), func(r *record.Record) { r.ID += 200 })), ""},
		{"capture-midstream", "open before", clean(1, midstream), "info proven"},
		{"capture-midstream", "opened in sight", clean(1), ""},
		{"capture-midstream", "a lone segment that a RST answers", clean(1, probe(record.Orig)), ""},
		{"capture-clock", "back", clean(1, back), "info proven"},
		{"capture-clock", "forwards", clean(1), ""},
	}
}

// What the kernel dropped, or what the capture shows that it lost, leaves nothing
// more than possible, and is told first.
func TestLossyCaptures(t *testing.T) {
	leak := clean(20, halfClosed(600*second))
	lost := append(clean(1, func(r *record.Record) { r.Capture.MissingBytes = 1_000_000 }), leak...)
	drops := &Context{MSL: record.DefaultMSL, Conns: 20, Drops: record.Some[uint64](7)}
	for name, found := range map[string][]Finding{
		"drops":   findingsOf(t, "close-wait,capture-drops", drops, leak...),
		"missing": findingsOf(t, "close-wait,capture-drops", nil, lost...),
	} {
		if len(found) != 2 || found[0].Detector != "capture-drops" || found[0].Severity != Warning || found[1].Confidence != Possible {
			t.Errorf("%s: %+v", name, found)
		}
	}
	if found := findingsOf(t, "close-wait", nil, lost...); len(found) != 1 || found[0].Confidence != Possible {
		t.Errorf("with other detectors: %+v", found)
	}
}

// Bytes that may lie in packets that were not decoded are not told as lost by the
// capture, but still leave nothing more than possible; more than those hold are.
func TestUndecodedIsNotLost(t *testing.T) {
	leak := clean(20, halfClosed(600*second))
	lost := append(clean(1, func(r *record.Record) { r.Capture.MissingBytes = 100_000 }), leak...)
	for undecoded, want := range map[uint64]Severity{0: Warning, 11: Warning, 12: Info, 99: Info} {
		c := &Context{MSL: record.DefaultMSL, Conns: 21, Undecoded: undecoded}
		for _, f := range findingsOf(t, "close-wait,capture-drops", c, lost...) {
			if f.Detector == "capture-drops" && (f.Severity != want || strings.Contains(f.Title, "lost") != (want == Warning) || (f.Confidence == Proven) != (want == Warning)) {
				t.Errorf("%d packets not decoded: %v %v %s", undecoded, f.Severity, f.Confidence, f.Title)
			}
			if f.Detector == "close-wait" && f.Confidence != Possible {
				t.Errorf("%d packets not decoded: %v %s", undecoded, f.Confidence, f.Title)
			}
		}
	}
}

// Connections that nothing is wrong with raise nothing above notice, whatever
// their number: here nothing at all.
func TestCleanTraffic(t *testing.T) {
	if found := findingsOf(t, "", nil, clean(500)...); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

// A limit is named where it lies between what lived and what died.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		lived, died int64
		want        string
	}{
		{340, 400, "350 s (AWS Network and Gateway Load Balancer, NAT gateway)"},
		{0, 70, "60 s (AWS Application Load Balancer)"},
		{0, 300, "240 s (Azure Load Balancer and NAT gateway); 60 s (AWS Application Load Balancer)"},
		{500, 605, "600 s (Google Cloud VPC firewall)"},
		{5000, 400, ""},
		{0, 40, ""},
	} {
		if got := namesOf(fits(c.lived*second, c.died*second)); got != c.want {
			t.Errorf("lived %d s, died %d s: %q, want %q", c.lived, c.died, got, c.want)
		}
	}
}
