package report

import (
	"iter"
	"maps"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// Counts are what counters tell of some connections: one number at each of the places below.
type Counts [NCounts]uint64

// The places of Counts. What has an end is twice there, for what the originator and for what the
// responder sent.
const (
	CountOpened = iota // connections that opened: by a handshake, or simultaneously
	// CountFailed are attempts that failed, by record.OpenKind from record.OpenRefused on.
	CountFailed
	CountClosed     = CountFailed + int(record.OpenAborted-record.OpenRefused) + 1 // connections that are over, by record.CloseKind
	CountAgain      = CountClosed + int(record.NCloseKinds)                        // segments sent again, by end, then by AgainClass
	CountSpurious   = CountAgain + 2*int(NAgainClasses)                            // of those with data, the needless ones, by end
	CountZeroWindow = CountSpurious + 2                                            // times that an end closed its window
	CountFelt       = CountZeroWindow + 2                                          // handshakes by felt time, by the first of FeltBounds that it does not exceed
	CountFeltSum    = CountFelt + len(FeltBounds) + 1                              // ns, all felt times
	NCounts         = CountFeltSum + 1
	maxCounted      = 4096 // listeners that are counted apart, and hosts that hold TIME-WAIT
)

// FeltBounds are the upper bounds, in ns, of the classes in which CountFelt counts: those that
// Prometheus' clients have for times, with two below them for networks in one house.
var FeltBounds = [...]int64{500e3, 1e6, 2500e3, 5e6, 10e6, 25e6, 50e6, 100e6, 250e6, 500e6, 1e9, 2500e6, 5e9, 10e9}

// AgainClass says why a segment was sent again, as far as it carried data, or what else it carried.
type AgainClass uint8

// The classes of retransmissions.
const (
	AgainRTO AgainClass = iota
	AgainFast
	AgainTLP
	AgainOther
	AgainSYN // a SYN of the originator, a SYN/ACK of the responder
	AgainFIN

	NAgainClasses
)

// String is the class as labels have it.
func (c AgainClass) String() string {
	return [...]string{"rto", "fast", "tlp", "other", "syn", "fin"}[c]
}

// CountAgainOf is the place of what an end sent again.
func CountAgainOf(end record.End, c AgainClass) int {
	return CountAgain + int(end)*int(NAgainClasses) + int(c)
}

// Counted is what is counted of some connections. What may still come out otherwise is counted
// apart: an attempt without an answer so far, a close that is under way.
type Counted struct {
	Settled, Unsettled Counts
}

// Fields walks over what is counted.
func (c *Counted) Fields(w *fold.Walk) {
	fold.Sums(w, c.Settled[:])
	fold.Sums(w, c.Unsettled[:])
}

func (c *Counted) add(r *record.Record) {
	for e := range r.Ends {
		x, end := &r.Ends[e], record.End(e)
		for class, n := range [...]uint32{x.RetxRTO, x.RetxFast, x.RetxTLP, x.RetxOther} {
			c.Settled[CountAgainOf(end, AgainClass(class))] += uint64(n)
		}
		c.Settled[CountAgainOf(end, AgainFIN)] += uint64(r.Path[e].FINsAgain)
		c.Settled[CountSpurious+e] += uint64(x.RetxSpurious)
		c.Settled[CountZeroWindow+e] += uint64(x.ZeroWindows)
	}
	c.Settled[CountAgainOf(record.Orig, AgainSYN)] += sentAgain(r.Open.SYNs)
	c.Settled[CountAgainOf(record.Resp, AgainSYN)] += sentAgain(r.Open.SYNACKs)
	c.addOpening(r)
	c.addClose(r)
}

func (c *Counted) addOpening(r *record.Record) {
	switch why, failed := causeOf(r); {
	case failed && why == stillOpening:
		return
	case failed && r.Interim && (why == causeNoAnswer || why == causeHalfOpen): // the answer may come yet
		c.Unsettled[CountFailed+int(why)]++
		return
	case failed:
		c.Settled[CountFailed+int(why)]++
		return
	case r.Open.Kind != record.OpenHandshake && r.Open.Kind != record.OpenSimultaneous, r.Capture.Forgotten:
		return
	}
	c.Settled[CountOpened]++
	if !r.Open.Felt.OK {
		return
	}
	i := 0
	for i < len(FeltBounds) && r.Open.Felt.V > FeltBounds[i] {
		i++
	}
	c.Settled[CountFelt+i]++
	c.Settled[CountFeltSum] += uint64(max(r.Open.Felt.V, 0))
}

func (c *Counted) addClose(r *record.Record) {
	k := r.Close.Kind
	switch {
	case k == record.CloseOpen, k == record.CloseNeverOpened, k == record.CloseUnknown && r.Open.Kind == record.OpenUnknown:
		return
	case r.Interim && k != record.CloseNormal && k != record.CloseReset:
		c.Unsettled[CountClosed+int(k)]++
	default:
		c.Settled[CountClosed+int(k)]++
	}
}

// counters is the fold of what counters tell, by listener, and of who holds TIME-WAIT now. Those with the
// least hashes stay, not the worst: a counter cannot say that it is at least so much, so each must be whole.
type counters struct {
	listeners fold.Bounded[listener, Counted, *Counted]
	holders   fold.Bounded[listener, holders, *holders]
}

// holders counts the connections that a host holds in TIME-WAIT.
type holders struct{ n uint64 }

// Fields walks over the count.
func (h *holders) Fields(w *fold.Walk) { fold.Sum(w, &h.n) }

func newCounters(SummaryOptions) sums {
	return &counters{fold.NewBounded[listener, Counted](maxCounted), fold.NewBounded[listener, holders](maxCounted)}
}

func (c *counters) narrow(by int) {
	c.listeners.Narrow(by)
	c.holders.Narrow(by)
}

func (c *counters) add(r *record.Record) {
	c.listeners.At(listener(r.Resp)).add(r)
	t := &r.TimeWait
	if !r.Interim && !r.Unfinished || t.EndedBy != record.TimeWaitLasts && t.EndedBy != record.TimeWaitInputEnd {
		return
	}
	if t.Holder == record.Orig || t.Holder == record.Both {
		c.holders.At(listener{Addr: r.Orig.Addr}).n++
	}
	if t.Holder == record.Resp || t.Holder == record.Both {
		c.holders.At(listener{Addr: r.Resp.Addr}).n++
	}
}

// Fields walks over what is counted.
func (c *counters) Fields(w *fold.Walk) {
	c.listeners.Fields(w)
	c.holders.Fields(w)
}

// Counters is what the counters of a Summary tell.
type Counters struct {
	Total   Counted                               // of all listeners, those without a place of their own too
	Each    iter.Seq2[capture.Endpoint, *Counted] // in no order
	Holders map[capture.Addr]uint64               // connections that they hold in TIME-WAIT
	Others  uint64                                // those of hosts without a place of their own
}

// Counters hands out what was counted, where SummaryOptions.Counters asked for it; nothing of the
// Summary changes.
func (s *Summary) Counters() Counters {
	c := undamaged[*counters](s)
	if c == nil {
		return Counters{Each: maps.All(map[capture.Endpoint]*Counted{})}
	}
	x := Counters{Total: *c.listeners.Total(), Holders: make(map[capture.Addr]uint64, c.holders.Len()), Others: c.holders.Rest().n}
	x.Each = func(yield func(capture.Endpoint, *Counted) bool) {
		for l, n := range c.listeners.All() {
			if !yield(capture.Endpoint(l), n) {
				return
			}
		}
	}
	for h, n := range c.holders.All() {
		x.Holders[h.Addr] = n.n
	}
	return x
}
