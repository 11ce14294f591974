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
	r := d.f.record
	if r == nil {
		return
	}
	b.WriteByte('\n')
	p := d.f.Phrases
	d.line(b, "opened", p.OpenSummary(r))
	for e := record.Orig; e <= record.Resp; e++ {
		d.line(b, sentence.Who(e), p.EndSummary(r, e))
	}
	d.line(b, "about", sentence.About(r.Names))
	d.line(b, "answers", p.ExchangeSummary(r))
	d.line(b, "keepalive", p.KeepaliveSummary(r))
	d.line(b, "closed", p.CloseSummary(r))
	d.line(b, "TIME-WAIT", p.TimeWaitSummary(r))
	d.line(b, "states", sentence.LeftSummary(r))
	subject := "not known"
	for _, what := range schema.UnknownOf(r) {
		d.line(b, subject, what)
		subject = ""
	}
	for _, f := range d.f.cited {
		d.line(b, "finding", fmt.Sprintf("%s, %s: %s (--explain %s)", f.Severity, f.Confidence, f.Title, f.Detector))
	}
}

const summaryIndent = 11

func (d *drawing) line(b *bufio.Writer, subject, words string) {
	if words == "" {
		return
	}
	for i, line := range say.Wrap(words, d.width-summaryIndent) {
		if i > 0 {
			subject = ""
		}
		fmt.Fprintf(b, "%s%-*s%s%s\n", d.pen.bold, summaryIndent, subject, d.pen.off, line)
	}
}
