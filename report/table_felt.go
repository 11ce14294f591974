package report

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
)

const bestBar = 40 // columns of the longest bar where there is room

// feltHistogram draws how felt times are spread, with the humps that repeated
// SYNs make.
func (p *page) feltHistogram(h *humps, n uint64) {
	if n <= 2 {
		return // the table's figures say it all
	}
	first, last := -1, 0
	var most uint64
	for i := range h {
		if h[i].n > 0 {
			if first < 0 {
				first = i
			}
			last = i
			most = max(most, h[i].n)
		}
	}
	p.b.WriteByte('\n')
	p.note(0, say.Bold, fmt.Sprintf("Felt time of %s", say.Plural(n, "handshake")))
	since := p.b.Len()
	digits := len(say.Thousands(most))
	bar := min(bestBar, p.Width-24-digits-4)
	for i := first; i <= last; i++ {
		b := &h[i]
		if b.n == 0 {
			if h[i-1].n > 0 {
				p.b.WriteString("  ...\n")
			}
			continue
		}
		head := fmt.Sprintf("  %8s to %-8s ", p.Span(humpBounds[i]), p.humpEnd(i))
		line := head + p.pad(bars(b.n, most, bar, p.ASCII), bar) + " " + fmt.Sprintf("%*s", digits, say.Thousands(b.n))
		p.b.WriteString(strings.TrimRight(line, " "))
		p.humpNote(say.Width(line), humpWhy(*h, i))
		p.b.WriteByte('\n')
	}
	p.drawn(since)
	p.note(0, say.Faint, "p50, p95 and p99 are known to 2 %, and rounded to what that allows; the maximum is exact.")
}

func (p *page) pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-say.Width(s), 0))
}

// humpEnd is the upper bound of a class; the last has none.
func (p *page) humpEnd(i int) string {
	if i+1 == len(humpBounds) {
		return "more"
	}
	return p.Span(humpBounds[i+1])
}

// humpWhy says what was repeated in a class.
func humpWhy(h humps, i int) string {
	var parts []string
	if n := h[i].syns; n > 0 {
		parts = append(parts, say.Plural(n, "SYN"))
	}
	if n := h[i].synACKs; n > 0 {
		parts = append(parts, say.Plural(n, "SYN/ACK"))
	}
	if len(parts) == 0 {
		return ""
	}
	who := ""
	if h[i].n > 1 {
		who = " in " + say.Plural(h[i].slow, "handshake")
	}
	return say.List(parts) + " retransmitted" + who
}

// humpNote goes behind the bar, or under it where there is no room.
func (p *page) humpNote(used int, why string) {
	if why == "" {
		return
	}
	if used+2+say.Width(why) <= p.Width {
		p.b.WriteString("  " + p.Paint(say.Yellow, why))
		return
	}
	const under = 23
	for _, l := range say.Wrap(why, p.Width-under) {
		p.b.WriteString("\n" + strings.Repeat(" ", under) + p.Paint(say.Yellow, l))
	}
}

// bars is a bar of n out of most; what is there has at least one mark.
func bars(n, most uint64, width int, ascii bool) string {
	if n == 0 || width <= 0 {
		return ""
	}
	mark := "█"
	if ascii {
		mark = "#"
	}
	return strings.Repeat(mark, max(1, int(n*uint64(width)/most)))
}

// sparkline draws a population, one column each.
func sparkline(values []uint64, ascii bool) string {
	marks := []rune("_▁▂▃▄▅▆▇█")
	if ascii {
		marks = []rune("_.:-=+*#@")
	}
	var most uint64
	for _, v := range values {
		most = max(most, v)
	}
	var b strings.Builder
	for _, v := range values {
		i := 0
		if v > 0 {
			i = max(1, int(v*uint64(len(marks)-1)/most))
		}
		b.WriteRune(marks[i])
	}
	return b.String()
}
