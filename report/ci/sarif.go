package ci

import (
	"bufio"
	"encoding/json"
	"io"
	"net/url"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Options of the Outputs.
type Options struct {
	Version   string // of the program
	Detectors []diagnose.Detector
	Baseline  *Baseline
	Fails     diagnose.Severity // JUnit: from which on a finding fails
}

// SARIF is the Output of findings as SARIF 2.1.0 (OASIS, March 2020).
type SARIF struct {
	record.Base
	w io.Writer
	o Options
}

// NewSARIF returns a SARIF that writes to w.
func NewSARIF(w io.Writer, o Options) *SARIF { return &SARIF{w: w, o: o} }

type (
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool      sarifTool       `json:"tool"`
		Artifacts []sarifArtifact `json:"artifacts,omitempty"`
		Results   []sarifResult   `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"semanticVersion,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    string    `json:"id"`
		Short sarifText `json:"shortDescription"`
		Full  sarifText `json:"fullDescription"`
	}
	sarifArtifact struct {
		Location sarifURI `json:"location"`
	}
	sarifURI struct {
		URI   string `json:"uri"`
		Index *int   `json:"index,omitempty"`
	}
	sarifResult struct {
		Rule         string            `json:"ruleId"`
		Index        int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		State        string            `json:"baselineState,omitempty"`
		Count        uint64            `json:"occurrenceCount,omitempty"`
		Properties   sarifProperties   `json:"properties"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations"`
	}
	sarifPhysical struct {
		Artifact sarifURI `json:"artifactLocation"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifProperties struct {
		Severity   string   `json:"severity"`
		Confidence string   `json:"confidence"`
		Conns      []uint64 `json:"conns"`
		Packets    []uint64 `json:"packets"`
		Since      string   `json:"since,omitempty"`
		Until      string   `json:"until,omitempty"`
	}
)

// Report writes it; see report.Reporter.
func (x *SARIF) Report(h *report.Headline, s *report.Summary) error {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "tcpwatch", Version: x.o.Version, Rules: []sarifRule{}}}, Results: []sarifResult{}}
	rules := map[string]int{}
	for i, d := range x.o.Detectors {
		first, rest, _ := strings.Cut(strings.TrimSpace(d.Doc), "\n\n")
		full := strings.Join(strings.Fields(rest), " ")
		if full == "" {
			full = first
		}
		rules[d.Name] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{d.Name, sarifText{first}, sarifText{full}})
	}
	for _, name := range h.Files {
		run.Artifacts = append(run.Artifacts, sarifArtifact{sarifURI{URI: uriOf(name)}})
	}
	found := s.Findings(h)
	for i := range found {
		run.Results = append(run.Results, x.result(&found[i], h, rules[found[i].Detector]))
	}
	w := bufio.NewWriter(x.w)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}); err != nil {
		return err
	}
	return w.Flush()
}

func (x *SARIF) result(f *diagnose.Finding, h *report.Headline, rule int) sarifResult {
	at := sarifLocation{Logical: []sarifLogical{{f.Subject.String(), "resource"}}}
	if len(h.Files) > 0 {
		at.Physical = &sarifPhysical{sarifURI{uriOf(h.Files[0]), new(0)}}
	}
	r := sarifResult{Rule: f.Detector, Index: rule, Level: levelOf(f.Severity), Message: sarifText{textOf(f)}, Locations: []sarifLocation{at},
		Fingerprints: map[string]string{"tcpwatch/v1": f.ID}, Count: f.Count, Properties: sarifProperties{Severity: f.Severity.String(),
			Confidence: f.Confidence.String(), Conns: append([]uint64{}, f.Conns...), Packets: append([]uint64{}, f.Packets...)}}
	if f.Since != 0 || f.Until != 0 {
		r.Properties.Since, r.Properties.Until = string(schema.AppendTime(nil, f.Since)), string(schema.AppendTime(nil, f.Until))
	}
	switch {
	case x.o.Baseline == nil:
	case x.o.Baseline.Accepts(f):
		r.State = "unchanged"
	default:
		r.State = "new"
	}
	return r
}

// textOf are the sentences of a finding.
func textOf(f *diagnose.Finding) string {
	text := f.Title + ". " + f.Explanation
	if cause := f.CauseInShort(); cause != "" {
		text += " " + cause + "."
	}
	if len(f.Advice) > 0 {
		text += " " + strings.Join(f.Advice, " ")
	}
	return say.Escape(text)
}

// levelOf is the level of SARIF.
func levelOf(s diagnose.Severity) string {
	switch s {
	case diagnose.Critical:
		return "error"
	case diagnose.Warning:
		return "warning"
	}
	return "note"
}

// uriOf is a file's name as a URI reference.
func uriOf(name string) string { return (&url.URL{Path: name}).String() }
