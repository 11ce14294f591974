package diagnose

import "tcpwatch/tracker/record"

// RecentSpan is for how long, in nanoseconds, what is over counts as wrong now.
const RecentSpan = 40 * second

// longestRTO is within which time a sender that waits for an ACK, or for a window, is heard
// again: Linux doubles its pauses up to 120 s (TCP_RTO_MAX), and timers run late.
const longestRTO = 130 * second

// groups is a set of Groups, a bit each.
type groups uint32

// ofTheEnd is the bit of detectors that tell how things stood when the input ended.
const ofTheEnd groups = 1 << 31

func groupsOf(all ...Group) (s groups) {
	for _, g := range all {
		s |= 1 << g
	}
	return s
}

// aboutOf is what a detector is about.
func aboutOf(d *Detector) groups {
	if d.atEnd {
		return ofTheEnd
	}
	return groupsOf(d.Group)
}

// pastOf tells what a record shows only of long ago: how it opened, once it has been open for
// RecentSpan, and how data went, where none went for so long.
func pastOf(r *record.Record) groups {
	past, at := ofTheEnd, r.End
	if r.Unfinished {
		at += r.Silent
	}
	if acked := r.Open.ThirdACK; acked.OK && at-acked.V > RecentSpan {
		past |= groupsOf(GroupOpen, GroupQueue, GroupHandshake)
	}
	if r.Interim && r.Silent > RecentSpan && (r.Silent > longestRTO || !awaits(r)) {
		past |= groupsOf(GroupTransfer)
	}
	return past
}

// awaits tells that an end waits for something that it has to ask for again: an ACK of its
// data or of its FIN, or a window.
func awaits(r *record.Record) bool {
	for _, e := range sides() {
		if r.Path[e].Unacked != 0 || windowShut(r, e) {
			return true
		}
		switch r.States[e] {
		case record.SynSent, record.SynReceived, record.FinWait1, record.Closing, record.LastAck:
			return true
		}
	}
	return false
}

// windowShut tells that the last window of an end was 0.
func windowShut(r *record.Record, e record.End) bool {
	x := &r.Ends[e]
	return len(x.ZeroWindowList) > 0 && x.ZeroWindowList[len(x.ZeroWindowList)-1].End == 0
}

// Stale tells that nothing can come of a connection that is held any more: what an end waits
// for was not asked for again within the longest pause of a sender.
func Stale(r *record.Record) bool { return r.Interim && r.Silent > longestRTO && awaits(r) }

// GoesOn tells that a record is of a connection, or an attempt, that may go on.
func GoesOn(r *record.Record) bool {
	if !r.Interim || r.Close.ResetBy != record.NoEnd || r.Close.Kind == record.CloseNormal {
		return false
	}
	for _, s := range r.States {
		switch s {
		case record.Closed, record.Unknown, record.TimeWait, record.Listen:
		default:
			return true
		}
	}
	return false
}
