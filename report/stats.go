package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// What JSON Lines hold besides records is written by encoding/json, but for these:
type (
	outside string // text, escaped as package say does it
	seconds int64  // ns, as an exact number of seconds
	moment  int64  // ns since 1970, as a time
	counts  []Count
)

func (t outside) MarshalJSON() ([]byte, error) { return say.AppendJSON(nil, string(t)), nil }

func (s seconds) MarshalJSON() ([]byte, error) { return schema.AppendSeconds(nil, int64(s)), nil }

func (m moment) MarshalJSON() ([]byte, error) {
	return append(schema.AppendTime([]byte{'"'}, int64(m)), '"'), nil
}

// MarshalJSON makes an object of counts, in their order.
func (all counts) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, c := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(append(say.AppendJSON(b, c.Reason), ':'), c.N, 10)
	}
	return append(b, '}'), nil
}

func escaped(texts []string) []outside {
	all := make([]outside, len(texts))
	for i, t := range texts {
		all[i] = outside(t)
	}
	return all
}

// writeLine writes an object of JSON on a line.
func writeLine(w io.Writer, object any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(object)
}

// statsLine is the last line of JSON Lines.
type statsLine struct {
	Type           string            `json:"type"`
	Packets        uint64            `json:"packets"`
	Segments       uint64            `json:"tcp_segments"`
	Conns          uint64            `json:"conns"`
	Anonymous      bool              `json:"anonymous,omitempty"`
	Where          outside           `json:"where,omitempty"`
	LeftOut        *uint64           `json:"left_out,omitempty"`
	Skipped        counts            `json:"skipped"`
	Anomalies      map[string]uint64 `json:"anomalies"`
	Limits         map[string]uint64 `json:"limits,omitempty"`
	KernelDrops    *uint64           `json:"kernel_drops,omitempty"`
	InterfaceDrops *uint64           `json:"interface_drops,omitempty"`
	Evicted        uint64            `json:"evicted"`
	EvictedBy      map[string]uint64 `json:"evicted_by,omitempty"`
	Unnamed        uint64            `json:"unnamed,omitempty"`
	Unsent         uint64            `json:"unsent,omitempty"`
	LostParts      uint64            `json:"lost_parts,omitempty"`
	LostConns      uint64            `json:"lost_conns,omitempty"`
	LostRuns       uint64            `json:"lost_runs,omitempty"`
	Files          []outside         `json:"files"`
	Peaks          []peakLine        `json:"time_wait_peak"`
	Span           *seconds          `json:"span_s,omitempty"`
	Untimed        uint64            `json:"untimed,omitempty"`
	Misstamped     uint64            `json:"misstamped,omitempty"`
	Steps          uint64            `json:"clock_steps,omitempty"`
	Gaps           uint64            `json:"gaps,omitempty"`
	Uncovered      *seconds          `json:"uncovered_s,omitempty"`
	Damaged        bool              `json:"damaged,omitempty"`
	Schema         int               `json:"schema"`
	Run            *runLine          `json:"run,omitempty"`
}

// peakLine is a host that held many connections in TIME-WAIT.
type peakLine struct {
	Holder string `json:"holder"`
	Peak   uint64 `json:"peak"`
	At     moment `json:"at"`
}

// peaksKept is how many TIME-WAIT holders the stats line names.
const peaksKept = 10

func lineOfStats(h *Headline, s *Summary) *statsLine {
	l := &statsLine{Type: "stats", Packets: h.Packets, Segments: h.Segments, Conns: s.Conns(), Anonymous: h.Anonymous, Where: outside(h.Where), Skipped: h.Skipped,
		Anomalies: map[string]uint64{}, Limits: h.Tracker.Limits, KernelDrops: known(h.KernelDrops), InterfaceDrops: known(h.InterfaceDrops),
		Evicted: h.Tracker.Evicted, EvictedBy: h.Tracker.EvictedBy, Unnamed: h.Unnamed, Unsent: h.Unsent,
		LostParts: h.Lost.Parts, LostConns: h.Lost.Conns, LostRuns: h.Lost.Runs, Files: escaped(h.Files), Peaks: []peakLine{},
		Untimed: h.Clock.Untimed, Misstamped: h.Clock.Misstamped, Steps: h.Clock.Steps, Gaps: h.Clock.Gaps, Damaged: len(h.Damaged) > 0,
		Schema: schema.Version, Run: lineOfRun(h)}
	if h.Where != "" {
		l.LeftOut = &s.leftOut
	}
	if h.Tracker.Anomalies != nil {
		l.Anomalies = h.Tracker.Anomalies
	}
	peaks := sumsOf[*timeWaits](s).peaks()
	for _, p := range peaks[:min(len(peaks), peaksKept)] {
		l.Peaks = append(l.Peaks, peakLine{p.holder.String(), p.n, moment(p.at * 1e9)})
	}
	if h.timed() || h.Packets == 0 {
		l.Span = new(seconds(h.Span()))
	}
	if h.Clock.Gaps > 0 {
		l.Uncovered = new(seconds(h.Clock.Uncovered))
	}
	return l
}

// known is a number where there is one.
func known(o record.Opt[uint64]) *uint64 {
	if !o.OK {
		return nil
	}
	return &o.V
}

// PeakTimeWaits is the most TIME-WAITs that one host held at a time.
func (s *Summary) PeakTimeWaits() uint64 {
	if peaks := sumsOf[*timeWaits](s).peaks(); len(peaks) > 0 {
		return peaks[0].n
	}
	return 0
}

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
	RanFrom       *moment      `json:"ran_from,omitempty"`
	RanUntil      *moment      `json:"ran_until,omitempty"`
	First         *moment      `json:"first,omitempty"`
	Last          *moment      `json:"last,omitempty"`
	Passed        uint64       `json:"passed"`
	Bytes         uint64       `json:"bytes"`
	Start         *moment      `json:"start,omitempty"`
	End           *moment      `json:"end,omitempty"`
	Undecoded     uint64       `json:"undecoded,omitempty"`
	Received      uint64       `json:"received,omitempty"`
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
		From: momentOf(h.From), To: momentOf(h.To), Outside: h.Outside, RanFrom: momentOf(h.RanFrom), RanUntil: momentOf(h.RanUntil), First: momentOf(h.First), Last: momentOf(h.Last),
		Passed: h.Passed, Bytes: h.Bytes, Undecoded: h.Undecoded, Received: h.Received, ClockAt: h.Clock.At,
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

// ReadStats is what a stats line tells of a run: its headline, nil where the run went on, and how
// many connections it left out. What it says of addresses of the host is for who reads the records.
func ReadStats(line []byte) (h *Headline, leftOut uint64, err error) {
	var l struct {
		statsLine
		State string `json:"state"`
	}
	if err := json.Unmarshal(line, &l); err != nil {
		return nil, 0, err
	}
	if l.State == stillOpen {
		return nil, 0, nil
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
		Segments: l.Segments, Skipped: l.Skipped, Undecoded: r.Undecoded, Received: r.Received, Unnamed: l.Unnamed, Unsent: l.Unsent,
		Lost: Lost{Parts: l.LostParts, Conns: l.LostConns, Runs: l.LostRuns}, MSL: int64(r.MSL), Live: r.Live,
		From: optOf[int64](r.From), To: optOf[int64](r.To), RanFrom: optOf[int64](r.RanFrom), RanUntil: optOf[int64](r.RanUntil), First: optOf[int64](r.First), Last: optOf[int64](r.Last),
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
