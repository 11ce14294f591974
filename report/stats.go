package report

import (
	"encoding/json"
	"io"
	"strconv"

	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
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
		Evicted: h.Tracker.Evicted, EvictedBy: h.Tracker.EvictedBy, Unnamed: h.Unnamed, Files: escaped(h.Files), Peaks: []peakLine{},
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
