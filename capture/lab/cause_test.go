package lab_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tcpwatch/capture"
	"tcpwatch/capture/lab"
	"tcpwatch/tracker"
	"tcpwatch/tracker/record"
)

// kernelCauses says for each repeat that a tap at its sender saw why the kernel
// sent it, by packet number. The kernel tells an act of sending again when its
// segments have left: those since the act before belong to it.
func kernelCauses(c *lab.Counts, sent []packet, start time.Time) map[uint64]string {
	// The trace counts in microseconds, and its clock is another.
	const slack = 20 * time.Microsecond
	causes := map[uint64]string{}
	repeats := c.Repeats
	for _, p := range sent {
		if !p.repeat {
			continue
		}
		at := time.Duration(p.time - start.UnixNano())
		for len(repeats) > 0 && repeats[0].At+slack < at {
			repeats = repeats[1:]
		}
		if len(repeats) > 0 {
			causes[p.number] = repeats[0].Cause
		}
	}
	return causes
}

// toldRepeat is what tcpwatch tells of a packet that repeats data.
type toldRepeat struct {
	cause string
	bytes int
}

// toldRepeats collects them by packet number, for each end.
type toldRepeats [2]map[uint64]toldRepeat

func (s *toldRepeats) Conn(*record.Record) {}
func (s *toldRepeats) Event(*record.Event) {}

func (s *toldRepeats) Step(st *record.Step) {
	for _, m := range st.Moments {
		if m.Kind == record.MomentRetransmission {
			s[m.End][st.Segment.Packet] = toldRepeat{m.Cause, int(m.N)}
		}
	}
}

// repeatsTold reads them from a capture.
func repeatsTold(file string) (toldRepeats, error) {
	s := toldRepeats{{}, {}}
	all := func(uint64, capture.Endpoint, capture.Endpoint) bool { return true }
	err := observe(file, tracker.Options{Mark: all}, &s)
	return s, err
}

// sameCause are tcpwatch's words for the kernel's causes.
var sameCause = map[string]string{
	lab.CauseRTO: "timeout", lab.CauseTLP: "tail loss probe", lab.CauseFast: "fast retransmit", lab.CauseSlowStart: "loss recovery",
}

// differingCauses are the repeats that the kernel and tcpwatch give different
// causes for.
func differingCauses(kernel map[uint64]string, told map[uint64]toldRepeat) (differ []string) {
	for packet, k := range kernel {
		if w, ok := told[packet]; k == lab.CauseUnknown {
			continue
		} else if !ok {
			differ = append(differ, fmt.Sprintf("packet %6d: kernel %s, tcpwatch sees no repeat", packet, k))
		} else if !strings.HasPrefix(w.cause, sameCause[k]) {
			differ = append(differ, fmt.Sprintf("packet %6d: kernel %s, tcpwatch %q", packet, k, w.cause))
		}
	}
	slices.Sort(differ)
	return differ
}
