package report

import (
	"cmp"

	"tcpwatch/capture"
	"tcpwatch/tracker"
	"tcpwatch/tracker/diagnose"
)

// fault is the kind of an incomplete close.
type fault uint8

const (
	noFault fault = iota
	faultHalfClosed
	faultLastACK
	faultUnackedFIN
	faultTimedOut
	faultReset
)

// soon is a time in which a missing step may still come: longer than a
// delayed ACK or a few round trips.
const soon = oneSecond

// causeRefusedLate is a reset that the tracker's causes do not name: the server
// answered the ACK that completed the handshake with a RST.
const causeRefusedLate = "refused-late"

// verdict says what is missing in a close, and who failed to do it.
type verdict struct {
	fault   fault
	culprit tracker.End // NoEnd when the capture can't tell
	cause   string      // of a reset: one of tracker.Reset*
	since   int64       // from when on the step was missing; 0 for a reset
}

// judge names the fault in how r closed.
func judge(r *tracker.Record) verdict {
	switch r.Close.Kind {
	case tracker.CloseReset:
		cause := cmp.Or(r.Close.ResetCause, tracker.ResetUnknown)
		if diagnose.RefusedLate(r) && cause != tracker.ResetMiddlebox {
			cause = causeRefusedLate
		}
		return verdict{fault: faultReset, culprit: r.Close.ResetBy, cause: cause}
	case tracker.CloseHalfClosed:
		return judgeHalfClosed(r)
	case tracker.CloseUnackedFIN:
		return judgeUnackedFIN(r)
	case tracker.CloseTimedOut:
		return judgeTimedOut(r)
	}
	return verdict{culprit: tracker.NoEnd}
}

// judgeHalfClosed: one FIN was acknowledged; its receiver owes its own or,
// where that was sent, the other end owes the last ACK.
func judgeHalfClosed(r *tracker.Record) verdict {
	v := verdict{fault: faultHalfClosed, culprit: tracker.NoEnd}
	for e := tracker.Orig; e <= tracker.Resp; e++ {
		if !r.Close.FINAcked[e].OK {
			continue
		}
		v.culprit, v.since = e.Peer(), r.Close.FINAcked[e].V
		if second := r.Close.FINTime[e.Peer()]; second.OK {
			v.fault, v.culprit, v.since = faultLastACK, e, second.V
		}
	}
	return v
}

// judgeUnackedFIN: a FIN was sent and its receiver never acknowledged it.
func judgeUnackedFIN(r *tracker.Record) verdict {
	v := verdict{fault: faultUnackedFIN, culprit: tracker.NoEnd}
	for e := tracker.Orig; e <= tracker.Resp; e++ {
		if !r.Close.FINTime[e].OK || r.Close.FINAcked[e].OK {
			continue
		}
		v.culprit = e.Peer()
		v.since = r.Close.FINTime[e].V
	}
	return v
}

// closing tells that the input ended before the missing step of a close was
// late, and that nobody asked for it a second time.
func closing(r *tracker.Record, v verdict) bool {
	switch {
	case !r.Unfinished || r.End+r.Silent-v.since >= soon:
		return false
	case v.fault == faultHalfClosed:
		return true
	case v.fault == faultLastACK, v.fault == faultUnackedFIN:
		return v.culprit <= tracker.Resp && r.Close.FINs[v.culprit.Peer()] <= 1
	}
	return false
}

// hidden tells that the missing step may have been done out of sight: only one
// direction was captured.
func hidden(r *tracker.Record, v verdict) bool { return r.Capture.OneWay && v.fault != faultReset }

// judgeTimedOut: data was repeated into silence; the end that fell silent is
// the peer of the one that repeated most.
func judgeTimedOut(r *tracker.Record) verdict {
	v := verdict{fault: faultTimedOut, culprit: tracker.NoEnd, since: r.End}
	switch o, p := r.Ends[tracker.Orig].Retx, r.Ends[tracker.Resp].Retx; {
	case o > p:
		v.culprit = tracker.Resp
	case p > o:
		v.culprit = tracker.Orig
	}
	return v
}

// culprit is a row of the incomplete closes: who ended it, and how.
type culprit struct {
	fault fault
	cause string
	end   tracker.End
	host  capture.Endpoint // of that end, without the port of a client; zero when it is NoEnd
}

// Hash chooses which rows are kept.
func (c culprit) Hash() uint64 {
	h := uint64(c.fault)<<8 | uint64(c.end)
	for i := 0; i < len(c.cause); i++ {
		h = h*31 + uint64(c.cause[i])
	}
	return diagnose.HashAddr(c.host.Addr, h<<16|uint64(c.host.Port))
}

// blame sums up incomplete closes of one culprit.
type blame struct {
	n     uint64
	ids   ids
	since int64 // the earliest; 0 for resets
}

// Merge takes in another.
func (b *blame) Merge(o *blame) {
	b.n += o.n
	b.ids.merge(&o.ids)
	b.waits(o.since)
}

func (b *blame) waits(since int64) {
	if b.since == 0 || since != 0 && since < b.since {
		b.since = since
	}
}

// closes is the fold of how connections closed.
type closes struct {
	kinds        map[string]uint64 // by tracker.Close*
	segments     [5]uint64         // of normal closes, by number of segments; [0] unknown
	simultaneous uint64
	halfClose    uint64 // normal closes with data after the first FIN
	halfBytes    uint64
	harmless     uint64 // normal closes with a RST after them
	opening      uint64 // never opened, but the input ended before that was late
	hidden       uint64 // what is missing may have been done out of sight
	closing      [faultUnackedFIN + 1]unfinished
	culprits     diagnose.Shelf[culprit, blame, *blame]
	worst        ranking
}

// unfinished counts closes that the end of the input cut short, by what was
// still to come.
type unfinished struct {
	n   uint64
	ids ids
}

func newCloses(kept int) closes {
	return closes{
		kinds:    make(map[string]uint64),
		culprits: diagnose.NewShelf[culprit, blame](maxCulprits),
		worst:    newRanking(kept, byFault),
	}
}

// byFault ranks what is stuck longest first, resets last.
func byFault(a, b *tracker.Record) int {
	x, y := judge(a), judge(b)
	if (x.fault == faultReset) != (y.fault == faultReset) {
		if x.fault == faultReset {
			return 1
		}
		return -1
	}
	return cmp.Compare(x.since, y.since)
}

func (c *closes) add(r *tracker.Record) {
	c.kinds[r.Close.Kind]++
	if r.Close.Kind == tracker.CloseNormal {
		c.addNormal(r)
		return
	}
	if k, _ := causeOf(r); k == stillOpening {
		c.opening++
	}
	v := judge(r)
	switch {
	case v.fault == noFault:
		return
	case hidden(r, v):
		c.hidden++
		return
	case closing(r, v):
		c.closing[v.fault].n++
		c.closing[v.fault].ids.add(r.ID)
		return
	}
	who := culprit{fault: v.fault, cause: v.cause, end: v.culprit}
	if v.culprit <= tracker.Resp {
		who.host = endOf(r, v.culprit)
	}
	if v.culprit == tracker.Orig {
		who.host.Port = 0
	}
	b := c.culprits.At(who)
	b.n++
	b.ids.add(r.ID)
	b.waits(v.since)
	c.worst.add(r)
}

func (c *closes) addNormal(r *tracker.Record) {
	c.segments[min(int(r.Close.Segments), len(c.segments)-1)]++
	if r.Close.First == tracker.Both {
		c.simultaneous++
	}
	if r.Close.BytesAfterFIN.OK && r.Close.BytesAfterFIN.V > 0 {
		c.halfClose++
		c.halfBytes += r.Close.BytesAfterFIN.V
	}
	if r.Close.ResetBy != tracker.NoEnd {
		c.harmless++
	}
}

func (c *closes) merge(o *closes) {
	for k, n := range o.kinds {
		c.kinds[k] += n
	}
	for i, n := range o.segments {
		c.segments[i] += n
	}
	c.simultaneous += o.simultaneous
	c.halfClose += o.halfClose
	c.halfBytes += o.halfBytes
	c.harmless += o.harmless
	c.opening += o.opening
	c.hidden += o.hidden
	for f := range c.closing {
		c.closing[f].n += o.closing[f].n
		c.closing[f].ids.merge(&o.closing[f].ids)
	}
	c.culprits.Merge(&o.culprits)
	c.worst.merge(&o.worst)
}

// endOf is the endpoint of one end.
func endOf(r *tracker.Record, e tracker.End) capture.Endpoint {
	if e == tracker.Resp {
		return r.Resp
	}
	return r.Orig
}
