package diagnose

import (
	"tcpwatch/capture"
)

// stretch is how the attempts to a listener that failed in one way lie among those that
// went well, in order of time.
type stretch struct {
	failed, runs  int   // attempts, and runs of them with none that went well between
	before, after int   // that went well before the first that failed and after the last
	from, to      int64 // the last that went well before the first that failed, and the first after the last
	longest       int64 // of all runs, from the one that went well before to the one after
}

// stretchOf looks at the attempts that are remembered.
func (c *Context) stretchOf(at capture.Endpoint, failed outcome) (x stretch) {
	if c.contrasts == nil {
		return x
	}
	var well int64 // when the latest began that went well
	in := false    // in a run of those that failed
	for _, a := range c.contrasts.byListener[at] {
		switch {
		case a.Result == failed:
			if x.failed == 0 {
				x.from = well
			}
			if !in {
				x.runs++
			}
			x.failed, x.after, in = x.failed+1, 0, true
		case a.Result == wentWell:
			if x.failed == 0 {
				x.before++
			}
			if in {
				x.to = a.Start
				if well != 0 {
					x.longest = max(x.longest, a.Start-well)
				}
			}
			well, in = a.Start, false
			x.after++
		}
	}
	return x
}

// scatteredLeast is how many runs of failures make it no matter of one moment, and at most
// scatteredGap apart the attempts that went well around them lie: no service starts again so soon.
const (
	scatteredLeast = 3
	scatteredGap   = second
)

// scattered tells that those that failed lie one here and one there among those that went well.
func (x *stretch) scattered() bool {
	return x.runs >= scatteredLeast && x.runs*2 > x.failed && x.longest <= scatteredGap
}

// together tells that several failed in a row, with others that went well before and after.
func (x *stretch) together() bool {
	return x.runs == 1 && x.failed >= scatteredLeast && x.before >= scatteredLeast && x.after >= scatteredLeast
}
