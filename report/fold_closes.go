package report

import (
	"cmp"

	"tcpwatch/capture"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// culprit is a row of the incomplete closes: who ended it, and how.
type culprit struct {
	fault diagnose.Fault
	cause string
	end   record.End
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
	kinds        [record.NCloseKinds]uint64 // but for normal ones
	segments     [5]uint64                  // of normal closes, by number of segments; [0] unknown
	simultaneous uint64
	halfClose    uint64 // normal closes with data after the first FIN
	halfBytes    uint64
	harmless     uint64 // normal closes with a RST after them
	opening      uint64 // never opened, but the input ended before that was late
	hidden       uint64 // what is missing may have been done out of sight
	closing      [diagnose.FaultUnackedFIN + 1]unfinished
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
		culprits: diagnose.NewShelf[culprit, blame](maxCulprits),
		worst:    newRanking(kept, byFault),
	}
}

// byFault ranks what is stuck longest first, resets last.
func byFault(a, b *record.Record) int {
	x, y := diagnose.JudgeClose(a), diagnose.JudgeClose(b)
	if (x.Fault == diagnose.FaultReset) != (y.Fault == diagnose.FaultReset) {
		if x.Fault == diagnose.FaultReset {
			return 1
		}
		return -1
	}
	return cmp.Compare(x.Since, y.Since)
}

func (c *closes) add(r *record.Record) {
	if r.Close.Kind == record.CloseNormal {
		c.addNormal(r)
		return
	}
	c.kinds[r.Close.Kind]++
	if k, _ := causeOf(r); k == stillOpening {
		c.opening++
	}
	v := diagnose.JudgeClose(r)
	switch {
	case v.Fault == diagnose.NoFault:
		return
	case v.Hidden(r):
		c.hidden++
		return
	case v.StillClosing(r):
		c.closing[v.Fault].n++
		c.closing[v.Fault].ids.add(r.ID)
		return
	}
	who := culprit{fault: v.Fault, cause: v.Cause, end: v.Culprit}
	if v.Culprit <= record.Resp {
		who.host = endOf(r, v.Culprit)
	}
	if v.Culprit == record.Orig {
		who.host.Port = 0
	}
	b := c.culprits.At(who)
	b.n++
	b.ids.add(r.ID)
	b.waits(v.Since)
	c.worst.add(r)
}

func (c *closes) addNormal(r *record.Record) {
	c.segments[min(int(r.Close.Segments), len(c.segments)-1)]++
	if r.Close.First == record.Both {
		c.simultaneous++
	}
	if r.Close.BytesAfterFIN.OK && r.Close.BytesAfterFIN.V > 0 {
		c.halfClose++
		c.halfBytes += r.Close.BytesAfterFIN.V
	}
	if r.Close.ResetBy != record.NoEnd || r.Close.Ignored.Done {
		c.harmless++
	}
}

// complete is how many closed normally.
func (c *closes) complete() (n uint64) {
	for _, k := range c.segments {
		n += k
	}
	return n
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
func endOf(r *record.Record, e record.End) capture.Endpoint {
	if e == record.Resp {
		return r.Resp
	}
	return r.Orig
}
