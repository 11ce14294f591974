package compare

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
)

// TableOptions choose how WriteTable writes. The zero value is usable.
type TableOptions struct {
	ASCII bool // no character outside ASCII
}

// WriteTable writes the comparison for people.
func (r *Result) WriteTable(w io.Writer, o TableOptions) error {
	var b strings.Builder
	fmt.Fprintf(&b, "tcpwatch compare\n  A  %s\n  B  %s\n", r.A.about(o.ASCII), r.B.about(o.ASCII))
	for _, c := range r.cautions() {
		b.WriteString("  " + c + "\n")
	}
	b.WriteByte('\n')
	t := table.Table{Columns: []table.Column{{Left: true}, {Title: "A"}, {Title: "B"}, {Title: "change"}, {Left: true}}}
	last := ""
	for _, row := range slices.Concat(r.Rows, r.Listeners) {
		if row.Listener != last {
			last = row.Listener
			t.Rows = append(t.Rows, table.Row{Notes: []table.Note{{Text: "to " + last}}})
		}
		t.Rows = append(t.Rows, table.Row{Cells: row.cells(o.ASCII)})
	}
	if err := t.Write(&b, table.Page{}); err != nil {
		return err
	}
	r.writeListeners(&b)
	r.writeFindings(&b)
	r.writeVerdict(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// cells are a row of the table.
func (r *Row) cells(ascii bool) []string {
	a, b := "-", "-"
	if r.InA {
		a = r.text(r.A, ascii)
	}
	if r.InB {
		b = r.text(r.B, ascii)
	}
	return []string{r.measure(), a, b, r.change(), r.mark()}
}

// about names an input and says how much it holds.
func (f *Fold) about(ascii bool) string {
	text := say.Escape(f.name) + ": " + say.Plural(f.all.connections, "connection")
	if s := f.span(); s > 0 {
		text += " in " + say.Duration(nanoseconds(s), ascii)
	}
	if f.stats != nil && f.stats.Where != "" {
		text += ", where " + say.Escape(f.stats.Where)
	}
	return text
}

// cautions say what makes the comparison unsure.
func (r *Result) cautions() (lines []string) {
	for i, f := range [...]*Fold{r.A, r.B} {
		name := "AB"[i : i+1]
		switch {
		case f.stats == nil:
			lines = append(lines, name+" has no last line of statistics: it was cut short, and its duration is a guess")
			continue
		case f.stats.Damaged:
			lines = append(lines, name+" is damaged: it ends early")
		}
		if n := f.stats.KernelDrops; n > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s dropped by the capture; segments that look lost may be among them", name, say.Plural(n, "packet")))
		}
		if n := f.stats.Evicted; n > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s evicted because the table was full", name, say.Plural(n, "connection")))
		}
	}
	if a, b := r.A.stats, r.B.stats; a != nil && b != nil && a.Where != b.Where {
		lines = append(lines, "A and B were not chosen by the same --where")
	}
	return lines
}

// nanoseconds bounds what a file may say: a century is longer than any capture.
func nanoseconds(s float64) int64 {
	const century = 3.2e18
	return int64(max(0, min(s*1e9, century)))
}

// text is a value with its unit.
func (r *Row) text(v float64, ascii bool) string {
	switch r.Unit {
	case UnitShare:
		return percent(v)
	case UnitSeconds:
		return say.Duration(nanoseconds(v), ascii)
	case UnitRate:
		if v < 100 {
			return strconv.FormatFloat(v, 'g', 3, 64) + "/s"
		}
		return say.Thousands(uint64(v+0.5)) + "/s"
	}
	return say.Thousands(uint64(v))
}

// percent has two digits that count, so that rare things show too.
func percent(v float64) string {
	v *= 100
	switch {
	case v == 0, v >= 10:
		return strconv.FormatFloat(v, 'f', 0, 64) + " %"
	case v >= 1:
		return strconv.FormatFloat(v, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(v, 'g', 2, 64) + " %"
}

func (r *Row) change() string {
	c := r.Change()
	switch {
	case !r.InA || !r.InB:
		return "-"
	case math.IsInf(c, 0):
		return "from none"
	case math.Abs(c) < 0.005:
		return "0 %"
	}
	if c >= 10 {
		return say.Thousands(uint64(c+1.5)) + "x" // nobody reads +7932449 %
	}
	return fmt.Sprintf("%+.0f %%", 100*c)
}

// mark is the verdict as the table shows it: nothing where there is nothing to say.
func (r *Row) mark() string {
	switch r.Verdict {
	case Same, Unjudged:
		return ""
	}
	return string(r.Verdict)
}

func (r *Row) name() string {
	if r.Listener != "" {
		return r.measure() + " to " + r.Listener
	}
	return r.measure()
}

// measure is the measure in the words of the tables; JSON Lines keep their own.
func (r *Row) measure() string {
	switch r.Measure {
	case "packets sent again":
		return "retransmissions"
	case "closed windows":
		return "zero windows"
	}
	return r.Measure
}

// say is a value in a sentence.
func (r *Row) say(v float64) string { return r.text(v, true) }

// namedListeners is how many of the listeners that one input lacks are named.
const namedListeners = 3

// writeListeners says which listeners are not in the table.
func (r *Result) writeListeners(b *strings.Builder) {
	shown := map[string]bool{}
	for _, row := range r.Listeners {
		shown[row.Listener] = true
	}
	if n := r.Changed - len(shown); n > 0 {
		fmt.Fprintf(b, "... and %s that changed; --top shows more.\n", say.Plural(uint64(n), "server"))
	}
	for i, only := range [...][]string{r.OnlyA, r.OnlyB} {
		n := len(only)
		if n == 0 {
			continue
		}
		names := strings.Join(only[:min(n, namedListeners)], ", ")
		if n > namedListeners {
			names += fmt.Sprintf(" and %s more", say.Thousands(uint64(n-namedListeners)))
		}
		fmt.Fprintf(b, "%s only in %c: %s.\n", say.Plural(uint64(n), "server"), "AB"[i], names)
	}
	if n := r.A.elsewhere + r.B.elsewhere; n > 0 {
		fmt.Fprintf(b, "%s beyond %d servers are compared in the totals only.\n", say.Plural(n, "connection"), maxListeners)
	}
}

// writeFindings lists what changed; what stayed is counted.
func (r *Result) writeFindings(b *strings.Builder) {
	if len(r.Findings) == 0 {
		return
	}
	b.WriteString("\nFindings\n")
	same := uint64(0)
	for _, f := range r.Findings {
		if f.Verdict == Same || f.Verdict == Noise {
			same++
			continue
		}
		fmt.Fprintf(b, "  %-6s  %s: %s (%d, was %d)\n", f.Change, say.Escape(f.Severity), say.Escape(f.Title), f.B, f.A)
	}
	if same > 0 {
		fmt.Fprintf(b, "  %s stayed the same, or changed no more than chance explains\n", say.Plural(same, "finding"))
	}
}

// writeVerdict names what got worse, and the rule.
func (r *Result) writeVerdict(b *strings.Builder) {
	worse := r.worse()
	b.WriteByte('\n')
	if len(worse) == 0 {
		b.WriteString("Nothing got worse.\n")
	} else {
		b.WriteString("Worse: " + say.Escape(strings.Join(worse, "; ")) + ".\n")
	}
	fmt.Fprintf(b, `Worse: grew by more than %s (a time also by %g us), by more than %g standard
errors (one server: %g), in %d cases or more; or a finding of severity warning
or above is new or grew as much. Noise: chance alone may explain the change.
`, percent(r.opt.Threshold), leastSeconds*1e6, enough, enoughOfMany, fewest)
}
