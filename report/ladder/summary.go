package ladder

import (
	"bufio"
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// summary writes what the record says of the whole connection, a line a subject.
func (d *drawing) summary(b *bufio.Writer) {
	lines := d.lines(true)
	if len(lines) > 0 {
		b.WriteByte('\n')
	}
	for _, l := range lines {
		d.line(b, l.Subject, l.Words)
	}
}

// Line is what there is to say of a whole connection about a subject; "" is that of the line before.
type Line struct{ Subject, Words string }

// lines are those; none without a record. hints tells that the reader has the program, which
// explains the rules of findings.
func (d *drawing) lines(hints bool) (all []Line) {
	r := d.f.record
	if r == nil {
		return nil
	}
	p := d.f.Phrases
	add := func(subject, words string) {
		if words != "" {
			all = append(all, Line{subject, words})
		}
	}
	add("opened", p.OpenSummary(r))
	for e := record.Orig; e <= record.Resp; e++ {
		add(sentence.Who(e), p.EndSummary(r, e))
	}
	add("about", sentence.About(r.Names))
	add("answers", p.ExchangeSummary(r))
	add("keepalive", p.KeepaliveSummary(r))
	add("closed", p.CloseSummary(r))
	add("TIME-WAIT", p.TimeWaitSummary(r))
	add("states", sentence.LeftSummary(r))
	subject := "not known"
	for _, what := range schema.UnknownOf(r) {
		add(subject, what)
		subject = ""
	}
	for _, f := range d.f.cited {
		words := fmt.Sprintf("%s, %s: %s", f.Severity, f.Confidence, f.Title)
		if hints {
			words += " (--explain " + f.Detector + ")"
		}
		add("finding", words)
	}
	return all
}

const summaryIndent = 11

func (d *drawing) line(b *bufio.Writer, subject, words string) {
	for i, line := range say.Wrap(words, d.width-summaryIndent) {
		if i > 0 {
			subject = ""
		}
		fmt.Fprintf(b, "%s%-*s%s%s\n", d.pen.bold, summaryIndent, subject, d.pen.off, line)
	}
}
