package report

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
)

// The brief report is what is printed when no table is named: one screen. What was read
// and what weakens it take a line each, the worst findings their cause, their signs and
// the first step, the others a line, and tables their rows alone.

const (
	briefFindings = 3  // told with cause and signs
	briefTitles   = 10 // findings told by their title
	briefInfos    = 4
	briefSigns    = 3 // sentences of an explanation, while they are shorter in all than briefLength
	briefLength   = 300
	briefExamples = 3
	briefWeak     = 4
	briefRows     = 5 // of a table
)

// writeBriefHeadline says in a line what was read, and in one what weakens it.
func writeBriefHeadline(p *page, s *Summary, h *Headline) {
	text := readAndKept(s, h)
	if h.timed() {
		text += " in " + p.Span(h.Span()) + ", " + p.Date(h.Start)
	}
	if from := input(h); from != "" {
		if say.Width(text+", from "+from) > p.Width {
			from = shortInput(h)
		}
		text += ", from " + from
	}
	p.headline(text)
	writeLost(p, h)
	if h.Filter != "" && !h.FilterIsDefault {
		p.label("filter", say.Escape(h.Filter))
	}
	p.choices(h)
	if weak := weaknesses(p, s, h); len(weak) > 0 {
		if n := len(weak) - briefWeak; n > 0 {
			weak = append(weak[:briefWeak], say.Thousands(uint64(n))+" more (--report all)")
		}
		p.note(0, say.Yellow, "Limits of this capture: "+strings.Join(weak, "; ")+".")
	}
	writeNotSeen(p, h)
}

// shortInput is input with the names of files without their folders.
func shortInput(h *Headline) string {
	short := *h
	short.Files = make([]string, len(h.Files))
	for i, f := range h.Files {
		short.Files[i] = filepath.Base(f)
	}
	return input(&short)
}

// weaknesses are what makes the report less sure, each in few words.
func weaknesses(p *page, s *Summary, h *Headline) (parts []string) {
	if x := s.twice(h); x.N > 0 {
		parts = append(parts, x.Short())
	}
	c := &h.Clock
	if c.Untimed > 0 && s.unknown[schema.Untimed] == 0 {
		parts = append(parts, say.Plural(c.Untimed, "packet")+" without a usable time")
	}
	if c.Gaps > 0 {
		what := "the capture was off"
		if s.findings.Picked() {
			what = "nothing was captured, or kept,"
		}
		parts = append(parts, fmt.Sprintf("%s for %s (%s)", what, p.Span(c.Uncovered), say.Plural(c.Gaps, "gap")))
	}
	if c.Steps > 0 {
		parts = append(parts, "the clock was stepped "+say.Plural(c.Steps, "time"))
	}
	if c.Misstamped > 0 {
		parts = append(parts, say.Plural(c.Misstamped, "packet")+" with a wrong time")
	}
	if n := h.KernelDrops.V + h.InterfaceDrops.V; n > 0 && h.ofMore() {
		parts = append(parts, h.ofMoreWords(n))
	} else if n > 0 {
		parts = append(parts, fmt.Sprintf("%s dropped before they were captured%s: a larger buffer (-B) helps", say.Plural(n, "packet"), droppedShare(h)))
	}
	if h.Unnamed > 0 {
		parts = append(parts, say.Plural(h.Unnamed, "connection")+" not searched for names")
	}
	if n := s.findings.Damaged(); n > 0 {
		parts = append(parts, say.Plural(n, "connection")+" of damaged packets only (IP header checksum wrong), left out of findings, handshakes and closes")
	}
	if h.Undecoded > 0 {
		parts = append(parts, say.Plural(h.Undecoded, "packet")+" not decoded")
	}
	if h.Tracker.Evicted > 0 {
		parts = append(parts, say.Plural(h.Tracker.Evicted, "connection")+" evicted because the table was full")
	}
	for r := schema.Reason(0); r < schema.NReasons; r++ {
		if n := s.unknown[r]; n > 0 {
			of := " (" + say.Thousands(n) + " of " + say.Plural(s.conns, "connection") + ")"
			switch {
			case s.conns == 1:
				of = ""
			case n == s.conns:
				of = " (all connections)"
			}
			parts = append(parts, s.whyUnknown(r)+of)
		}
	}
	return parts
}

// writeBriefFindings tells of the findings, those of the network before those of the capture.
func writeBriefFindings(p *page, s *Summary) {
	if len(s.opt.Detectors) == 0 {
		return
	}
	var loud, infos []*diagnose.Finding
	for _, capture := range []bool{false, true} {
		for i := range p.findings {
			switch f := &p.findings[i]; {
			case f.Severity < diagnose.Notice:
				if !capture && f.Group != diagnose.GroupCapture { // the headline says those
					infos = append(infos, f)
				}
			case capture == (f.Group == diagnose.GroupCapture):
				loud = append(loud, f)
			}
		}
	}
	p.b.WriteByte('\n')
	if len(loud) == 0 {
		p.note(0, say.Bold, untroubled(s))
	}
	for i, f := range loud[:min(len(loud), briefTitles)] {
		if i > 0 && i <= briefFindings {
			p.b.WriteByte('\n')
		}
		if i < briefFindings {
			p.briefFinding(f)
			continue
		}
		p.headOf(f)
	}
	p.moreFindings(len(loud) - briefTitles)
	if len(loud) > 0 && len(infos) > 0 {
		p.b.WriteByte('\n')
	}
	for _, f := range infos[:min(len(infos), briefInfos)] {
		p.headOf(f)
	}
	p.moreFindings(len(infos) - briefInfos)
}

func (p *page) moreFindings(n int) {
	if n > 0 {
		p.note(0, say.Faint, fmt.Sprintf("... and %s more (--report findings).", say.Plural(uint64(n), "finding")))
	}
}

// untroubled says in a line that nothing was found, and of how much.
func untroubled(s *Summary) string {
	h := undamaged[*handshakes](s)
	c := undamaged[*closes](s)
	_, failed := h.totals()
	switch bad, open := failed.total(), c.worst.Offered(); {
	case s.conns == 0 && s.leftOut > 0:
		return fmt.Sprintf("--where chose none of %s.", say.Plural(s.leftOut, "connection"))
	case s.conns == 0:
		return "No TCP connection was seen."
	case bad+open == 0:
		return "No trouble found: no connection failed to open, none ended in trouble."
	case bad == 0:
		return fmt.Sprintf("No finding. No connection failed to open; %s of %s did not close completely.", say.Thousands(open), say.Thousands(s.conns))
	case open == 0:
		return fmt.Sprintf("No finding, though %s of %s failed to open.", say.Thousands(bad), say.Plural(s.conns, "connection"))
	default:
		return fmt.Sprintf("No finding, though %s of %s failed to open and %s did not close completely.",
			say.Thousands(bad), say.Plural(s.conns, "connection"), say.Thousands(open))
	}
}

// briefFinding tells what, why, by which signs, what to do first, how sure it is, and since
// when.
func (p *page) briefFinding(f *diagnose.Finding) {
	p.headOf(f)
	if n := len(f.Causes); n > 0 {
		p.note(2, "", f.CauseWord()+": "+say.WithoutRules(strings.Join(f.Causes, "; or "))+".")
	}
	p.note(2, "", "Signs: "+signs(say.WithoutRules(f.Explanation)))
	if len(f.Advice) > 0 {
		p.commands(2, "Do: "+say.WithoutRules(f.Advice[0]))
	}
	parts := []string{strings.ToUpper(f.Confidence.String()[:1]) + f.Confidence.String()[1:] + p.between(f.Since, f.Until)}
	if at := p.examplesOf(f, briefExamples); at != "" {
		parts = append(parts, at)
	}
	p.note(2, say.Faint, strings.Join(append(parts, "The rule: --explain "+f.Detector), ". "))
}

// between is from when until when; the day is told where it is not the headline's, which is that of the beginning.
func (p *page) between(since, until int64) string {
	if since == 0 && until == 0 {
		return ""
	}
	words := p.TimeOfDay
	if day := p.Day(p.start); p.Day(since) != day || p.Day(until) != day {
		words = p.Date
	}
	if a, b := words(since), words(until); a != b {
		return ", from " + a + " to " + b
	}
	return ", at " + words(since)
}

// signs are the first sentences of an explanation, before them the one that tells what
// separates the bad from the good, without how that was tested.
func signs(explanation string) string {
	if before, test, ok := strings.Cut(explanation, " "+diagnose.Tested); ok {
		_, behind, _ := strings.Cut(test, ".)")
		explanation = before + behind
	}
	all := say.Sentences(explanation)
	if i := slices.IndexFunc(all, func(s string) bool { return strings.HasPrefix(s, diagnose.Separates) }); i > 0 {
		all = slices.Insert(slices.Delete(slices.Clone(all), i, i+1), 0, all[i])
	}
	text := ""
	for i, s := range all {
		if i > 0 && (i == briefSigns || len(text)+len(s) > briefLength) {
			break
		}
		text += " " + s
	}
	return strings.TrimPrefix(strings.TrimSpace(text), "Signs: ")
}

// headOf is the line of a finding: how bad, and what.
func (p *page) headOf(f *diagnose.Finding) {
	head, title := strings.ToUpper(f.Severity.String()), f.Title
	if p.brief {
		title = say.WithoutRules(title)
	}
	if f.Severity < diagnose.Notice {
		head = f.Severity.String()
	}
	if p.collects(Part{Kind: PartFinding, Style: SeverityStyle(f.Severity), Name: head, Text: title, Finding: f}) {
		return
	}
	for i, l := range say.WrapHard(head+"  "+title, p.Width-3) {
		if i == 0 {
			word, rest, _ := strings.Cut(l, " ")
			p.b.WriteString(p.Paint(SeverityStyle(f.Severity), word) + strings.TrimRight("  "+strings.TrimLeft(rest, " "), " ") + "\n")
			continue
		}
		p.b.WriteString("  " + l + "\n")
	}
}

// briefEnd says how to see more.
func (p *page) briefEnd() {
	p.b.WriteByte('\n')
	drawn := "--why ID draws a connection."
	if p.gone {
		drawn = "with -w FILE packets are kept, of which --why ID draws a connection."
	}
	p.note(0, say.Faint, "More: --report NAME prints a whole table ("+strings.Join(ReportNames(), ", ")+", all); "+drawn)
}

// advise is note for what only the whole table says.
func (p *page) advise(style, text string) {
	if !p.brief {
		p.note(0, style, text)
	}
}
