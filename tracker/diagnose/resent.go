package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// resent sums up handshakes that took a repeated SYN or SYN/ACK.
type resent struct {
	delays
	schedules [nBackoffs]uint64
	nearOrig  uint64            // seen at a tap beside the opener
	nearResp  uint64            // seen at a tap beside the listener
	late      uint64            // whose SYN/ACK arrived, but late
	either    uint64            // of those, of which the client may have answered another SYN/ACK than the first
	heard     uint64            // whose SYN/ACK echoes a SYN before the last
	each      uint64            // each of whose SYNs was answered, as its ACKs tell, by SYN/ACKs that were not captured
	answered  uint64            // of which each SYN was answered by a SYN/ACK of its own
	dataAgain uint64            // of those, whose opener sent data again as well, at a timeout
	adjacent  uint64            // in which what answers is no hop away, such as standsIn
	ran       uint64            // whose opener sent its SYN again and again meanwhile: its host was not held up
	first     fold.Range[int64] // ns from the first SYN to its first repeat
}

// Fields walks over what is summed up.
func (x *resent) Fields(w *fold.Walk) {
	x.delays.Fields(w)
	fold.Sums(w, x.schedules[:])
	fold.Sum(w, &x.nearOrig, &x.nearResp, &x.late, &x.either, &x.heard, &x.each, &x.answered, &x.dataAgain, &x.adjacent, &x.ran)
	x.first.Fields(w)
}

func (x *resent) add(r *record.Record, packet uint64) {
	x.lost(r, packet, heldUp(r))
	switch r.Capture.Tap {
	case record.TapOrig:
		x.nearOrig++
	case record.TapResp:
		x.nearResp++
	}
	if r.Open.SYNACKLate > 0 {
		x.late++
		if r.Open.NSYNACKsAgain > 0 && !(r.Ends[record.Orig].Timestamps.V && r.Ends[record.Resp].Timestamps.V) {
			x.either++
		}
	}
	if r.Open.SYNACKsOther > 0 {
		x.answered++
		if r.Ends[record.Orig].RetxRTO > 0 {
			x.dataAgain++
		}
	}
	if r.Open.NSYNsAgain > 1 {
		x.ran++
	}
	if standsIn(r) {
		x.adjacent++
	}
	if r.Open.SYNHeard {
		x.heard++
	}
	if EachSYNAnswered(r) {
		x.each++
	}
	if r.Open.NSYNsAgain > 0 {
		x.first.Take(int64(r.Open.SYNsAgain[0]) * millisecond)
	}
	if at, _, ok := schedule(&r.Open); ok {
		x.schedules[at]++
	}
}

// sentAgain tells when the SYN came again for the first time.
func (x *resent) sentAgain() string {
	switch {
	case !x.first.Some:
		return ""
	case x.first.Most-x.first.Least < x.first.Most/10:
		return "The SYN was retransmitted after " + span(x.first.Most) + " (RFC 6298 section 2.1)."
	}
	return fmt.Sprintf("The SYN was retransmitted after %s to %s (RFC 6298 section 2.1).", span(x.first.Least), span(x.first.Most))
}

// systems names the systems whose schedule the repeats follow.
func (x *resent) systems() (text string) {
	for i, b := range backoffs() {
		if x.schedules[i] > 0 {
			text += fmt.Sprintf(" %s retransmitted it as %s does.", say.Plural(x.schedules[i], "client"), b.system)
		}
	}
	return text
}

// lateBy is how late the SYN/ACKs came: at most, where a client may have answered a later one of several.
func (x *resent) lateBy() string {
	if x.either > 0 {
		return "up to " + span(x.longest)
	}
	return latest(x.n, x.longest)
}
