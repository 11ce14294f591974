package tui

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
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
	titles := m.titles(all, m.width-2, room)
	first, rows := around(titles, m.chosen, room)
	var lines []line
	for i, title := range titles[first : first+rows] {
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

// around is which of some titles are shown in so many lines: as many as fit, about half of the lines
// for those before the one that is chosen, which is shown in any case.
func around(titles [][]line, chosen, room int) (first, n int) {
	first, last := chosen, chosen+1
	used := len(titles[chosen])
	back := func(most int) {
		for first > 0 && used+len(titles[first-1]) <= most {
			first--
			used += len(titles[first])
		}
	}
	back(max(room/2, used))
	for last < len(titles) && used+len(titles[last]) <= room {
		used += len(titles[last])
		last++
	}
	back(room)
	return first, last - first
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
// on the host itself, tcpdump there shows no more than this screen. What the finding says to do once
// tcpdump has shown the packets is told of that host right away; what follows if it shows none is not.
func (m *model) advice(f *watch.Trailed) (all []string) {
	host := "" // of the advice before, where that was left out
	for _, a := range f.Advice {
		on, rest, _ := strings.Cut(strings.TrimPrefix(a, "On "), ": ")
		name, _, _ := strings.Cut(on, ",") // "10.0.0.9, where it runs"
		switch condition, then := conditional(a); {
		case m.isHere(name) && strings.HasPrefix(rest, "`tcpdump "):
			host = name
			if _, then, ok := strings.Cut(rest, seenThere); ok {
				all = append(all, "On "+host+": "+then)
			}
		case host == "" || condition == "":
			host, all = "", append(all, a)
		case !slices.Contains(strings.Fields(condition), "not"):
			all = append(all, "On "+host+": "+then)
		}
	}
	return all
}

// conditional is an advice that goes on from the one before it, "If it does, do that", in its two parts;
// "" for any other.
func conditional(a string) (condition, then string) {
	if i := strings.IndexAny(a, ":,"); i > 0 && strings.HasPrefix(a, "If ") {
		return a[:i], strings.TrimSpace(a[i+1:])
	}
	return "", ""
}

// seenThere joins, in an advice, tcpdump on a host with what to do if that shows the packets there.
const seenThere = "; if it does, "

// isHere reports whether an address is one of the host on which packets are captured live.
func (m *model) isHere(name string) bool {
	h := m.view.Headline
	addr, err := netip.ParseAddr(name)
	return err == nil && h.Live && h.Local != nil && h.Local(capture.AddrFrom(addr))
}

// tables are the options of texts that are made for this screen.
func (m *model) tables() report.TableOptions {
	t := m.o.Tables
	t.Width, t.Color, t.Reports, t.Columns, t.Sort, t.Running = m.width, false, nil, nil, "", !m.view.Ended
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
		what = fmt.Sprintf("as a sample of the %s of the finding: %s", say.Thousands(f.Count), f.Title)
	}
	return &chooser{phrase: what, cited: true, match: func() func(r *record.Record) bool { return func(r *record.Record) bool { return ids[r.ID] } }}
}
