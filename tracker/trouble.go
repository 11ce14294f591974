package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// trouble is what a connection with trouble or long idle times has to tell besides:
// most have none.
type trouble struct {
	idle idle
	ends [2]endTrouble
}

// endTrouble is what the data of one end met.
type endTrouble struct {
	stuck     stuck // at the head of what is not acknowledged
	kept      stuck // one that got through once its segments were made smaller
	tooBig    tooBig
	nagle     nagle
	fins      fins
	doubled   uint32 // repeats that came sooner than a loss can be known
	doubledAt uint64 // packet of the first of those
}

// troubled is a connection's trouble, made when there is something to tell.
func (c *conn) troubled() *trouble {
	if c.trouble == nil {
		c.trouble = &trouble{}
	}
	return c.trouble
}

// takeTrouble takes every segment that comes after an idle time, and all of a connection
// that has trouble; before it the connection's last packet is that before.
func (c *conn) takeTrouble(from record.End, s *capture.Segment, now int64) {
	if c.trouble != nil {
		c.trouble.idle.heard(from, s, now)
		if s.Flags.Has(capture.ACK) {
			c.trouble.ends[from.Peer()].answered(s, now)
		}
	}
	if gap := now - c.last; gap >= idleMin && gap <= idleMax && c.nothingUnderWay() {
		c.troubled().idle.end(from, s, now, gap)
	}
}

// trouble walks over it.
func (w *packer[W]) trouble(n int, c *conn) int {
	x := c.troubled()
	n = w.idle(n, &x.idle, c)
	for e := range x.ends {
		y, nxt := &x.ends[e], c.ends[e].stream.Next()
		there := *y != endTrouble{}
		if n = w.flag(n, &there); !there {
			continue
		}
		n = w.stuck(n, &y.stuck, c, nxt)
		n = w.stuck(n, &y.kept, c, nxt)
		n = w.tooBig(n, &y.tooBig, c)
		n = w.nagle(n, &y.nagle, c)
		n = number(w, n, &y.doubled)
		n = w.packet(n, &y.doubledAt, c.lastPacket)
		n = number(w, n, &y.fins.n)
		n = number(w, n, &y.fins.acked)
		n = w.time(n, &y.fins.last, c.last)
	}
	return n
}

func (c *conn) fillPath(r *record.Record) {
	for e := record.Orig; e <= record.Resp; e++ {
		x, y := &c.ends[e], &r.Path[e]
		y.ECT, y.CE = x.has&hasECT != 0, x.has&hasCE != 0
		y.Hole, y.Waited = x.hole()
		if c.trouble != nil {
			c.trouble.ends[e].fill(y)
		}
		if x.sender != nil && (y.Hole > 0 || y.Stuck.Bytes > 0 && !y.Stuck.Passed) {
			y.Passed = x.sender.passed
		}
	}
	if c.trouble != nil {
		c.trouble.idle.fill(&r.Idle)
	}
}

func (y *endTrouble) fill(r *record.PathRecord) {
	if y.kept.times > 0 && !y.stuck.on {
		y.kept.fill(&r.Stuck)
	} else if y.stuck.on {
		y.stuck.fill(&r.Stuck)
	}
	y.tooBig.fill(&r.TooBig)
	y.nagle.fill(&r.Nagle)
	r.Doubled, r.FINsAgain, r.FINsAcked = y.doubled, y.fins.n, y.fins.acked
}
