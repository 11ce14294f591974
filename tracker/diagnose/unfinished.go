package diagnose

import (
	"cmp"
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// unfinished sums up closes of one side that lack the same step.
type unfinished struct {
	tally
	peers   sources
	repeats uint64            // FINs or data sent again into silence, all of them
	gaveUp  uint64            // connections that their sender ended by a RST
	untaken uint64            // connections of which no byte sent was acknowledged
	timed   uint64            // connections of which it is known when that began
	unheard uint64            // of those whose ACK passed here, and was lost behind
	mute    uint64            // of those whose own FIN nobody acknowledged, and which did not send it again
	data    uint64            // of those whose data before the FIN was not acknowledged either
	blind   uint64            // of those of whose end at fault nothing was captured
	short   uint64            // of those whose peer sent ACKs after the FIN had come again, and none covers it
	drew    uint64            // of those that had closed first, whose peer's FIN drew an ACK each time that it came again
	latest  int64             // since when the last of them lacks it
	longest int64             // ns for which the step was missing
	began   fold.Range[int64] // when data was first sent again in vain
}

// Fields walks over what is summed up.
func (x *unfinished) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.peers.Fields(w)
	fold.Sum(w, &x.repeats, &x.gaveUp, &x.untaken, &x.timed, &x.unheard, &x.short, &x.mute, &x.data, &x.blind, &x.drew)
	fold.Max(w, &x.longest, &x.latest)
	x.began.Fields(w)
}

// missing chooses records by the step that their close lacks, and says how often what lacks
// an answer was sent again.
type missing func(r *record.Record, v Verdict) (repeats uint64, ok bool)

func (picks missing) add(s *subjects[unfinished, *unfinished], r *record.Record) {
	v := JudgeClose(r)
	if v.Fault == NoFault {
		v = judgeUnheard(r)
	}
	if v.Fault == NoFault || v.Fault == FaultReset || v.Hidden(r) || v.StillClosing(r) || thrownAway(r) {
		return
	}
	repeats, ok := picks(r, v)
	if !ok {
		return
	}
	e := v.Culprit
	if e > record.Resp {
		e = record.Resp
	}
	x := s.At(sideOf(r, e))
	until := r.End
	if v.Fault == FaultTimedOut { // with the last packet silence only began
		until += r.Silent
	}
	x.hit(r, unfinishedAt(r, v), v.Since, until)
	x.peers.add(r.Orig.Addr)
	x.repeats += repeats
	if p := &r.Path[e.Peer()].Stuck; v.Fault == FaultTimedOut && p.Since > 0 {
		x.began.Widen(p.Since, p.Since)
		x.timed++
	}
	if r.Close.Ignored.GaveUp {
		x.gaveUp++
	}
	if r.Path[e.Peer()].NoneTaken {
		x.untaken++
	}
	if v.Fault == FaultUnheardACK {
		x.unheard++
	}
	if p := &r.Path[e.Peer()]; p.FINsShort > 0 {
		x.short++
		if v.Fault == FaultLastACK && p.FINsAgain > 0 && p.FINsShort >= p.FINsAgain {
			x.drew++
		}
	}
	if r.Path[e.Peer()].Unacked != 0 {
		x.data++
	}
	if r.Capture.OneWay {
		x.blind++
	}
	if leftAfterFIN(r, e) {
		x.mute++
	}
	x.longest, x.latest = max(x.longest, lasted(r, v.Since)), max(x.latest, v.Since)
}

// unfinishedAt is the first packet that shows which step is missing: the FIN, or the first repeat of data.
// What comes later shows it as well, and is another in each View of what goes on.
func unfinishedAt(r *record.Record, v Verdict) uint64 {
	if v.Culprit > record.Resp {
		return r.LastPacket
	}
	e := v.Culprit.Peer()
	return cmp.Or(r.Close.FINPacket[e], r.Path[e].Stuck.Packet, r.Evidence.Ends[e].Repeat, r.LastPacket)
}

// finDue is by when an end repeats a FIN that nobody acknowledged (RFC 6298 section 2: a minute at most).
const finDue = 60 * second

// leftAfterFIN tells that an end sent a FIN that nobody acknowledged, and was not there to send it
// again: it was gone, or cut off, right after.
func leftAfterFIN(r *record.Record, e record.End) bool {
	fin := r.Close.FINTime[e]
	return fin.OK && !r.Close.FINAcked[e].OK && r.Path[e].FINsAgain == 0 && r.Ends[e].LastSent != 0 && r.Ends[e].LastSent <= fin.V && r.End-fin.V >= finDue
}

// finsAgain is how often the peer of the end at fault repeated its FIN. One that
// was never repeated was answered, out of the capture's sight, or its sender is
// gone: nothing tells. The last repeat must have had time for its answer.
func finsAgain(r *record.Record, v Verdict) (times uint64, ok bool) {
	if v.Culprit > record.Resp {
		return 0, false
	}
	e := v.Culprit.Peer()
	again := r.Path[e].FINsAgain
	times = uint64(max(again, r.Close.FINs[e]-min(r.Close.FINs[e], 1))) // a probe of the tail comes sooner than any timer
	return times, again >= triesToFail || again > 0 && r.Silent >= retryAfter
}

// beforeFIN tells of data that was not acknowledged any more than the FIN behind it.
func (x *unfinished) beforeFIN() string {
	if x.data == 0 {
		return ""
	}
	return onSome(x.data, x.n, "data that was sent before the FIN was not acknowledged either.")
}

// intoBlind tells that nothing was captured of the end that should have acknowledged the FINs.
func (x *unfinished) intoBlind(f *Finding) {
	if x.blind == 0 {
		return
	}
	f.Confidence = Possible
	f.Explanation += onSome(x.blind, x.n, "nothing was captured of that end; a FIN that comes again and again got no ACK all the same, or that was lost on another way.")
}

// intoShort tells of FINs that the other end would acknowledge if it had them: it goes on sending ACKs.
func (x *unfinished) intoShort(f *Finding, s Subject, all whole) {
	switch {
	case x.short == x.n:
		f.Title = fmt.Sprintf("%s did not take the FIN of %s: its ACKs go on, and stop short of it", s.who(), s.ofThose(x.n, all))
		f.Explanation = fmt.Sprintf("The FIN was retransmitted %s in all, and ACKs came after it had been, none of which covers it: that end is there and holds the connection, and has not taken the FIN, or the data before it (RFC 9293 section 3.10.7.4).", say.Plural(x.repeats, "time"))
		f.causes = []Cause{onPath("packets are lost after the capture point, on the path to that end"), onPath("a firewall on the path ends its state at a FIN and drops what is sent after it"), app("it takes no more of the data before the FIN: its window is closed, or it has its own TCP")}
		f.Advice = []string{fmt.Sprintf("Capture at %s too: does the FIN arrive there?", s.A.Addr)}
		if x.drew == x.n {
			f.Explanation += " An end that has closed sends ACKs of what comes and nothing else, and as many ACKs came as the FIN was sent again: it arrives there."
			f.causes = []Cause{onHost("what answers there has its own TCP (an application's, a VPN's or a proxy's), which does not take that FIN")}
			f.Advice = []string{"Whose TCP is it? Its ACKs beside the FIN's numbers (--why) show what it counts; its maker can mend it."}
		}
	case x.short > 0:
		f.Explanation += fmt.Sprintf(" On %s ACKs came after the FIN had been sent again, and none covers it: that end is there, and has not taken the FIN.", say.Thousands(x.short))
	}
}

// openAge is from how long on silence is more than a pause.
const openAge = 60 * second
