package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

// leaks sums up connections that one end does not close though the other has.
type leaks struct {
	tally
	held        uint64 // not closed when they were last seen
	longest     int64  // ns in CLOSE-WAIT
	first, last int64  // when the first and the last of them began
}

// Merge takes in another.
func (x *leaks) Merge(o *leaks) {
	if o.n == 0 {
		return
	}
	x.began(o.first, o.last)
	x.tally.Merge(&o.tally)
	x.held += o.held
	x.longest = max(x.longest, o.longest)
}

func (x *leaks) began(first, last int64) {
	if x.n == 0 {
		x.first, x.last = first, last
	}
	x.first, x.last = min(x.first, first), max(x.last, last)
}

func (x *leaks) add(r *record.Record, packet uint64, since, lasted int64, held bool) {
	x.began(since, since)
	x.hit(r.ID, packet, since, since+lasted)
	x.longest = max(x.longest, lasted)
	if held {
		x.held++
	}
}

// slope tells how fast they become more.
func (x *leaks) slope() string {
	if x.n < 3 || x.last-x.first < second {
		return ""
	}
	return fmt.Sprintf(" One more begins every %s.", span((x.last-x.first)/int64(x.n-1)))
}
