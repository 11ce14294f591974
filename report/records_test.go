package report

import (
	"tcpwatch/tracker/record"
)

func summaryOf(o SummaryOptions, records []*record.Record) *Summary {
	s := NewSummary(o)
	for _, r := range records {
		s.Add(r)
	}
	return s
}

// headlineOf is the headline of a run that saw the records.
func headlineOf(records []*record.Record) *Headline {
	h := &Headline{Files: []string{"some.pcap"}, MSL: 30 * oneSecond}
	for _, r := range records {
		if h.Start == 0 || r.Start < h.Start {
			h.Start = r.Start
		}
		h.End = max(h.End, r.End)
		h.Packets += r.Ends[0].Packets + r.Ends[1].Packets
	}
	h.Segments, h.Bytes = h.Packets, h.Packets*100
	h.Tracker = record.Stats{Segments: h.Segments, Emitted: uint64(len(records))}
	return h
}
