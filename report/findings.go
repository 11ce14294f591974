package report

import (
	"tcpwatch/tracker/diagnose"
)

// Findings tells what the detectors of the summary found, in the order in
// which every output has it. They are worked out once for a headline, which is
// complete by then; they are not to be changed. Without one they are those of the
// headline before, as of a summary that tcpwatch.Analyze returned.
func (s *Summary) Findings(h *Headline) []diagnose.Finding {
	if h != nil && s.judged != h {
		s.found, s.judged = s.findings.Findings(s.context(h)), h
	}
	return s.found
}

// context is what judgement needs to know of the run.
func (s *Summary) context(h *Headline) *diagnose.Context {
	return &diagnose.Context{
		Drops: h.KernelDrops, Undecoded: h.Undecoded, Conns: s.conns, OneWay: s.oneWay,
		Misstamped: h.Clock.Misstamped, Steps: h.Clock.Steps, ClockAt: h.Clock.At, Start: h.Start, End: max(h.End, s.end), Live: h.Live, Chosen: h.Where != "", MSL: h.MSL,
		Ports: h.Ports, Local: h.Local, TimeWaits: sumsOf[*timeWaits](s).ledger(max(h.End, s.end), h.MSL),
	}
}
