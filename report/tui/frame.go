package tui

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
)

// bodyHeight is how many lines a view has.
func (m *model) bodyHeight() int { return max(m.height-3, 1) }

// frame is the whole screen: a line about the run, the tabs, the view, a line of keys.
func (m model) frame() string {
	h := m.bodyHeight()
	body := m.body(h)
	if m.scrolls() {
		body = body[min(m.top[m.page], max(len(body)-h, 0)):]
	}
	lines := make([]line, 0, m.height)
	lines = append(lines, m.head(), m.tabs())
	lines = append(lines, body[:min(len(body), h)]...)
	for len(lines) < m.height-1 {
		lines = append(lines, nil)
	}
	if m.prompt != nil && m.prompt.wrong != "" {
		wrong := m.wrapped(warning, m.prompt.wrong, 0)
		copy(lines[max(len(lines)-len(wrong), 0):], wrong)
	}
	lines = append(lines, m.foot())
	var alias func(string) string
	if m.private != nil {
		alias = m.private.replace
	}
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(m.theme.paint(l, m.width, alias))
	}
	return b.String()
}

// scrolls reports whether the view is a text of which a part is shown.
func (m *model) scrolls() bool {
	return !m.help && m.view != nil && m.page > pageHosts
}

// body are the lines of the view; those that choose what they show fit h.
func (m *model) body(h int) []line {
	switch {
	case m.help:
		return m.helpLines()
	case m.view == nil, m.page == pageNow && m.view.Headline.Packets == 0 && !m.view.Ended:
		return m.nothing()
	}
	switch m.page {
	case pageNow:
		return m.now(h)
	case pageFindings:
		return m.findings(h)
	case pageConnections:
		return m.connections(h)
	case pageConnection:
		return m.connection(h)
	case pageHosts:
		return m.hostLines(h)
	case pageTimeWait:
		return m.table("timewait")
	case pageKeepalive:
		return m.table("keepalive")
	}
	return m.report()
}

// head tells of the run as a whole.
func (m *model) head() line {
	v := m.view
	if v == nil {
		return text(strong, " tcpwatch")
	}
	h := v.Headline
	from := say.Escape(h.Interface)
	if len(h.Files) > 0 {
		name := h.Files[0]
		from = say.Escape(name[strings.LastIndexByte(name, '/')+1:])
		if n := len(h.Files); n > 1 {
			from += fmt.Sprintf(" and %d more", n-1)
		}
	}
	var l line
	if h.Start != 0 {
		l = l.more(quiet, "  "+m.phrases.TimeOfDay(m.at()))
	}
	segments := func(t *report.Totals) uint64 { return t.Segments }
	if v.Ended {
		l = l.more(quiet, "  "+say.Plural(h.Packets, "packet"))
	} else {
		l = l.more(quiet, fmt.Sprintf("  %s packets/s", say.Thousands(uint64(m.rates.now(segments, m.at(), 3e9)+0.5))))
	}
	s := &v.Standing
	silent := m.silence.words(h.Interface)
	if silent == "" || m.width >= 100 {
		l = l.more(quiet, fmt.Sprintf("  %s tracked, %s in TIME-WAIT", say.Thousands(s.Held), say.Thousands(s.TimeWait)))
	}
	if m.paused {
		l = l.more(warning, "  PAUSED")
	}
	switch {
	case silent != "":
		l = l.more(warning, "  "+silent)
	case m.paused:
	case v.Ended:
		l = l.more(good, "  ended")
	case v.Partial:
		l = l.more(quiet, "  (counting)")
	}
	return append(text(strong, " "+cut(from, max(m.width-1-l.width(), 10), m.theme.ascii)), l...)
}

// nothing tells that no packet came, and why that may be.
func (m *model) nothing() []line {
	lines := []line{nil, text(quiet, "  Nothing seen yet: waiting for the first packets.")}
	if m.view == nil {
		return lines
	}
	h := m.view.Headline
	if words := m.silence.words(h.Interface); words != "" {
		lines = append(lines, text(warning, "  "+words))
	}
	if h.Filter != "" && !h.FilterIsDefault {
		lines = append(lines, nil)
		lines = append(lines, m.wrapped(quiet, "Only packets that pass the filter are taken: "+say.Escape(h.Filter), 2)...)
	}
	return lines
}

// tabs names the views.
func (m *model) tabs() line {
	var l line
	for i, name := range pageNames() {
		if i > 0 {
			l = l.more(plain, " ")
		}
		r := quiet
		if page(i) == m.page {
			r = chosen
		} else if m.width < 79 || m.page == pageReport && m.width < 90 {
			name = ""
		}
		l = l.more(r, strings.TrimSpace(fmt.Sprintf("%d %s", i+1, name)))
	}
	if m.page == pageReport {
		l = l.more(plain, " ").more(chosen, "Report")
	}
	return l
}

// foot are the keys that matter in this view, or what is to be told.
func (m *model) foot() line {
	switch {
	case m.prompt != nil:
		l := m.prompt.shown(m.width).more(quiet, "  text or --where; empty: all")
		if m.prompt.last != "" {
			l = l.more(quiet, "  Up: "+cut(m.prompt.last, 20, m.theme.ascii))
		}
		return l.more(quiet, "  Esc: as it was")
	case m.note != "":
		return text(notice, m.note)
	}
	if m.help {
		return text(quiet, "any key leaves this help")
	}
	words := "? help  q quit  Enter in  Esc out  / filter  Space pause  r report"
	switch m.page {
	case pageFindings:
		words = "? help  q quit  j k choose  PgDn reads on  Enter its connections  y copy command"
	case pageConnections:
		words = "? help  q quit  Enter its packets  / filter  s sort  left right columns  t ended"
		if m.list.sorting {
			words = "left right: the column  up down: its direction  Enter done"
		}
	case pageHosts:
		words = "? help  q quit  j k choose  left servers  right clients  Enter its connections"
	case pageTimeWait, pageKeepalive, pageReport:
		words = "? help  q quit  j k PgUp PgDn scroll  Esc out  Space pause"
	}
	return text(quiet, words)
}

// helpLines tell what each key does, and what the words of the view mean.
func (m *model) helpLines() []line {
	lines := []line{text(strong, "Keys; any key leaves this help")}
	key := func(names, doc string) {
		lines = append(lines, text(notice, fmt.Sprintf("  %-15s ", names)).more(plain, doc))
	}
	var moves []string
	for _, c := range commands() {
		switch {
		case c.do >= doTab1, c.do == doHelp, c.do == doKeep, c.doc == "":
		case c.do < doOpen:
			first, _, _ := strings.Cut(m.keys[c.do].Help().Key, " ")
			if moves = append(moves, first); c.do == doBottom {
				key(strings.Join(moves, " "), "up, down, a screen up or down, to the top, to the bottom")
			}
		case c.do == doQuit:
			key(m.keys[doQuit].Help().Key+" "+m.keys[doKeep].Help().Key, c.doc+"; "+m.keys[doKeep].Help().Key+": "+m.keys[doKeep].Help().Desc)
		default:
			key(m.keys[c.do].Help().Key, c.doc)
		}
	}
	for i, words := range m.words() {
		if i == 0 {
			lines = append(lines, text(strong, "Words of this view"))
		}
		name, means, _ := strings.Cut(words, ": ")
		lines = append(lines, text(notice, fmt.Sprintf("  %-15s ", name)).more(plain, means))
	}
	return lines
}

// words explain those of the view.
func (m *model) words() []string {
	switch m.page {
	case pageNow:
		return []string{"tracked: connections that are open, or over and may still get a segment", "retx: data segments sent again; SYN retx: SYNs and SYN/ACKs", "opening: attempts that may yet succeed; unanswered: SYN was sent again",
			"felt p99: 99 % of the handshakes took no longer, lost SYNs included", "answers: p99: 99 % of them began so soon after the request", "client: for whom it goes wrong, and the first connection that did",
			"resolved: a finding that was not seen for 5 s"}
	case pageFindings:
		return []string{"since: when what the finding tells began", "resolved: not seen for 5 s; it is told as it was when it was worst", "evidence: Enter lists the connections, Enter again the packets"}
	case pageConnections:
		return []string{"lasts: up to now, or to the last packet of one that is over", "retx: retransmissions: data segments that were sent again", "sent, received: bytes of the client, of the server", "given up: no answer came, and it was not asked again; nothing closed it", "2>: columns to the right: left and right scroll there", "felt: how long the client waited for the handshake"}
	case pageConnection:
		return []string{"(STATE): expected, if the packet arrives", "STATE*: implied by what came later; packets are missing", "s: seconds since the first packet of the connection"}
	case pageHosts:
		return hostHelp()
	case pageTimeWait:
		return []string{"TIME-WAIT: the end that closed first keeps the connection for 2MSL", "holder: who keeps them: each takes one of a client's ports",
			"now, peak: held now, and at most at once", "entered: how many there were in all", "ends in: when the first and the last of those held now end",
			"ports: the share of the client's ports held at the peak"}
	case pageKeepalive:
		return []string{"probe: asks, after idle time, whether the other end is there", "idle: from the last exchange to the first probe",
			"interval: between unanswered probes; without any, between all", "unanswered: probes that got no ACK; one alone proves nothing",
			"outcome: alive: the last was answered; dead: the prober gave up"}
	}
	return nil
}
