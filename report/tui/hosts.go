package tui

import (
	"fmt"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// hosts is the view of servers and of clients, where it goes worst first: one list, servers first.
type hosts struct {
	servers              []report.Listener
	clients              []report.Client
	ofServers, ofClients uint64
	chosen               int
	pinned               string // the name of the one that is chosen, once the user has moved to it
	samples              []hostSample
}

// hostSample is what was counted of each server up to a time.
type hostSample struct {
	at int64
	by map[capture.Endpoint]report.Listener // nil at the begin of the input
}

const (
	// shownHosts bounds the servers, and the clients, that are listed.
	shownHosts = 100
	// rateSpan is over how long, ns, the rates of a server are worked out.
	rateSpan = int64(10e9)
)

// Sums names the tables on demand whose sums the screen shows; see report.SummaryOptions.
func Sums() []string { return []string{"clients"} }

// take takes the sums of a View, where it has those of the whole run.
func (x *hosts) take(v *report.View) {
	if v.All == nil {
		return
	}
	at := timeOf(v)
	x.servers, x.ofServers = v.All.WorstListeners(shownHosts)
	x.clients, x.ofClients = v.All.WorstClients(shownHosts)
	s := hostSample{at, make(map[capture.Endpoint]report.Listener)}
	for _, l := range x.servers {
		s.by[l.Endpoint] = l
	}
	if n := len(x.samples); n > 0 && x.samples[n-1].at >= at {
		x.samples = nil
	}
	if v.Ended { // the rates are those of the whole input
		x.samples = []hostSample{{at: min(v.Headline.Start, at-1)}}
	}
	x.samples = append(x.samples, s)
	for len(x.samples) > 2 && x.samples[1].at <= at-rateSpan {
		x.samples = slices.Clone(x.samples[1:])
	}
	for i := range len(x.servers) + len(x.clients) {
		if x.pinned != "" && x.name(i) == x.pinned {
			x.chosen = i
		}
	}
	x.move(0)
}

// name is that of one of the list.
func (x *hosts) name(i int) string {
	if i < len(x.servers) {
		return x.servers[i].Endpoint.String()
	}
	return x.clients[i-len(x.servers)].Addr.String()
}

// move chooses another.
func (x *hosts) move(by int) {
	n := len(x.servers) + len(x.clients)
	x.chosen = max(min(x.chosen+by, n-1), 0)
	if by != 0 && n > 0 {
		x.pinned = x.name(x.chosen)
	}
}

// across chooses the first of the clients, or of the servers.
func (x *hosts) across(clients bool) {
	to := 0
	if clients && len(x.clients) > 0 {
		to = len(x.servers)
	}
	x.move(to - x.chosen)
}

// rate is how much was counted a second of a server of late; "" where that is not known yet.
func (x *hosts) rate(l *report.Listener, count func(*report.Listener) uint64) string {
	if len(x.samples) < 2 {
		return ""
	}
	first, last := x.samples[0], x.samples[len(x.samples)-1]
	old, ok := first.by[l.Endpoint]
	if now := count(l); (ok || first.by == nil) && now >= count(&old) {
		return rateOf(float64(now-count(&old)) * 1e9 / float64(last.at-first.at))
	}
	return ""
}

// enterHost lists the connections of the one that is chosen: of a client those that failed, if any did.
func (m *model) enterHost() {
	x := &m.hosts
	switch i := x.chosen - len(x.servers); {
	case i >= len(x.clients):
	case i < 0:
		server := x.servers[x.chosen].Endpoint
		m.visit(pageConnections)
		m.list.choose(&chooser{phrase: "to " + server.String(), match: always(func(r *record.Record) bool { return r.Resp == server })}, "")
	default:
		c := &x.clients[i]
		addr, words := c.Addr, "of "+c.Addr.String()
		bad := c.Bad > 0
		if bad {
			words = "in trouble " + words
		}
		m.visit(pageConnections)
		m.list.choose(&chooser{phrase: words, match: always(func(r *record.Record) bool { return r.Orig.Addr == addr && (!bad || report.Hardship(r) != "") })}, "")
		m.list.id, m.list.seek = c.Conn, true
	}
}

// always is a matcher that workers may share.
func always(match func(r *record.Record) bool) func() func(r *record.Record) bool {
	return func() func(r *record.Record) bool { return match }
}

// hostLines draws both lists in h lines, with what there is to tell of the one that is chosen.
func (m *model) hostLines(h int) []line {
	x := &m.hosts
	if m.view.All == nil {
		return []line{text(quiet, "  Counting the whole run.")}
	}
	if len(x.servers)+len(x.clients) == 0 {
		return []line{text(quiet, "No connection was opened.")}
	}
	detail := m.wrapped(plain, m.hostDetail(), 0)
	room := max(h-3-len(detail), 2)
	servers := min(len(x.servers), max(room/2, room-len(x.clients)))
	lines := []line{text(quiet, fmt.Sprintf("  %-21s %6s %6s %10s %7s %7s %7s %7s", "server", "open/s", "fail/s", "SYN retx/s", "reset/s", "unansw.", "opened", "failed"))}
	first := max(min(x.chosen, len(x.servers)-1)-servers+1, 0)
	for i := first; i < first+servers; i++ {
		m.target(len(lines), i)
		lines = append(lines, m.serverLine(i))
	}
	lines = append(lines, text(quiet, fmt.Sprintf("  %-21s %7s %7s  %-10s  %s", "client", "tried", "trouble", "since", "why")))
	clients := min(len(x.clients), room-servers)
	first = max(x.chosen-len(x.servers)-clients+1, 0)
	for i := first; i < first+clients; i++ {
		m.target(len(lines), len(x.servers)+i)
		lines = append(lines, m.clientLine(i))
	}
	for len(lines) < h-len(detail) {
		lines = append(lines, nil)
	}
	return append(lines, detail...)
}

// serverLine is a server's.
func (m *model) serverLine(i int) line {
	x := &m.hosts
	l := &x.servers[i]
	row := fmt.Sprintf("%-21s", fit(m.alias(l.Endpoint.String()), 21, true, m.theme.ascii))
	for _, c := range []struct {
		width int
		count func(*report.Listener) uint64
	}{
		{6, func(l *report.Listener) uint64 { return l.Done }},
		{6, func(l *report.Listener) uint64 { return l.Failed }},
		{10, func(l *report.Listener) uint64 { return l.Again }},
		{7, func(l *report.Listener) uint64 { return l.Resets }},
	} {
		row += fmt.Sprintf(" %*s", c.width, x.rate(l, c.count))
	}
	for _, n := range []uint64{l.Waiting, l.Done, l.Failed} {
		row += fmt.Sprintf(" %7s", atLeast(n, l.AtLeast))
	}
	return marked(text(hostRole(l.Failed+l.Waiting, l.Again), row), i == x.chosen, m.width)
}

// clientLine is a client's.
func (m *model) clientLine(i int) line {
	x := &m.hosts
	c := &x.clients[i]
	row := fmt.Sprintf("%s %7s %7s", fit(m.alias(c.Addr.String()), 21, true, m.theme.ascii), atLeast(c.Tried, c.AtLeast), atLeast(c.Bad, c.AtLeast))
	if c.Since != 0 {
		since := m.phrases.TimeOfDay(c.Since)
		if m.mayBeOlder(c.Since) {
			since = "<=" + since
		}
		row += fmt.Sprintf("  %-10s  %s", since, ofAll(c))
	}
	return marked(text(hostRole(c.Bad, c.Again), cut(row, m.width-2, m.theme.ascii)), len(x.servers)+i == x.chosen, m.width)
}

// atLeast is a number, with a + where there may be more than are counted.
func atLeast(n uint64, more bool) string {
	if more {
		return say.Thousands(n) + "+"
	}
	return say.Thousands(n)
}

// hostRole is the colour of a host.
func hostRole(failed, again uint64) role {
	switch {
	case failed > 0:
		return critical
	case again > 0:
		return warning
	}
	return plain
}

// hostDetail tells of the one that is chosen.
func (m *model) hostDetail() string {
	x := &m.hosts
	if x.chosen < len(x.servers) {
		l := &x.servers[x.chosen]
		words := fmt.Sprintf("%s: %s opened", l.Endpoint, say.Plural(l.Done, "connection"))
		if l.Why != "" {
			words += "; " + l.Why
		}
		if l.Opening > 0 {
			words += fmt.Sprintf("; %s opening now", say.Thousands(l.Opening))
		}
		if l.Again > 0 {
			words += "; " + say.Plural(l.Again, "retransmission") + " of SYN or SYN/ACK"
		}
		if l.Felt > 0 {
			words += "; 99 % opened within " + m.phrases.Span(l.Felt)
		}
		return m.more(words, len(x.servers), x.ofServers, "servers")
	}
	c := &x.clients[x.chosen-len(x.servers)]
	words := fmt.Sprintf("%s: %s tried", c.Addr, say.Plural(c.Tried, "connection"))
	if c.Bad > 0 {
		words += fmt.Sprintf("; %s in trouble %s: %s; the first of them is #%d to %s: %s shows it", say.Thousands(c.Bad), m.since(c.Since), ofAll(c), c.Conn, c.Server, m.packetOf(c))
	}
	return m.more(words, len(x.clients), x.ofClients, "clients")
}

// more tells how many are not listed.
func (m *model) more(words string, shown int, of uint64, what string) string {
	if n := of - uint64(shown); n > 0 {
		words += fmt.Sprintf(" (%s more %s are not listed)", say.Thousands(n), what)
	}
	return words + "."
}

// hostHelp explains the words of the view.
func hostHelp() []string {
	return []string{"open/s, fail/s: handshakes that were completed, attempts that failed",
		"SYN retx/s: SYNs, SYN/ACKs sent again; reset/s: connections ended by RST",
		"unansw.: attempts without an answer so far whose SYN was sent again",
		"trouble: not opened, half open, no data acknowledged, or not closed",
		"since <=: at that time or before: it went on when the watch began"}
}
