package tracker

import "tcpwatch/capture"

// strain is what a connection with trouble or long rests has to tell besides:
// most have none.
type strain struct {
	rest rest
	ends [2]endStrain
}

// endStrain is what the data of one end met.
type endStrain struct {
	stuck   stuck // at the head of what is not acknowledged
	kept    stuck // one that got through once its segments were made smaller
	tooBig  tooBig
	stalls  stalls
	fins    fins
	hasty   uint32 // repeats that came sooner than a loss can be known
	hastyAt uint64 // packet of the first of those
}

// strained is a connection's strain, made when there is something to tell.
func (c *conn) strained() *strain {
	if c.strain == nil {
		c.strain = &strain{}
	}
	return c.strain
}

// stir takes every segment that comes after a rest, and all of a connection
// that has strain; before it the connection's last packet is that before.
func (c *conn) stir(from End, s *capture.Segment, now int64) {
	if c.strain != nil {
		c.strain.rest.heard(from, s, now)
		if s.Flags.Has(capture.ACK) {
			c.strain.ends[from.Peer()].answered(s, now)
		}
	}
	if gap := now - c.last; gap >= restful && gap <= longestRest && c.resting() {
		c.strained().rest.wake(from, s, now, gap)
	}
}

// strain walks over it.
func (w *words[W]) strain(n int, c *conn) int {
	x := c.strained()
	n = w.rest(n, &x.rest, c)
	for e := range x.ends {
		y, nxt := &x.ends[e], c.ends[e].stream.Next()
		there := *y != endStrain{}
		if n = w.flag(n, &there); !there {
			continue
		}
		n = w.stuck(n, &y.stuck, c, nxt)
		n = w.stuck(n, &y.kept, c, nxt)
		n = w.tooBig(n, &y.tooBig, c)
		n = w.stalls(n, &y.stalls, c)
		n = num(w, n, &y.hasty)
		n = w.packet(n, &y.hastyAt, c.lastPacket)
		n = num(w, n, &y.fins.n)
		n = num(w, n, &y.fins.acked)
		n = w.time(n, &y.fins.last, c.last)
	}
	return n
}

// StrainRecord is what the data of an end met.
type StrainRecord struct {
	Stuck     StuckRecord
	TooBig    TooBigRecord
	Stalls    StallsRecord
	FINs      uint32 // times that its FIN was sent again, copies on the way or in the capture left out
	FINsAcked uint32 // those of them that came after an ACK of it had passed
	Hasty     uint32 // repeats that came sooner than a loss can be known: something on the way, or the capture, doubled them
	Passed    uint32 // with a stuck segment or a hole: payload of the largest one that was acknowledged; 0 when unknown
	Hole      uint32 // payload missing at the head of what is not acknowledged, never seen here; 0 for none
	Waited    int64  // how long the end went on sending without filling it
	ECT       bool   // a data segment of it carried an ECN-capable codepoint (RFC 3168 section 5)
	CE        bool   // one carried the mark of congestion
}

func (c *conn) fillStrain(r *Record) {
	for e := Orig; e <= Resp; e++ {
		x, y := &c.ends[e], &r.Strain[e]
		y.ECT, y.CE = x.has&hasECT != 0, x.has&hasCE != 0
		y.Hole, y.Waited = x.hole()
		if c.strain != nil {
			c.strain.ends[e].fill(y)
		}
		if x.sender != nil && (y.Hole > 0 || y.Stuck.Bytes > 0 && !y.Stuck.Passed) {
			y.Passed = x.sender.passed
		}
	}
	if c.strain != nil {
		c.strain.rest.fill(&r.Rest)
	}
}

func (y *endStrain) fill(r *StrainRecord) {
	if y.kept.times > 0 && !y.stuck.on {
		y.kept.fill(&r.Stuck)
	} else if y.stuck.on {
		y.stuck.fill(&r.Stuck)
	}
	y.tooBig.fill(&r.TooBig)
	y.stalls.fill(&r.Stalls)
	r.Hasty, r.FINs, r.FINsAcked = y.hasty, y.fins.n, y.fins.acked
}
