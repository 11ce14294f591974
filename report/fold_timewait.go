package report

import (
	"bytes"
	"cmp"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// held is a row of the TIME-WAIT report. A client holds one of its ports to
// one destination; a server holds memory, whoever the client was.
type held struct {
	holder capture.Endpoint // the port is 0 for a client: it has many
	dest   capture.Endpoint // zero for a server
	server bool
}

// Hash chooses which rows are kept.
func (h held) Hash() uint64 {
	return diagnose.HashAddr(h.dest.Addr, diagnose.HashAddr(h.holder.Addr, uint64(h.holder.Port)<<16|uint64(h.dest.Port)))
}

// holding sums up the TIME-WAITs of one row. Times are nanoseconds.
type holding struct {
	n        uint64 // entered, at a time that is known
	untimed  uint64 // and at one that is not
	now      uint64 // still held when the input ended
	reused   uint64
	reset    uint64
	restarts uint64
	first    int64 // first entry
	last     int64 // last entry
	next     int64 // first and last release of those still held
	lastOut  int64
	ids      ids
	pop      series
}

func (h *holding) add(r *record.Record, steps int) {
	t := &r.TimeWait
	h.pop.limit = steps
	untimed := r.Capture.Untimed > 0
	since, until := r.Stamp(t.Since), r.Stamp(t.Until)
	if untimed {
		h.untimed++
	} else {
		h.pop.add(since, until)
		h.entered(1, since, since)
	}
	switch t.EndedBy {
	case record.TimeWaitReuse:
		h.reused++
	case record.TimeWaitReset:
		h.reset++
	case record.TimeWaitInputEnd, record.TimeWaitLasts:
		if untimed {
			h.now++
		} else {
			h.stay(1, until, until)
		}
	}
	h.restarts += uint64(t.Restarts)
	h.ids.add(r.ID)
}

// Merge takes in another.
func (h *holding) Merge(o *holding) {
	h.pop.limit = max(h.pop.limit, o.pop.limit)
	h.pop.merge(&o.pop)
	if o.n > 0 {
		h.entered(o.n, o.first, o.last)
	}
	h.untimed += o.untimed
	h.stay(o.now, o.next, o.lastOut)
	h.reused += o.reused
	h.reset += o.reset
	h.restarts += o.restarts
	h.ids.merge(&o.ids)
}

// total is how many entered.
func (h *holding) total() uint64 { return h.n + h.untimed }

// entered counts n that entered between first and last.
func (h *holding) entered(n uint64, first, last int64) {
	if h.n == 0 {
		h.first, h.last = first, last
	}
	h.first, h.last = min(h.first, first), max(h.last, last)
	h.n += n
}

// stay counts n that are still held and released between next and last.
func (h *holding) stay(n uint64, next, last int64) {
	switch {
	case n == 0:
		return
	case next == 0 && last == 0: // not known
	case h.lastOut == 0:
		h.next, h.lastOut = next, last
	default:
		h.next, h.lastOut = min(h.next, next), max(h.lastOut, last)
	}
	h.now += n
}

// timeWaits is the fold of TIME-WAITs.
type timeWaits struct {
	rows diagnose.Shelf[held, holding, *holding]
	all  holding
	// steps is how many steps the population of each row has.
	steps int
}

func newTimeWaits() timeWaits {
	return timeWaits{rows: diagnose.NewShelf[held, holding](maxHolders), steps: holderSteps}
}

func (t *timeWaits) add(r *record.Record) {
	h := r.TimeWait.Holder
	if h == record.Orig || h == record.Both {
		t.enter(held{holder: capture.Endpoint{Addr: r.Orig.Addr}, dest: r.Resp}, r)
	}
	if h == record.Resp || h == record.Both {
		t.enter(held{holder: r.Resp, server: true}, r)
	}
}

func (t *timeWaits) enter(k held, r *record.Record) {
	t.rows.At(k).add(r, t.steps)
	t.all.add(r, totalSteps)
}

func (t *timeWaits) merge(o *timeWaits) {
	t.rows.Merge(&o.rows)
	t.all.Merge(&o.all)
}

// ledger hands out the rows for judgement; end is when the input ended.
func (t *timeWaits) ledger(end, msl int64) []diagnose.Holding {
	t.rows.Trim()
	rows := make([]diagnose.Holding, 0, t.rows.Len())
	late := second(end - cmp.Or(2*msl, defaultTwoMSL))
	for k, h := range t.rows.All() {
		n, at := h.pop.peak()
		rows = append(rows, diagnose.Holding{Holder: k.holder, Dest: k.dest, Entered: h.total(), Now: h.now, Peak: n, PeakAt: at * oneSecond,
			Reused: h.reused, Since: h.first, Last: h.last, Recent: h.pop.entered(late), Conns: slices.Clone(h.ids.id[:h.ids.n])})
	}
	return rows
}

// peak is the greatest number of TIME-WAITs that one host held, and in which
// second since 1970 that was.
type peak struct {
	holder capture.Addr
	n      uint64
	at     int64
}

// peaks adds up the rows of each host; greatest first, ties by address.
func (t *timeWaits) peaks() []peak {
	t.rows.Trim()
	hosts := make(map[capture.Addr]*series)
	for k, h := range t.rows.All() {
		s := hosts[k.holder.Addr]
		if s == nil {
			s = &series{limit: totalSteps}
			hosts[k.holder.Addr] = s
		}
		s.merge(&h.pop)
	}
	all := make([]peak, 0, len(hosts))
	for a, s := range hosts {
		if n, at := s.peak(); n > 0 {
			all = append(all, peak{a, n, at})
		}
	}
	slices.SortFunc(all, func(a, b peak) int {
		return cmp.Or(cmp.Compare(b.n, a.n), bytes.Compare(a.holder[:], b.holder[:]))
	})
	return all
}
