package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

func keepaliveTable() Table {
	return Table{
		Name:   "keepalive",
		Doc:    "who probes, and whether the other end answers",
		Manual: "Who probes, after how much idle time, how often, and whether the other end answers.",
		Sorts:  []string{"unanswered", "probes", "id"},
		sums:   newKeepalives,
		write:  writeKeepalives,
	}
}

func writeKeepalives(p *page, s *Summary, _ *Headline, o TableOptions) error {
	k := sumsOf[*keepalives](s)
	if k.worst.Offered() == 0 {
		p.absent("keepalive probes" + k.notProbes())
		return nil
	}
	var outcomes counted
	for _, oc := range []record.KeepaliveOutcome{record.KeepaliveAlive, record.KeepaliveDead, record.KeepaliveUnknown} {
		outcomes.add(k.outcomes[oc], oc.String())
	}
	p.title("Keepalive", fmt.Sprintf("%s with probes (%s); %s, %s answered, %s not.", say.Plural(k.worst.Offered(), "connection"),
		outcomes, say.Plural(k.probes, "probe"), say.Thousands(k.answered), say.Thousands(k.unanswered)))
	worst := k.worst.Sorted()
	slices.SortStableFunc(worst, func(a, b *record.Record) int {
		switch o.Sort {
		case "probes":
			x, _ := probed(a)
			y, _ := probed(b)
			return cmp.Compare(y, x)
		case "id":
			return byID(a, b)
		}
		return 0
	})
	g := table.Table{Columns: []table.Column{{Title: "prober -> probed", Left: true}, {Title: "connection"}, {Title: "by", Left: true}, {Title: "idle"},
		{Title: "interval"}, {Title: "probes"}, {Title: "unanswered"}, {Title: "outcome", Left: true}}}
	shown := worst[:min(len(worst), o.rowsOf(defaultTop))]
	for _, r := range shown {
		for e := record.Orig; e <= record.Resp; e++ {
			if r.Keepalive[e].Probes > 0 {
				g.Rows = append(g.Rows, p.keepaliveRow(r, e))
			}
		}
	}
	if err := p.table(&g); err != nil {
		return err
	}
	p.more(len(shown), k.worst.Offered(), "connection")
	if k.outcomes[record.KeepaliveDead] > 0 {
		p.advise("", "Dead: probes went unanswered until the prober gave up. The other end crashed or was unplugged, or a firewall dropped the idle connection: probe more often than its limit.")
	}
	if k.unanswered > 0 {
		p.advise("", "One unanswered probe proves nothing (RFC 1122 section 4.2.3.6): an ACK without data is not retransmitted when it is lost.")
	}
	return nil
}

// notProbes says that zero-window probes, which look like them, were seen.
func (k *keepalives) notProbes() string {
	if k.windowProbes == 0 {
		return ""
	}
	if k.windowProbes == 1 {
		return " (1 zero-window probe is not a keepalive)"
	}
	return fmt.Sprintf(" (%s zero-window probes are not keepalives)", say.Thousands(k.windowProbes))
}

func (p *page) keepaliveRow(r *record.Record, e record.End) table.Row {
	k := &r.Keepalive[e]
	outcome, gaveUp := r.KeepaliveOutcome, false
	if outcome == record.KeepaliveDead {
		if gaveUp = k.Unanswered > 0 || r.Close.ResetCause == record.ResetKeepaliveDead && r.Close.ResetBy == e; !gaveUp {
			outcome = record.KeepaliveAlive // the other end's probes found this one dead; its own were answered
		}
	}
	row := table.Row{Cells: []string{endOf(r, e).String() + sentence.Arrow + endOf(r, e.Peer()).String(), sentence.ID(r.ID), sentence.Who(e),
		p.optSpan(k.Idle), p.optSpan(k.Interval), say.Thousands(uint64(k.Probes)), say.Thousands(uint64(k.Unanswered)), outcome.String()}}
	if like := likeDefault(k); like != "" {
		row.Notes = append(row.Notes, table.Note{Style: say.Faint, Text: like})
	}
	if gaveUp {
		row.Notes = append(row.Notes, table.Note{Style: say.Red, Text: fmt.Sprintf("gave up after %s without an answer; last packet %d", say.Plural(uint64(k.Unanswered), "probe"), r.LastPacket)})
	}
	return row
}

func (p *page) optSpan(o record.Opt[int64]) string {
	if !o.OK {
		return ""
	}
	return p.Span(o.V)
}

// keepaliveDefault is what a system does unless it is told otherwise.
type keepaliveDefault struct {
	system         string
	idle, interval int64 // seconds
	probes         int   // sent before it gives up
}

// keepaliveDefaults: tcp(7) of Linux; FreeBSD tcp(4), which macOS follows;
// Windows KeepAliveTime and KeepAliveInterval.
var keepaliveDefaults = [...]keepaliveDefault{
	{"Linux", 7200, 75, 9},
	{"macOS or FreeBSD", 7200, 75, 8},
	{"Windows", 7200, 1, 10},
}

// likeDefault names the systems whose defaults fit what was seen: idle and
// interval to 2 % or half a second, and no more probes than the system sends.
func likeDefault(k *record.KeepaliveRecord) string {
	if !k.Idle.OK {
		return ""
	}
	near := func(ns, s int64) bool {
		off := max(ns-s*oneSecond, s*oneSecond-ns)
		return off <= max(s*oneSecond/50, oneSecond/2)
	}
	var fits []string
	for _, d := range keepaliveDefaults {
		// Answered probes follow each other after the idle time, not the interval.
		spaced := !k.Interval.OK || near(k.Interval.V, d.interval) || k.Unanswered == 0 && near(k.Interval.V, max(d.idle, d.interval))
		if near(k.Idle.V, d.idle) && spaced && int(k.Unanswered) <= d.probes {
			fits = append(fits, fmt.Sprintf("%s (%d s idle, %d s apart, %d probes)", d.system, d.idle, d.interval, d.probes))
		}
	}
	if len(fits) == 0 {
		return ""
	}
	return "fits the defaults of " + strings.Join(fits, " or ")
}
