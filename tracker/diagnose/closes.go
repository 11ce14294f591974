package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

// unfinished sums up closes of one side that lack the same step.
type unfinished struct {
	tally
	peers   sources
	repeats uint64 // FINs or data sent again into silence, all of them
	unheard uint64 // of those whose ACK passed here, and was lost behind
	longest int64  // ns for which the step was missing
}

// Merge takes in another.
func (x *unfinished) Merge(o *unfinished) {
	x.tally.Merge(&o.tally)
	x.peers.merge(&o.peers)
	x.repeats += o.repeats
	x.unheard += o.unheard
	x.longest = max(x.longest, o.longest)
}

// newUnfinished is the Fold of one kind of missing step: picks chooses records
// by what is missing and says how often what lacks an answer was sent again.
func newUnfinished(picks func(r *record.Record, v Verdict) (repeats uint64, ok bool), tell func(c *Context, s Subject, x *unfinished, opened uint64) Finding) Fold {
	return newFold(func(s *subjects[unfinished, *unfinished], r *record.Record) {
		v := JudgeClose(r)
		if v.Fault == NoFault {
			v = judgeUnheard(r)
		}
		if v.Fault == NoFault || v.Fault == FaultReset || v.Hidden(r) || v.StillClosing(r) {
			return
		}
		repeats, ok := picks(r, v)
		if !ok {
			return
		}
		e, packet := v.Culprit, r.LastPacket
		if e > record.Resp {
			e = record.Resp
		} else if p := r.Close.FINPacket[e.Peer()]; p != 0 {
			packet = p
		}
		x := s.At(sideOf(r, e))
		until := r.End
		if v.Since == until { // with the last packet silence only began
			until += r.Silent
		}
		x.hit(r.ID, packet, v.Since, until)
		x.peers.add(r.Orig.Addr)
		x.repeats += repeats
		if v.Fault == FaultUnheardACK {
			x.unheard++
		}
		x.longest = max(x.longest, lasted(r, v.Since))
	}, func(c *Context, s Subject, x *unfinished) (Finding, bool) {
		return tell(c, s, x, c.openedAt(s, x.n)), true
	})
}

// finsAgain is how often the peer of the end at fault repeated its FIN. One that
// was never repeated was answered, out of the capture's sight, or its sender is
// gone: nothing tells. The last repeat must have had time for its answer.
func finsAgain(r *record.Record, v Verdict) (again uint64, ok bool) {
	if v.Culprit <= record.Resp {
		again = uint64(r.Path[v.Culprit.Peer()].FINsAgain)
	}
	return again, again >= triesToFail || again > 0 && r.Silent >= retryAfter
}

// openAge is from how long on silence is more than a pause.
const openAge = 60 * second

func finUnacked() Detector {
	return Detector{
		Name: "fin-unacked", Group: GroupClose, needs: signUnclosed,
		Doc: `A FIN is sent and never acknowledged: the other end, or the way to it, is gone.

Rule: every FIN is acknowledged at once (RFC 9293 section 3.10.7.4, eighth); one that is
not is repeated with doubling pauses, from FIN-WAIT-1 on Linux up to
tcp_orphan_retries (8 times) when nobody holds the socket any more, and is given up in
silence. Counted where it was repeated. What follows a long
idle time is the finding idle-timeout or keepalive-missing, a capture that ended
before the answer was due is still-open.`,
		Thresholds: fewAndShare("fin-unacked", 10, 10, "connections"),
		New: func(o *Options) Fold {
			return newUnfinished(func(r *record.Record, v Verdict) (uint64, bool) {
				if v.Fault != FaultUnackedFIN || diedAtRest(r) {
					return 0, false
				}
				return finsAgain(r, v)
			}, func(_ *Context, s Subject, x *unfinished, opened uint64) Finding {
				return Finding{
					Severity: o.many("fin-unacked", x.n, opened), Confidence: Likely,
					Title: fmt.Sprintf("%s did not acknowledge the FIN of %s", s.who(), outOf(x.n, opened, "connection")),
					Explanation: fmt.Sprintf("The FINs were sent again %s in all and no ACK came (RFC 9293 section 3.10.7.4).",
						Plural(x.repeats, "time")),
					Causes: []string{"the " + s.role() + " or its host is gone: crashed, suspended, off the network",
						"a firewall or NAT on the way has forgotten the connection and drops what comes late",
						"the ACKs take a way that this capture does not see"},
					Advice: []string{fmt.Sprintf("Is it there? `ping -c 3 %s`.", s.A.Addr),
						fmt.Sprintf("On the other end: `ss -tano state fin-wait-1 dst %s` shows what still waits; `sysctl net.ipv4.tcp_orphan_retries` for how long.", s.A.Addr)},
				}
			})
		},
	}
}

func halfClose() Detector {
	return Detector{
		Name: "half-close", Group: GroupClose, needs: signUnclosed,
		Doc: `A half-close never finished: one end closed, the other sent on, and then nothing more.

Rule: after a FIN the other direction stays open as long as its end wants (RFC 9293
section 3.6, case 2); it ends with that end's own FIN. Counted where data followed the
FIN, then a minute of silence, and no FIN. One that is still busy when the input
ends is not counted; one that sent nothing at all is close-wait.`,
		Thresholds: fewAndShare("half-close", 10, 10, "connections"),
		New: func(o *Options) Fold {
			return newUnfinished(func(r *record.Record, v Verdict) (uint64, bool) {
				return 0, v.Fault == FaultHalfClosed && r.Close.BytesAfterFIN.V > 0 && r.Silent >= openAge
			}, func(_ *Context, s Subject, x *unfinished, opened uint64) Finding {
				return Finding{
					Severity: o.many("half-close", x.n, opened), Confidence: Possible,
					Title:       fmt.Sprintf("%s went on sending on %s after the other end's FIN and never closed", s.who(), outOf(x.n, opened, "connection")),
					Explanation: "The other end closed its sending side, data still came, then nothing: no FIN ended the other direction (RFC 9293 section 3.6, case 2).",
					Causes: []string{"the application waits for something and does not close: a leak", "its host, or the way to it, died meanwhile",
						"the other end has closed for good and dropped the connection (tcp_fin_timeout)"},
					Advice: []string{fmt.Sprintf("On %s: `ss -tanp state close-wait %s`.", s.A.Addr, s.ss())},
				}
			})
		},
	}
}

func vanished() Detector {
	return Detector{
		Name: "vanished", Group: GroupClose, needs: signUnclosed,
		Doc: `Data is sent again and again into silence: the other end has vanished.

Rule: unacknowledged data is repeated with doubling pauses (RFC 6298 section 5.5), on
Linux up to tcp_retries2 (15 times, about 924 s), then the connection ends with
nothing on the wire. Counted where data was repeated three times or more and nothing came
for a minute. A connection that was idle before is idle-timeout or
keepalive-missing; one in which large segments alone are lost is mtu-black-hole.`,
		Thresholds: fewAndShare("vanished", 3, 5, "connections"),
		New: func(o *Options) Fold {
			return newUnfinished(func(r *record.Record, v Verdict) (uint64, bool) {
				n := uint64(max(r.Ends[record.Orig].Retx, r.Ends[record.Resp].Retx))
				return n, v.Fault == FaultTimedOut && n >= triesToFail && !diedAtRest(r) && !blackHoled(r, record.Orig) && !blackHoled(r, record.Resp)
			}, func(_ *Context, s Subject, x *unfinished, opened uint64) Finding {
				return Finding{
					Severity: o.many("vanished", x.n, opened), Confidence: Likely,
					Title:       fmt.Sprintf("%s vanished in the middle of %s: data sent to it is repeated into silence", s.who(), outOf(x.n, opened, "connection")),
					Explanation: fmt.Sprintf("%s went unanswered to the end; the sender gives up after tcp_retries2 (RFC 9293 section 3.8.3).", Plural(x.repeats, "repeat")),
					Causes: []string{"its host crashed, was suspended or left the network", "a route or a firewall changed in the middle: nothing gets through any more",
						"its address moved to another host, which drops what it does not know"},
					Advice: []string{fmt.Sprintf("Is it there? `ping -c 3 %s`; `ip route get %s`.", s.A.Addr, s.A.Addr),
						"On the sender: `ss -tino` shows the back-off; `sysctl net.ipv4.tcp_retries2` how long it goes on; TCP_USER_TIMEOUT makes it shorter for one application (RFC 5482)."},
				}
			})
		},
	}
}
