package report

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report/sentence"
)

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
		row := table.Row{Cells: []string{r.Addr.String(), say.Thousands(r.Tried), say.Thousands(r.Bad), say.Thousands(r.Resets), say.Thousands(r.Again)}}
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
