package tracker

import "tcpwatch/tracker/record"

// finMayHavePassed reports whether one end's FIN was captured and the other end
// may have sent its own before the capture began, or past another tap: then it is not known who
// closed first, nor in which state either end is. New data from that end in the
// capture excludes it: nothing is sent after a FIN (RFC 9293 section 3.6).
func (c *conn) finMayHavePassed() bool {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	if c.is(isCloserUnseen) {
		return a.finSeen || b.finSeen
	}
	if a.finSeen == b.finSeen {
		return false
	}
	other := a
	if a.finSeen {
		other = b
	}
	if other.packets == 0 && other.stream.EndsUnseen() {
		return true // it went another way
	}
	if !c.is(isMidstream) {
		return false
	}
	return other.has&hasSentData == 0 || other.tailUnseen || other.stream.EndsUnseen()
}

// afterFIN are the states that tell which end closed first.
const afterFIN stateSet = 1<<record.FinWait1 | 1<<record.FinWait2 | 1<<record.CloseWait | 1<<record.Closing | 1<<record.LastAck | 1<<record.TimeWait

// hideCloser takes out of r what rests on who closed first.
func (c *conn) hideCloser(r *record.Record) {
	x := &r.Close
	x.First, x.BytesAfterFIN, x.HalfClose = record.NoEnd, record.Opt[uint64]{}, record.Opt[int64]{}
	if x.Kind == record.CloseHalfClosed {
		x.Kind = record.CloseUnknown
	}
	for e := range r.States {
		if afterFIN.has(r.Proven[e]) {
			r.Proven[e] = record.Unknown
		}
		for s := range r.Ends[e].TimeIn {
			if afterFIN.has(record.State(s)) {
				r.Ends[e].TimeIn[s] = record.Opt[int64]{}
			}
		}
	}
}
