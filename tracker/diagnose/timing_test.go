package diagnose

import (
	"slices"
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// What handshakes, pauses and sizes show decides what is said of them, and which cause comes first.
func TestTimingTells(t *testing.T) {
	const orig, resp = record.Orig, record.Resp
	slowPath := func(r *record.Record) { r.Open.Resp.V, r.Ends[orig].RTT.P50 = second, second*9/10 }
	mss := func(m uint16, ends ...record.End) func(r *record.Record) {
		return func(r *record.Record) {
			for _, e := range ends {
				r.Ends[e].MSS = record.Some(m)
			}
		}
	}
	pauses := func(stood int64, timeouts, again uint32) []*record.Record {
		return same(1, stoodFor(stood, 2*stood), func(r *record.Record) {
			x := &r.Ends[orig]
			x.RetxRTO, x.Retx, x.LostAfterTap, x.LostAgain = timeouts, timeouts, timeouts, again
		})
	}
	lateSYNACK := func(stamps bool) []*record.Record {
		return same(1, func(r *record.Record) {
			r.Open.NSYNACKsAgain, r.Open.SYNACKAgainAt, r.Open.SYNACKLate = 1, r.ID+2, 7*second
			r.Ends[orig].Timestamps, r.Ends[resp].Timestamps = record.Some(stamps), record.Some(stamps)
		})
	}
	sentMeanwhile := func(at int64) *record.Record {
		return made(9, from(point("10.0.0.2:5000")), to(point("10.7.0.1:80")), func(r *record.Record) {
			r.Start, r.End = at, at
			r.Ends[orig].LastSent = at
		})
	}
	scanned := append(many(15, func(i int) *record.Record {
		return made(uint64(i+1), failed(record.OpenNoAnswer, 1), to(numbered(7, uint16(100+i))), bareSYN)
	}), many(3, func(i int) *record.Record {
		return made(uint64(i+20), failed(record.OpenHalfOpen, 1), to(numbered(7, uint16(20+i))), bareSYN)
	})...)
	noAnswer := failed(record.OpenNoAnswer, 4)
	for _, x := range []struct {
		name, detector string
		records        []*record.Record
		has            []string
		lacks          string
	}{
		{"later it opens", "no-answer", []*record.Record{made(1, noAnswer), made(1500)},
			[]string{"because the same client opened a connection to it later: the path to it, or back, was away at the time", "what kept them from an answer did not last"}, "a firewall drops the SYNs"},
		{"earlier it opened", "no-answer", []*record.Record{made(1500, noAnswer), made(1)}, []string{"a firewall drops the SYNs"}, "did not last"},
		{"later it opens for another", "no-answer", []*record.Record{made(1, noAnswer), made(1500, from(point("10.9.9.9:4000")))}, []string{"a firewall drops the SYNs"}, "did not last"},
		{"meanwhile it is heard", "no-answer", []*record.Record{made(1, noAnswer), sentMeanwhile(at + 2*second), made(1500)}, []string{"sent packets elsewhere"}, "did not last"},
		{"a program's SYNs, at pauses of no system", "no-answer", same(1, failed(record.OpenNoAnswer, 4), byHandAt(orig), func(r *record.Record) {
			r.Open.SYNsAgain = [len(r.Open.SYNsAgain)]uint32{6400, 9200, 12000}
		}), []string{"because no system's TCP opens connections so, and none repeats its SYN after these pauses: a program made these packets itself"}, "\x00"},
		{"a program's SYNs, at a system's pauses", "no-answer", same(1, failed(record.OpenNoAnswer, 4), byHandAt(orig)), []string{"in no order", "a program made these packets itself"}, "\x00"},
		{"which SYN/ACK was answered is not known", "syn-ack-lost", lateSYNACK(false), []string{"by up to 7 s"}, "\x00"},
		{"the timestamp tells", "syn-ack-lost", lateSYNACK(true), []string{", by 7 s"}, "up to"},
		{"a path with a usual MSS", "slow-handshake", same(1, slowPath), []string{"distance, a satellite link, or a slow radio or serial line", "bufferbloat"}, "because"},
		{"a path with a tiny one", "slow-handshake", same(1, slowPath, mss(255, resp)), []string{"as such lines have it: a slow radio or serial line"}, "nearer"},
		{"a later round trip is no handshake", "slow-handshake", same(1, func(r *record.Record) {
			r.Open.Resp, r.Open.Felt = record.Some(second), record.Some(second)
			x := &r.Ends[orig].RTT
			x.Min, x.P50, x.N = second/2, second/2, 2
		}), []string{"; a later round trip took 500 ms"}, "the quickest took"},
		{"no tunnel leaves so little", "mss-clamped", same(1, mss(260, orig)), []string{"it is set on purpose"}, "overlay"},
		{"both ends alike", "mss-clamped", same(1, mss(1360, orig, resp)), []string{"Both ends announce the same small MSS, 1360, on 1 connection to 10.0.0.2:80"}, "on that side"},
		{"each end another", "mss-clamped", same(1, mss(1360, orig)), []string{"10.9.0.1 announces a small MSS"}, "Both ends"},
		{"pauses of one long timer", "stood-still", pauses(128*second, 2, 1), []string{"its first timeout was 42.7 s or more", "after 64 s on average", "for seconds at a time"}, "which doubles"},
		{"none lost again", "stood-still", pauses(12*second, 4, 0), []string{"no pause is a doubled one"}, "for seconds at a time"},
		{"pauses that double", "stood-still", pauses(31*second, 5, 4), []string{"in no order", "which doubles"}, "because"},
		{"SACK is agreed", "stood-still", pauses(31*second, 5, 4), []string{"(no tail loss probe)"}, "no SACK"},
		{"ports that answer are ports tried", "port-scan", scanned, []string{"18 connections tried, 18 ports of 1 host", "It found 3 ports open: 20, 21, 22."}, "15 ports of 1 host"},
	} {
		found := findingsOf(t, x.detector, nil, x.records...)
		if len(found) != 1 {
			t.Errorf("%s: %v", x.name, titles(found))
			continue
		}
		f := &found[0]
		all := f.Title + "\n" + f.Explanation + "\n" + f.CauseWord() + ": " + strings.Join(f.Causes, "\n") + "\n" + strings.Join(f.Advice, "\n")
		for _, has := range x.has {
			if !strings.Contains(all, has) || strings.Contains(all, x.lacks) {
				t.Errorf("%s: want %q and no %q:\n%s", x.name, has, x.lacks, all)
			}
		}
	}
}

// Servers that acknowledge nothing of one client's data at different times have a filter before them, near that client;
// at one moment the path may have broken as well.
func TestServersFailAlikeAtDifferentTimes(t *testing.T) {
	silent := func(at ...int64) (all []Finding) {
		for i, since := range at {
			f := Finding{Detector: "fell-silent", Confidence: Possible, Severity: Notice, Count: 1, Subject: listener(numbered(i+1, 80)),
				filter: filtered{point("10.0.0.9:1").Addr, since}, causes: []Cause{brokeThere(), hostOrPath("a firewall")}}
			f.write()
			f.ID = f.Detector + ":" + f.Subject.String()
			all = append(all, f)
		}
		return all
	}
	for _, x := range []struct {
		name string
		all  []Finding
		near bool
	}{
		{"at three times", silent(at, at+60*second, at+100*second), true},
		{"at one moment", silent(at, at+second, at+2*second), false},
		{"of a client each", func() []Finding {
			all := silent(at, at+60*second, at+100*second)
			for i := range all {
				all[i].filter.client = numbered(40+i, 1).Addr
			}
			return all
		}(), false},
		{"one of another kind", func() []Finding {
			all := silent(at, at+60*second, at+100*second)
			all[1].filter = filtered{}
			return all
		}(), false},
	} {
		got := likewise(x.all)
		if len(got) != 1 || (got[0].Order == "3 servers fail alike, at times up to 100 s apart") != x.near || slices.Contains(got[0].Causes, brokeThere().Text) == x.near {
			t.Errorf("%s: %+v", x.name, got)
		}
		if near := strings.Contains(strings.Join(got[0].Advice, ""), "gateway or firewall of 10.0.0.9"); near != x.near {
			t.Errorf("%s: advice %q", x.name, got[0].Advice)
		}
	}
}

// Few needless repeats count where they are many of what was sent; where a timer set off all of them it may be shorter than the
// round trip.
func TestNeedlessRepeatsOfSmallTransfers(t *testing.T) {
	needless := func(n, dsacks, repeats, segments uint32) []*record.Record {
		return same(1, func(r *record.Record) {
			x := &r.Ends[record.Orig]
			x.Retx, x.RetxRTO, x.RetxSpurious, x.DSACKs, x.DataSegments = repeats, repeats, n, dsacks, segments
		})
	}
	for _, c := range []struct {
		n, dsacks, repeats, segments uint32
		want                         int
	}{{5, 5, 5, 40, 1}, {5, 5, 5, 41, 0}, {4, 4, 4, 8, 0}, {5, 4, 5, 40, 0}, {5, 5, 10, 40, 1}, {5, 5, 11, 40, 0}, {10, 10, 10, 900, 1}} {
		found := findingsOf(t, "retx-spurious", nil, needless(c.n, c.dsacks, c.repeats, c.segments)...)
		if len(found) != c.want {
			t.Errorf("%+v: %v", c, titles(found))
		} else if c.want == 1 && !strings.HasPrefix(found[0].Causes[0], "the sender's timeout is shorter than the round trip") {
			t.Errorf("%+v: %q", c, found[0].Causes)
		}
	}
}
