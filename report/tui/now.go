package tui

import (
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// wide is from how many columns on what stands below the findings is laid out in two columns.
const wide = 140

// now is the first view: what is wrong, then how it goes.
func (m *model) now(h int) []line {
	lower := m.lower(m.width, h)
	lines := m.worstFirst(max(h-len(lower), min(h, 8)))
	lines = append(lines, nil)
	return append(lines, lower...)
}

// quietLast puts findings about the capture behind those about the network, and what only
// informs behind both, as the report does.
func quietLast(all []watch.Trailed) []watch.Trailed {
	weight := func(f *watch.Trailed) int {
		switch {
		case f.Severity < diagnose.Notice:
			return 2
		case f.Group == diagnose.GroupCapture:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b watch.Trailed) int { return weight(&a) - weight(&b) })
	return all
}

// soonest is how long a run has to be watched until most troubles can show, ns: what must wait for a
// repeat or an age takes seconds.
const soonest = int64(10e9)

// worstFirst tells the finding that matters most with its cause, and the others in a line each.
func (m *model) worstFirst(h int) (lines []line) {
	wrong := len(m.open) > 0 && m.open[0].Severity >= diagnose.Notice
	if !wrong {
		words := "Nothing is wrong so far"
		if watched := m.at() - m.view.Headline.Start; m.view.Ended {
			words = "Nothing was found"
		} else if m.view.Headline.Live && watched < soonest {
			words = "Nothing is wrong in the first " + m.ago(watched)
		}
		if n := m.view.Recent.Conns(); n > 0 {
			words += ": " + say.Plural(n, "connection") + " looked at"
		}
		lines = append(lines, text(good, words+"."))
	}
	others := append(slices.Clone(m.open), m.resolved...)
	if wrong {
		f := &m.open[0]
		for _, l := range m.headOf(f, m.width) {
			m.target(len(lines), 0)
			lines = append(lines, l)
		}
		if len(f.Causes) > 0 {
			lines = append(lines, m.wrapped(plain, f.CauseWord()+": "+f.Causes[0]+".", 2)...)
		}
		if len(f.Advice) > 0 {
			lines = append(lines, m.wrapped(quiet, "Do: "+f.Advice[0], 2)...)
		}
		others = others[1:]
	}
	room := max(h-len(lines)-1, 0)
	for i, title := range m.titles(others, m.width, room) {
		if i == room-1 && len(others) > room || i >= room {
			lines = append(lines, text(quiet, fmt.Sprintf("  and %d more: 2 shows all", len(others)-i)))
			break
		}
		lines = append(lines, title...)
	}
	return lines
}

// headOf is how bad, and what; as many lines as that takes.
func (m *model) headOf(f *watch.Trailed, width int) (lines []line) {
	word := severity(f)
	words := say.WrapHard(m.alias(f.Title)+"; "+m.standing(f), max(width-len(word)-2, 20))
	for i, w := range words {
		l := text(roleOf(f.Severity), word+"  ")
		if i > 0 {
			l = text(plain, strings.Repeat(" ", len(word)+2))
		}
		lines = append(lines, l.more(strong, w))
	}
	return lines
}

func severity(f *watch.Trailed) string {
	if f.Severity < diagnose.Notice {
		return f.Severity.String()
	}
	return strings.ToUpper(f.Severity.String())
}

// standing tells whether a finding stands.
func (m *model) standing(f *watch.Trailed) string {
	switch {
	case f.Resolved:
		return "resolved " + m.ago(m.at()-f.Missed) + " ago"
	case m.view.Ended:
		return f.Confidence.String()
	case f.Missed > 0:
		return "not seen for " + m.ago(m.at()-f.Missed)
	}
	if f.Since == 0 {
		return "so far"
	}
	since := "since " + m.phrases.TimeOfDay(f.Since)
	if h := m.view.Headline; h.Live && f.Since-h.Start < 2e9 { // it may have begun before one looked
		since += " or before"
	}
	return since
}

// ago is a span in whole seconds.
func (m *model) ago(ns int64) string { return m.phrases.Span(max(ns, 0) / 1e9 * 1e9) }

// titles are findings, each in a line or two: in two where they all have room then, in one shortened
// in the middle else.
func (m *model) titles(all []watch.Trailed, width, room int) (titles [][]line) {
	const indent = 10
	total, words := 0, make([][]string, len(all))
	for i := range all {
		words[i] = say.WrapHard(m.alias(all[i].Title)+"; "+m.standing(&all[i]), max(width-indent, 20))
		total += min(len(words[i]), 2)
	}
	for i := range all {
		f := &all[i]
		r, t := roleOf(f.Severity), plain
		if f.Resolved {
			r, t = quiet, quiet
		}
		most := 2
		if total > room {
			most = 1
		}
		if len(words[i]) > most {
			end := "; " + m.standing(f)
			words[i] = say.WrapHard(shorten(m.alias(f.Title), most*(width-indent)-len(end)-10*(most-1), m.theme.ascii)+end, max(width-indent, 20))
			words[i] = words[i][:min(len(words[i]), most)]
		}
		lines := []line{text(r, fmt.Sprintf("%-*s", indent, severity(f))).more(t, words[i][0])}
		for _, w := range words[i][1:] {
			lines = append(lines, text(t, strings.Repeat(" ", indent)+w))
		}
		titles = append(titles, lines)
	}
	return titles
}

// wrapped is a text in as many lines as it takes.
func (m *model) wrapped(r role, words string, indent int) (lines []line) {
	for i, w := range say.WrapHard(m.alias(words), max(m.width-indent-2, 20)) {
		lines = append(lines, text(r, strings.Repeat(" ", indent+2*min(i, 1))+w))
	}
	return lines
}

// lower is how it goes: rates, states, servers, TIME-WAIT, the capture.
func (m *model) lower(width, h int) []line {
	tail := append(m.holders(1+h/30), m.capture())
	if width >= wide {
		half := width/2 - 1
		left := append(m.drawRates(half), nil)
		left = append(left, m.worstListeners(half, max(h-22, 4))...)
		return append(beside(left, m.states(half, 9), half), tail...)
	}
	lines := m.drawRates(width)
	states, listeners := 3, 2
	if h > 24 {
		states, listeners = 6, min(h-18, 10)
	}
	lines = append(lines, m.states(width, states)...)
	lines = append(lines, m.worstListeners(width, listeners)...)
	return append(lines, tail...)
}

// beside puts lines next to others.
func beside(left, right []line, width int) []line {
	out := make([]line, max(len(left), len(right)))
	for i := range out {
		var l line
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			l = append(l.padded(width+2), right[i]...)
		}
		out[i] = l
	}
	return out
}

// drawRates draws what happened in the last minutes.
func (m *model) drawRates(width int) (lines []line) {
	v := m.view
	columns := max(min(width-46, 120), 10)
	step := int64(2e9)
	if span := v.At - v.Headline.Start; len(v.Headline.Files) > 0 && span > 0 {
		step = max(span/int64(columns), 1)
	}
	for _, x := range []struct {
		name  string
		role  role
		count func(*report.Totals) uint64
	}{
		{"opened", bar, func(t *report.Totals) uint64 { return t.Opened }},
		{"failed", critical, func(t *report.Totals) uint64 { return t.Failed }},
		{"resets", warning, func(t *report.Totals) uint64 { return t.Reset }},
		{"resent", notice, func(t *report.Totals) uint64 { return t.Again }},
	} {
		last := m.rates.now(x.count, m.at(), 3e9)
		words := rateOf(last) + "/s"
		all := say.Thousands(x.count(&v.Totals))
		if v.Ended {
			words = ""
		}
		if n := v.Standing.Again; x.name == "failed" && n > 0 {
			all += ", " + say.Thousands(n) + " unanswered"
		}
		lines = append(lines, text(quiet, x.name+" ").more(x.role, spark(m.rates.per(x.count, m.at(), step, columns), m.theme.ascii)).
			more(plain, fmt.Sprintf("%11s", words)).more(quiet, fmt.Sprintf("  %s in all", all)))
	}
	return lines
}

// rateOf is a rate: with a digit behind the point where it is small.
func rateOf(v float64) string {
	if v > 0 && v < 9.95 {
		return fmt.Sprintf("%.1f", v)
	}
	return say.Thousands(uint64(v + 0.5))
}

// states draws how many connections there are in each state, of either end.
func (m *model) states(width, rows int) []line {
	ends := &m.view.Standing.Ends
	var order []record.State
	most := uint64(1)
	for s := record.Closed; s < record.NStates; s++ {
		if n := max(ends[0][s], ends[1][s]); n > 0 && (s != record.Closed || m.view.Ended) {
			order, most = append(order, s), max(most, n)
		}
	}
	slices.SortStableFunc(order, func(a, b record.State) int {
		return int(min(max(int64(ends[0][b]+ends[1][b])-int64(ends[0][a]+ends[1][a]), -1), 1))
	})
	if len(order) > rows {
		order = order[:rows]
	}
	column := (width - 14) / 2
	lines := []line{text(quiet, fmt.Sprintf("%-14s%-*s%s", "state", column, "clients", "servers"))}
	for _, s := range order {
		l := text(plain, fmt.Sprintf("%-14s", s))
		for e := range ends {
			n := ends[e][s]
			cell := text(bar, barOf(n, most, column-10, m.theme.ascii))
			if n > 0 {
				cell = cell.more(plain, " "+say.Thousands(n))
			}
			l = append(l, cell.padded(column)...)
		}
		lines = append(lines, l)
	}
	if len(order) == 0 {
		lines = append(lines, text(quiet, "no connection is open"))
	}
	return lines
}

// worstListeners are the servers at which opening goes worst.
func (m *model) worstListeners(width, rows int) []line {
	all, _ := m.view.Recent.WorstListeners(rows)
	lines := []line{text(quiet, fmt.Sprintf("%-25s%8s%8s%9s%12s%10s", "server, last 40 s", "opened", "failed", "opening", "SYNs again", "felt p99"))}
	if len(all) == 0 {
		return []line{text(quiet, "No connection was opened in the last 40 s.")}
	}
	for _, x := range all {
		r := plain
		if x.Failed > 0 {
			r = critical
		} else if x.Again > 0 {
			r = warning
		}
		felt := ""
		if x.Felt > 0 {
			felt = m.phrases.Span(x.Felt)
		}
		lines = append(lines, text(r, fmt.Sprintf("%-25s%8s%8s%9s%12s", fit(m.alias(x.Endpoint.String()), 25, true, m.theme.ascii), say.Thousands(x.Done), say.Thousands(x.Failed), say.Thousands(x.Opening), say.Thousands(x.Again))).
			more(plain, strings.Repeat(" ", max(10-say.Width(felt), 1))+felt))
	}
	return lines
}

// holders tell TIME-WAIT against the ports there are.
func (m *model) holders(rows int) (lines []line) {
	for _, x := range m.view.Recent.Holders(m.view.Headline, rows) {
		r := plain
		if int64(x.Now)*100 >= x.Ports*50 {
			r = warning
		}
		words := fmt.Sprintf("%s of %s ports (%d %%): %s to %s", say.Thousands(x.Now), say.Thousands(uint64(x.Ports)), int64(x.Now)*100/x.Ports, x.Holding.Holder.Addr, x.Dest)
		if x.Slope >= 1 {
			words += fmt.Sprintf("; +%s/s", rateOf(x.Slope))
			switch {
			case x.Level >= x.Ports:
				words += ", at that rate none is left in " + m.ago(int64(float64(max(x.Ports-int64(x.Now), 0))/x.Slope*1e9))
			case x.Level*10 > int64(x.Now)*11:
				words += fmt.Sprintf(", at that rate at most %s", say.Thousands(uint64(x.Level)))
			}
		}
		const head = "TIME-WAIT "
		for i, w := range say.WrapHard(m.alias(words), max(m.width-len(head), 20)) {
			l := text(quiet, head)
			if i > 0 {
				l = text(plain, strings.Repeat(" ", len(head)))
			}
			lines = append(lines, l.more(r, w))
		}
	}
	if len(lines) == 0 {
		lines = append(lines, text(quiet, "TIME-WAIT ").more(plain, "holds no port of a client"))
	}
	return lines
}

// capture tells what was lost on the way, and what looking costs.
func (m *model) capture() line {
	h := m.view.Headline
	l := text(quiet, "capture   ")
	if n := h.KernelDrops.V + h.InterfaceDrops.V; n > 0 {
		l = l.more(warning, say.Plural(n, "packet")+" dropped")
	} else if h.Live {
		l = l.more(good, "no packet dropped")
	} else {
		l = l.more(plain, say.Plural(h.Packets, "packet")+" read")
	}
	if n := len(m.costs); n > 1 {
		a, b := m.costs[0], m.costs[n-1]
		if b.at > a.at {
			l = l.more(quiet, fmt.Sprintf("; tcpwatch takes %.0f %% of a core, %s", 100*float64(b.CPU-a.CPU)/float64(b.at-a.at), say.Bytes(b.Memory)))
		}
	}
	if m.view.Age > 2e9 {
		l = l.more(quiet, "; states as of "+m.ago(m.view.Age)+" ago")
	}
	return l
}
