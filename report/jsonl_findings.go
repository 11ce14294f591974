package report

import (
	"strings"

	"tcpwatch/tracker/diagnose"
)

// findingLine is the line of a finding.
type findingLine struct {
	Type        string    `json:"type"`
	ID          outside   `json:"id"`
	Detector    outside   `json:"detector"`
	Severity    outside   `json:"severity"`
	Confidence  outside   `json:"confidence"`
	Title       outside   `json:"title"`
	Explanation outside   `json:"explanation"`
	Causes      []outside `json:"causes"`
	Advice      outside   `json:"advice"`
	Subject     outside   `json:"subject"`
	SubjectKind outside   `json:"subject_kind"`
	Count       uint64    `json:"count"`
	Conns       []uint64  `json:"conns"`
	Packets     []uint64  `json:"packets"`
	Since       *moment   `json:"since,omitempty"`
	Until       *moment   `json:"until,omitempty"`
}

func lineOfFinding(f *diagnose.Finding) *findingLine {
	l := &findingLine{Type: "finding", ID: outside(f.ID), Detector: outside(f.Detector), Severity: outside(f.Severity.String()),
		Confidence: outside(f.Confidence.String()), Title: outside(f.Title), Explanation: outside(f.Explanation), Causes: escaped(f.Causes),
		Advice: outside(strings.Join(f.Advice, " ")), Subject: outside(f.Subject.String()), SubjectKind: outside(f.Subject.Kind.String()),
		Count: f.Count, Conns: append([]uint64{}, f.Conns...), Packets: append([]uint64{}, f.Packets...)}
	if f.Since != 0 || f.Until != 0 { // else no packet has a time
		l.Since, l.Until = new(moment(f.Since)), new(moment(f.Until))
	}
	return l
}
