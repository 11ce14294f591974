package diagnose

import (
	"cmp"

	"tcpwatch/tracker/record"
)

// Fault is the kind of an incomplete close.
type Fault uint8

const (
	NoFault         Fault = iota
	FaultHalfClosed       // one FIN was acknowledged, the other never sent
	FaultLastACK          // both were sent, the last one was not acknowledged
	FaultUnackedFIN       // the first FIN was not acknowledged
	FaultTimedOut         // data was repeated into silence
	FaultReset            // a RST
	FaultUnheardACK       // the last FIN was acknowledged, and came again and again all the same
)

// soon is a time in which a missing step may still come: longer than a
// delayed ACK or a few round trips.
const soon = second

// CauseRefusedLate is a reset that the tracker's causes do not name: the server
// answered the ACK that completed the handshake with a RST.
const CauseRefusedLate = "refused-late"

// CauseForgotten is another: a bare RST of an end that no longer knew the connection.
const CauseForgotten = "forgotten"

// CauseIdleRace is a RST that answers a request which met the FIN of an idle limit.
const CauseIdleRace = "idle-race"

// Verdict says what is missing in a close, and who failed to do it.
type Verdict struct {
	Fault   Fault
	Culprit record.End // NoEnd when the capture can't tell
	Cause   string     // of a reset: a record.ResetCause, or CauseRefusedLate
	Since   int64      // from when on the step was missing; 0 for a reset
}

// JudgeClose names the fault in how r closed.
func JudgeClose(r *record.Record) Verdict {
	switch r.Close.Kind {
	case record.CloseReset:
		cause := cmp.Or(r.Close.ResetCause, record.ResetUnknown).String()
		if RefusedLate(r) && r.Close.ResetCause != record.ResetMiddlebox {
			cause = CauseRefusedLate
		} else if Forgot(r) {
			cause = CauseForgotten
		} else if Crossed(r) {
			cause = CauseIdleRace
		}
		return Verdict{Fault: FaultReset, Culprit: r.Close.ResetBy, Cause: cause}
	case record.CloseHalfClosed:
		return judgeHalfClosed(r)
	case record.CloseUnackedFIN:
		return judgeUnackedFIN(r)
	case record.CloseTimedOut:
		return judgeTimedOut(r)
	}
	return Verdict{Culprit: record.NoEnd}
}

// judgeHalfClosed: one FIN was acknowledged; its receiver owes its own or,
// where that was sent, the other end owes the last ACK.
func judgeHalfClosed(r *record.Record) Verdict {
	v := Verdict{Fault: FaultHalfClosed, Culprit: record.NoEnd}
	for e := record.Orig; e <= record.Resp; e++ {
		if !r.Close.FINAcked[e].OK {
			continue
		}
		v.Culprit, v.Since = e.Peer(), r.Close.FINAcked[e].V
		if last := r.Close.FINTime[e.Peer()]; last.OK {
			v.Fault, v.Culprit, v.Since = FaultLastACK, e, last.V
		}
	}
	return v
}

// judgeUnackedFIN: a FIN was sent and its receiver never acknowledged it.
func judgeUnackedFIN(r *record.Record) Verdict {
	v := Verdict{Fault: FaultUnackedFIN, Culprit: record.NoEnd}
	for e := record.Orig; e <= record.Resp; e++ {
		if !r.Close.FINTime[e].OK || r.Close.FINAcked[e].OK {
			continue
		}
		v.Culprit = e.Peer()
		v.Since = r.Close.FINTime[e].V
	}
	return v
}

// Waited is for how long the step was missing while the connection was followed, as
// findings tell it; ns, 0 for a reset.
func (v Verdict) Waited(r *record.Record) int64 {
	if v.Since == 0 {
		return 0
	}
	return r.End + r.Silent - v.Since
}

// StillClosing tells that the input ended before the missing step of a close was
// late, and that nobody asked for it a second time.
func (v Verdict) StillClosing(r *record.Record) bool {
	switch {
	case !r.Unfinished || r.End+r.Silent-v.Since >= soon:
		return false
	case v.Fault == FaultHalfClosed:
		return true
	case v.Fault == FaultLastACK, v.Fault == FaultUnackedFIN:
		return v.Culprit <= record.Resp && r.Close.FINs[v.Culprit.Peer()] <= 1
	}
	return false
}

// Hidden tells that the missing step may have been done out of sight: only one
// direction was captured. An ACK that came does not have a FIN sent again and again.
func (v Verdict) Hidden(r *record.Record) bool {
	return r.Capture.OneWay && v.Fault != FaultReset && !v.repeatsFIN(r)
}

// repeatsFIN tells that the peer of the end at fault sent its FIN so often that it got no ACK, wherever that would have passed.
func (v Verdict) repeatsFIN(r *record.Record) bool {
	return (v.Fault == FaultUnackedFIN || v.Fault == FaultLastACK) && v.Culprit <= record.Resp && r.Path[v.Culprit.Peer()].FINsAgain > triesToFail
}

// judgeTimedOut: data was repeated into silence; the end that fell silent is
// the peer of the one that repeated most.
func judgeTimedOut(r *record.Record) Verdict {
	v := Verdict{Fault: FaultTimedOut, Culprit: record.NoEnd, Since: r.End}
	switch o, p := r.Ends[record.Orig].Retx, r.Ends[record.Resp].Retx; {
	case o > p:
		v.Culprit = record.Resp
	case p > o:
		v.Culprit = record.Orig
	default:
		return v
	}
	if first := r.Path[v.Culprit.Peer()].Unacked; first != 0 {
		v.Since = first // from the first copy on it stood unacknowledged
	}
	return v
}
