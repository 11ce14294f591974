package tracker

// finMayHavePassed reports whether one end's FIN was captured and the other end
// may have sent its own before the capture began: then it is not known who
// closed first, nor in which state either end is. New data from that end in the
// capture excludes it: nothing is sent after a FIN (RFC 9293 section 3.6).
func (c *conn) finMayHavePassed() bool {
	a, b := &c.ends[Orig], &c.ends[Resp]
	if !c.is(isMidstream) || a.finSeen == b.finSeen {
		return false
	}
	other := a
	if a.finSeen {
		other = b
	}
	return other.has&hasSentData == 0 || other.tailUnseen || other.stream.EndsUnseen()
}

// afterFIN are the states that tell which end closed first.
const afterFIN stateSet = 1<<FinWait1 | 1<<FinWait2 | 1<<CloseWait | 1<<Closing | 1<<LastAck | 1<<TimeWait

// hideCloser takes out of r what rests on who closed first.
func (c *conn) hideCloser(r *Record) {
	x := &r.Close
	x.First, x.BytesAfterFIN, x.HalfClose = NoEnd, Opt[uint64]{}, Opt[int64]{}
	if x.Kind == CloseHalfClosed {
		x.Kind = CloseUnknown
	}
	for e := range r.States {
		if afterFIN.has(r.Proven[e]) {
			r.Proven[e] = Unknown
		}
		for s := range r.Ends[e].TimeIn {
			if afterFIN.has(State(s)) {
				r.Ends[e].TimeIn[s] = Opt[int64]{}
			}
		}
	}
}
