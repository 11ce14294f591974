package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

func closesTable() Table {
	return Table{
		Name: "closes",
		Doc:  "connections that did not close properly, and at which step",
		Manual: "Connections that did not close properly: the step that is missing, by whom, and\n" +
			"the last state of each end.",
		Sorts: []string{"count", "wait", "host"},
		sums:  newCloses,
		write: writeCloses,
	}
}

// culpritRow is a culprit with what it is blamed for.
type culpritRow struct {
	culprit
	*blame
	lack fold.Lack
}

// blamed lists the culprits, sorted by key.
func (c *closes) blamed(key string) []culpritRow {
	rows := make([]culpritRow, 0, c.culprits.Len())
	for k, b := range c.culprits.All() {
		rows = append(rows, culpritRow{k, b, c.culprits.Lacks(k)})
	}
	slices.SortFunc(rows, func(a, b culpritRow) int {
		var first int
		host := compareEndpoints(a.Host, b.Host)
		switch key {
		case "wait":
			first = cmp.Compare(b.waited, a.waited)
		case "host":
			first = host
		default:
			first = cmp.Compare(b.n, a.n)
		}
		return cmp.Or(first, cmp.Compare(a.Fault, b.Fault), cmp.Compare(a.Cause, b.Cause), host, cmp.Compare(a.End, b.End))
	})
	return rows
}

func writeCloses(p *page, s *Summary, h *Headline, o TableOptions) error {
	c := undamaged[*closes](s)
	complete := c.complete()
	if complete == 0 && c.kinds == [record.NCloseKinds]uint64{} {
		p.absent("closes")
		return nil
	}
	incomplete := c.worst.Offered()
	how := ""
	if complete > 0 {
		how = c.normal()
		if p.brief {
			how = " (" + how + ")"
		}
	}
	if p.brief {
		p.title("Closes", fmt.Sprintf("%s complete%s, %s incomplete%s.", say.Thousands(complete), how, say.Thousands(incomplete), c.others(p.atLast())))
	} else {
		p.title("Closes", fmt.Sprintf("%s complete, %s incomplete%s.", say.Thousands(complete), say.Thousands(incomplete), c.others(p.atLast())))
		if complete > 0 {
			p.note(0, "", "Complete: "+how+".")
		}
	}
	p.unfinished(c)
	if incomplete == 0 {
		return nil
	}
	if !p.brief {
		p.b.WriteByte('\n')
		p.note(0, say.Bold, "Incomplete closes: who ended or stalled them, and how")
	}
	rows := c.blamed(o.Sort)
	shown := rows[:min(len(rows), o.rowsOf(defaultTop))]
	g := table.Table{Columns: []table.Column{{Title: "who", Left: true}, {Title: "what", Left: true},
		{Title: "count"}, {Title: "longest", Quiet: true}, {Title: "examples", Left: true}}}
	for _, r := range shown {
		g.Rows = append(g.Rows, table.Row{Cells: []string{r.who(), ways[r.way()].what, say.Thousands(r.n), p.waited(r.waited), r.ids.String()}, Notes: lackNotes(r.lack)})
	}
	if err := p.table(&g); err != nil {
		return err
	}
	p.more(len(shown), uint64(len(rows)), "row")
	p.lostRows(c.culprits.Rest().n, "incomplete close", "hosts", uint64(c.culprits.Limit()))
	if !p.brief {
		p.closeAdvice(rows)
		p.worstCloses(c, o)
	}
	return nil
}

// others counts the connections that neither closed nor failed to; last is when they did not, "at the end".
func (c *closes) others(last string) string {
	var cut uint64
	for _, u := range c.closing {
		cut += u.n
	}
	var n counted
	n.add(c.kinds[record.CloseOpen], "still open "+last)
	n.add(c.kinds[record.CloseEvicted], "evicted (table full)")
	n.add(c.kinds[record.CloseNeverOpened]-c.opening, "never opened")
	n.add(c.kinds[record.CloseUnknown], "unknown (a FIN may have passed before the capture began, or a filter left its ACK out)")
	n.add(c.opening, "still opening "+last)
	n.add(cut, "closing "+last)
	n.add(c.hidden, "unknown (only one direction captured)")
	n.add(c.lostNothing, "ended by a harmless RST")
	if n == nil {
		return ""
	}
	return ", " + n.String()
}

// unfinished names the closes that the capture's end cut short: no fault.
func (p *page) unfinished(c *closes) {
	var parts []string
	for f, step := range [diagnose.FaultUnackedFIN + 1]string{diagnose.FaultHalfClosed: "second FIN", diagnose.FaultLastACK: "last ACK", diagnose.FaultUnackedFIN: "ACK of the first FIN"} {
		if u := &c.closing[f]; u.n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s not seen yet (%s)", say.Thousands(u.n), step, u.ids.String()))
		}
	}
	if len(parts) > 0 {
		p.note(0, "", "Closing when the capture ended: "+strings.Join(parts, ", ")+".")
	}
}

// normal says in a line how complete closes went.
func (c *closes) normal() string {
	var how, besides counted
	how.add(c.segments[3], "in three segments")
	how.add(c.segments[4], "in four segments")
	other := c.segments[0] + c.segments[1] + c.segments[2]
	how.add(other-min(other, c.simultaneous), "in an unknown number of segments")
	how.add(c.simultaneous, "simultaneous")
	besides.add(c.halfClose, "with data after the first FIN ("+say.Bytes(c.halfBytes)+")")
	besides.add(c.harmless, "with a harmless RST after the close")
	if besides == nil {
		return how.String()
	}
	return how.String() + "; among them " + besides.String()
}

func (r *culpritRow) who() string {
	switch {
	case r.End > record.Resp:
		return "either end"
	case r.Fault == diagnose.FaultReset && r.Cause == record.ResetMiddlebox.String():
		return "a middlebox, in the name of " + hostOf(r.Host)
	}
	return hostOf(r.Host) + " (" + sentence.Who(r.End) + ")"
}

// hostOf is an address, with the port where there is one.
func hostOf(e capture.Endpoint) string {
	if e.Port == 0 {
		return e.Addr.String()
	}
	return e.String()
}

// ways are the faults of a close, with the cause of a reset: what is told of each in few
// words and, once for all that have it, what it means; in the order in which that is told.
var ways = [...]struct {
	fault               diagnose.Fault
	cause, what, advice string
}{
	{diagnose.FaultHalfClosed, "", "sent no FIN", "Sent no FIN (half-closed): the other end closed, this one did not. A program that never calls close() leaks a socket in CLOSE-WAIT: that host's list of sockets names it (on Linux: ss -tnp state close-wait)."},
	{diagnose.FaultLastACK, "", "sent no last ACK", "Sent no last ACK: that end closed first, the other closed too and waits in LAST-ACK. The ACK is lost or the host is down. The other end retransmits its FIN until it gives up."},
	{diagnose.FaultUnackedFIN, "", "did not acknowledge the FIN", "Did not acknowledge the FIN (unacked-fin): the host is down, or a firewall dropped the connection from its table. The other end retransmits its FIN and gives up."},
	{diagnose.FaultTimedOut, "", "did not acknowledge data", "Did not acknowledge data (timed-out): the other end retransmitted it and got no ACK. The host or the path is down, or a firewall dropped an idle connection: compare idle times with firewall limits (350 s, 4 min, 1 h)."},
	{diagnose.FaultReset, diagnose.CauseRefusedLate, "refused after the handshake's final ACK (RST)", "Refused after the handshake's final ACK: the accept queue is full and tcp_abort_on_overflow is set, or the program accepted and closed at once. On a Linux server: ss -ltn (compare Recv-Q with Send-Q), nstat TcpExtListenOverflows."},
	{diagnose.FaultReset, record.ResetAbort.String(), "aborted (RST)", "Aborted: the program closed with SO_LINGER 0, or with unread data. Data in flight is lost. An end that had its answer and had closed loses nothing."},
	{diagnose.FaultReset, record.ResetUnreadData.String(), "reset in answer to data (RST)", "Reset in answer to data: the program closed before it had read everything, or aborted. The other end may lose the last data that it was sent."},
	{diagnose.FaultReset, record.ResetLateData.String(), "closed before data came (RST)", "Closed before data came: the program had closed its socket when the data arrived. The two programs disagree on who sends last."},
	{diagnose.FaultReset, diagnose.CauseIdleRace, "closed it as idle, a request met its FIN (RST)", "Closed it as idle: a request crossed its FIN, sent after idle time, or came behind it. The request got no answer. Clients must close idle connections sooner than the server does."},
	{diagnose.FaultReset, record.ResetKeepaliveDead.String(), "gave up, keepalive unanswered (RST)", "Gave up: its keepalive probes got no answer. The other end or the path is down."},
	{diagnose.FaultReset, record.ResetMiddlebox.String(), "sent RST", "A middlebox: the RST differs from that host's other packets, so the host probably did not send it. Look for a firewall, proxy or load balancer on the path."},
	{diagnose.FaultReset, diagnose.CauseForgotten, "no longer knew the connection (RST)", "No longer knew the connection: a host answers a segment of an unknown connection by a RST without ACK. The host or process restarted, or a middlebox dropped the idle connection."},
	{diagnose.FaultReset, record.ResetMPTCP.String(), "closed its MPTCP connection (RST)", "Closed its MPTCP connection: MP_FASTCLOSE ends all paths of it at once (RFC 8684 section 3.5). Why, the other paths or the program's log show."},
	{diagnose.FaultReset, record.ResetUnknown.String(), "sent RST", "Sent RST: its connection does not show why. What came before it may, or a finding."},
}

// way is the place of a fault among the ways; that of unknown resets for one that is none.
func (c *culprit) way() int {
	for i := range ways {
		if w := &ways[i]; w.fault == c.Fault && (w.cause == c.Cause || c.Fault != diagnose.FaultReset) {
			return i
		}
	}
	return len(ways) - 1
}

// waited is a span; "-" for 0.
func (p *page) waited(ns int64) string {
	if ns == 0 {
		return "-"
	}
	return p.Span(ns)
}

// closeAdvice is a line for each way that was seen.
func (p *page) closeAdvice(rows []culpritRow) {
	var seen [len(ways)]bool
	for i := range rows {
		seen[rows[i].way()] = true
	}
	for i := range ways {
		if seen[i] {
			p.note(0, "", ways[i].advice)
		}
	}
}

// worstCloses tells the story of the worst connections.
func (p *page) worstCloses(c *closes, o TableOptions) {
	worst := c.worst.Sorted()
	most := o.rowsOf(defaultTop)
	if p.sections != nil { // a page has a row for each in the table of connections
		most = min(most, defaultTop)
	}
	worst = worst[:min(len(worst), most)]
	p.b.WriteByte('\n')
	p.note(0, say.Bold, "The worst of them")
	for _, r := range worst {
		p.ends("", r)
		v := diagnose.JudgeClose(r)
		p.note(table.Indent, say.Red, p.missing(r, v))
		drawn := ""
		if !p.gone {
			drawn = p.hint(fmt.Sprintf("; --why %d draws it", r.ID))
		}
		p.note(table.Indent, "", leftIn(r)+evidence(r)+p.where(r)+drawn+".")
	}
	p.more(len(worst), c.worst.Offered(), "incomplete close")
}

// ends writes the id and both ends, on two lines where they do not fit on one.
func (p *page) ends(style string, r *record.Record) {
	head := sentence.ID(r.ID) + "  " + r.Orig.String()
	if p.sections == nil && say.Width(head)+len(sentence.Arrow)+len(r.Resp.String()) > p.Width {
		p.b.WriteString(p.Paint(style, head) + "\n" + "   " + sentence.Arrow[1:] + r.Resp.String() + "\n")
		return
	}
	p.line(style, head+sentence.Arrow+r.Resp.String())
}

// missing names the missing step, by whom, and for how long.
func (p *page) missing(r *record.Record, v diagnose.Verdict) string {
	s := p.missingStep(r, v)
	if ns := v.Waited(r); ns != 0 {
		s += ", for " + p.Span(ns)
	}
	return s + "."
}

func (p *page) missingStep(r *record.Record, v diagnose.Verdict) string {
	who := "either end"
	if v.Culprit <= record.Resp {
		who = fmt.Sprintf("%s (%s)", endOf(r, v.Culprit), sentence.Who(v.Culprit))
	}
	if v.Cause == record.ResetMiddlebox.String() {
		who = "a middlebox, in the name of " + who + ","
	}
	switch v.Fault {
	case diagnose.FaultHalfClosed:
		return fmt.Sprintf("no FIN from %s after it acknowledged the %s's FIN", who, sentence.Who(v.Culprit.Peer()))
	case diagnose.FaultLastACK, diagnose.FaultUnackedFIN:
		return fmt.Sprintf("no ACK from %s of the %s's FIN", who, sentence.Who(v.Culprit.Peer()))
	case diagnose.FaultTimedOut:
		return "no ACK from " + who + " of retransmitted data"
	}
	s := "no FIN"
	if r.Close.First != record.NoEnd {
		s = "the close was begun"
		if r.Close.First != record.Both {
			s += " by " + sentence.The(r.Close.First)
		}
	}
	if v.Cause == record.ResetMiddlebox.String() {
		return fmt.Sprintf("%s; %s sent RST%s", s, who, sentence.StrangeTTL(r))
	}
	cause := sentence.ResetWhy(r)
	if v.Cause == diagnose.CauseRefusedLate {
		cause = "it refused after the handshake's final ACK"
	}
	if cause != "" {
		cause = ": " + cause
	}
	return fmt.Sprintf("%s; %s sent RST in %s%s", s, who, sentence.State(r.Close.ResetIn), cause)
}

// leftIn is the last state of each end.
func leftIn(r *record.Record) string {
	var parts []string
	for e, s := range r.States {
		switch {
		case s == record.Unknown:
		case sentence.Supposed(r, record.End(e)):
			parts = append(parts, fmt.Sprintf("%s in %s, proven %s,", sentence.The(record.End(e)), sentence.StateLeft(r, record.End(e)), r.Proven[e]))
		default:
			parts = append(parts, fmt.Sprintf("%s in %s", sentence.The(record.End(e)), sentence.StateLeft(r, record.End(e))))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "At the end: " + strings.TrimSuffix(say.List(parts), ",") + "; "
}

// evidence names the packets to look at.
func evidence(r *record.Record) string {
	var parts []string
	for e := record.Orig; e <= record.Resp; e++ {
		if n := r.Close.FINPacket[e]; n > 0 {
			parts = append(parts, fmt.Sprintf("the %s's FIN is packet %d", sentence.Who(e), n))
		}
	}
	if n := r.Close.ResetPacket; n > 0 {
		parts = append(parts, fmt.Sprintf("the RST is packet %d", n))
	}
	if r.LastPacket != r.Close.ResetPacket {
		parts = append(parts, fmt.Sprintf("the last packet is %d", r.LastPacket))
	}
	return strings.Join(parts, ", ")
}
