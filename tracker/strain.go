package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

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
func (c *conn) stir(from record.End, s *capture.Segment, now int64) {
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

func (c *conn) fillStrain(r *record.Record) {
	for e := record.Orig; e <= record.Resp; e++ {
		x, y := &c.ends[e], &r.Path[e]
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
		c.strain.rest.fill(&r.Idle)
	}
}

func (y *endStrain) fill(r *record.PathRecord) {
	if y.kept.times > 0 && !y.stuck.on {
		y.kept.fill(&r.Stuck)
	} else if y.stuck.on {
		y.stuck.fill(&r.Stuck)
	}
	y.tooBig.fill(&r.TooBig)
	y.stalls.fill(&r.Nagle)
	r.Doubled, r.FINsAgain, r.FINsAcked = y.hasty, y.fins.n, y.fins.acked
}
