package report

import (
	"fmt"
	"math"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

func hostsTable() Table {
	return Table{
		Name: "hosts",
		Doc:  "what each address opened, accepted, reset, sent and retransmitted",
		Manual: "A line for each address: connections that it opened and accepted, attempts that failed,\n" +
			"its own and those of others to it, connections that a RST of it ended, bytes both ways,\n" +
			"data segments that it retransmitted, and the longest round trip to it from the capture\n" +
			"point.",
		Sorts:    []string{"bytes", "connections", "failed", "resets", "retx", "rtt", "address"},
		OnDemand: true,
		sums:     newHosts,
		write:    writeHosts,
	}
}

func writeHosts(p *page, s *Summary, _ *Headline, o TableOptions) error {
	h := sumsOf[*hosts](s)
	if s.conns == 0 {
		p.absent("hosts")
		return nil
	}
	rows, rest := h.list(o.Sort), h.by.Rest()
	of := ""
	if rest.conns > 0 {
		of = " and others"
	}
	p.title("Hosts", fmt.Sprintf("%s%s in %s.", say.Plural(uint64(len(rows)), "host"), of, say.Plural(s.conns, "connection")))
	shown := rows[:min(len(rows), o.rowsOf(defaultTop))]
	g := table.Table{Columns: []table.Column{{Title: "host", Left: true}, {Title: "opened"}, {Title: "failed"}, {Title: "accepted"}, {Title: "not accepted", Narrow: table.GoesToNote},
		{Title: "resets", Narrow: table.GoesToNote}, {Title: "bytes sent"}, {Title: "received"}, {Title: "retx", Narrow: table.GoesToNote}, {Title: "worst RTT", Narrow: table.GoesToNote}}}
	unknown := false
	for _, r := range shown {
		rtt := "-"
		if r.rtt > 0 {
			rtt = p.About(r.rtt, 0, math.MaxInt64, record.RTTError)
		}
		unknown = unknown || r.unknown > 0
		g.Rows = append(g.Rows, table.Row{Cells: []string{capture.Addr(r.host).String(), say.Thousands(r.opened), say.Thousands(r.failed),
			say.Thousands(r.accepted), say.Thousands(r.missed), say.Thousands(r.resets), say.Thousands(r.sent), say.Thousands(r.received), say.Thousands(r.repeats), rtt}, Notes: lackNotes(r.lack)})
	}
	if err := p.table(&g); err != nil {
		return err
	}
	p.more(len(shown), uint64(len(rows)), "host")
	p.lostRows(rest.conns, "connection", "hosts", uint64(h.by.Limit()))
	p.note(0, "", "Failed: attempts of this host; not accepted: attempts to this host; resets: connections that a RST of this host ended; bytes: payload, each once; retx: data segments that it retransmitted. Worst RTT: from the capture point to the host and back; 95 of 100 round trips of a connection took no longer, in the worst of its connections.")
	if unknown {
		p.note(0, say.Yellow, "The bytes of some connections are unknown in one direction; the sums leave them out.")
	}
	return nil
}

func clientsTable() Table {
	return Table{
		Name: "clients",
		Doc:  "for which client connections fail, why, since when, and the first of them",
		Manual: "A line for each client: connections that it tried to open, those with which something\n" +
			"went wrong, why, since when, and the packet that shows the first of them.\n" +
			"First are those with the most of them, counted by their share: all of 20 stand before 100 of 10,000.",
		Sorts:    []string{"trouble"},
		OnDemand: true,
		sums:     newClients,
		write:    writeClients,
	}
}

func writeClients(p *page, s *Summary, _ *Headline, o TableOptions) error {
	rows, of := s.WorstClients(o.rowsOf(defaultTop))
	if of == 0 {
		p.absent("clients")
		return nil
	}
	p.title("Clients", say.Plural(of, "client")+".")
	g := table.Table{Columns: []table.Column{{Title: "client", Left: true}, {Title: "tried"}, {Title: "in trouble"}, {Title: "resets"}, {Title: "resent SYNs"}}}
	for i := range rows {
		r := &rows[i]
		row := table.Row{Notes: lackNotes(r.lack), Cells: []string{r.Addr.String(), say.Thousands(r.Tried), say.Thousands(r.Bad), say.Thousands(r.Resets), say.Thousands(r.Again)}}
		if r.Why != "" {
			text := fmt.Sprintf("%s; the first: %s to %s, packet %d", r.Why, sentence.ID(r.Conn), r.Server, r.Packet)
			if r.Since != 0 {
				text = fmt.Sprintf("%s; since %s", text, p.TimeOfDay(r.Since))
			}
			row.Notes = append(row.Notes, table.Note{Style: say.Red, Text: text})
		}
		g.Rows = append(g.Rows, row)
	}
	if err := p.table(&g); err != nil {
		return err
	}
	p.more(len(rows), of, "client")
	c := sumsOf[*clients](s)
	p.lostRows(c.by.Rest().n, "connection", "clients", uint64(c.by.Limit()))
	p.note(0, "", "In trouble: not opened, open for the client only, no data acknowledged, not closed by the server, or timed out; resets: of those that it tried, connections that a RST of either end ended; resent SYNs: SYN/ACKs as well.")
	return nil
}
