package diagnose

import (
	"slices"
	"strings"

	"tcpwatch/tracker/record"
)

// Packets that a program made itself (a raw socket, a packet generator, a file written by hand) obey no TCP: what
// a host's kernel or an application would have done tells nothing about them.

// madeByHand tells that no system's TCP opened an end, as two signs of three show: no MSS in its SYN or SYN/ACK
// (RFC 9293 section 3.7.1), a first sequence number that is no secret (RFC 6528), and the IP identification that
// generators begin with, in either byte order.
func madeByHand(r *record.Record, e record.End) bool {
	x, n := &r.Ends[e], 0
	if r.Open.Kind == record.OpenMidstream || r.Capture.SYNUnseen[e] || !x.SACK.OK {
		return false // its options were not read
	}
	if !x.MSS.OK {
		n++
	}
	if x.Key.ISN.OK && x.Key.ISN.V <= 1 {
		n++
	}
	if x.Key.IPID.OK && (x.Key.IPID.V == 1 || x.Key.IPID.V == 1<<8) {
		n++
	}
	return n >= 2
}

const (
	// byHand is what findings about such packets say of them.
	byHand = " Both ends open as no system's TCP does" + handSigns
	// openedByHand is it where the other end did not open, or is of a system.
	openedByHand = " What opens here is no system's TCP" + handSigns
	handSigns    = " (two of three: no MSS, a first sequence number of 0 or 1, the IP identification that packet generators begin with)."
	lookForMaker = "Look for what made these packets (a test, a generator, an editor of captures): what they show is its doing, and no system's counters tell of it."
)

// asMade tells of a finding about nothing but packets that a program made that this is their first cause. What ends do then is
// in that program, and nothing but what is proven is more than possible. Where a program made what opens, and
// not what should answer, that is the first cause of what the opener does, and one of those of silence.
func (f *Finding) asMade() {
	told := slices.ContainsFunc(f.causes, func(c Cause) bool { return c != madeItself() && strings.Contains(c.Text, "a program made") })
	opens := f.Group == GroupOpen || f.Group == GroupHandshake
	switch {
	case len(f.causes) == 0 || told || f.Group == GroupAttack || f.Group == GroupCapture || f.Detector == "unreachable" || f.Detector == "refused":
		return
	case f.made:
		f.Explanation += byHand
		f.Advice = []string{lookForMaker}
	case f.raw && opens && f.Detector != "no-answer":
		f.Explanation += openedByHand
		f.Advice = append([]string{lookForMaker}, f.Advice...)
	case f.raw && opens:
		f.Explanation += openedByHand
		f.orMadeItself()
		return
	default:
		return
	}
	f.causes = slices.DeleteFunc(slices.Clone(f.causes), func(c Cause) bool { return c == madeItself() })
	f.lead(madeItself(), "no system's TCP opens connections so")
	if f.Confidence == Likely {
		f.Confidence = Possible
	}
}
