package report

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report/schema"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

func handshakesTable() Table {
	return Table{
		Name: "handshakes",
		Doc:  "how long opening takes, by server, and why it fails",
		Manual: "By server: attempts, completed, failed by cause, retransmitted SYNs and SYN/ACKs,\n" +
			"and the felt time, which the client waits: from its first SYN to the ACK that\n" +
			"completes the handshake, lost SYNs included.",
		Sorts: []string{"attempts", "failed", "felt", "server"},
		sums:  newHandshakes,
		write: writeHandshakes,
	}
}

// listenerRow is a listener with both halves of what is known of it.
type listenerRow struct {
	listener
	opened opened
	failed failed
	lack   fold.Lack
}

func (r *listenerRow) attempts() uint64 { return r.opened.n + r.failed.total() }

func compareEndpoints(a, b capture.Endpoint) int {
	return cmp.Or(bytes.Compare(a.Addr[:], b.Addr[:]), cmp.Compare(a.Port, b.Port))
}

// listeners joins what completed and what failed, sorted by key.
func (h *handshakes) listeners(key string) []*listenerRow {
	rows := make(map[listener]*listenerRow)
	for l, v := range h.opened.All() {
		rows[l] = &listenerRow{listener: l, opened: *v}
	}
	for l, v := range h.failed.All() {
		if rows[l] == nil {
			rows[l] = &listenerRow{listener: l}
		}
		rows[l].failed = *v
	}
	all := make([]*listenerRow, 0, len(rows))
	for l, r := range rows {
		r.lack = h.opened.Lacks(l).Or(h.failed.Lacks(l))
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *listenerRow) int {
		var c int
		switch key {
		case "failed":
			c = cmp.Compare(b.failed.total(), a.failed.total())
		case "felt":
			c = cmp.Compare(b.opened.felt.Quantile(100), a.opened.felt.Quantile(100))
		case "server":
		default:
			c = cmp.Compare(b.attempts(), a.attempts())
		}
		return cmp.Or(c, compareEndpoints(capture.Endpoint(a.listener), capture.Endpoint(b.listener)))
	})
	return all
}

func writeHandshakes(p *page, s *Summary, _ *Headline, o TableOptions) error {
	h := undamaged[*handshakes](s)
	all, allFailed := h.totals()
	bad := allFailed.total()
	opening := allFailed.n[stillOpening]
	if all.n+bad+opening == 0 {
		p.absent("handshakes")
		return nil
	}
	text := fmt.Sprintf("%s, %s completed", say.Plural(all.n+bad+opening, "attempt"), say.Thousands(all.n))
	if n := all.oneSided; n > 0 {
		text += fmt.Sprintf(" (%s for the client only)", say.Thousands(n))
	}
	text += fmt.Sprintf(", %s failed", say.Thousands(bad))
	if bad > 0 {
		text += " (" + failures(allFailed) + ")"
	}
	if opening > 0 {
		text += fmt.Sprintf(", %s still opening when the capture ended", say.Thousands(opening))
	}
	p.title("Handshakes", text+".")
	if all.felt.N() > 0 {
		p.note(0, "", "Felt: what the client waited, from its first SYN to the handshake's final ACK.")
		p.advise("", "Half of the handshakes took no longer than p50, 95 of 100 no longer than p95, 99 of 100 no longer than p99.")
		p.advise("", "To SYN/ACK: from the SYN to the server's answer; then to ACK: from there to the client's final ACK.")
	}
	rows := h.listeners(o.Sort)
	g := table.Table{Columns: []table.Column{{Title: "server", Left: true}, {Title: "done"}, {Title: "failed"},
		{Title: "felt p50", Quiet: true}, {Title: "p95", Quiet: true}, {Title: "p99", Quiet: true}, {Title: "max", Quiet: true},
		{Title: "to SYN/ACK", Quiet: true, Narrow: table.GoesToNote}, {Title: "then to ACK", Quiet: true, Narrow: table.GoesToNote}}}
	if p.brief {
		g.Columns[len(g.Columns)-2].Narrow, g.Columns[len(g.Columns)-1].Narrow = table.GoesAway, table.GoesAway
	}
	shown := rows[:min(len(rows), o.rowsOf(defaultTop))]
	for _, r := range shown {
		g.Rows = append(g.Rows, p.listenerRow(r, all.felt.N() > 0))
	}
	if err := p.table(&g); err != nil {
		return err
	}
	p.more(len(shown), uint64(len(rows)), "server")
	p.lostRows(h.opened.Rest().n+h.failed.Rest().total(), "handshake", "servers", uint64(h.opened.Limit()))
	if all.n > 0 && all.felt.N() == 0 {
		if s.unknown[schema.Untimed] > 0 {
			p.note(0, "", "Felt times unknown: packets have no time.")
		} else {
			p.note(0, "", "Felt times"+untimedWhy+".")
		}
	}
	if !p.brief {
		p.handshakeAdvice(all, allFailed)
		p.feltHistogram(&h.humps, all.felt.N())
	}
	return nil
}

// lackNotes say what a full table cost a row of it: what went wrong comes first, so that most often all of
// that is there.
func lackNotes(x fold.Lack) []table.Note {
	switch {
	case x.Bad:
		return []table.Note{{Style: say.Yellow, Text: "at least: the table is full, and some of what went wrong is in the totals only"}}
	case x.Well:
		return []table.Note{{Style: say.Yellow, Text: "the table is full: all that went wrong is counted, of what went well some is in the totals only"}}
	}
	return nil
}

// lostRows says what a full table cost.
func (p *page) lostRows(n uint64, what, of string, limit uint64) {
	if n > 0 {
		p.note(0, say.Yellow, fmt.Sprintf("%s with %s beyond the %s that are kept are in the totals only.", say.Plural(n, what), of, say.Thousands(limit)))
	}
}

const untimedWhy = " unknown: the SYN, the SYN/ACK or its ACK was not captured"

// listenerRow makes a row; some tells that some felt times are known.
func (p *page) listenerRow(r *listenerRow, some bool) table.Row {
	row := table.Row{Cells: []string{capture.Endpoint(r.listener).String(), say.Thousands(r.opened.n), say.Thousands(r.failed.total())}}
	for _, q := range []struct {
		h       *fold.Histogram
		percent uint64
	}{{&r.opened.felt, 50}, {&r.opened.felt, 95}, {&r.opened.felt, 99}, {&r.opened.felt, 100}, {&r.opened.server, 50}, {&r.opened.client, 50}} {
		cell := p.quantile(q.h, q.percent)
		if r.lack.Any() {
			cell = "" // that of those that are counted is not that of all
		}
		row.Cells = append(row.Cells, cell)
	}
	row.Notes = lackNotes(r.lack)
	for c := range r.failed.n[:nFailures] {
		if r.failed.n[c] > 0 {
			row.Notes = append(row.Notes, table.Note{Style: say.Red, Text: p.failure(&r.failed, cause(c))})
		}
	}
	if n := r.failed.n[stillOpening]; n > 0 {
		row.Notes = append(row.Notes, table.Note{Style: "", Text: fmt.Sprintf("%s still opening when the capture ended: %s", say.Thousands(n), r.failed.ids[stillOpening].String())})
	}
	if n := r.opened.oneSided; n > 0 {
		row.Notes = append(row.Notes, table.Note{Style: say.Yellow, Text: fmt.Sprintf("%s completed for the client only, the server did not accept its ACK: %s", say.Thousands(n), r.opened.oneSidedIDs.String())})
	}
	if again := r.opened.again(p); again != "" {
		row.Notes = append(row.Notes, table.Note{Style: say.Yellow, Text: again})
	}
	if n := r.opened.untimed; n > 0 && some {
		row.Notes = append(row.Notes, table.Note{Style: "", Text: "felt time of " + say.Thousands(n) + untimedWhy})
	}
	return row
}

// again names the handshakes in which something was repeated, and the slowest
// where it stands out.
func (s *opened) again(p *page) string {
	var parts []string
	var what []string
	if s.synAgain > 0 {
		what = append(what, say.Plural(s.synAgain, "SYN"))
	}
	if s.synACKAgain > 0 {
		what = append(what, say.Plural(s.synACKAgain, "SYN/ACK"))
	}
	if s.repeated > 0 {
		parts = append(parts, say.List(what)+" retransmitted: "+s.ids.String())
	}
	if s.felt.N() > 1 && s.slowest.V.Felt >= 3*s.felt.Quantile(50) {
		parts = append(parts, fmt.Sprintf("the slowest took %s: %s", p.Span(s.slowest.V.Felt), sentence.ID(s.slowest.V.ID)))
	}
	return strings.Join(parts, "; ")
}

// quantile is empty without values; the least and the greatest are exact, others are told as far as they are known.
func (p *page) quantile(h *fold.Histogram, percent uint64) string {
	if h.N() == 0 {
		return ""
	}
	return p.About(h.Quantile(percent), h.Quantile(0), h.Quantile(100), fold.Error)
}

var causeWords = [nFailures]string{"refused", "unreachable", "no answer", "half-open", "aborted"}

// failures is "3 refused, 1 no answer".
func failures(f *failed) string {
	var all counted
	for c, n := range f.n[:nFailures] {
		all.add(n, causeWords[c])
	}
	return all.String()
}

// failure is one cause at one listener, with its evidence.
func (p *page) failure(f *failed, c cause) string {
	if c == causeNoAnswer {
		return p.unanswered(f)
	}
	s := say.Thousands(f.n[c]) + " " + causeWords[c]
	if c == causeUnreachable {
		switch f.answer.V.Kind {
		case record.AnswerICMP, record.AnswerICMPv6:
			s += fmt.Sprintf(", %s from %s", say.ICMPError(f.answer.V.Kind == record.AnswerICMPv6, f.answer.V.Type, f.answer.V.Code), f.answer.V.From)
		}
	}
	switch {
	case f.waited[c] == 0:
	case f.n[c] == 1:
		s += " after " + p.Span(f.waited[c])
	default:
		s += ", the longest after " + p.Span(f.waited[c])
	}
	return s + ": " + f.ids[c].String()
}

// unanswered names the attempts that nothing answered, and how long they tried.
func (p *page) unanswered(f *failed) string {
	longest, most := " for ", ""
	if f.n[causeNoAnswer] > 1 {
		longest, most = ", the longest for ", " each at most"
	}
	if f.syns == 1 && most != "" {
		most = " each"
	}
	s := say.Thousands(f.n[causeNoAnswer]) + " without an answer"
	if w := f.waited[causeNoAnswer]; w > 0 {
		s += longest + p.Span(w)
	}
	return s + " (" + say.Plural(uint64(f.syns), "SYN") + most + "): " + f.ids[causeNoAnswer].String()
}

// handshakeAdvice says, once for each cause, what it means and where to look.
func (p *page) handshakeAdvice(all *opened, bad *failed) {
	for c, advice := range [nFailures]string{
		"Refused: a RST answered the SYN. No program listens on that port, or a firewall rejects it. Check the service and the address.",
		"Unreachable: a router or firewall answered with an ICMP error. Check routes and rules at the address that sent it.",
		"No answer: a firewall drops the SYNs, the host is down, or its accept queue is full (on a Linux server: ss -ltn, nstat TcpExtListenOverflows).",
		"Half-open: the server answered, the client did not complete the handshake. ACKs are lost, the source address is forged, or the client scans ports.",
		"Aborted: the client gave up before the handshake was complete. Compare its timeout with the time that handshakes take.",
	} {
		if bad.n[c] > 0 {
			p.note(0, "", advice)
		}
	}
	if all.oneSided > 0 {
		p.note(0, "", "For the client only: the server retransmitted its SYN/ACK or sent a RST after the handshake's final ACK. That ACK is lost, or the accept queue is full (on a Linux server: ss -ltn), or the server waits for data (TCP_DEFER_ACCEPT).")
	}
	if n := all.oldAnswered; n > 0 {
		p.note(0, "", fmt.Sprintf("The server still had an old connection on the same ports when the SYN came, %s (%s). It answered with an ACK, and the client reset the old connection and retransmitted the SYN. No SYN was lost.",
			say.Plural(n, "time"), all.oldIDs.String()))
	}
	if all.repeated > all.oldAnswered {
		seen := ""
		if x := all.firstAgain; x.Most > 0 {
			seen = " The first retransmission of a SYN came after " + p.Span(x.Least)
			if p.Span(x.Most) != p.Span(x.Least) {
				seen += " to " + p.Span(x.Most)
			}
			seen += "."
		}
		p.note(0, "", "Retransmitted SYNs and SYN/ACKs: a SYN or its answer was lost, or the accept queue was full."+seen)
	}
	server, client := all.server.Quantile(50), all.client.Quantile(50)
	switch {
	case all.server.N() == 0 || all.client.N() == 0:
	case server*10 < client:
		p.note(0, "", "The capture point is near the servers: it does not see a SYN that is lost before it, so clients may have waited longer than the felt times.")
	case client*10 < server:
		p.note(0, "", "The capture point is near the clients: felt times are what the clients waited.")
	}
}

// Listener is how opening goes at one server.
type Listener struct {
	capture.Endpoint
	Done    uint64 // handshakes that were completed
	Failed  uint64
	Opening uint64 // attempts that may yet succeed
	Waiting uint64 // of those, those whose SYN or SYN/ACK was sent again
	Again   uint64 // SYNs and SYN/ACKs that were retransmitted
	Resets  uint64 // connections that a RST ended
	Felt    int64  // the 99th percentile of the felt time, ns; 0 where none is known
	Why     string // why attempts failed, with counts; "" where none did
	AtLeast bool   // the table is full: numbers are at least these
}

// WorstListeners are the servers at which opening goes worst, n at most: where most failed or is
// retransmitted, then where most is opened; and how many servers there are.
func (s *Summary) WorstListeners(n int) (worst []Listener, of uint64) {
	for _, r := range undamaged[*handshakes](s).listeners("") {
		x := Listener{Endpoint: capture.Endpoint(r.listener), Done: r.opened.n, Failed: r.failed.total(), Opening: r.failed.n[stillOpening],
			Waiting: r.failed.waiting, Again: r.opened.synAgain + r.opened.synACKAgain + r.failed.synAgain + r.failed.synACKAgain,
			Resets: r.opened.resets, Why: failures(&r.failed), AtLeast: r.lack.Any()}
		if r.opened.felt.N() > 0 && !x.AtLeast {
			x.Felt = r.opened.felt.Quantile(99)
		}
		worst = append(worst, x)
	}
	slices.SortStableFunc(worst, func(a, b Listener) int {
		return cmp.Or(cmp.Compare(b.Failed+b.Again, a.Failed+a.Again), cmp.Compare(b.Done+b.Opening, a.Done+a.Opening))
	})
	return worst[:min(len(worst), n)], uint64(len(worst))
}
