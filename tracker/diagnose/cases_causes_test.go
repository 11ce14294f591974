package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// unansweredAt are attempts to a port each of a host that nothing answered, from one client.
func unansweredAt(host string, ports int, syns uint32) []*record.Record {
	return many(ports, func(i int) *record.Record {
		to := point(host)
		to.Port += uint16(i)
		return made(uint64(i+1), failed(record.OpenNoAnswer, syns), from(numbered(1, uint16(30000+i))), func(r *record.Record) { r.Resp = to })
	})
}

// What is told as the cause, by the sign that decides it, and what looks alike and has another.
func TestCausesBySigns(t *testing.T) {
	const orig, resp = record.Orig, record.Resp
	ignored := func(odd record.ResetSigns, signed bool) []*record.Record {
		return clean(1, func(r *record.Record) {
			r.Close.Ignored = record.IgnoredRST{By: orig, Packet: r.ID + 3, Odd: odd, WentOn: true}
			r.Close.RSTsIgnored, r.Open.Signed = 1, signed
		})
	}
	box := func(data uint8) []*record.Record {
		return clean(2, reset(orig, record.ResetMiddlebox), func(r *record.Record) {
			r.Close.ResetTTL, r.Ends[orig].TTL = record.Some(uint8(251)), record.Some(uint8(251))
			if r.Ends[orig].DataTTL = record.Some(data); data == 0 {
				r.Ends[orig].TTL, r.Ends[orig].DataTTL = record.Some(uint8(52)), record.Opt[uint8]{}
			}
		})
	}
	spurious := func(fast, acks uint32) []*record.Record {
		return clean(1, sent(func(x *record.EndRecord, _ *record.PathRecord) {
			x.Packets, x.DataSegments, x.WireBytes = 220, 100, 100_000
			x.Retx, x.RetxFast, x.RetxRTO, x.RetxSpurious, x.DSACKs = 40, fast, 40-fast, 40, 40
		}), func(r *record.Record) { r.Ends[orig].DupAcks = acks })
	}
	mute := func(r *record.Record) {
		for e := range r.Ends {
			r.Ends[e].SeenBytes, r.Ends[e].WireBytes, r.Ends[e].DataSegments, r.Ends[e].Bytes = 0, 0, 0, record.Some(uint64(0))
		}
	}
	bySACK := func(blocks uint32) []*record.Record {
		all := spurious(40, 0)
		all[0].Ends[orig].SACKBlocks = blocks
		return all
	}
	left := func(said bool) []*record.Record {
		return clean(3, reset(resp, record.ResetUnreadData), func(r *record.Record) { r.Close.Goodbye = said })
	}
	behind := func(ns int64) []*record.Record {
		return append(clean(8, idleFIN(5*second)), clean(1, idleFIN(5*second), requestMet(300), func(r *record.Record) {
			r.Close.FINAcked[resp] = record.Some(r.Close.ResetTime.V - 10*millisecond - ns)
			r.Close.ResetAfter = 10 * millisecond
		})...)
	}
	waiting := func(ns int64) func(*record.Record) {
		return func(r *record.Record) { r.Exchanges = record.ExchangesRecord{Left: record.Some(ns)} }
	}
	gaveUp := func(again uint32) []*record.Record {
		return clean(6, waitedFor(2*second, 500), func(r *record.Record) { r.Exchanges.Repeated = again })
	}
	closed := func(port uint16, ns int64) []*record.Record {
		return clean(1, sent(func(x *record.EndRecord, _ *record.PathRecord) { x.ZeroWindows, x.ZeroWindow = 2, ns }), func(r *record.Record) { r.Resp.Port = port })
	}
	unseen := append(clean(1, oneWay, func(r *record.Record) { r.Resp = point("10.0.0.7:22") }), unansweredAt("10.0.0.7:8000", 4, 1)...)
	seen := append(clean(1, func(r *record.Record) { r.Resp = point("10.0.0.7:22") }), unansweredAt("10.0.0.7:8000", 4, 1)...)
	for _, x := range []struct {
		name, detector string
		records        []*record.Record
		severity       Severity
		text, cause    string // of the one finding, and of one of its causes
	}{
		{"a signed RST, the SYN was not", "reset-ignored", ignored(record.OddSigned, false), Notice, "the RST is signed, and the connection is not", "has no key"},
		{"a RST without signature, the SYN had one", "reset-ignored", ignored(record.OddSigned, true), Notice, "it is not signed, and the connection is", "without the key"},
		{"neither is signed", "reset-ignored", ignored(0, false), Notice, "did not obey", "a firewall on the receiver's host"},
		{"what opened the connection ended it", "reset-injected", box(52), Notice, "what opened it ended it too", "a load balancer or proxy that opens connections"},
		{"another TTL than all before", "reset-injected", box(0), Warning, "with 52", "a firewall or intrusion prevention"},
		{"no duplicate ACK", "retx-spurious", spurious(30, 0), Notice, "no duplicate ACK asked for one", "the delay jumps"},
		{"by SACK, on segments with data", "retx-spurious", bySACK(110), Notice, "D-SACK", "packets are reordered"},
		{"its D-SACKs only", "retx-spurious", bySACK(40), Notice, "no duplicate ACK asked for one", "the delay jumps"},
		{"mostly by a timer", "retx-spurious", spurious(10, 30), Notice, "set off 10", "the delay jumps"},
		{"by duplicate ACKs", "retx-spurious", spurious(40, 120), Notice, "D-SACK", "packets are reordered"},
		{"opened and aborted, neither had sent a byte", "reset-abort", clean(1, reset(orig, record.ResetAbort), mute), Notice, "without a byte from either end", "a check or a scan"},
		{"opened, closed by the server, and reset", "reset-abort", clean(1, reset(orig, record.ResetAbort), mute, func(r *record.Record) { r.Close.ResetIn = record.CloseWait }), Notice, "in place of the second FIN", "what the other end has closed"},
		{"aborted after a request", "reset-abort", clean(1, reset(orig, record.ResetAbort)), Notice, "while the connection was open", "SO_LINGER"},
		{"aborted while it waited for an answer", "reset-abort", clean(1, reset(orig, record.ResetAbort), waiting(10*second)), Notice, "of which nothing had come", "gave up: a timeout"},
		{"aborted right after a request", "reset-abort", clean(1, reset(orig, record.ResetAbort), waiting(100*millisecond)), Notice, "while the connection was open", "SO_LINGER"},
		{"after a goodbye", "reset-unread", left(true), Info, "nobody waited for more", "once all is said"},
		{"without one", "reset-unread", left(false), Notice, "in answer to data", "the application failed"},
		{"the request came behind the FIN", "idle-race", behind(45 * millisecond), Notice, "the request came 45 ms behind that ACK", "idle for 5 s"},
		{"the request crossed the FIN", "idle-race", behind(-20 * millisecond), Notice, "a request came as it closed", "idle for 5 s"},
		{"requests were lost", "gave-up-waiting", gaveUp(1), Notice, "a request that was lost, not for the server", "lost and sent again"},
		{"the server is slow", "gave-up-waiting", gaveUp(0), Notice, "equally long", "than this server takes to answer"},
		{"a printer", "zero-window", closed(9100, second/2), Info, "closed its window", "a printer"},
		{"a printer that waits for a person", "zero-window", closed(9100, 300*second), Warning, "closed its window", "the application is busy"},
		{"a web server", "zero-window", closed(80, second/2), Notice, "closed its window", "the application is busy"},
		{"its answers are not in the capture", "no-answer", unseen, Info, "as far as was captured", "the capture does not hold what it sends"},
		{"all ports of a host", "no-answer", unansweredAt("10.0.0.7:8000", 4, 3), Warning, "likewise 3 other ports of 10.0.0.7, 4 connections in all", "a firewall drops the SYNs"},
		{"all ports of a host, each asked once", "no-answer", seen, Notice, "likewise 3 other ports of 10.0.0.7, 4 connections in all", "a way that the capture does not see"},
	} {
		found := findingsOf(t, x.detector, nil, x.records...)
		if len(found) != 1 || len(found[0].Causes) == 0 {
			t.Errorf("%s: %d findings: %v", x.name, len(found), titles(found))
			continue
		}
		f := &found[0]
		if text := f.Title + " " + f.Explanation; f.Severity != x.severity || !strings.Contains(text, x.text) || !strings.Contains(strings.Join(f.Causes, "; "), x.cause) {
			t.Errorf("%s: %v, %q, causes %q; want %v, %q and %q", x.name, f.Severity, text, f.Causes, x.severity, x.text, x.cause)
		}
	}
}

// Two ports are two findings: too few to tell that it is the host's affair; a port that serves is
// apart from those that don't.
func TestPortsOfOneHost(t *testing.T) {
	if found := findingsOf(t, "no-answer", nil, unansweredAt("10.0.0.7:8000", 2, 3)...); len(found) != 2 {
		t.Errorf("two ports: %v", titles(found))
	}
	serves := append(unansweredAt("10.0.0.7:8000", 4, 3), many(3, func(i int) *record.Record {
		return made(uint64(20+i), to(point("10.0.0.7:8003")), from(numbered(2, uint16(31000+i))))
	})...)
	if found := findingsOf(t, "no-answer", nil, serves...); len(found) != 2 {
		t.Errorf("one port serves: %v", titles(found))
	}
}

// What came of data that something else sent is named under it.
func TestStrangeDataExplains(t *testing.T) {
	late := func(strange uint32) []*record.Record {
		return clean(1, reset(record.Orig, record.ResetLateData), afterFIN(20*millisecond, 305), func(r *record.Record) {
			r.Ends[record.Resp].Strange, r.Evidence.Ends[record.Resp].Strange = strange, r.ID+4
		})
	}
	found := findingsOf(t, "data-conflict,reset-late-data", nil, late(1)...)
	if len(found) != 1 || found[0].Detector != "data-conflict" || !strings.Contains(found[0].Explanation, "It also explains") {
		t.Errorf("%v", titles(found))
	}
	if found := findingsOf(t, "data-conflict,reset-late-data", nil, late(0)...); len(found) != 1 || found[0].Detector != "reset-late-data" {
		t.Errorf("nothing strange: %v", titles(found))
	}
}

// What the capturing host counted as dropped it dropped itself: no mirror port and no filter did.
func TestCountedDropsHaveOneCause(t *testing.T) {
	c := &Context{MSL: record.DefaultMSL, Conns: 1, Drops: record.Some(uint64(757))}
	found := findingsOf(t, "capture-drops", c, clean(1)...)
	if len(found) != 1 || len(found[0].Causes) != 1 || !strings.Contains(found[0].Causes[0], "could not keep up") {
		t.Errorf("%+v", found)
	}
}

// Who stood still is advised on the side on which segments were lost.
func TestStoodStillAdvisesTheLossySide(t *testing.T) {
	for before, want := range map[bool]string{true: "On 10.9.0.1 ", false: "On 10.0.0.2 "} {
		all := same(1, stoodFor(130*second, 170*second), func(r *record.Record) {
			if x := &r.Ends[record.Orig]; before {
				x.LostBeforeTap, x.LostAfterTap = x.LostAfterTap, 0
			}
		})
		found := findingsOf(t, "stood-still", nil, all...)
		if len(found) != 1 || !strings.HasPrefix(found[0].Advice[0], want) {
			t.Errorf("lost before %t: %+v", before, found)
		}
	}
}
