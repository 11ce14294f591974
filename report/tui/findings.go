package tui

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/record"
)

// findings lists all, those that stand first, and tells the chosen one in full below.
func (m *model) findings(h int) []line {
	all := append(append([]watch.Trailed{}, m.open...), m.resolved...)
	if len(all) == 0 {
		return []line{text(good, "Nothing is wrong so far.")}
	}
	room := max(h/3, 3)
	rows := min(len(all), room)
	first := max(min(m.chosen-rows/2, len(all)-rows), 0)
	var lines []line
	for i, title := range m.titles(all, m.width-2, room)[first : first+rows] {
		for _, l := range title {
			m.target(len(lines), first+i)
			lines = append(lines, marked(l, first+i == m.chosen, m.width))
		}
	}
	if n := len(all) - first - rows; n > 0 {
		lines = append(lines, text(quiet, fmt.Sprintf("  and %d more below", n)))
	} else {
		lines = append(lines, nil)
	}
	full := m.full(&all[m.chosen])
	hidden := max(len(full)-max(h-len(lines), 1), 0)
	return append(lines, full[min(m.top[pageFindings], hidden):]...)
}

// full is all there is to tell of a finding.
func (m *model) full(f *watch.Trailed) []line {
	var b bytes.Buffer
	told := f.Finding
	told.Advice = m.advice(f)
	report.WriteFinding(&b, &told, m.sums(), m.view.Headline, m.tables())
	lines := m.printed(b.String())
	state := "It stands; this screen shows it since " + m.phrases.TimeOfDay(f.Shown) + "."
	switch {
	case m.view.Ended:
		return lines
	case f.Resolved:
		state = "It is resolved: not seen since " + m.phrases.TimeOfDay(f.Missed) + "."
	}
	return append(lines, text(quiet, "  "+state))
}

// advice is what to do about a finding, without what is being done already: where packets are captured
// on the host itself, tcpdump there shows no more than this screen.
func (m *model) advice(f *watch.Trailed) (all []string) {
	h := m.view.Headline
	for _, a := range f.Advice {
		on, rest, _ := strings.Cut(strings.TrimPrefix(a, "On "), ": ")
		addr, err := netip.ParseAddr(on)
		here := err == nil && h.Live && h.Local != nil && h.Local(capture.AddrFrom(addr))
		if here && strings.HasPrefix(rest, "`tcpdump ") {
			continue
		}
		all = append(all, a)
	}
	return all
}

// tables are the options of texts that are made for this screen.
func (m *model) tables() report.TableOptions {
	t := m.o.Tables
	t.Width, t.Color, t.Reports, t.Columns, t.Sort = m.width, false, nil, nil, ""
	return t
}

// printed are the lines of a text made for people: what stands at the left is a heading.
func (m *model) printed(words string) (lines []line) {
	for s := range strings.SplitSeq(strings.TrimRight(words, "\n"), "\n") {
		switch {
		case strings.HasPrefix(s, "CRITICAL"):
			lines = append(lines, text(critical, s))
		case strings.HasPrefix(s, "WARNING"):
			lines = append(lines, text(warning, s))
		case strings.HasPrefix(s, "NOTICE"):
			lines = append(lines, text(notice, s))
		default:
			lines = append(lines, text(plain, s))
		}
	}
	return lines
}

// marked is a line of a list: the one that is chosen is told by a sign and by its colours.
func marked(l line, isChosen bool, width int) line {
	if !isChosen {
		return append(text(plain, "  "), l...)
	}
	b := strings.Builder{}
	b.WriteString("> ")
	for _, s := range l {
		b.WriteString(s.text)
	}
	words := b.String()
	return text(chosen, words+strings.Repeat(" ", max(width-say.Width(words), 0)))
}

// examplesOf chooses the connections that a finding cites.
func examplesOf(f *watch.Trailed) *chooser {
	ids := make(map[uint64]bool)
	for _, id := range f.Conns {
		ids[id] = true
	}
	what := "of the finding: " + f.Title
	if uint64(len(f.Conns)) < f.Count {
		what = fmt.Sprintf("of the %s of the finding: %s", say.Thousands(f.Count), f.Title)
	}
	return &chooser{what, func() func(r *record.Record) bool { return func(r *record.Record) bool { return ids[r.ID] } }}
}
