package diagnose

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Holding is a row of the TIME-WAIT ledger: what one opener holds towards one
// destination, or one listener towards whomever. Whoever sums up TIME-WAITs
// hands it in with the Context, so that they are counted once.
type Holding struct {
	Holder      capture.Endpoint // the port is 0 for an opener
	Dest        capture.Endpoint // zero for a listener
	Entered     uint64
	Now         uint64 // still held when the input ended
	Peak        uint64 // most at once
	PeakAt      int64
	Reused      uint64 // ended early by a new connection
	Since, Last int64  // first and last entry
	Recent      uint64 // entered in the last 2MSL of the input
	Grew        int64  // how many more entered than left in the last GrowthSpan of the input
	Conns       []uint64
	AtLeast     bool // there were too many rows to count all of each: numbers are at least these
}

// GrowthSpan is the time at the end of an input of which the growth of a population
// is told: a quarter of 2MSL, so that what entered at the start does not count as growth
// any more when the population has levelled off.
func GrowthSpan(twoMSL int64) int64 { return max(twoMSL/4, shortestSpan) }

// slope is how many more entered than left in a second of late; 0 when that cannot be told.
func (c *Context) slope(h *Holding) float64 {
	over := min(GrowthSpan(c.twoMSL()), c.End-c.Start)
	if over < shortestSpan {
		return 0
	}
	return max(float64(h.Grew)/(float64(over)/1e9), 0)
}

// filling is how long a population may go on growing as it grew of late: until what
// entered first leaves, 2MSL later; where it grew after that as well, another 2MSL.
func (c *Context) filling(h *Holding) int64 {
	fills := c.twoMSL() - (c.End - h.Since)
	if fills < -GrowthSpan(c.twoMSL()) {
		return c.twoMSL()
	}
	return max(fills, 0)
}

// Forecast is how many more entered than left in a second of late, and at how many a
// population levels off that goes on growing so.
func (c *Context) Forecast(h *Holding) (slope float64, level int64) {
	slope = c.slope(h)
	return slope, int64(h.Now) + int64(slope*float64(c.filling(h))/1e9)
}

// PortsOf is how many ports the client of h chooses from, and whether that is this host's own range.
func (c *Context) PortsOf(h *Holding, otherwise int64) (ports int64, own bool) {
	if n := c.Ports.Len(); n > 0 && c.local(h.Holder.Addr) {
		return n, true
	}
	return otherwise, false
}

// opener tells that it holds ports, not only memory.
func (h *Holding) opener() bool { return h.Holder.Port == 0 }

func (h *Holding) subject() Subject {
	if h.opener() {
		return towards(h.Holder.Addr, h.Dest)
	}
	return listener(h.Holder)
}

// twoMSL is how long a TIME-WAIT lasts (RFC 9293 section 3.4.2).
func (c *Context) twoMSL() int64 {
	if c.MSL > 0 {
		return 2 * c.MSL
	}
	return 2 * record.DefaultMSL
}

// shortestSpan is what an input must last for a rate to be worth something.
const shortestSpan = 10 * second

// rate is how many entered in a second of late; 0 when that cannot be told.
func (c *Context) rate(h *Holding) float64 {
	over := min(c.twoMSL(), c.End-c.Start)
	if over < shortestSpan {
		return 0
	}
	return float64(h.Recent) / (float64(over) / 1e9)
}

// fromLedger is a Fold that reads the ledger only.
type fromLedger struct {
	readsNone
	tell func(c *Context, h *Holding) (Finding, bool)
}

// Findings goes through the ledger.
func (f fromLedger) Findings(c *Context) []Finding {
	var all []Finding
	for i := range c.TimeWaits {
		h := &c.TimeWaits[i]
		x, ok := f.tell(c, h)
		if !ok {
			continue
		}
		x.Subject, x.Conns, x.Since, x.Until, x.lack.Bad = h.subject(), h.Conns, h.Since, max(h.Last, h.PeakAt), h.AtLeast
		if x.Count == 0 {
			x.Count = h.Entered
		}
		all = append(all, x)
	}
	return all
}
