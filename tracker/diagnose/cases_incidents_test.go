package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// waitedFor lets the opener close so long after its request, which is answered by so many
// bytes behind that.
func waitedFor(wait int64, late uint64) func(r *record.Record) {
	return func(r *record.Record) {
		r.Exchanges = record.ExchangesRecord{N: 1, Timed: 1, Max: wait + second, Left: record.Some(wait)}
		reset(record.Orig, record.ResetLateData)(r)
		r.Close.BytesAfterFIN, r.Close.FINPacket[record.Orig] = record.Some(late), r.ID+4
		r.Close.First, r.Close.FINTime[record.Orig] = record.Orig, record.Some(r.Start+second/4)
	}
}

// halfClosing lets the opener's FIN follow its request at once, and so many bytes answer it.
func halfClosing(answer uint64) func(r *record.Record) {
	return func(r *record.Record) {
		r.Exchanges.Left = record.Some(millisecond)
		x := &r.Ends[record.Resp]
		x.SeenBytes, x.WireBytes, x.Bytes = answer, answer, record.Some(answer)
		r.Close.BytesAfterFIN = record.Some(answer)
	}
}

// unheardSince lets the opener repeat its data into silence from so long after the begin of
// all on.
func unheardSince(since int64) func(r *record.Record) {
	return func(r *record.Record) {
		leftOpen(second)(r)
		r.End = at + since + 2*second
		r.Ends[record.Orig].Retx, r.Ends[record.Orig].RetxRTO = 4, 4
		r.Path[record.Orig].Unacked, r.Path[record.Orig].UnackedTimes = at+since, 5
	}
}

// neverAnswered lets a connection be open when the capture begins, and the client send so many
// bytes so often while nothing comes from the server.
func neverAnswered(bytes uint64, times uint16) func(r *record.Record) {
	return func(r *record.Record) {
		unheardSince(2 * second)(r)
		r.Open = record.OpenRecord{Kind: record.OpenMidstream}
		r.Capture.Midstream, r.Capture.OneWay = true, true
		r.Ends[record.Resp] = record.EndRecord{}
		x := &r.Ends[record.Orig]
		x.Packets, x.SeenBytes, x.WireBytes = uint64(times), bytes, bytes*uint64(times)
		r.Path[record.Orig].UnackedTimes = times
	}
}

// silentFrom lets the listener send nothing but its SYN/ACK.
func silentFrom(r *record.Record) {
	r.Ends[record.Resp].Packets, r.Ends[record.Resp].SeenBytes, r.Ends[record.Resp].WireBytes = uint64(r.Open.SYNACKs), 0, 0
}

// after lets connections begin so much later.
func after(ns int64) func(r *record.Record) {
	return func(r *record.Record) { r.Start, r.End, r.ID = r.Start+ns, r.End+ns, r.ID+1000 }
}

// diedAt lets the listener reset a connection at an age.
func diedAt(age int64) func(r *record.Record) {
	return func(r *record.Record) {
		reset(record.Resp, record.ResetUnreadData)(r)
		r.End = r.Start + age
		r.Close.ResetTime, r.Close.ResetQuiet = record.Some(r.End), 100*millisecond
		r.Exchanges.N = 5 + uint32(r.ID/10%2)
	}
}

// diedAtMoment lets the listener reset connections of any age at one moment.
func diedAtMoment(ns int64) func(r *record.Record) {
	return func(r *record.Record) { diedAt(at + ns - r.Start)(r) }
}

// headlessAnswer lets of an answer only the last, small part come.
func headlessAnswer(missing uint32) func(r *record.Record) {
	return func(r *record.Record) {
		leftOpen(3 * second)(r)
		x := &r.Ends[record.Resp]
		x.SeenBytes, x.WireBytes = 900, 900
		r.Path[record.Resp].Hole = missing
	}
}

func incidentSituations() []situation {
	loop := func(r *record.Record) { failed(record.OpenNoAnswer, 3)(r); r.Capture.HopsLost = 60 }
	// waiting lets the input end while an answer may still come.
	waiting := func(r *record.Record) { failed(record.OpenNoAnswer, 2)(r); r.Unfinished, r.Silent = true, second/2 }
	lone := func(silent int64) func(r *record.Record) {
		return func(r *record.Record) { failed(record.OpenNoAnswer, 1)(r); r.Unfinished, r.Silent = true, silent }
	}
	waitingLoop := func(r *record.Record) { waiting(r); r.Capture.HopsLost = 60 }
	signed := func(r *record.Record) { failed(record.OpenNoAnswer, 3)(r); r.Open.Signed = true }
	late := func(wait int64) func(r *record.Record) { return waitedFor(wait, 500) }
	cutAll := append(clean(3, unheardSince(2*second)), clean(3, failed(record.OpenNoAnswer, 3), after(3*second))...)
	return []situation{
		{"gave-up-waiting", "all waited equally long", clean(6, late(2*second)), "notice likely"},
		{"gave-up-waiting", "many waited equally long", clean(20, late(2*second)), "warning likely"},
		{"gave-up-waiting", "each waited for another time", clean(6, func(r *record.Record) { late(int64(r.ID) * 100 * millisecond)(r) }), "notice possible"},
		{"gave-up-waiting", "the answer had come before", clean(6), ""},
		{"gave-up-waiting", "closed at once", clean(6, late(10*millisecond)), ""},
		{"gave-up-waiting", "a parting word came late", clean(6, waitedFor(2*second, 31)), ""},
		{"reset-late-data", "the client gave up: told once", clean(6, late(2*second)), ""},
		{"half-close-unkept", "those that half-close get nothing", append(clean(6, halfClosing(0)), clean(6)...), "notice possible"},
		{"half-close-unkept", "those that half-close get an answer", append(clean(6, halfClosing(500)), clean(6)...), ""},
		{"half-close-unkept", "one of those that half-close gets an answer", append(append(clean(6, halfClosing(0)), clean(1, halfClosing(500))...), clean(6)...), ""},
		{"half-close-unkept", "nobody gets an answer", append(clean(6, halfClosing(0)), clean(6, func(r *record.Record) { r.Ends[record.Resp].SeenBytes = 0 })...), ""},
		{"half-close-unkept", "too few to tell", append(clean(3, halfClosing(0)), clean(20)...), ""},
		{"fell-silent", "new connections are served meanwhile", append(clean(3, unheardSince(2*second)), clean(4, after(3*second))...), "warning likely"},
		{"fell-silent", "new connections get no answer either: no-answer tells it", cutAll, ""},
		{"fell-silent", "nothing began meanwhile", clean(3, unheardSince(2*second)), "warning possible"},
		{"fell-silent", "one, and nothing began meanwhile", clean(1, unheardSince(2*second)), "notice possible"},
		{"fell-silent", "open when the capture began, only the sender seen, others are served", append(clean(3, neverAnswered(100, 5)), clean(4, after(3*second))...), "warning likely"},
		{"fell-silent", "the same, and it sends something new: the other direction is not captured", append(clean(3, neverAnswered(100, 5), func(r *record.Record) { r.Ends[record.Orig].WireBytes++ }), clean(4, after(3*second))...), ""},
		{"fell-silent", "the same with a single byte: a probe", append(clean(3, neverAnswered(1, 5)), clean(4, after(3*second))...), ""},
		{"fell-silent", "the same, and the capture has its SYN", append(clean(3, neverAnswered(100, 5), func(r *record.Record) { r.Open.Kind = record.OpenHandshake }), clean(4, after(3*second))...), ""},
		{"fell-silent", "what is missing was sent once", clean(3, unheardSince(2*second), func(r *record.Record) { r.Path[record.Orig].UnackedTimes = 1 }), ""},
		{"fell-silent", "it never heard data, others are served", append(clean(3, unheardSince(2*second), silentFrom), clean(4, after(3*second))...), "warning possible"},
		{"fell-silent", "open and at rest", clean(3, leftOpen(10*second)), ""},
		{"fell-silent", "what arrives is thrown away", append(clean(3, unheardSince(2*second), func(r *record.Record) { r.Ends[record.Orig].PAWSRefused = 4 }), clean(4, after(3*second))...), ""},
		{"fell-silent", "the other end goes on sending", clean(3, unheardSince(2*second), func(r *record.Record) { r.Path[record.Orig].Stuck.Heard = true }), ""},
		{"no-answer", "they go round in a loop", clean(3, loop), "warning proven"},
		{"no-answer", "they go round in a loop, and the input ends at once", clean(3, waitingLoop), "warning proven"},
		{"no-answer", "an answer may still come", clean(3, waiting), ""},
		{"no-answer", "one SYN, which is about to come again", clean(3, lone(1097*millisecond)), ""},
		{"no-answer", "one SYN, which should have come again", clean(3, lone(1500*millisecond)), "warning possible"},
		{"no-answer", "their SYNs are signed", clean(3, signed), "warning possible"},
		{"mtu-black-hole", "only the small rest of three answers came", clean(3, headlessAnswer(2896)), "warning possible"},
		{"mtu-black-hole", "only the small rest of one answer came", clean(1, headlessAnswer(2896)), ""},
		{"mtu-black-hole", "what is missing is small", clean(3, headlessAnswer(400)), ""},
	}
}

// That a RST came behind its sender's own FIN does not say that the other end had not closed.
func TestBehindOwnFIN(t *testing.T) {
	both := clean(1, diedAt(2*second), func(r *record.Record) {
		c := &r.Close
		c.ResetCause = record.ResetAbort
		c.FINTime = [2]record.Opt[int64]{record.Some(c.ResetTime.V - 2*millisecond), record.Some(c.ResetTime.V - millisecond)}
	})
	found := findingsOf(t, "reset-abort", nil, both...)
	if len(found) != 1 || found[0].Severity != Info || !strings.Contains(found[0].Explanation, "misses nothing") || strings.Contains(found[0].Explanation, "before the other end") {
		t.Errorf("%v: %+v", titles(found), found)
	}
}

// A finding says in its title and its first cause what ends the search.
func TestIncidentTexts(t *testing.T) {
	refused := func(which string) (all []*record.Record) {
		for i := range uint64(18) {
			r := made(i + 1)
			if which[i] == 'x' {
				r = made(i+1, failed(record.OpenRefused, 1))
			}
			all = append(all, r)
		}
		return all
	}
	unreachableBy := func(kind, code uint8) []*record.Record {
		return clean(3, func(r *record.Record) {
			failed(record.OpenUnreachable, 1)(r)
			r.Open.Answer.Type, r.Open.Answer.Code = kind, code
		})
	}
	full := func(spoke bool) []*record.Record {
		return clean(4, func(r *record.Record) {
			reset(record.Resp, record.ResetAbort)(r)
			x := &r.Ends[record.Resp]
			x.ZeroWindowList = []record.ZeroWindowEpisode{{EndedBy: record.ZeroWindowReset}}
			if !spoke {
				x.SeenBytes = 0
			}
		})
	}
	for _, x := range []struct {
		name, detector string
		records        []*record.Record
		title, cause   string
	}{
		{"one of several targets", "refused", refused("..x..x..x..x..x..x"), "as every third connection", "dealt out in turn to several targets"},
		{"one of several targets, at random", "refused", refused(".x...x.x..x.x..x.."), "one here and one there", "an address of several targets"},
		{"every third, with the turn once missed", "refused", refused("..x..x..x.x..x..x."), "one here and one there", "an address of several targets"},
		{"a restart", "refused", refused("......xxxxxx......"), "all of them in one stretch of 700 ms", "the service was down for at most 700 ms"},
		{"a loop", "unreachable", unreachableBy(11, 0), "unreachable", "a routing loop"},
		{"no such host", "unreachable", unreachableBy(3, 1), "unreachable", "nobody has that address"},
		{"a rule", "unreachable", unreachableBy(3, 13), "unreachable", "a firewall rejects"},
		{"a limit of age", "reset-unread", clean(5, diedAt(2*second)), "each at an age of 2 s", "ends each connection after 2 s"},
		{"a restart that resets", "reset-unread", clean(12, diedAtMoment(3*second)), "all within 1 ms", "went down at that moment"},
		{"a limit of requests, or of age", "reset-unread", clean(5, diedAt(2*second), func(r *record.Record) { r.Exchanges.N = 5 }), "each at an age of 2 s and after 5 requests", "a limit of 5 requests"},
		{"each does the same work", "reset-unread", clean(5, diedAt(2*second), func(r *record.Record) { r.Exchanges.N = 1 }), "in answer to data", "failed at that data"},
		{"neither", "reset-unread", clean(5, func(r *record.Record) { diedAt(int64(r.ID) * 100 * millisecond)(r) }), "in answer to data", "failed at that data"},
		{"an idle limit", "reset-unread", clean(5, diedAt(2*second), func(r *record.Record) { r.Close.ResetQuiet = 2 * second }), "in answer to data", "failed at that data"},
		{"more of the request was under way", "reset-unread", clean(1, diedAt(2*second), func(r *record.Record) { r.Close.Crossed = true }), "in answer to data", "the application answers early"},
		{"the client had closed", "reset-unread", clean(1, diedAt(2*second), func(r *record.Record) { r.Close.ResetIn = record.CloseWait }), "in place of the second FIN", "what the other end has closed"},
		{"behind its own FIN", "reset-abort", clean(1, diedAt(2*second), func(r *record.Record) {
			r.Close.ResetCause, r.Close.FINTime[record.Resp] = record.ResetAbort, record.Some(r.Close.ResetTime.V-millisecond)
		}), "behind its sender's own FIN", "closed with data unread"},
		{"behind its own FIN, and the client went on", "reset-abort", clean(1, diedAt(2*second), func(r *record.Record) {
			r.Close.ResetCause, r.Close.FINTime[record.Resp] = record.ResetAbort, record.Some(r.Close.ResetTime.V-millisecond)
			r.Ends[record.Orig].LastSent = r.Close.ResetTime.V + 2*second
		}), "behind its sender's own FIN, sent as", "closed with data unread"},
		{"a SYN of a system", "abandoned", clean(1, failed(record.OpenAborted, 1)), "gave up", "connect timeout"},
		{"a SYN that a program made", "abandoned", clean(1, failed(record.OpenAborted, 1), bareSYN), "reset", "made the SYNs itself"},
		{"a raw socket within one host", "reset-forgotten", clean(1, reset(record.Resp, record.ResetUnknown), func(r *record.Record) { r.Orig.Addr, r.Close.ResetQuiet = r.Resp.Addr, 300*second }), "did not know it", "restarted"},
		{"an answer before the request was read", "reset-abort", full(true), "with data unread", "answers early"},
		{"killed in an upload", "reset-abort", full(false), "with data unread", "was killed"},
		{"a timeout", "gave-up-waiting", clean(6, waitedFor(2*second, 500)), "ended by a timeout of the client", "a timeout of 2 s"},
		{"one wait, with nothing to compare it with", "gave-up-waiting", clean(1, waitedFor(2*second, 500)), "the only connection", "one wait alone"},
		{"no data gets through", "fell-silent", append(clean(3, unheardSince(2*second), silentFrom), clean(4, after(3*second))...), "acknowledged nothing of the data sent on 3 connections from", "drops segments with data"},
		{"it answered one of them before", "fell-silent", append(append(clean(2, unheardSince(2*second), silentFrom), clean(1, unheardSince(2*second), after(second))...), clean(4, after(3*second))...), "serves 4 new ones", "another host took over the address"},
		{"data of a client is dropped, on connections opened since too", "fell-silent", append(clean(2, unheardSince(2*second), from(numbered(9, 1))), append(clean(2, unheardSince(7*second), silentFrom, from(numbered(9, 2)), after(4*second)),
			clean(4, after(5*second))...)...), "handshakes pass, data does not", "drops segments with data"},
		{"one client, and only others are served", "fell-silent", append(clean(3, unheardSince(2*second), from(numbered(9, 1))), clean(4, after(3*second))...), "and serves 4 new ones of others", "of that client alone drops"},
		{"several clients, others are served", "fell-silent", append(append(clean(2, unheardSince(2*second), from(numbered(9, 1))), clean(1, unheardSince(2*second), from(numbered(8, 1)))...), clean(4, after(3*second))...), "the older ones are forgotten", "another host took over the address"},
		{"a failover", "fell-silent", append(clean(3, unheardSince(2*second)), clean(4, after(3*second))...), "serves 4 new ones", "another host took over the address"},
	} {
		found := findingsOf(t, x.detector, nil, x.records...)
		if len(found) != 1 || len(found[0].Causes) == 0 {
			t.Errorf("%s: %d findings: %v", x.name, len(found), titles(found))
			continue
		}
		if f := &found[0]; !strings.Contains(f.Title, x.title) || !strings.Contains(f.Causes[0], x.cause) {
			t.Errorf("%s: %q, first cause %q; want %q and %q", x.name, f.Title, f.Causes[0], x.title, x.cause)
		}
	}
}

// Where the way is cut, what open connections and new attempts meet is told once.
func TestOneFindingOfACutWay(t *testing.T) {
	all := append(clean(3, unheardSince(2*second)), clean(3, failed(record.OpenNoAnswer, 3), after(3*second))...)
	found := findingsOf(t, "no-answer,fell-silent", nil, all...)
	if len(found) != 1 || found[0].Detector != "no-answer" {
		t.Errorf("%d findings: %v", len(found), titles(found))
	}
}

// Connections whose data never gets through are one finding, though the sender of the older ones
// has long been repeating and that of the newer ones has not.
func TestOneFindingOfDataThatDoesNotGetThrough(t *testing.T) {
	old := clean(2, unheardSince(2*second), silentFrom, func(r *record.Record) {
		r.Close.Kind, r.Path[record.Orig].NoneTaken, r.Silent = record.CloseTimedOut, true, 100*second
	})
	all := append(append(old, clean(3, unheardSince(2*second), silentFrom, after(90*second))...), clean(4, after(91*second))...)
	for _, x := range []struct {
		records []*record.Record
		says    string
	}{
		{all, "on 2 connections the repeats stopped, but nothing of TCP was captured for 86 s behind the last"},
		{append(all, made(300, to(point("10.0.0.3:80")))), "on 2 connections the sender stopped too"},
	} {
		found := findingsOf(t, "vanished,fell-silent", nil, x.records...)
		if len(found) != 1 || found[0].Detector != "fell-silent" || found[0].Count != 5 || !strings.Contains(found[0].Explanation, x.says) {
			t.Errorf("%d findings: %v %+v", len(found), titles(found), found)
		}
	}
}

// A client whose data nobody acknowledges, and to which the server then sends its FIN, has not left
// the connection in CLOSE-WAIT: its own FIN may stand behind that data.
func TestNoCloseWaitBehindUnheardData(t *testing.T) {
	all := clean(12, unheardSince(2*second), silentFrom, func(r *record.Record) {
		r.Path[record.Orig].NoneTaken, r.Ends[record.Resp].Packets = true, r.Ends[record.Resp].Packets+1
		r.Close.Kind, r.Close.First, r.Close.FINs[record.Resp], r.Close.FINPacket[record.Resp] = record.CloseHalfClosed, record.Resp, 1, r.ID+9
		r.Close.FINAcked[record.Resp] = record.Some(r.End)
		r.Silent = 100 * second
	})
	found := findingsOf(t, "close-wait,fin-wait-2,fell-silent,vanished", nil, all...)
	if len(found) != 1 || found[0].Detector != "fell-silent" || found[0].Count != 12 {
		t.Errorf("%v", titles(found))
	}
	if r := all[0]; LeftOpen(r, record.Orig) || !Unheard(r, record.Resp) {
		t.Error("the client is told to have left it open")
	}
	if r := made(1, halfClosed(100*second)); !LeftOpen(r, record.Resp) && !LeftOpen(r, record.Orig) {
		t.Error("nobody left it open")
	}
}

// What the other end shows of a leak is named under it.
func TestLeakExplainsFinWait2(t *testing.T) {
	probed := func(r *record.Record) {
		r.Keepalive[record.Orig] = record.KeepaliveRecord{Probes: 3, Answered: 3, Last: r.Close.FINAcked[record.Orig].V + 300*second}
	}
	all := clean(12, halfClosed(600*second), probed)
	if found := findingsOf(t, "fin-wait-2", nil, all...); len(found) != 1 {
		t.Fatalf("%v", titles(found))
	}
	found := findingsOf(t, "close-wait,fin-wait-2", nil, all...)
	if len(found) != 1 || found[0].Detector != "close-wait" || !strings.Contains(found[0].Explanation, "in FIN-WAIT-2") {
		t.Errorf("%v", titles(found))
	}
}
