package ci

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// JUnit is the Output of findings as JUnit XML, as Jenkins and GitLab read it: a test case for each
// detector that found nothing, and one for each finding.
type JUnit struct {
	record.Base
	w io.Writer
	o Options
}

// NewJUnit returns a JUnit that writes to w.
func NewJUnit(w io.Writer, o Options) *JUnit { return &JUnit{w: w, o: o} }

type (
	junitSuites struct {
		XMLName xml.Name   `xml:"testsuites"`
		Suite   junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Skipped *junitMessage `xml:"skipped"`
		Failure *junitMessage `xml:"failure"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// Report writes it; see report.Reporter.
func (x *JUnit) Report(h *report.Headline, s *report.Summary) error {
	suite := junitSuite{Name: "tcpwatch"}
	if len(h.Files) > 0 {
		suite.Name += " " + say.Escape(strings.Join(h.Files, " "))
	}
	found := s.Findings(h)
	has := map[string]bool{}
	for i := range found {
		has[found[i].Detector] = true
		suite.Cases = append(suite.Cases, x.caseOf(&found[i]))
	}
	for _, d := range x.o.Detectors {
		if !has[d.Name] {
			suite.Cases = append(suite.Cases, junitCase{Class: "tcpwatch." + d.Name, Name: d.Name})
		}
	}
	for _, c := range suite.Cases {
		suite.Tests++
		switch {
		case c.Failure != nil:
			suite.Failures++
		case c.Skipped != nil:
			suite.Skipped++
		}
	}
	w := bufio.NewWriter(x.w)
	w.WriteString(xml.Header)
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	if err := e.Encode(junitSuites{Suite: suite}); err != nil {
		return err
	}
	w.WriteByte('\n')
	return w.Flush()
}

func (x *JUnit) caseOf(f *diagnose.Finding) junitCase {
	c := junitCase{Class: "tcpwatch." + f.Detector, Name: f.Detector + " " + f.Subject.String()}
	title, text := say.Escape(f.Title), textOf(f)
	if len(f.Packets) > 0 {
		text += "\nConnections " + numbers(f.Conns) + ", packets " + numbers(f.Packets) + "."
	}
	kind := fmt.Sprintf("%s, %s", f.Severity, f.Confidence)
	switch {
	case x.o.Baseline.Accepts(f):
		c.Skipped = &junitMessage{Message: "accepted before: " + title}
	case f.Severity >= x.o.Fails:
		c.Failure = &junitMessage{Message: title, Type: kind, Text: text}
	default:
		c.Out = kind + ": " + text
	}
	return c
}

// numbers are numbers with commas between.
func numbers(all []uint64) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(all), " ", ", "), "[]")
}
