package tcpwatch

import (
	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/tracker"
	"tcpwatch/tracker/record"
)

// headline is what the reader knows now besides the connections; counts add
// what workers do.
func (w *run) headline() *report.Headline {
	h := &report.Headline{
		Files:           w.in.Names(),
		Filter:          w.o.FilterName,
		FilterIsDefault: w.o.FilterIsDefault,
		Packets:         w.packets,
		Passed:          w.passed,
		Bytes:           w.bytes,
		Start:           w.times.first,
		End:             w.times.last,
		Clock:           w.clock(),
		Damaged:         w.damaged,
		MSL:             int64(w.o.MSL),
		Anonymous:       w.o.Anonymize != nil,
	}
	h.From, h.To, h.Outside, h.First, h.Last = w.window.from.told(), w.window.to.told(), w.window.outside, w.window.start, w.window.last
	if w.o.Hidden != nil {
		h.Hides = w.o.Hidden.Hides()
	}
	if w.o.Where != nil {
		h.Where = w.o.Where.String()
	}
	if h.Anonymous {
		h.Filter, h.Where = notShown(h.Filter, h.FilterIsDefault), notShown(h.Where, false)
	}
	if w.in.handle != nil {
		h.Live, h.Interface = true, w.in.handle.Interface()
		h.Ports, h.Local = w.o.Ports, w.o.Local
	}
	h.KernelDrops, h.InterfaceDrops = w.in.drops()
	h.RanFrom, h.RanUntil = w.in.ran()
	h.Received = w.in.received()
	h.Unsent = w.out.unsent()
	return h
}

// NotShown stands for a filter or a condition where addresses are to be others: it may hold
// addresses or names.
const NotShown = "(not shown, it may name addresses)"

// notShown is what is told of a text that may hold addresses, unless it is harmless.
func notShown(text string, harmless bool) string {
	if text == "" || harmless {
		return text
	}
	return NotShown
}

// clock is what the packets' stamps are worth so far.
func (w *run) clock() report.Clock {
	c := &w.source.clock
	return report.Clock{Untimed: c.untimed, Misstamped: c.misstamped, Steps: c.steps, At: c.at, Stepped: w.times.stepped(), Gaps: c.gaps, Uncovered: c.uncovered}
}

// final is the headline when the workers have ended.
func (w *run) final() *report.Headline {
	h := w.headline()
	all := make([]*counts, len(w.workers))
	for i, x := range w.workers {
		all[i] = x.counts()
	}
	addCounts(h, all)
	return h
}

// counts are what a worker adds to the headline.
type counts struct {
	segments, unnamed uint64
	fast, slow        [capture.NSkipReasons]uint64 // skipped, by the worker's decoders
	joined            uint64                       // of those, fragments that were put together later
	tracker           record.Stats
}

// counts are the worker's as of now.
func (w *worker) counts() *counts {
	return &counts{w.segments, w.names.Unnamed(), w.fast.Skipped, w.slow.Skipped, w.slow.Joined, w.tracker.Stats()}
}

// addCounts puts those of all workers into the headline.
func addCounts(h *report.Headline, all []*counts) {
	// What needs more than a look every worker goes through; the first one's count is it.
	skipped := all[0].slow
	var stats []record.Stats
	for _, c := range all {
		for r, n := range c.fast {
			skipped[r] += n
		}
		h.Segments += c.segments
		h.Unnamed += c.unnamed
		stats = append(stats, c.tracker)
	}
	h.Tracker = tracker.MergeStats(stats)
	for r, n := range skipped {
		if capture.SkipReason(r).MayHold() {
			h.Undecoded += n
		}
		if n > 0 {
			h.Skipped = append(h.Skipped, report.Count{Reason: capture.SkipReason(r).String(), N: n})
		}
	}
	h.Undecoded -= min(h.Undecoded, all[0].joined)
}
