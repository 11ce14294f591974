package report

import (
	"fmt"
	"math"
	"slices"

	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

func transfersTable() Table {
	return Table{
		Name: "transfers",
		Doc:  "how fast each transfer was, and what limited it",
		Manual: "A line for each direction of a connection that carried data: bytes, time, rate, round\n" +
			"trips, segments lost, and how much of the time the sender, the receiver's window or the\n" +
			"network set the pace.\n" +
			"The ceiling is what the largest window that was used up allows,\n" +
			"one window in each round trip.",
		Sorts:    []string{"bytes", "slow", "time", "rtt", "lost", "id"},
		OnDemand: true,
		sums:     newTransfers,
		write:    writeTransfers,
	}
}

func writeTransfers(p *page, s *Summary, _ *Headline, o TableOptions) error {
	t := sumsOf[*transfers](s)
	all := t.first.Offered()
	if all == 0 {
		p.absent("transfers")
		return nil
	}
	p.title("Transfers", fmt.Sprintf("%s with data, %s in all. Limited most of the time by the sender: %s, by the receiver's window: %s, by the network: %s.",
		say.Plural(all, "direction"), say.Bytes(t.bytes), say.Thousands(t.limits[record.SenderLimit]), say.Thousands(t.limits[record.WindowLimit]), say.Thousands(t.limits[record.NetworkLimit])))
	rows := t.first.Sorted()
	if compare, ok := transferOrders()[o.Sort]; ok {
		slices.SortStableFunc(rows, byTransfer(compare))
	}
	shown := rows[:min(len(rows), o.rowsOf(defaultTop))]
	g := table.Table{Columns: []table.Column{{Title: "from -> to", Left: true}, {Title: "connection"}, {Title: "bytes"}, {Title: "time", Narrow: table.GoesToNote},
		{Title: "rate"}, {Title: "RTT min", Narrow: table.GoesToNote}, {Title: "p95", Narrow: table.GoesToNote}, {Title: "lost", Narrow: table.GoesToNote},
		{Title: "sender", Narrow: table.GoesToNote}, {Title: "window", Narrow: table.GoesToNote}, {Title: "network", Narrow: table.GoesToNote},
		{Title: "ceiling", Narrow: table.GoesToNote}}}
	for _, x := range shown {
		ceiling := x.Ceiling()
		if !x.Window.OK || x.Window.V == 0 {
			ceiling = record.Opt[uint64]{}
		}
		g.Rows = append(g.Rows, table.Row{Cells: []string{x.From.String() + sentence.Arrow + x.To.String(), sentence.ID(x.ID),
			orDash(x.Bytes, say.Thousands), orDash(x.Time, p.Span), orDash(x.Rate(), say.Rate), orDash(x.RoundTrip, p.Span), orDash(x.RoundTripP95, func(ns int64) string { return p.About(ns, x.RoundTrip.V, math.MaxInt64, record.RTTError) }),
			orDash(x.Lost, func(n uint64) string { return share(float64(n), float64(x.Segments)) }),
			x.share(x.Sender), x.share(x.Window), x.share(x.Network), orDash(ceiling, say.Rate)}})
	}
	if err := p.table(&g); err != nil {
		return err
	}
	p.more(len(shown), all, "direction")
	p.note(0, "", "Time: first data to the ACK of the last. Shares of the time: sender, no data in flight; window, the receiver's window was full; network, all other time, waits for retransmission timeouts included. Ceiling: one full window in each round trip. A capture at the receiver shows too small a share of window.")
	return nil
}

// share is how much of the time of a transfer something held it up.
func (t *transfer) share(o record.Opt[int64]) string {
	return orDash(o, func(ns int64) string { return share(float64(ns), float64(t.Time.V)) })
}

// orDash is a value in words, "-" for one that is not known.
func orDash[T any](o record.Opt[T], words func(v T) string) string {
	if !o.OK {
		return "-"
	}
	return words(o.V)
}

// share is a part of a whole in percent: a decimal below 10, "<0.1%" where it is little.
func share(part, whole float64) string {
	switch percent := 100 * part / max(whole, 1); {
	case part == 0:
		return "0%"
	case percent < 0.1:
		return "<0.1%"
	case percent < 9.95:
		return say.Digits(percent, 1) + "%"
	default:
		return say.Digits(percent, 0) + "%"
	}
}
