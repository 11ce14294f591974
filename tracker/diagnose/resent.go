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
	schedules [3]uint64
	nearOrig  uint64 // seen at a tap beside the opener
	nearResp  uint64 // seen at a tap beside the listener
}

// Fields walks over what is summed up.
func (x *resent) Fields(w *fold.Walk) {
	x.delays.Fields(w)
	fold.Sums(w, x.schedules[:])
	fold.Sum(w, &x.nearOrig, &x.nearResp)
}

func (x *resent) add(r *record.Record, packet uint64) {
	x.lost(r, packet, heldUp(r))
	switch r.Capture.Tap {
	case record.TapOrig:
		x.nearOrig++
	case record.TapResp:
		x.nearResp++
	}
	if b, ok := schedule(&r.Open); ok {
		for i, y := range backoffs() {
			if y.system == b.system {
				x.schedules[i]++
			}
		}
	}
}

// systems names the systems whose schedule the repeats follow.
func (x *resent) systems() (text string) {
	for i, b := range backoffs() {
		if x.schedules[i] > 0 {
			text += fmt.Sprintf(" %s repeated it as %s does.", say.Plural(x.schedules[i], "opener"), b.system)
		}
	}
	return text
}
