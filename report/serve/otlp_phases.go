package serve

import (
	"sync"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// phases are the times of a connection that are told as spans, ns since 1970.
type phases struct {
	id         uint64
	orig, resp capture.Endpoint
	spans      []phase
}

// phase is a part of a connection's life.
type phase struct {
	name     string
	from, to int64
}

// phasesOf are those of a connection whose packets have times: the whole, then its parts.
func phasesOf(r *record.Record) (p phases) {
	p = phases{id: r.ID, orig: r.Orig, resp: r.Resp}
	if r.Capture.Untimed > 0 {
		return p
	}
	add := func(name string, from, to int64) {
		if from, to = r.Stamp(from), r.Stamp(to); from > 0 && to >= from {
			p.spans = append(p.spans, phase{name, from, to})
		}
	}
	over := r.End
	if r.TimeWait.Holder != record.NoEnd {
		over = max(over, r.TimeWait.Until)
	}
	add("connection", r.Start, over)
	opened, closing := r.Start, r.End
	switch {
	case r.Open.Felt.OK:
		opened = min(r.Start+r.Open.Felt.V, r.End)
		add("opening", r.Start, opened)
	case r.Open.Kind.Failed():
		add("opening", r.Start, r.End)
		return p
	}
	for _, fin := range r.Close.FINTime {
		if fin.OK {
			closing = min(closing, fin.V)
		}
	}
	add("established", opened, max(opened, closing))
	if closing < r.End {
		add("closing", closing, r.End)
	}
	if r.TimeWait.Holder != record.NoEnd && r.TimeWait.Until >= r.TimeWait.Since {
		add("time-wait", r.TimeWait.Since, r.TimeWait.Until)
	}
	return p
}

// Limits of how many connections all workers remember, for findings to come.
const (
	remembered = 8192 // that ended last
	troubled   = 8192 // besides, those that had a trouble first
)

// memory remembers connections that findings may cite: those first that show a trouble, as findings
// cite those, and those that ended last.
type memory struct {
	of    *OTLP // whose memories share the limits
	mu    sync.Mutex
	first map[uint64]phases
	ring  []phases
	n     uint64
}

// take takes a connection that is over.
func (m *memory) take(r *record.Record) {
	p := phasesOf(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	all := len(m.of.memory)
	if len(m.first) < max(troubled/all, 1) && hadTrouble(r) {
		if m.first == nil {
			m.first = make(map[uint64]phases)
		}
		m.first[r.ID] = p
		return
	}
	if most := max(remembered/all, 1); len(m.ring) < most {
		m.ring = append(m.ring, p)
	} else {
		m.ring[m.n%uint64(most)] = p
	}
	m.n++
}

// hadTrouble tells roughly whether a finding may cite a connection.
func hadTrouble(r *record.Record) bool {
	for e := range r.Ends {
		if x := &r.Ends[e]; x.Retx > 0 || x.ZeroWindows > 0 {
			return true
		}
	}
	return report.Troubled(r) || r.Open.SYNs > 1 || r.Open.SYNACKs > 1 || r.KeepaliveOutcome != record.KeepaliveNone
}

// find hands out the connections of these numbers that are remembered, by number.
func (m *memory) find(ids map[uint64]bool, into map[uint64]phases) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range ids {
		if p, ok := m.first[id]; ok {
			into[id] = p
		}
	}
	for i := range m.ring {
		if p := &m.ring[i]; ids[p.id] {
			into[p.id] = *p
		}
	}
}
