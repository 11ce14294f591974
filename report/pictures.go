package report

import (
	"cmp"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// What pictures are drawn from: the same sums that tables are written from.

// FeltClass counts the handshakes whose felt time lay between two bounds.
type FeltClass struct {
	From, To int64  // ns; To is 0 for the last class
	N        uint64 // handshakes
	Again    uint64 // of them, those in which a SYN or SYN/ACK was retransmitted
}

// FeltTimes are the classes from the first to the last that has a handshake; none without any.
func (s *Summary) FeltTimes() (all []FeltClass) {
	h := &undamaged[*handshakes](s).humps
	last := 0
	for i := range h {
		if h[i].n > 0 {
			last = i
		}
	}
	for i := range h[:last+1] {
		if len(all) == 0 && h[i].n == 0 {
			continue
		}
		c := FeltClass{From: humpBounds[i], N: h[i].n, Again: h[i].slow}
		if i+1 < len(humpBounds) {
			c.To = humpBounds[i+1]
		}
		all = append(all, c)
	}
	return all
}

// ListenerTimes are percentiles of the felt times at a server, ns.
type ListenerTimes struct {
	capture.Endpoint
	N                       uint64 // handshakes with a felt time
	Min, P50, P95, P99, Max int64
}

// SlowestListeners are the servers with the greatest 95th percentile, n at most; and how many
// have felt times in all.
func (s *Summary) SlowestListeners(n int) (all []ListenerTimes, of int) {
	for _, r := range undamaged[*handshakes](s).listeners("server") {
		if f := &r.opened.felt; f.N() > 0 {
			all = append(all, ListenerTimes{capture.Endpoint(r.listener), f.N(), f.Quantile(0), f.Quantile(50), f.Quantile(95), f.Quantile(99), f.Quantile(100)})
		}
	}
	slices.SortStableFunc(all, func(a, b ListenerTimes) int { return cmp.Compare(b.P95, a.P95) })
	return all[:min(len(all), n)], len(all)
}

// FailureCauses are the causes of attempts that fail, in the words of tables.
func FailureCauses() []string { return causeWords[:] }

// Moment is what happened in a step of time.
type Moment struct {
	At       int64 // ns since 1970: when the step begins
	Opens    uint64
	Failed   [nFailures]uint64 // by FailureCauses
	Resets   uint64
	Again    uint64 // data segments retransmitted
	Bytes    uint64
	Trips    uint64 // round trips measured
	Trip     int64  // the mean of the smoothed ones, ns; 0 without any
	TripMost int64  // the longest
}

// Moments are the steps of the whole input, n at most, each so many nanoseconds long; none where
// nothing has a time. known is false where retransmissions, bytes and round trips are not.
func (s *Summary) Moments(h *Headline, n int) (all []Moment, width int64, known bool) {
	t := s.timeline
	if t == nil || len(t.steps.all) == 0 {
		return nil, 0, false
	}
	from, to := t.span(h)
	seconds, rows := t.rows(from, to, n)
	for i := range rows {
		r := &rows[i]
		m := Moment{At: r.from * oneSecond, Opens: r.n[beatOpens], Resets: r.n[beatResets], Again: r.n[beatRepeats], Bytes: r.n[beatBytes], Trips: r.n[beatTrips], TripMost: r.trip}
		copy(m.Failed[:], r.n[beatFailed:beatResets])
		if m.Trips > 0 {
			m.Trip = int64(r.n[beatTripTime] / m.Trips)
		}
		all = append(all, m)
	}
	return all, seconds * oneSecond, t.known()
}

// Held is how many TIME-WAITs a holder had over time.
type Held struct {
	Holder, Dest capture.Endpoint // the port of a client is 0, as is the destination of a server
	Server       bool
	Peak         uint64
	Over         []uint64 // the most in each of equal parts of the time
}

// HeldOver are the holders with the greatest peaks, n at most, and how many there are, over parts
// equal parts of the time of the input, ns since 1970, which is counted from the second in which it
// begins to the end of the one in which it ends; ports is how many a client may choose from.
func (s *Summary) HeldOver(h *Headline, n, parts int) (all []Held, of int, from, to int64, ports uint64) {
	t := sumsOf[*timeWaits](s)
	if t.all.n == 0 {
		return nil, 0, 0, 0, 0
	}
	from, to = t.all.entries.Least, max(h.End, s.end)
	if h.Start != 0 {
		from = min(from, h.Start)
	}
	first, last := fold.Second(from), fold.Second(to)
	for _, r := range t.list("peak") {
		if r.n == 0 {
			continue
		}
		if of++; len(all) < n {
			all = append(all, Held{r.Holder, r.Dest, r.Server, r.peak, r.pop.Sample(first, last, parts)})
		}
	}
	return all, of, from, to, uint64(s.opt.Thresholds.Ports())
}

// TransferOf is the data that an end of a connection sent.
type TransferOf struct {
	ID       uint64
	From, To capture.Endpoint
	record.Transfer
}

// FirstTransfers are the transfers that rank first, n at most; and how many there are.
func (s *Summary) FirstTransfers(n int) (all []TransferOf, of uint64) {
	t := sumsOf[*transfers](s)
	if t == nil {
		return nil, 0
	}
	for _, x := range t.first.Sorted() {
		if len(all) < n {
			all = append(all, TransferOf{x.ID, x.From, x.To, x.Transfer})
		}
	}
	return all, t.first.Offered()
}
