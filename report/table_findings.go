package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
)

// headFindings is how many findings the headline names.
const headFindings = 3

func findingsTable() Table {
	return Table{
		Name: "findings",
		Doc:  "what is wrong, how sure that is, and what to do",
		Manual: "What is wrong: severity, subject, number of connections, how sure it is, what it\n" +
			"means by which rule, the causes that fit, what to do, and where to look.\n" +
			"The headline names the three that matter most, whatever the tables.",
		Sorts: []string{"severity", "count"},
		write: writeFindings,
	}
}

// worstFirst names the findings that matter most, a sentence each.
func worstFirst(p *page, found []diagnose.Finding) {
	for i, f := range found {
		if i == headFindings || f.Severity < diagnose.Notice {
			break
		}
		p.labelled(f.Severity.String(), SeverityStyle(f.Severity), f.Title+".")
	}
}

// SeverityStyle is the style of package say in which a severity is printed.
func SeverityStyle(s diagnose.Severity) string {
	switch s {
	case diagnose.Critical:
		return say.Red
	case diagnose.Warning:
		return say.Yellow
	}
	return say.Faint
}

// writeFindings prints each finding with its reasons.
func writeFindings(p *page, s *Summary, h *Headline, o TableOptions) error {
	found := p.findings
	if p.brief {
		writeBriefFindings(p, s)
		return nil
	}
	switch {
	case len(s.opt.Detectors) == 0:
		return nil
	case len(found) == 0:
		p.title("Findings", "none") // not among what was not seen: it was looked for
		p.collects(Part{Text: untroubled(s)})
		return nil
	}
	if o.Sort == "count" {
		found = slices.Clone(found)
		slices.SortStableFunc(found, func(a, b diagnose.Finding) int { return cmp.Compare(b.Count, a.Count) })
	}
	p.title("Findings", findingCounts(found))
	if s.findings.Weak(s.context(h)) {
		p.note(0, "", "The capture holds only a part of many connections (packets are missing or could not be decoded, or one direction was not captured). So a finding about the network is at most possible.")
	}
	if s.findings.Forgot() > 0 {
		p.note(0, "", "The table was full and connections were evicted. A finding that they may concern is at most possible, any other at most likely.")
	}
	rows := found[:min(len(found), o.rowsOf(defaultTop))]
	for i := range rows {
		if i > 0 {
			p.b.WriteByte('\n')
		}
		p.finding(&rows[i])
	}
	p.more(len(rows), uint64(len(found)), "finding")
	if left := s.findings.Left(); left > 0 {
		p.note(0, say.Faint, fmt.Sprintf("%s in none of these findings: a detector keeps at most %s subjects.", say.Plural(left, "connection"),
			say.Thousands(uint64(s.findings.Subjects()))))
	}
	return nil
}

// findingCounts is "1 critical, 2 warnings".
func findingCounts(found []diagnose.Finding) string {
	var n [diagnose.Critical + 1]uint64
	for i := range found {
		n[found[i].Severity]++
	}
	var all counted
	for i, n := range slices.Backward(n[:]) {
		what := diagnose.Severity(i).String()
		if n > 1 && what != "critical" && what != "info" {
			what += "s"
		}
		all.add(n, what)
	}
	return all.String()
}

// finding prints one.
func (p *page) finding(f *diagnose.Finding) {
	p.headOf(f)
	p.note(table.Indent, say.Faint, fmt.Sprintf("%s, %s; %s; %s",
		f.Subject, say.Plural(f.Count, "connection"), f.Confidence, p.days(f.Since, f.Until)+p.older(f.Since))+p.hint("; --explain "+f.Detector))
	p.ruled(f)
	p.note(table.Indent, "", f.Explanation)
	switch {
	case len(f.Causes) == 1:
		p.note(table.Indent, "", f.CauseWord()+": "+f.Causes[0])
	case len(f.Causes) > 1:
		p.note(table.Indent, "", f.CauseWord()+":")
		for i, c := range f.Causes {
			mark := "-"
			if f.Order != "" {
				mark = strconv.Itoa(i+1) + "."
			}
			p.item(table.Indent+2, mark, c)
		}
	}
	for i, a := range f.Advice {
		if i == 0 {
			p.note(table.Indent, "", "What to do:")
		}
		p.item(table.Indent+2, "-", a)
	}
	most := shownExamples
	if p.sections != nil { // where there is room for all
		most = len(f.Examples())
	}
	if at := p.examplesOf(f, most); at != "" {
		p.note(table.Indent, say.Faint, at)
	}
}

// days is a span of time by its two ends, or one time when both read the same.
func (p *page) days(since, until int64) string {
	if since == 0 && until == 0 {
		return "at times that the file does not hold"
	}
	return p.FromTo(since, until)
}

// older is what stands behind a span of time that may have begun before a live capture did.
func (p *page) older(since int64) string {
	if since == 0 || !p.mayBeOlder(since) {
		return ""
	}
	return " (it may have begun before the capture)"
}

// item prints an item of a list behind its mark.
func (p *page) item(indent int, mark, text string) {
	if !p.collects(Part{Kind: PartItem, Indented: true, Name: strings.TrimRight(mark, "-."), Text: text}) {
		p.commands(indent, mark+" "+text)
	}
}

// commands prints a sentence without breaking a command in it.
func (p *page) commands(indent int, text string) {
	const blank = "\ue000" // of private use: no text holds it
	parts := strings.Split(text, "`")
	for i := 1; i < len(parts); i += 2 {
		if say.Width(parts[i]) < p.Width-indent-6 {
			parts[i] = strings.ReplaceAll(parts[i], " ", blank)
		}
	}
	for i, l := range say.WrapHard(strings.Join(parts, "`"), p.Width-indent-2) {
		p.b.WriteString(strings.Repeat(" ", indent+2*min(i, 1)) + strings.ReplaceAll(l, blank, " ") + "\n")
	}
}

// shownExamples is how many of a finding's examples a table names.
const shownExamples = 5

// examplesOf says which packets of which connections show a finding, so many at most, the first before
// others; "" where it has none.
func (p *page) examplesOf(f *diagnose.Finding, most int) string {
	all := f.Examples()
	all = all[:min(len(all), most)]
	var at []string
	named := map[uint64]bool{} // connections
	for i := range all {
		x := &all[i]
		words := ""
		if x.Packet != 0 {
			words = strconv.FormatUint(x.Packet, 10)
		}
		switch {
		case x.Conn == 0:
		case words == "":
			words = sentence.ID(x.Conn)
		default:
			words += " of " + sentence.ID(x.Conn)
		}
		if x.Packet != 0 && (i == 0 || all[i-1].Packet == 0) {
			words = "packet " + words
		}
		if x.Conn != 0 && len(named) == 0 {
			words += p.why(x.Conn)
		}
		if x.Conn != 0 {
			named[x.Conn] = true
		}
		at = append(at, words)
	}
	if at == nil {
		return ""
	}
	first := ""
	switch n := uint64(len(named)); {
	case n == 0 || n >= f.Count:
	case n == 1:
		first = fmt.Sprintf("the first of %s: ", say.Thousands(f.Count))
	default:
		first = fmt.Sprintf("the first %s of %s: ", say.Thousands(n), say.Thousands(f.Count))
	}
	return "Look at " + first + strings.Join(at, ", ")
}

// WriteFinding prints a finding as the table of findings does, with its reasons.
func WriteFinding(w io.Writer, f *diagnose.Finding, s *Summary, h *Headline, o TableOptions) error {
	p := newPage(o, s, h)
	p.finding(f)
	_, err := io.WriteString(w, p.b.String())
	return err
}
