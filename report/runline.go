package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"tcpwatch/capture"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// runLine is what else the headline of a report tells: with it and the records, a report is made
// again.
type runLine struct {
	Interface     outside      `json:"interface,omitempty"`
	Filter        outside      `json:"filter,omitempty"`
	DefaultFilter bool         `json:"filter_is_default,omitempty"`
	Hides         []outside    `json:"hides,omitempty"`
	From          *moment      `json:"from,omitempty"`
	To            *moment      `json:"to,omitempty"`
	Outside       uint64       `json:"outside,omitempty"`
	First         *moment      `json:"first,omitempty"`
	Last          *moment      `json:"last,omitempty"`
	Passed        uint64       `json:"passed"`
	Bytes         uint64       `json:"bytes"`
	Start         *moment      `json:"start,omitempty"`
	End           *moment      `json:"end,omitempty"`
	Undecoded     uint64       `json:"undecoded,omitempty"`
	ClockAt       uint64       `json:"clock_packet,omitempty"`
	Stepped       *seconds     `json:"clock_stepped_s,omitempty"`
	Damaged       []damageLine `json:"damaged,omitempty"`
	Conns         uint64       `json:"begun,omitempty"`
	Emitted       uint64       `json:"ended,omitempty"`
	Quotes        uint64       `json:"icmp_errors,omitempty"`
	Unmatched     uint64       `json:"icmp_unmatched,omitempty"`
	MSL           seconds      `json:"msl_s"`
	Live          bool         `json:"live,omitempty"`
	Local         bool         `json:"local,omitempty"` // the addresses of the host are known: those that records say
	Ports         []uint16     `json:"ports,omitempty"`
	Observed      uint64       `json:"segments,omitempty"`
}

// damageLine is where a file was damaged.
type damageLine struct {
	File   outside `json:"file"`
	Packet uint64  `json:"packet"`
	Offset int64   `json:"offset"`
	Reason outside `json:"reason"`
}

func lineOfRun(h *Headline) *runLine {
	l := &runLine{Interface: outside(h.Interface), Filter: outside(h.Filter), DefaultFilter: h.FilterIsDefault, Hides: escaped(h.Hides),
		From: momentOf(h.From), To: momentOf(h.To), Outside: h.Outside, First: momentOf(h.First), Last: momentOf(h.Last),
		Passed: h.Passed, Bytes: h.Bytes, Undecoded: h.Undecoded, ClockAt: h.Clock.At,
		Conns: h.Tracker.Conns, Emitted: h.Tracker.Emitted, Quotes: h.Tracker.Quotes, Unmatched: h.Tracker.Unmatched,
		MSL: seconds(h.MSL), Live: h.Live, Local: h.Local != nil, Observed: h.Tracker.Segments}
	l.Start, l.End = momentOf(record.Opt[int64]{V: h.Start, OK: h.Start != 0}), momentOf(record.Opt[int64]{V: h.End, OK: h.End != 0})
	if h.Clock.Stepped != 0 {
		l.Stepped = new(seconds(h.Clock.Stepped))
	}
	for _, d := range h.Damaged {
		l.Damaged = append(l.Damaged, damageLine{outside(d.File), d.Packet, d.Offset, outside(d.Reason)})
	}
	if h.Ports != (diagnose.PortRange{}) {
		l.Ports = []uint16{h.Ports.Low, h.Ports.High}
	}
	return l
}

// momentOf is a time where there is one.
func momentOf(o record.Opt[int64]) *moment {
	if !o.OK {
		return nil
	}
	return new(moment(o.V))
}

// optOf is a number where there is one.
func optOf[N int64 | uint64, T ~int64 | ~uint64](p *T) record.Opt[N] {
	if p == nil {
		return record.Opt[N]{}
	}
	return record.Some(N(*p))
}

// UnmarshalJSON reads a number of seconds.
func (s *seconds) UnmarshalJSON(b []byte) error {
	ns, err := schema.ParseSeconds(string(b))
	*s = seconds(ns)
	return err
}

// UnmarshalJSON reads a time.
func (m *moment) UnmarshalJSON(b []byte) error {
	var t time.Time
	err := json.Unmarshal(b, &t)
	*m = moment(t.UnixNano())
	return err
}

// UnmarshalJSON reads counts in their order.
func (all *counts) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("no object of counts: %v", t)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		value, err := d.Token()
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint(fmt.Sprint(value), 10, 64)
		if err != nil {
			return err
		}
		*all = append(*all, Count{key.(string), n})
	}
	return nil
}

// ReadStats is what a stats line tells of a run: its headline, and how many connections it left
// out. What it says of addresses of the host is for who reads the records.
func ReadStats(line []byte) (h *Headline, leftOut uint64, err error) {
	var l statsLine
	if err := json.Unmarshal(line, &l); err != nil {
		return nil, 0, err
	}
	if l.Schema > schema.Version {
		return nil, 0, fmt.Errorf("schema %d is newer than this program, which knows %d", l.Schema, schema.Version)
	}
	if l.Run == nil {
		return nil, 0, fmt.Errorf("an older version wrote it: its records lack what findings are made of")
	}
	r := l.Run
	h = &Headline{Files: plain(l.Files), Interface: string(r.Interface), Filter: string(r.Filter), FilterIsDefault: r.DefaultFilter,
		Anonymous: l.Anonymous, Where: string(l.Where), Hides: plain(r.Hides), Outside: r.Outside, Packets: l.Packets, Passed: r.Passed, Bytes: r.Bytes,
		Segments: l.Segments, Skipped: l.Skipped, Undecoded: r.Undecoded, Unnamed: l.Unnamed, MSL: int64(r.MSL), Live: r.Live,
		From: optOf[int64](r.From), To: optOf[int64](r.To), First: optOf[int64](r.First), Last: optOf[int64](r.Last),
		Start: optOf[int64](r.Start).V, End: optOf[int64](r.End).V, KernelDrops: optOf[uint64](l.KernelDrops), InterfaceDrops: optOf[uint64](l.InterfaceDrops),
		Clock: Clock{Untimed: l.Untimed, Misstamped: l.Misstamped, Steps: l.Steps, At: r.ClockAt, Stepped: optOf[int64](r.Stepped).V, Gaps: l.Gaps,
			Uncovered: optOf[int64](l.Uncovered).V},
		Tracker: record.Stats{Segments: r.Observed, Conns: r.Conns, Emitted: r.Emitted, Evicted: l.Evicted, EvictedBy: l.EvictedBy, Quotes: r.Quotes,
			Unmatched: r.Unmatched, Anomalies: l.Anomalies, Limits: l.Limits}}
	if len(r.Ports) == 2 {
		h.Ports = diagnose.PortRange{Low: r.Ports[0], High: r.Ports[1]}
	}
	if r.Local {
		h.Local = func(capture.Addr) bool { return false }
	}
	for _, d := range r.Damaged {
		h.Damaged = append(h.Damaged, &capture.Damage{File: string(d.File), Packet: d.Packet, Offset: d.Offset, Reason: string(d.Reason)})
	}
	return h, optOf[uint64](l.LeftOut).V, nil
}

func plain(texts []outside) (all []string) {
	for _, t := range texts {
		all = append(all, string(t))
	}
	return all
}

// Join adds what a run over other packets told: packets that were numbered on after those of h.
func (h *Headline) Join(o *Headline) {
	if h.Clock.At == 0 && o.Clock.At != 0 {
		h.Clock.At = h.Packets + o.Clock.At
	}
	h.Files = append(h.Files, o.Files...)
	for _, what := range o.Hides {
		if !slices.Contains(h.Hides, what) {
			h.Hides = append(h.Hides, what)
		}
	}
	h.Anonymous, h.Live = h.Anonymous || o.Anonymous, h.Live || o.Live
	h.Outside, h.Packets, h.Passed, h.Bytes, h.Segments = h.Outside+o.Outside, h.Packets+o.Packets, h.Passed+o.Passed, h.Bytes+o.Bytes, h.Segments+o.Segments
	h.Undecoded, h.Unnamed = h.Undecoded+o.Undecoded, h.Unnamed+o.Unnamed
	if o.Start != 0 && (h.Start == 0 || o.Start < h.Start) {
		h.Start = o.Start
	}
	h.End, h.MSL = max(h.End, o.End), max(h.MSL, o.MSL)
	c := &h.Clock
	c.Untimed, c.Misstamped, c.Steps, c.Gaps = c.Untimed+o.Clock.Untimed, c.Misstamped+o.Clock.Misstamped, c.Steps+o.Clock.Steps, c.Gaps+o.Clock.Gaps
	c.Stepped, c.Uncovered = c.Stepped+o.Clock.Stepped, c.Uncovered+o.Clock.Uncovered
	h.KernelDrops, h.InterfaceDrops = sum(h.KernelDrops, o.KernelDrops), sum(h.InterfaceDrops, o.InterfaceDrops)
	h.Damaged = append(h.Damaged, o.Damaged...)
	for _, x := range o.Skipped {
		if i := slices.IndexFunc(h.Skipped, func(y Count) bool { return y.Reason == x.Reason }); i >= 0 {
			h.Skipped[i].N += x.N
		} else {
			h.Skipped = append(h.Skipped, x)
		}
	}
	t := &h.Tracker
	t.Segments, t.Conns, t.Emitted, t.Evicted = t.Segments+o.Tracker.Segments, t.Conns+o.Tracker.Conns, t.Emitted+o.Tracker.Emitted, t.Evicted+o.Tracker.Evicted
	t.Quotes, t.Unmatched = t.Quotes+o.Tracker.Quotes, t.Unmatched+o.Tracker.Unmatched
	t.EvictedBy, t.Anomalies, t.Limits = added(t.EvictedBy, o.Tracker.EvictedBy), added(t.Anomalies, o.Tracker.Anomalies), added(t.Limits, o.Tracker.Limits)
}

// sum adds numbers that may be unknown.
func sum(a, b record.Opt[uint64]) record.Opt[uint64] {
	return record.Opt[uint64]{V: a.V + b.V, OK: a.OK || b.OK}
}

// added are the counts of both.
func added(a, b map[string]uint64) map[string]uint64 {
	all := maps.Clone(a)
	for what, n := range b {
		if all == nil {
			all = map[string]uint64{}
		}
		all[what] += n
	}
	return all
}
