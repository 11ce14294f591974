package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// What is told of a RST and its causes is no more than its connections show: each claim beside what looks alike and lacks its sign.
func TestResetClaims(t *testing.T) {
	orig, resp := record.Orig, record.Resp
	abort := reset(orig, record.ResetAbort)
	vain := func(ns, bore int64) func(r *record.Record) {
		return func(r *record.Record) {
			r.Exchanges.Left = record.Some(ns)
			if bore > 0 {
				r.Exchanges.Timed, r.Exchanges.Max = 1, bore
			}
		}
	}
	lastGot := func(ns int64) func(r *record.Record) {
		return func(r *record.Record) { r.Close.ResetAfter = ns }
	}
	finOf := func(e record.End, acked bool) func(r *record.Record) {
		return func(r *record.Record) {
			r.Close.FINTime[e] = record.Some(r.Close.ResetTime.V - millisecond)
			if acked {
				r.Close.FINAcked[e] = record.Some(r.Close.ResetTime.V + millisecond)
			}
		}
	}
	local := func(r *record.Record) { r.Orig.Addr = r.Resp.Addr }
	plain := func(r *record.Record) {
		r.Ends[orig].SACK, r.Ends[orig].MSS = record.Some(false), record.Opt[uint16]{}
	}
	again := func(times uint16) func(r *record.Record) {
		return func(r *record.Record) {
			r.Path[orig].UnackedTimes, r.Path[orig].Unacked = times, r.Close.ResetTime.V-30*second
		}
	}
	soon := func(r *record.Record) { r.Path[orig].Unacked = r.Close.ResetTime.V - 450*millisecond }
	inPlace := func(r *record.Record) { r.Close.ResetIn = record.CloseWait }
	apart := func(r *record.Record) { r.Close.ResetTime.V += int64(r.ID) * second }
	atOnce := func(r *record.Record) { r.Close.ResetTime = record.Some(at + 10*second) }
	behindFIN := func(ns int64) func(r *record.Record) {
		return func(r *record.Record) { afterFIN(ns, 0)(r); r.Close.First = record.NoEnd }
	}
	ofOwnTCP := func(r *record.Record) { r.Close.ResetOdd |= record.OwnStack }
	last := func(own, other int64) func(r *record.Record) {
		return func(r *record.Record) { r.Close.ResetQuiet, r.Close.ResetAfter = own, other }
	}
	missed := func(bytes uint64) func(r *record.Record) {
		return func(r *record.Record) { r.Close.Missed = bytes }
	}
	unseen := func(r *record.Record) { r.Ends[orig] = record.EndRecord{} }
	otherTTL := func(r *record.Record) {
		r.Close.Kind, r.Close.ResetTTL, r.Close.ResetOdd = record.CloseNormal, record.Some(uint8(250)), record.OddTTL
	}
	after := func(r *record.Record) { r.Close.Kind = record.CloseNormal }
	answer := func(segments uint32, after int64) func(r *record.Record) {
		return func(r *record.Record) {
			r.Close.DataLast, r.Close.ResetAfter, r.Ends[resp].DataSegments = true, after, segments
		}
	}
	goodbye := func(r *record.Record) { r.Close.Goodbye = true }
	midstream := func(r *record.Record) { r.Open.Kind, r.Capture.Midstream = record.OpenMidstream, true }
	underWay := func(r *record.Record) { r.Close.Crossed = true }
	bareAfter := func(rsts uint32) func(r *record.Record) {
		return func(r *record.Record) { r.Close.ResetAfter, r.Close.RSTs[resp] = 2*second, rsts }
	}
	forgotten := func(r *record.Record) { r.Close.ResetQuiet = 5 * second }
	wentOn := func(r *record.Record) { r.End += 30 * second; r.Ends[orig].LastSent = r.End }
	late := func(unheard, behind uint64) func(r *record.Record) {
		return func(r *record.Record) { r.Close.Unheard, r.Close.BytesAfterFIN = unheard, record.Some(behind) }
	}
	two := func(a, b []*record.Record) []*record.Record {
		for i, r := range b {
			r.ID, r.Orig.Port = r.ID+uint64(1000+10*i), r.Orig.Port+1000
		}
		return append(a, b...)
	}
	for _, c := range []struct {
		detector, name string
		records        []*record.Record
		says, silent   string // of the finding's title, text, causes and their order
	}{
		{"reset-abort", "one waited in vain", clean(1, abort, vain(10*second, 0)), "a timer for idle connections or sessions", "fits best"},
		{"reset-abort", "three waited equally long", same(3, abort, vain(10*second, 0)), "fits best, because all waited equally long", ""},
		{"reset-abort", "three, and had borne longer", same(3, abort, vain(10*second, 20*second)), "It had waited longer for an answer before, and got it.", "fits best"},
		{"reset-abort", "three, and had borne less", same(3, abort, vain(10*second, 2*second)), "fits best, because all waited equally long", "waited longer"},
		{"reset-abort", "one long after data", clean(1, abort, lastGot(4*second)), "a timer of its own, for idle connections or for sessions", "fits best"},
		{"reset-abort", "three equally long after data", same(3, abort, lastGot(4*second)), "fits best, because all came equally long after the other end's last segment, 4 s", ""},
		{"reset-abort", "one long after data, as it had borne", clean(1, abort, lastGot(4*second), func(r *record.Record) { r.Exchanges.Timed, r.Exchanges.Max = 1, 9*second }), "somebody cancelled", "a timer"},
		{"reset-abort", "without ACK", clean(1, reset(orig, record.ResetUnknown), local), "The RST has no ACK", "SO_LINGER to 0"},
		{"reset-abort", "with ACK", clean(1, abort, local), "SO_LINGER to 0", "no ACK"},
		{"reset-abort", "no MSS in the SYN", clean(1, abort, plain), "fits best, because the SYN has no MSS", ""},
		{"reset-abort", "the options of the SYN were not read", clean(1, abort, plain, func(r *record.Record) { r.Ends[orig].SACK.OK = false }), "SO_LINGER", "raw socket"},
		{"reset-abort", "its data was never acknowledged", clean(1, abort, again(5)), "fits best, because that data was never acknowledged", ""},
		{"reset-abort", "its data had been sent twice", clean(1, abort, again(2)), "SO_LINGER", "its own data"},
		{"reset-abort", "never acknowledged, of an answer in vain", clean(1, abort, vain(10*second, 0), again(5)), "fits best, because that data was sent again and again", ""},
		{"reset-abort", "on one of two", two(clean(1, abort, again(5)), clean(1, abort)), "On 1 its own data had been sent again and again", "fits best"},
		{"reset-abort", "at the first data of the server", clean(1, abort, answer(1, 0)), "another protocol (TLS to a port without it", "fits best"},
		{"reset-abort", "at later data", clean(1, abort, answer(2, 0)), "it may have read it and be done", "another protocol"},
		{"reset-abort", "some time after the first data", clean(1, abort, answer(1, 100*millisecond)), "it may have read it and be done", "another protocol"},
		{"reset-abort", "its data was not acknowledged for a moment", clean(1, abort, again(3), soon), "450 ms is too short for a limit of repeats", "fits best"},
		{"reset-abort", "over data that nobody acknowledged", clean(1, abort, again(5)), "aborted over data that nobody had acknowledged for 30 s", "SO_LINGER, "},
		{"reset-abort", "both in place of the second FIN, one after a goodbye", two(clean(1, abort, inPlace, goodbye, finOf(resp, true)), clean(1, abort, inPlace, finOf(resp, true))), "ended by a RST in place of the second FIN", "while open"},
		{"reset-abort", "one behind its own FIN, one in place of the second", two(clean(1, abort, finOf(orig, true)), clean(1, abort, finOf(resp, true), inPlace)), "ended by a RST once an end had closed", "while open"},
		{"reset-abort", "one of three at one moment after a goodbye", two(same(2, abort, atOnce), clean(1, abort, atOnce, goodbye)), "ended by a RST at one moment, once all was said", "while open"},
		{"reset-abort", "one of three after a goodbye, each at its time", two(same(2, abort, apart), clean(1, abort, goodbye)), "ended by a RST, 2 of them while open", "at one moment"},
		{"reset-abort", "right behind its own FIN", clean(1, reset(resp, record.ResetAbort), behindFIN(millisecond/10)), "fits best, because the RST came right behind its FIN", ""},
		{"reset-abort", "some time behind its own FIN", clean(1, reset(resp, record.ResetAbort), behindFIN(100*millisecond)), "its application ended right after the close", "fits best"},
		{"reset-bare", "of its sender's own TCP, right behind its data", clean(1, reset(orig, record.ResetUnknown), ofOwnTCP, last(0, 20*millisecond)), "that its sender's own TCP sent: the client", "middlebox"},
		{"reset-bare", "of its sender's own TCP, right behind what came", clean(1, reset(orig, record.ResetUnknown), ofOwnTCP, last(20*millisecond, 0)), "a host that has no such socket any more answers a segment so", "fits best"},
		{"reset-bare", "of nobody knows whom, right behind data", clean(1, reset(orig, record.ResetUnknown), last(0, 20*millisecond)), "no socket there, or a middlebox", "own TCP sent"},
		{"reset-abort", "more RSTs came another way", clean(1, abort, func(r *record.Record) { r.Close.ResetOdd |= record.Joined }), "answers for it once it is gone", ""},
		{"reset-harmless", "of another device", clean(1, reset(resp, record.ResetAfterClose), otherTTL), "another device sent it in that end's name", ""},
		{"reset-harmless", "of the end itself", clean(1, reset(resp, record.ResetAfterClose), after), "nothing was lost", "another device"},
		{"reset-late-data", "nothing of the other end was captured", clean(1, reset(resp, record.ResetLateData), behindFIN(millisecond), unseen), "got something after the close", "without data"},
		{"reset-late-data", "an answer on one of two", two(clean(1, reset(orig, record.ResetLateData), late(31, 0), behindFIN(millisecond)), clean(1, reset(orig, record.ResetLateData), late(4000, 0), behindFIN(millisecond))), "1 of them lost more than a parting word", "All 2 connections to 10.0.0.2:80 got data"},
		{"reset-late-data", "an answer that passed long before", clean(1, reset(orig, record.ResetLateData), late(0, 0), missed(3907), behindFIN(millisecond)), "3,907 bytes had passed the capture point half a second or more before the FIN", "Nothing is lost"},
		{"reset-late-data", "nothing passed long before", clean(1, reset(orig, record.ResetLateData), late(0, 0), behindFIN(millisecond)), "Nothing is lost by it", "had passed"},
		{"reset-abort", "two of four after a goodbye", two(same(2, abort, apart), same(2, abort, goodbye, apart)), "All 4 connections to 10.0.0.2:80 ended by a RST, 2 of them while open", "aborted: "},
		{"reset-abort", "one of two after the other end's FIN", two(clean(1, abort), clean(1, abort, finOf(resp, true))), "ended by a RST, 1 of them while open", "aborted: "},
		{"reset-abort", "all after a goodbye", same(2, abort, goodbye), "ended by a RST once all was said", "while the connection was open"},
		{"reset-abort", "no SYN captured", clean(1, abort, midstream), "which end is the client is a guess", ""},
		{"reset-abort", "the SYN captured", clean(1, abort), "aborted", "is a guess"},
		{"reset-unread", "more was under way", clean(1, reset(resp, record.ResetUnreadData), underWay), "while more of it was under way", ""},
		{"reset-unread", "the client had closed", clean(1, reset(resp, record.ResetUnreadData), underWay, finOf(orig, false)), "in answer to the client's close", "while more of it"},
		{"reset-bare", "one that answers nothing", clean(1, reset(resp, record.ResetUnknown), bareAfter(1)), "answers nothing", "more RST"},
		{"reset-bare", "the first of several", clean(1, reset(resp, record.ResetUnknown), bareAfter(9)), "8 more RSTs in its name", "answers nothing"},
		{"reset-forgotten", "the other end went on", clean(1, reset(resp, record.ResetUnknown), forgotten, wentOn), "The other end went on after it for 30.5 s", ""},
		{"reset-forgotten", "it did not", clean(1, reset(resp, record.ResetUnknown), forgotten), "no longer knew", "went on"},
		{"reset-late-data", "some behind the ACK of the FIN", clean(1, reset(orig, record.ResetLateData), late(17_376, 1448), finOf(orig, true)), "17,376 bytes of the other end were never acknowledged, 1,448 of them sent behind the ACK of the FIN. No ACK of that FIN came before: what came before that ACK was under way", "what came too late"},
		{"reset-late-data", "all before it", clean(1, reset(orig, record.ResetLateData), late(17_376, 0), finOf(orig, true)), "17,376 bytes of the other end had not been acknowledged before the RST. No ACK of that FIN came before: what came too late was", "sent behind"},
	} {
		found := findingsOf(t, c.detector, nil, c.records...)
		if len(found) != 1 {
			t.Errorf("%s, %s: %q", c.detector, c.name, titles(found))
			continue
		}
		f := &found[0]
		text := f.Title + " " + f.Explanation + " " + f.CauseWord() + ": " + strings.Join(f.Causes, "; ")
		if !strings.Contains(text, c.says) || c.silent != "" && strings.Contains(text, c.silent) {
			t.Errorf("%s, %s: %q; want %q and not %q", c.detector, c.name, text, c.says, c.silent)
		}
	}
}

// A client that gave up on data which one server never acknowledged is told of beside its habit towards others, not among them.
func TestGivingUpIsNoHabit(t *testing.T) {
	abort := reset(record.Orig, record.ResetAbort)
	toThree := func(i int) *record.Record {
		return made(uint64(i+1), abort, from(numbered(1, uint16(40000+i))), to(numbered(100+i, 80)))
	}
	gaveUp := made(9, abort, to(numbered(200, 80)), func(r *record.Record) {
		r.Path[record.Orig].UnackedTimes, r.Path[record.Orig].Unacked = 5, r.Close.ResetTime.V-30*second
	})
	found := findingsOf(t, "reset-abort", nil, append(many(3, toThree), gaveUp)...)
	if len(found) != 2 || found[0].Count != 3 && found[1].Count != 3 || !strings.Contains(titles(found)[0]+titles(found)[1], "over data that nobody had acknowledged for 30 s") {
		t.Errorf("%q", titles(found))
	}
}

// What is told of closes and openings that lack a step is no more than their connections show.
func TestUnfinishedClaims(t *testing.T) {
	lastACK := func(again, short uint32) func(r *record.Record) {
		return func(r *record.Record) {
			r.Close.Kind, r.States = record.CloseHalfClosed, [2]record.State{record.TimeWait, record.LastAck}
			r.Close.FINAcked[record.Resp], r.Close.FINs[record.Resp] = record.Opt[int64]{}, again+1
			r.Path[record.Resp].FINsAgain, r.Path[record.Resp].FINsShort, r.Silent = again, short, 10*second
		}
	}
	fins := func(n uint32) func(r *record.Record) {
		return func(r *record.Record) { r.Close.FINs[record.Orig] = n }
	}
	answered := func(syns uint32) func(r *record.Record) {
		return func(r *record.Record) { failed(record.OpenHalfOpen, syns)(r); r.Ends[record.Orig].SeenBytes = 0 }
	}
	raw := func(r *record.Record) {
		e := &r.Ends[record.Orig]
		e.SACK, e.Timestamps.V, e.WScale.OK = record.Some(false), false, false
	}
	noFlags := func(flags uint64) func(r *record.Record) {
		return func(r *record.Record) {
			unheard(0)(r)
			r.Close.Kind, r.Unfinished = record.CloseOpen, true
			r.Ends[record.Orig].PureACKs = uint32(flags)
		}
	}
	for _, c := range []struct {
		detector, name string
		records        []*record.Record
		says, silent   string
	}{
		{"last-ack", "each repeat drew an ACK", clean(1, lastACK(2, 2)), "it arrives there", "packets are lost"},
		{"last-ack", "one of them did", clean(1, lastACK(2, 1)), "packets are lost after the capture point", "it arrives there"},
		{"fin-unacked", "a probe of the tail before the timer", clean(20, unackedFIN(4, 10*second), fins(6)), "retransmitted 100 times", "80 times"},
		{"half-open", "nothing but SYNs in the capture", same(3, answered(1)), "Whether all 3 connections of 10.0.0.2:80 opened is not in the capture", "stayed half-open"},
		{"half-open", "two beside one that opened", append(same(2, answered(1)), made(9)), "stayed half-open", "is not in the capture: it holds"},
		{"half-open", "a SYN without options", append(same(1, answered(1), raw), made(9)), "a program made the SYN itself", ""},
		{"half-open", "many SYNs without options", append(same(3, answered(1), raw), made(9)), "stayed half-open", "a program made"},
		{"half-open", "a SYN of a system", append(same(1, answered(1)), made(9)), "stayed half-open", "a program made"},
		{"half-open", "its SYNs had no answer for long", append(same(1, answered(7)), made(9)), "before that 7 SYNs in 6 s had no answer", "is not in the capture: it holds"},
		{"half-open", "its second SYN was answered", append(same(1, answered(2)), made(9)), "stayed half-open", "had no answer"},
		{"close-wait", "never heard of again", clean(1, halfClosed(100*second)), "when last seen, and nothing more of it was captured for", "leaves"},
		{"still-open", "an ACK and no more", clean(1, noFlags(1)), "", ""},
		{"still-open", "no flags", clean(1, noFlags(0)), "", ""},
	} {
		found := findingsOf(t, c.detector, nil, c.records...)
		if c.says == "" {
			if len(found) != 0 {
				t.Errorf("%s, %s: %q", c.detector, c.name, titles(found))
			}
			continue
		}
		if len(found) != 1 {
			t.Errorf("%s, %s: %q", c.detector, c.name, titles(found))
			continue
		}
		f := &found[0]
		text := f.Title + " " + f.Explanation + " " + f.CauseWord() + ": " + strings.Join(f.Causes, "; ")
		if !strings.Contains(text, c.says) || c.silent != "" && strings.Contains(text, c.silent) {
			t.Errorf("%s, %s: %q; want %q and not %q", c.detector, c.name, text, c.says, c.silent)
		}
	}
}
