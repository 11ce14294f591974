package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// drawRates draws what happened in the last minutes, in bars of some lines each.
func (m *model) drawRates(width, tall int) (lines []line) {
	v := m.view
	columns, step := m.barsOf(width)
	for _, x := range []struct {
		name  string
		role  role
		count func(*report.Totals) uint64
	}{
		{"opened", bar, func(t *report.Totals) uint64 { return t.Opened }},
		{"failed", critical, func(t *report.Totals) uint64 { return t.Failed }},
		{"resets", warning, func(t *report.Totals) uint64 { return t.Reset }},
		{"retx", notice, func(t *report.Totals) uint64 { return t.Again }},
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
		name, high := x.name, tall
		values := m.rates.per(x.count, m.at(), step, columns)
		if slices.Max(values) == 0 {
			high = 1
		}
		for _, s := range spark(values, high, m.theme.ascii) {
			l := text(quiet, fmt.Sprintf("%-7s", name)).more(x.role, s)
			if name != "" {
				l = l.more(plain, fmt.Sprintf("%11s", words)).more(quiet, fmt.Sprintf("  %s in all", all))
			}
			lines, name = append(lines, l), ""
		}
	}
	return append(lines, m.drawAnswers(width, tall)...)
}

// barsOf is how many bars there are in a width, and of how long, ns, each is.
func (m *model) barsOf(width int) (columns int, step int64) {
	columns, step = max(min(width-46, 120), 10), int64(2e9)
	if span := m.view.At - m.view.Headline.Start; len(m.view.Headline.Files) > 0 && span > 0 {
		step = max(span/int64(columns), 1)
	}
	return columns, step
}

// drawAnswers draws how long servers took to answer in the last minutes; nothing where no answer was seen.
func (m *model) drawAnswers(width, tall int) (lines []line) {
	all := &m.view.Totals.Answers
	if all.N() == 0 {
		return nil
	}
	columns, step := m.barsOf(width)
	d := m.drawnNow
	if at := (drawnOf{view: m.view, width: columns}); d.answersOf != at {
		d.answersOf, d.answers = at, m.rates.answers(m.at(), step, columns)
	}
	p99 := m.rates.answersNow(m.at(), 3e9)
	if m.view.Ended {
		p99 = all.Quantile(0.99)
	}
	words, name := "", "answers"
	if p99 > 0 {
		words = "p99 " + m.phrases.Span(say.About(p99, record.RTTError))
	}
	if slices.Max(d.answers) == 0 {
		tall = 1
	}
	for _, s := range spark(d.answers, tall, m.theme.ascii) {
		l := text(quiet, fmt.Sprintf("%-7s", name)).more(bar, s)
		if name != "" {
			l = l.more(plain, fmt.Sprintf("%11s", words)).more(quiet, fmt.Sprintf("  %s in all", say.Thousands(uint64(all.N()))))
		}
		lines, name = append(lines, l), ""
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

// countStates are the states in which an end of a connection is, that of most first; as far as they were shown
// before, in the order of then, unless one has twice as many as its neighbour.
func (m *model) countStates() (order []record.State) {
	ends := &m.view.Standing.Ends
	for s := record.Closed; s < record.NStates; s++ {
		if ends[0][s]+ends[1][s] > 0 && (s != record.Closed || m.view.Ended) {
			order = append(order, s)
		}
	}
	n := func(s record.State) uint64 { return ends[0][s] + ends[1][s] }
	slices.SortStableFunc(order, func(a, b record.State) int { return cmp.Compare(n(b), n(a)) })
	return settled(m.states, order, func(s record.State) record.State { return s }, func(a, b record.State) bool { return n(a) < 2*n(b) })
}

// statesInShort tells the states in one line.
func (m *model) statesInShort() line {
	l, order := text(quiet, "states "), m.states
	for e, who := range [...]string{"clients ", "; servers "} {
		sign := who
		for _, s := range order {
			if n := m.view.Standing.Ends[e][s]; n > 0 {
				l, sign = l.more(quiet, sign).more(plain, say.Thousands(n)+" "+s.String()), ", "
			}
		}
	}
	if len(order) == 0 {
		l = l.more(plain, "no connection is open")
	}
	return l
}

// stateTable draws how many connections there are in each state, of either end.
func (m *model) stateTable(width, rows int) []line {
	ends, order := &m.view.Standing.Ends, m.states
	order = order[:min(len(order), rows)]
	most := uint64(1)
	for _, s := range order {
		most = max(most, ends[0][s], ends[1][s])
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
	all, when := m.listeners[:min(len(m.listeners), rows)], m.when()
	lines := []line{text(quiet, fmt.Sprintf("%-25s%8s%8s%9s%10s%10s", "server"+when, "opened", "failed", "opening", "SYN retx", "felt p99"))}
	if len(all) == 0 {
		return []line{text(quiet, "No connection was opened"+strings.Replace(when, ",", " in the", 1)+".")}
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
		lines = append(lines, text(r, fmt.Sprintf("%-25s%8s%8s%9s%10s", fit(m.alias(x.Endpoint.String()), 25, true, m.theme.ascii), say.Thousands(x.Done), say.Thousands(x.Failed), say.Thousands(x.Opening), say.Thousands(x.Again))).
			more(plain, strings.Repeat(" ", max(10-say.Width(felt), 1))+felt))
	}
	return lines
}

// when is the time that counts of servers and clients are of.
func (m *model) when() string {
	if m.view.Ended {
		return ""
	}
	return ", last 40 s"
}

// troubled tells the clients for whom it goes wrong, and what shows that; one in a sentence of one
// line or two.
func (m *model) troubled(width, rows int) (lines []line) {
	for i := range m.clients {
		c := &m.clients[i]
		if i == rows {
			break
		}
		words := say.Plural(c.Bad, "connection")
		if c.Tried > c.Bad {
			words = say.Thousands(c.Bad) + " of " + say.Plural(c.Tried, "connection")
		}
		words = fmt.Sprintf("%s: %s: %s, %s: #%d to %s, %s", c.Addr, words, ofAll(c), m.since(c.Since), c.Conn, c.Server, m.packetOf(c))
		const head = "client "
		for k, w := range say.WrapHard(m.alias(words), max(width-len(head), 20)) {
			l := text(quiet, head)
			if k > 0 {
				l = text(plain, strings.Repeat(" ", len(head)))
			}
			lines = append(lines, l.more(critical, w))
		}
	}
	return lines
}

// packetOf is the packet that shows what goes wrong for a client, and when it came.
func (m *model) packetOf(c *report.Client) string {
	words := fmt.Sprintf("packet %d", c.Packet)
	if c.PacketAt != 0 {
		words += " at " + m.phrases.TimeOfDayMilli(c.PacketAt)
	}
	return words
}

// ofAll is what went wrong with a client's connections; its count is left out where there is one kind.
func ofAll(c *report.Client) string {
	return strings.TrimPrefix(c.Why, say.Thousands(c.Bad)+" ")
}

// holders tell TIME-WAIT against the ports there are.
func (m *model) holders(rows int) (lines []line) {
	for _, x := range m.holding[:min(len(m.holding), rows)] {
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
