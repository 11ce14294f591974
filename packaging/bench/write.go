package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"tcpwatch/internal/say"
)

// write prints all that was measured.
func (r *Report) write(w io.Writer) error {
	fmt.Fprintln(w, r.Machine)
	fmt.Fprintln(w, r.counting())
	for _, res := range r.Results {
		fmt.Fprintf(w, "\n%s\n\n", res.Input.title())
		rows := [][]string{{"command", "time", "least to most", "CPU", "packets/s", "peak memory", "time to " + baseline + "'s", "CPU to " + baseline + "'s", "instructions", "to " + baseline + "'s", "runs"}}
		var failed []string
		for _, l := range res.Lines {
			if l.Failed != "" {
				failed = append(failed, l.Name+": "+l.Failed)
				continue
			}
			if !l.done() {
				continue
			}
			rows = append(rows, []string{l.Name, span(l.Wall), span(l.Least) + " to " + span(l.Most), span(l.CPU), rate(l.PerSecond),
				r.memory(l.Memory), ratio(l.WallRatio), ratio(l.CPURatio), l.counted(millions(l.Instructions)), l.counted(ratio(l.CountRatio)), strconv.Itoa(len(l.Samples))})
		}
		if err := table(w, rows); err != nil {
			return err
		}
		for _, f := range failed {
			fmt.Fprintln(w, f)
		}
	}
	return nil
}

// counting says what counted instructions, or why nothing did.
func (r *Report) counting() string {
	if r.Counter == "" {
		return "Instructions are not counted: " + r.Uncounted + "."
	}
	return fmt.Sprintf("Instructions are those at user level of the whole process, by %s, the least of %d runs.", r.Counter, counts)
}

// counted is a text about the instructions of a line, "" where they were not counted.
func (l *Line) counted(text string) string {
	if l.Instructions == 0 {
		return ""
	}
	return text
}

// title says what an input is.
func (in Input) title() string {
	t := in.Name + ": " + in.Doc
	if in.Conns > 0 {
		t += fmt.Sprintf("; %s packets, %d MB", say.Thousands(uint64(in.Packets)), in.Bytes/1e6)
	}
	if in.Multiplied {
		t += "; multiplied from real connections"
	}
	return t
}

// Marks between which a file holds the latest results.
const (
	beginMark = "<!-- Written by make bench; do not edit. -->\n"
	endMark   = "<!-- End of what make bench writes. -->\n"
)

// intoMarks puts what write prints between the marks of a file.
func intoMarks(file, begin, end string, write func(io.Writer) error) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return fmt.Errorf("%s: no place for results: %q and %q are missing", file, begin, end)
	}
	var b strings.Builder
	if err := write(&b); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(before+begin+b.String()+end+after), 0o644)
}

// short is a table of times, one of CPU times and one of memory, each with a
// row for each input.
func (r *Report) short(w io.Writer) error {
	fmt.Fprintf(w, "\n%s. Runs: %s. %s\n\n", r.Machine, r.runs(), r.counting())
	for _, what := range []struct {
		title string
		tell  func(*Line) string
	}{
		{"time", func(l *Line) string { return beside(l, span(l.Wall), l.WallRatio) }},
		{"CPU time", func(l *Line) string { return beside(l, span(l.CPU), l.CPURatio) }},
		{countTitle, func(l *Line) string { return l.counted(beside(l, millions(l.Instructions), l.CountRatio)) }},
		{"peak memory", func(l *Line) string { return r.memory(l.Memory) }},
	} {
		if what.title == countTitle && r.Counter == "" {
			continue
		}
		var rows [][]string
		for _, res := range r.Results {
			if rows == nil {
				rows = append(rows, []string{what.title})
				for _, l := range res.Lines {
					rows[0] = append(rows[0], l.Name)
				}
			}
			row := []string{res.Input.Name}
			for _, l := range res.Lines {
				row = append(row, l.or(what.tell))
			}
			rows = append(rows, row)
		}
		if err := table(w, rows); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	for _, res := range r.Results {
		fmt.Fprintf(w, "- %s\n", res.Input.title())
	}
	fmt.Fprintln(w)
	return nil
}

// runs says how often each contender ran, which may depend on the input.
func (r *Report) runs() string {
	least, most := map[string]int{}, map[string]int{}
	var names []string
	for _, res := range r.Results {
		for _, l := range res.Lines {
			n := len(l.Samples)
			if !l.done() {
				continue
			}
			if _, ok := least[l.Name]; !ok {
				names, least[l.Name] = append(names, l.Name), n
			}
			least[l.Name], most[l.Name] = min(least[l.Name], n), max(most[l.Name], n)
		}
	}
	for i, name := range names {
		names[i] += " " + strconv.Itoa(least[name])
		if least[name] != most[name] {
			names[i] += " to " + strconv.Itoa(most[name])
		}
	}
	return strings.Join(names, ", ")
}

// beside adds the ratio to the baseline, which has none itself.
func beside(l *Line, text string, to float64) string {
	if l.Name == baseline {
		return text
	}
	return text + " (" + ratio(to) + ")"
}

// or tells of a line, or why there is nothing to tell.
func (l *Line) or(tell func(*Line) string) string {
	switch {
	case l.Failed == errTime.Error():
		return "too long"
	case l.Failed == errMemory.Error():
		return "too much memory"
	case !l.done():
		return "failed"
	}
	return tell(l)
}

// table prints rows, the first of them the titles, as Markdown that reads well
// as text.
func table(w io.Writer, rows [][]string) error {
	aligns := make([]tw.Align, len(rows[0]))
	for i := range aligns {
		aligns[i] = tw.AlignRight
	}
	aligns[0] = tw.AlignLeft
	t := tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewMarkdown()),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithAlignment(aligns),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: aligns}),
	)
	t.Header(rows[0])
	for _, row := range rows[1:] {
		if err := t.Append(row); err != nil {
			return err
		}
	}
	return t.Render()
}

// span is a duration with three digits.
func span(d time.Duration) string {
	switch s := d.Seconds(); {
	case s >= 100:
		return fmt.Sprintf("%.0f s", s)
	case s >= 10:
		return fmt.Sprintf("%.1f s", s)
	case s >= 1:
		return fmt.Sprintf("%.2f s", s)
	case s >= 0.1:
		return fmt.Sprintf("%.0f ms", s*1e3)
	default:
		return fmt.Sprintf("%.1f ms", s*1e3)
	}
}

// countTitle is that of the table of instructions.
const countTitle = "instructions"

// millions is a count of instructions.
func millions(n int64) string {
	return fmt.Sprintf("%s M", say.Thousands(uint64(math.Round(float64(n)/1e6))))
}

// ratio is a factor.
func ratio(f float64) string {
	if f >= 10 {
		return fmt.Sprintf("%.0f×", f)
	}
	return fmt.Sprintf("%.2f×", f)
}

// rate is a number of packets in a second.
func rate(f float64) string {
	if f >= 1e6 {
		return fmt.Sprintf("%.2f M", f/1e6)
	}
	return say.Thousands(uint64(math.Round(f)))
}

// memory is a size in MiB; what is not above the least that can be told is
// said to be below it.
func (r *Report) memory(n int64) string {
	if float64(n) <= 1.1*float64(r.Floor) {
		return fmt.Sprintf("< %.0f MiB", math.Ceil(1.1*float64(r.Floor)/(1<<20)))
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}
