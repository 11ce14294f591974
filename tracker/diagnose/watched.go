package diagnose

import (
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// watched are the seconds of which the capture is known to hold packets: where it holds none, that
// something did not come is no more than that nothing was captured.
type watched struct {
	kept fold.Bounded[moment, total, *total]
}

// maxWatched bounds the seconds of which that is known. Beyond it the capture is taken to have run
// all the while.
const maxWatched = 4096

// moment is a second of packet time as a key.
type moment int64

// Hash chooses which seconds are kept.
func (m moment) Hash() uint64 { return fold.Mix(uint64(m)) }

func newWatched() watched { return watched{fold.NewBounded[moment, total](maxWatched)} }

func (x *watched) add(r *record.Record) {
	if r.Capture.Untimed > 0 {
		return
	}
	first, last := moment(r.Start/second), moment(r.End/second)
	x.kept.At(first).n++
	if last <= first {
		return
	}
	if r.Ends[record.Orig].Packets+r.Ends[record.Resp].Packets > uint64(last-first) { // a packet a second
		for m := first + 1; m < last; m++ {
			x.kept.At(m).n++
		}
	}
	x.kept.At(last).n++
}

// capturedIn tells that something may have been captured from since to until: it is known not to
// be so only where every second with packets is known.
func (c *Context) capturedIn(since, until int64) bool {
	if c.watched == nil || c.Live || c.watched.kept.Rest().n > 0 || c.End >= since && c.End <= until {
		return true
	}
	for m := moment((since + second - 1) / second); m <= moment(until/second); m++ {
		if c.watched.kept.Find(m) != nil {
			return true
		}
	}
	return false
}

// quietAfter is for how long nothing of TCP was captured behind a time; 0 where nothing was to the
// end of the input.
func (c *Context) quietAfter(at int64) (ns int64) {
	for m := range c.watched.kept.All() {
		if quiet := int64(m)*second - at; quiet > 0 && (ns == 0 || quiet < ns) {
			ns = quiet
		}
	}
	return ns
}
