package report

import (
	"maps"
	"slices"
	"strconv"

	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
)

// appendStats appends the stats object of JSON Lines.
func appendStats(b []byte, h *Headline, s *Summary) []byte {
	b = append(b, `{"type":"stats"`...)
	b = schema.AppendNumber(b, "packets", h.Packets)
	b = schema.AppendNumber(b, "tcp_segments", h.Segments)
	b = schema.AppendNumber(b, "conns", s.Conns())
	if h.Where != "" {
		b = append(b, `,"where":`...)
		b = say.AppendJSON(b, h.Where)
		b = schema.AppendNumber(b, "left_out", s.leftOut)
	}
	b = append(b, `,"skipped":{`...)
	for i, c := range h.Skipped {
		b = appendEntry(b, i == 0, c.Reason, c.N)
	}
	b = append(b, `},"anomalies":{`...)
	kinds := make([]string, 0, len(h.Tracker.Anomalies))
	for k := range h.Tracker.Anomalies {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for i, k := range kinds {
		b = appendEntry(b, i == 0, k, h.Tracker.Anomalies[k])
	}
	b = append(b, '}')
	b = appendCounts(b, "limits", h.Tracker.Limits)
	if h.KernelDrops.OK {
		b = schema.AppendNumber(b, "kernel_drops", h.KernelDrops.V)
	}
	if h.InterfaceDrops.OK {
		b = schema.AppendNumber(b, "interface_drops", h.InterfaceDrops.V)
	}
	b = schema.AppendNumber(b, "evicted", h.Tracker.Evicted)
	b = appendCounts(b, "evicted_by", h.Tracker.EvictedBy)
	if h.Unnamed > 0 {
		b = schema.AppendNumber(b, "unnamed", h.Unnamed)
	}
	b = append(b, `,"files":[`...)
	for i, f := range h.Files {
		if i > 0 {
			b = append(b, ',')
		}
		b = say.AppendJSON(b, f)
	}
	b = append(b, ']')
	b = appendPeaks(b, s)
	if h.timed() || h.Packets == 0 {
		b = append(b, `,"span_s":`...)
		b = schema.AppendSeconds(b, h.Span())
	}
	b = appendClock(b, &h.Clock)
	if len(h.Damaged) > 0 {
		b = append(b, `,"damaged":true`...)
	}
	return append(b, '}')
}

// appendClock appends what the times of packets are worth, where that is not all.
func appendClock(b []byte, c *Clock) []byte {
	for _, x := range [...]struct {
		key string
		n   uint64
	}{{"untimed", c.Untimed}, {"misstamped", c.Misstamped}, {"clock_steps", c.Steps}, {"gaps", c.Gaps}} {
		if x.n > 0 {
			b = schema.AppendNumber(b, x.key, x.n)
		}
	}
	if c.Gaps > 0 {
		b = append(b, `,"uncovered_s":`...)
		b = schema.AppendSeconds(b, c.Uncovered)
	}
	return b
}

// appendCounts appends an object of counts, unless there are none.
func appendCounts(b []byte, key string, counts map[string]uint64) []byte {
	if len(counts) == 0 {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, key...)
	b = append(b, '"', ':', '{')
	for i, k := range slices.Sorted(maps.Keys(counts)) {
		b = appendEntry(b, i == 0, k, counts[k])
	}
	return append(b, '}')
}

func appendEntry(b []byte, first bool, key string, n uint64) []byte {
	if !first {
		b = append(b, ',')
	}
	b = say.AppendJSON(b, key)
	b = append(b, ':')
	return strconv.AppendUint(b, n, 10)
}

// peaksKept is how many TIME-WAIT holders the stats line names.
const peaksKept = 10

// PeakTimeWaits is the most TIME-WAITs that one host held at a time.
func (s *Summary) PeakTimeWaits() uint64 {
	peak := uint64(0)
	for _, p := range sumsOf[*timeWaits](s).peaks() {
		peak = max(peak, p.n)
	}
	return peak
}

// appendPeaks appends the hosts that held most connections in TIME-WAIT.
func appendPeaks(b []byte, s *Summary) []byte {
	b = append(b, `,"time_wait_peak":[`...)
	for i, p := range sumsOf[*timeWaits](s).peaks() {
		if i == peaksKept {
			break
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"holder":"`...)
		b = p.holder.Netip().AppendTo(b)
		b = append(b, '"')
		b = schema.AppendNumber(b, "peak", p.n)
		b = append(b, `,"at":"`...)
		b = schema.AppendTime(b, p.at*1e9)
		b = append(b, `"}`...)
	}
	return append(b, ']')
}
