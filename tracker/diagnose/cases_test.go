package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// clean makes n connections that differ by their ports, carried some data and
// closed normally, changed by what is given.
func clean(n int, change ...func(r *record.Record)) []*record.Record {
	return many(n, func(i int) *record.Record {
		return made(uint64(i+1), append([]func(r *record.Record){func(r *record.Record) {
			r.Close.HalfClose, r.Close.BytesAfterFIN = record.Some(millisecond), record.Some[uint64](0)
			for _, e := range sides() {
				r.Ends[e].Packets, r.Ends[e].DataSegments, r.Ends[e].WireBytes, r.Ends[e].SeenBytes = 150, 100, 10000, 10000
			}
		}}, change...)...)
	})
}

// atOnce are connections to a listener that all begin, and send their FINs, at one moment.
func atOnce(n int, change ...func(r *record.Record)) []*record.Record {
	return clean(n, append(change, func(r *record.Record) {
		r.Start, r.End, r.Close.FINAcked[0] = at, at+second, record.Some(at+second)
	})...)
}

// halfClosed: the opener's FIN was acknowledged, the listener never closed, and
// silence lasted for so long.
func halfClosed(silent int64) func(r *record.Record) {
	return func(r *record.Record) {
		c := &r.Close
		c.Kind, c.FINs[1], c.FINPacket[1] = record.CloseHalfClosed, 0, 0
		c.FINTime[1], c.FINAcked[1], c.HalfClose = record.Opt[int64]{}, record.Opt[int64]{}, record.Opt[int64]{}
		r.Silent, r.Unfinished = silent, true
	}
}

// unackedFIN: the opener's FIN was sent again so often and never acknowledged.
func unackedFIN(again uint32, silent int64) func(r *record.Record) {
	return func(r *record.Record) {
		halfClosed(silent)(r)
		r.Close.Kind, r.Close.FINAcked[0] = record.CloseUnackedFIN, record.Opt[int64]{}
		r.Close.FINs[0] = 1 + again
		r.Path[0].FINsAgain = again
	}
}

// leftOpen leaves a connection open, silent for so long.
func leftOpen(silent int64) func(r *record.Record) {
	return func(r *record.Record) {
		r.Close = record.CloseRecord{Kind: record.CloseOpen, First: record.NoEnd, ResetBy: record.NoEnd}
		r.TimeWait.Holder = record.NoEnd
		r.Silent, r.Unfinished = silent, true
	}
}

// rested: after a rest the opener asked again and got no answer, or a RST.
func rested(gap int64, outcome record.IdleOutcome) func(r *record.Record) {
	return func(r *record.Record) {
		leftOpen(100 * second)(r)
		r.End = r.Start + gap + second
		r.Idle = record.IdleRecord{Outcome: outcome, Gap: gap, By: record.Orig, Woke: r.End - second, Packet: r.ID + 15, Tries: 4}
		if outcome != record.IdleUnanswered {
			r.Close.Kind, r.Close.ResetBy, r.Close.ResetCause, r.Close.ResetIn = record.CloseReset, record.Resp, record.ResetUnknown, record.Established
			r.Close.ResetPacket, r.Close.ResetQuiet = r.ID+16, gap
		}
	}
}

// scattered are connections to four listeners.
func scattered(change ...func(r *record.Record)) []*record.Record {
	return many(4, func(i int) *record.Record { return made(uint64(i+1), append(change, to(numbered(i, 443)))...) })
}

// answered: a rest so long was followed by an answer.
func answered(gap int64) func(r *record.Record) {
	return func(r *record.Record) { r.Idle.Longest, r.Idle.Answered = record.Some(gap), r.ID+17 }
}

// idleFIN: the listener closed first, after a silence.
func idleFIN(quiet int64) func(r *record.Record) {
	return func(r *record.Record) {
		r.Close.First, r.Close.Quiet, r.TimeWait.Holder = record.Resp, record.Some(quiet), record.Resp
		r.Close.FINTime[0], r.Close.FINTime[1] = r.Close.FINTime[1], r.Close.FINTime[0]
	}
}

// requestMet: so many bytes met the listener's FIN, and its RST answered.
func requestMet(bytes uint64) func(r *record.Record) {
	return func(r *record.Record) {
		c := &r.Close
		c.Kind, c.ResetBy, c.ResetCause, c.ResetIn, c.ResetPacket = record.CloseReset, record.Resp, record.ResetLateData, record.FinWait1, r.ID+8
		c.ResetTime, c.Unheard = record.Some(c.FINTime[record.Resp].V+20*millisecond), bytes
		c.FINTime[0], c.FINAcked = record.Opt[int64]{}, [2]record.Opt[int64]{}
		r.TimeWait.Holder = record.NoEnd
	}
}

func oneWay(r *record.Record) {
	r.Capture.OneWay, r.Capture.OneWayShown = true, true
	r.Ends[record.Resp] = record.EndRecord{}
}

// sent changes what the listener sent.
func sent(f func(x *record.EndRecord, y *record.PathRecord)) func(r *record.Record) {
	return func(r *record.Record) { f(&r.Ends[record.Resp], &r.Path[record.Resp]) }
}

// situation is a set of connections and what a detector makes of them: "severity
// confidence", "" for nothing.
type situation struct {
	detector, name string
	records        []*record.Record
	want           string
}

// findings is what a situation's detector makes of it.
func (x *situation) findings(t *testing.T) []Finding {
	c := &Context{MSL: record.DefaultMSL, Conns: uint64(len(x.records)), Start: at}
	for _, r := range x.records {
		if OneWay(r) {
			c.OneWay++
		}
		c.End = max(c.End, r.End+r.Silent)
	}
	return findingsOf(t, x.detector, c, x.records...)
}

func situations() []situation {
	return slices.Concat(closeSituations(), idleSituations(), transferSituations(), refusedSituations(), updateSituations(), queueSituations(), scaleSituations(), captureSituations(),
		openSituations(), incidentSituations())
}

// Every detector of these groups speaks up where it should, and not where
// something else looks the same.
func TestSituations(t *testing.T) {
	raised, quiet := map[string]bool{}, map[string]bool{}
	for _, x := range situations() {
		got := ""
		for i, f := range x.findings(t) {
			if i > 0 {
				got += ", "
			}
			got += fmt.Sprintf("%s %s", f.Severity, f.Confidence)
		}
		if got != x.want {
			t.Errorf("%s, %s: %q, want %q", x.detector, x.name, got, x.want)
		}
		if got != "" {
			raised[x.detector] = true
		} else {
			quiet[x.detector] = true
		}
	}
	for _, d := range Detectors() {
		if judgedHere(d.Group) {
			continue
		}
		if !raised[d.Name] || !quiet[d.Name] {
			t.Errorf("%s: raised %t, quiet where something looks alike %t", d.Name, raised[d.Name], quiet[d.Name])
		}
	}
}

func closeSituations() []situation {
	ended := func(half int64) func(r *record.Record) {
		return func(r *record.Record) { r.Close.HalfClose = record.Some(half) }
	}
	sentOn := func(r *record.Record) { r.Close.BytesAfterFIN = record.Some[uint64](500) }
	lastACKMissing := func(again uint32) func(r *record.Record) {
		return func(r *record.Record) {
			r.Close.Kind, r.Close.FINAcked[1] = record.CloseHalfClosed, record.Opt[int64]{}
			r.Path[1].FINsAgain, r.Silent, r.Unfinished = again, 100*second, true
		}
	}
	lastACKUnheard := func(again uint32) func(r *record.Record) {
		return func(r *record.Record) { r.Path[1].FINsAgain, r.Path[1].FINsAcked = again, again }
	}
	// stopped lets the data of both ends be sent again in vain from a moment on.
	stopped := func(ns int64) func(r *record.Record) {
		return func(r *record.Record) {
			for e := range r.Path {
				r.Path[e].Stuck = record.StuckRecord{Bytes: 100, Times: 6, Since: at + ns + int64(r.ID%7)*millisecond, Packet: r.ID + 4}
			}
		}
	}
	gone := func(repeats uint32) func(r *record.Record) {
		return func(r *record.Record) {
			leftOpen(100 * second)(r)
			r.Close.Kind = record.CloseTimedOut
			r.Ends[0].Retx, r.Ends[0].RetxRTO, r.Ends[0].LostAfterTap = repeats, repeats, repeats
		}
	}
	short := func(r *record.Record) { r.Path[0].FINsShort, r.Path[1].FINsShort = 1, 1 }
	probes := func(r *record.Record) {
		r.Keepalive[0] = record.KeepaliveRecord{Probes: 3, Answered: 3, Last: r.End + 90*second}
		r.KeepaliveOutcome = record.KeepaliveAlive
	}
	return []situation{
		{"close-wait", "the capture simply ended, others were closed", append(clean(20, halfClosed(10*second)), clean(500)...), "notice possible"},
		{"close-wait", "the capture simply ended, few are open", append(clean(9, halfClosed(10*second)), clean(5)...), ""},
		{"close-wait", "all of them, for 35 s so far", clean(20, halfClosed(35*second)), "notice possible"},
		{"close-wait", "all of them, for a second", clean(20, halfClosed(second)), ""},
		{"close-wait", "closed normally", clean(20), ""},
		{"close-wait", "one, its host not heard of since", clean(1, halfClosed(600*second)), "notice possible"},
		{"close-wait", "three within a millisecond, their host not heard of since", atOnce(3, halfClosed(600*second)), "notice possible"},
		{"close-wait", "three within a millisecond, and another listener of that host took a connection later", append(atOnce(3, halfClosed(600*second)), made(9000, to(point("10.0.0.2:81")))), "notice likely"},
		{"close-wait", "a leak", clean(20, halfClosed(600*second)), "warning likely"},
		{"close-wait", "descriptors run out", clean(1200, halfClosed(6000*second)), "critical likely"},
		{"close-wait", "it still sends: a half-close", clean(20, halfClosed(600*second), sentOn), ""},
		{"close-wait", "late, but closed", clean(20, ended(90*second)), "notice likely"},
		{"close-wait", "one direction only", clean(20, halfClosed(600*second), oneWay), ""},
		{"fin-wait-2", "late FIN acknowledged after 90 s", clean(20, ended(90*second)), "warning likely"},
		{"fin-wait-2", "nothing shows that it is held", clean(20, halfClosed(600*second)), ""},
		{"fin-wait-2", "probes show that it is held", clean(1, halfClosed(600*second), probes), "notice likely"},
		{"fin-unacked", "repeated", clean(20, unackedFIN(4, 10*second)), "warning likely"},
		{"fin-unacked", "repeated once, a moment ago", clean(1, unackedFIN(1, second/10)), ""},
		{"fin-unacked", "never repeated: answered out of sight", clean(1, unackedFIN(0, 600*second)), ""},
		{"fin-unacked", "one direction only", clean(1, unackedFIN(4, 10*second), oneWay), "notice possible"},
		{"fin-unacked", "its ACKs stop short of the FIN", clean(20, unackedFIN(4, 10*second), short), "warning likely"},
		{"last-ack", "its ACKs stop short of the FIN", append(clean(1, lastACKMissing(5)), clean(1, lastACKMissing(5), short)...), "notice likely"},
		{"last-ack", "repeated", clean(1, lastACKMissing(5)), "notice likely"},
		{"last-ack", "repeated though acknowledged here", clean(1, lastACKUnheard(4)), "notice possible"},
		{"last-ack", "repeated twice though acknowledged here: one ACK lost", clean(1, lastACKUnheard(2)), ""},
		{"last-ack", "never repeated", clean(1, lastACKMissing(0)), ""},
		{"half-close", "sent on, then silence", clean(1, halfClosed(600*second), sentOn), "notice possible"},
		{"half-close", "sends still", clean(1, halfClosed(second), sentOn), ""},
		{"half-close", "sent nothing: close-wait", clean(1, halfClosed(600*second)), ""},
		{"vanished", "repeated into silence", clean(5, gone(6)), "warning likely"},
		{"vanished", "all at one moment", append(clean(5), clean(5, gone(6), stopped(0))...), "critical likely"},
		{"vanished", "one after the other", append(clean(3, gone(6), stopped(0)), clean(3, gone(6), stopped(40*second))...), "warning likely"},
		{"vanished", "two at one moment", clean(2, gone(6), stopped(0)), "notice likely"},
		{"vanished", "repeated once, then nothing", clean(5, gone(1)), ""},
		{"vanished", "open and idle", clean(5, leftOpen(100*second)), ""},
		{"vanished", "it was idle before", clean(5, gone(6), rested(400*second, record.IdleUnanswered)), ""},
		{"still-open", "idle and busy ones", append(clean(1, leftOpen(100*second)), clean(2, leftOpen(0))...), "info proven"},
		{"still-open", "the clock jumped behind one's last packet", append(clean(1, leftOpen(0), func(r *record.Record) { r.Vague = true }), clean(2, leftOpen(0))...), "info proven"},
		{"still-open", "ended with its last packet", clean(1, leftOpen(0)), "info proven"},
		{"still-open", "ended with its last packet after more than a minute", clean(1, leftOpen(0), func(r *record.Record) { r.End = r.Start + 100*second }), "info proven"},
		{"still-open", "all closed", clean(3), ""},
		{"still-open", "a lone segment that no connection has", same(1, unheard(0), leftOpen(0)), ""},
		{"still-open", "half-closed, and the rest out of sight", clean(1, halfClosed(0), oneWay), ""},
	}
}

func idleSituations() []situation {
	prober := func(k record.KeepaliveRecord, outcome record.KeepaliveOutcome) func(r *record.Record) {
		return func(r *record.Record) { r.Keepalive[0], r.KeepaliveOutcome = k, outcome }
	}
	resetByProber := func(r *record.Record) {
		leftOpen(0)(r)
		r.Close.Kind, r.Close.ResetBy, r.Close.ResetCause = record.CloseReset, record.Orig, record.ResetKeepaliveDead
	}
	appReset := func(r *record.Record) { r.Close.ResetCause = record.ResetAbort }
	boxReset := func(r *record.Record) { r.Close.ResetCause, r.Close.ResetOdd = record.ResetMiddlebox, record.OddTTL }
	fin := func(r *record.Record) { r.Close.FINPacket[0] = r.Idle.Packet }
	spread := func(r *record.Record) {
		rested(60*second+int64(r.ID)*second, record.IdleEnded)(r)
	}
	dead := record.KeepaliveRecord{Probes: 9, Unanswered: 9, Idle: record.Some(7200 * second)}
	return []situation{
		{"keepalive-dead", "the prober's RST", clean(1, resetByProber, prober(dead, record.KeepaliveDead)), "notice proven"},
		{"keepalive-dead", "many", clean(5, leftOpen(0), prober(dead, record.KeepaliveDead)), "warning likely"},
		{"keepalive-dead", "one unanswered", clean(1, leftOpen(0), prober(record.KeepaliveRecord{Probes: 1, Unanswered: 1}, record.KeepaliveUnknown)), ""},
		{"keepalive-late", "two hours", clean(3, leftOpen(0), prober(record.KeepaliveRecord{Probes: 1, Answered: 1, Idle: record.Some(7200 * second)}, record.KeepaliveAlive)), "info likely"},
		{"keepalive-late", "two hours, and others died", append(clean(1, leftOpen(0), prober(record.KeepaliveRecord{Probes: 1, Answered: 1, Idle: record.Some(7200 * second)}, record.KeepaliveAlive)),
			clean(1, leftOpen(0), prober(dead, record.KeepaliveDead))...), "notice likely"},
		{"keepalive-late", "a minute", clean(3, leftOpen(0), prober(record.KeepaliveRecord{Probes: 9, Answered: 9, Idle: record.Some(60 * second)}, record.KeepaliveAlive)), ""},
		{"keepalive-chatty", "every 5 s", clean(1, leftOpen(0), prober(record.KeepaliveRecord{Probes: 50, Answered: 50, Interval: record.Some(5 * second)}, record.KeepaliveAlive)), "info likely"},
		{"keepalive-chatty", "every 5 s, on one for long", append(clean(1, leftOpen(0), prober(record.KeepaliveRecord{Probes: 50, Answered: 50, Interval: record.Some(5 * second)}, record.KeepaliveAlive)),
			clean(21, leftOpen(0), prober(record.KeepaliveRecord{Probes: 3, Answered: 3, Interval: record.Some(5 * second)}, record.KeepaliveAlive))...), "info likely"},
		{"keepalive-chatty", "a few probes only", clean(5, leftOpen(0), prober(record.KeepaliveRecord{Probes: 3, Answered: 3, Interval: record.Some(5 * second)}, record.KeepaliveAlive)), ""},
		{"keepalive-chatty", "every 75 s", clean(1, leftOpen(0), prober(record.KeepaliveRecord{Probes: 50, Answered: 50, Interval: record.Some(75 * second)}, record.KeepaliveAlive)), ""},
		{"keepalive-chatty", "unanswered ones come fast", clean(1, leftOpen(0), prober(record.KeepaliveRecord{Probes: 50, Unanswered: 50, Interval: record.Some(second)}, record.KeepaliveDead)), ""},

		{"idle-timeout", "350 s: one of 340 s lived, those of 400 s died", append(clean(4, rested(400*second, record.IdleUnanswered)), clean(1, answered(340*second))...), "warning likely"},
		{"idle-timeout", "no known limit: one of 100 s lived, those of 130 s died", append(clean(4, rested(130*second, record.IdleReset)), clean(1, answered(100*second))...), "warning likely"},
		{"idle-timeout", "the application's own timer: RST,ACK", clean(4, rested(240*second, record.IdleEnded), appReset), ""},
		{"reset-injected", "a NAT gateway that forgot answers: idle-timeout", clean(4, rested(400*second, record.IdleReset), boxReset), ""},
		{"idle-timeout", "nothing tells how long one may live", clean(4, rested(400*second, record.IdleReset)), "warning possible"},
		{"idle-timeout", "one client, behind a NAT, and many servers", scattered(rested(400*second, record.IdleUnanswered)), "warning possible"},
		{"idle-timeout", "a client behind a NAT, while others live on", append(clean(4, rested(400*second, record.IdleUnanswered)), clean(3, answered(5000*second), from(numbered(9, 5000)))...), "warning possible"},
		{"keepalive-missing", "one client, behind a NAT, and many servers", scattered(rested(400*second, record.IdleUnanswered)), ""},
		{"idle-timeout", "longer ones lived: no limit", append(clean(4, rested(400*second, record.IdleUnanswered)), clean(1, answered(5000*second))...), ""},
		{"idle-timeout", "one only", clean(1, rested(400*second, record.IdleUnanswered)), ""},
		{"idle-timeout", "RSTs after 240 s each", clean(4, rested(240*second, record.IdleEnded)), "warning likely"},
		{"idle-timeout", "RSTs at all times: people", clean(4, spread), ""},
		{"idle-timeout", "all lived", clean(4, answered(5000*second)), ""},
		{"idle-timeout", "one direction only", clean(4, rested(400*second, record.IdleUnanswered), oneWay), ""},
		{"idle-race", "requests met the FIN of an idle limit", append(clean(8, idleFIN(5*second)), clean(2, idleFIN(5*second), requestMet(300))...), "warning likely"},
		{"idle-race", "one request met a FIN, no limit is known", clean(1, idleFIN(5*second), requestMet(300)), "notice possible"},
		{"idle-race", "a FIN that a TLS close_notify met", append(clean(8, idleFIN(5*second)), clean(2, idleFIN(5*second), requestMet(31))...), ""},
		{"idle-race", "the server closed while it was answering", clean(2, idleFIN(millisecond), requestMet(300)), ""},
		{"idle-race", "an idle limit that harms nobody", clean(8, idleFIN(5*second)), ""},
		{"reset-late-data", "requests met the FIN of an idle limit: idle-race", clean(2, idleFIN(5*second), requestMet(300)), ""},
		{"keepalive-missing", "one died", clean(1, rested(400*second, record.IdleUnanswered)), "notice likely"},
		{"keepalive-missing", "longer ones lived", append(clean(4, rested(400*second, record.IdleReset)), clean(1, answered(5000*second))...), "notice likely"},
		{"keepalive-missing", "a limit explains it: idle-timeout", clean(4, rested(400*second, record.IdleUnanswered)), ""},
		{"keepalive-missing", "the application reset it", clean(1, rested(400*second, record.IdleReset), appReset), ""},
		{"keepalive-missing", "a FIN met the RST", clean(1, rested(400*second, record.IdleReset), fin), ""},
		{"keepalive-missing", "probes found out", clean(1, rested(400*second, record.IdleUnanswered), prober(dead, record.KeepaliveDead)), ""},
		{"keepalive-missing", "a short rest", clean(1, rested(40*second, record.IdleUnanswered)), ""},
		{"reset-forgotten", "at rest: not counted here", clean(1, rested(400*second, record.IdleReset)), ""},
		{"reset-forgotten", "busy", clean(1, rested(400*second, record.IdleReset), func(r *record.Record) { r.Idle = record.IdleRecord{} }), "notice likely"},
	}
}

// What went on after long idle times is cited, the longest of them: the claim is to be checked.
func TestIdleLimitCitesWhatWentOn(t *testing.T) {
	all := clean(4, rested(400*second, record.IdleUnanswered))
	for i, gap := range []int64{100, 263, 263, 90} {
		all = append(all, made(uint64(1001+100*i), answered(gap*second)))
	}
	found := findingsOf(t, "idle-timeout", nil, all...)
	const want = "4 other connections went on, the longest after 263 s of idle time: then came the answer in packet 11027 of #11010."
	if len(found) != 1 || !strings.Contains(found[0].Explanation, want) {
		t.Errorf("%+v", found)
	}
}

// What an idle limit cites is the RST that answered, and where nothing did what was asked.
func TestIdleLimitCitesTheAnswer(t *testing.T) {
	for outcome, want := range map[record.IdleOutcome]uint64{record.IdleReset: 18, record.IdleUnanswered: 17} {
		found := findingsOf(t, "idle-timeout", nil, clean(4, rested(400*second, outcome), func(r *record.Record) { r.Idle.Packet, r.Close.ResetPacket = 17, 18 })...)
		if len(found) != 1 || len(found[0].Packets) == 0 || found[0].Packets[0] != want {
			t.Errorf("%v: %+v", outcome, found)
		}
	}
}
