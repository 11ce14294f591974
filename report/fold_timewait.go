package report

import (
	"bytes"
	"cmp"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// held is a row of the TIME-WAIT report. A client holds one of its ports to
// one destination; a server holds memory, whoever the client was.
type held struct {
	Holder capture.Endpoint // the port is 0 for a client: it has many
	Dest   capture.Endpoint // zero for a server
	Server bool
}

// Hash chooses which rows are kept.
func (h held) Hash() uint64 {
	return fold.Hash16(h.Dest.Addr, fold.Hash16(h.Holder.Addr, uint64(h.Holder.Port)<<16|uint64(h.Dest.Port)))
}

// holding sums up the TIME-WAITs of one row. Times are nanoseconds.
type holding struct {
	n        uint64 // entered, at a time that is known
	untimed  uint64 // and at one that is not
	now      uint64 // still held when the input ended
	reused   uint64
	reset    uint64
	restarts uint64
	entries  fold.Range[int64]
	releases fold.Range[int64] // of those still held, where they are known
	ids      ids
	pop      fold.Series
}

func (h *holding) add(r *record.Record, steps int) {
	t := &r.TimeWait
	h.pop.Limit = steps
	untimed := r.Capture.Untimed > 0
	since, until := r.Stamp(t.Since), r.Stamp(t.Until)
	if untimed {
		h.untimed++
	} else {
		h.pop.Add(since, until)
		h.n++
		h.entries.Take(since)
	}
	switch t.EndedBy {
	case record.TimeWaitReuse:
		h.reused++
	case record.TimeWaitReset:
		h.reset++
	case record.TimeWaitInputEnd, record.TimeWaitLasts:
		h.now++
		if !untimed && until != 0 {
			h.releases.Take(until)
		}
	}
	h.restarts += uint64(t.Restarts)
	h.ids.Take(r.ID)
}

// Fields walks over what is summed up.
func (h *holding) Fields(w *fold.Walk) {
	h.pop.Fields(w)
	fold.Sum(w, &h.n, &h.untimed, &h.now, &h.reused, &h.reset, &h.restarts)
	h.entries.Fields(w)
	h.releases.Fields(w)
	fold.Packets(w, &h.ids)
}

// Weight is how many entered.
func (h *holding) Weight() uint64 { return h.total() }

// total is how many entered.
func (h *holding) total() uint64 { return h.n + h.untimed }

// timeWaits is the fold of TIME-WAITs.
type timeWaits struct {
	rows fold.Worst[held, holding, *holding]
	all  holding
	// steps is how many steps the population of each row has.
	steps int
}

func newTimeWaits(SummaryOptions) sums {
	return &timeWaits{rows: fold.NewWorst[held, holding](maxHolders), steps: holderSteps}
}

func (t *timeWaits) narrow(by int) {
	t.rows.Narrow(by)
	t.steps = holderSteps / by
}

func (t *timeWaits) add(r *record.Record) {
	h := r.TimeWait.Holder
	if h == record.Orig || h == record.Both {
		t.enter(held{Holder: capture.Endpoint{Addr: r.Orig.Addr}, Dest: r.Resp}, r)
	}
	if h == record.Resp || h == record.Both {
		t.enter(held{Holder: r.Resp, Server: true}, r)
	}
}

func (t *timeWaits) enter(k held, r *record.Record) {
	t.rows.Bad(k, diagnose.Sample(r)).add(r, t.steps) // who holds many is looked for
	t.all.add(r, totalSteps)
}

// cites reports whether the row that was added to last names a connection.
func (t *timeWaits) cites(id uint64) bool {
	h := t.rows.Last()
	return h != nil && slices.Contains(h.ids.Items(), id)
}

// Fields walks over the rows and their sum.
func (t *timeWaits) Fields(w *fold.Walk) {
	t.rows.Fields(w)
	t.all.Fields(w)
}

// ledger hands out the rows for judgement; end is when the input ended.
func (t *timeWaits) ledger(end, msl int64) []diagnose.Holding {
	rows := make([]diagnose.Holding, 0, t.rows.Len())
	twoMSL := cmp.Or(2*msl, defaultTwoMSL)
	late, later := fold.Second(end-twoMSL), fold.Second(end-diagnose.GrowthSpan(twoMSL))
	for k, h := range t.rows.All() {
		n, at := h.pop.Peak()
		rows = append(rows, diagnose.Holding{Holder: k.Holder, Dest: k.Dest, Entered: h.total(), Now: h.now, Peak: n, PeakAt: at * oneSecond,
			Reused: h.reused, Since: h.entries.Least, Last: h.entries.Most, Recent: h.pop.Entered(late),
			Grew: h.pop.Growth(later, fold.Second(end)), Conns: slices.Clone(h.ids.Items()), AtLeast: t.rows.Lacks(k).Bad})
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
	hosts := make(map[capture.Addr]*fold.Series)
	for k, h := range t.rows.All() {
		s := hosts[k.Holder.Addr]
		if s == nil {
			s = &fold.Series{Limit: totalSteps}
			hosts[k.Holder.Addr] = s
		}
		fold.Merge(s, &h.pop)
	}
	all := make([]peak, 0, len(hosts))
	for a, s := range hosts {
		if n, at := s.Peak(); n > 0 {
			all = append(all, peak{a, n, at})
		}
	}
	slices.SortFunc(all, func(a, b peak) int {
		return cmp.Or(cmp.Compare(b.n, a.n), bytes.Compare(a.holder[:], b.holder[:]))
	})
	return all
}
