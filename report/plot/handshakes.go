package plot

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/report"
)

const (
	fewHandshakes = 3 // of fewer the table's figures say it all
	widestBar     = 80
)

// FeltTimes draws how many handshakes took how long; nil where there are too few.
func FeltTimes(s *report.Summary) *Drawing {
	all := s.FeltTimes()
	var most, sum uint64
	for _, c := range all {
		most, sum = max(most, c.N), sum+c.N
	}
	if sum < fewHandshakes {
		return nil
	}
	d := &Drawing{ID: "felt", Width: sheet, Height: 316, Title: "Felt time of " + say.Plural(sum, "handshake"),
		Desc: "Each bar counts the handshakes whose felt time lay between the times at its two sides. The steps are not of equal width."}
	top := d.legend(4, key{"opens", "no retransmission"}, key{"again", "SYN or SYN/ACK retransmitted"}) + 10
	bottom := d.Height - below
	y := d.counts(most, top, bottom, "handshakes", nil)
	d.below(bottom, "felt time, in steps that are not equal")
	width := min((d.Width-left-right)/float64(len(all)), widestBar)
	for i, c := range all {
		x := left + float64(i)*width
		tip := fmt.Sprintf("%s to %s: %s, %s of them with a retransmission", say.Duration(c.From, false), bound(c.To), say.Plural(c.N, "handshake"), say.Thousands(c.Again))
		stack(d, y, x+1, width-2, tip, part{"opens", c.N - c.Again}, part{"again", c.Again})
		if i > 0 || c.From > 0 {
			d.text("middle tick", x, bottom+19, say.Duration(c.From, false))
		}
	}
	return d
}

// bound is the upper bound of a class; 0 for none.
func bound(ns int64) string {
	if ns == 0 {
		return "more"
	}
	return say.Duration(ns, false)
}

// part is a piece of a bar.
type part struct {
	class string
	n     uint64
}

// stack draws a bar of parts, the first lowest.
func stack(d *Drawing, y scale, x, width float64, tip string, parts ...part) {
	var sum uint64
	for _, p := range parts {
		if p.n == 0 {
			continue
		}
		low, high := y.at(float64(sum)), y.at(float64(sum+p.n))
		d.rect(p.class, x, high, width, max(low-high, 1), tip)
		sum += p.n
	}
}

// maxListeners is how many servers are drawn.
const maxListeners = 20

const (
	rowHeight = 26  // of a row with a name
	names     = 350 // room for names at the left
)

// Listeners draws percentiles of the felt times, a row a server; nil where there are too few.
func Listeners(s *report.Summary) *Drawing {
	all, of := s.SlowestListeners(maxListeners)
	var sum uint64
	for _, l := range all {
		sum += l.N
	}
	if sum < fewHandshakes {
		return nil
	}
	d := &Drawing{ID: "listeners", Width: sheet, Title: "Felt time by server: the slowest " + say.Thousands(uint64(len(all))) + " of " + say.Thousands(uint64(of)),
		Desc: "A row for each server, on a logarithmic scale: the line runs from the median to the longest, the marks stand for the median, the 95th and the 99th percentile."}
	if of == 1 {
		d.Title = "Felt time at " + all[0].String()
	}
	top := d.legend(4, key{"p50", "median"}, key{"p95", "95th percentile"}, key{"p99", "99th percentile"}, key{"longest", "longest"}) + 4
	least, most := all[0].P50, all[0].Max
	for _, l := range all {
		least, most = min(least, l.P50), max(most, l.Max)
	}
	bottom := top + rowHeight*float64(len(all))
	d.Height = bottom + below
	x := d.spans(least, most, names, bottom, "felt time")
	for i, l := range all {
		mid := top + rowHeight*(float64(i)+0.5)
		tip := fmt.Sprintf("%s: %s, median %s, 95th percentile %s, 99th %s, longest %s", l.Endpoint, say.Plural(l.N, "handshake"),
			say.Duration(l.P50, false), say.Duration(l.P95, false), say.Duration(l.P99, false), say.Duration(l.Max, false))
		d.text("end", names-10, mid+4, l.String())
		d.rect("longest", x.at(float64(l.P50)), mid-1.5, max(x.at(float64(l.Max))-x.at(float64(l.P50)), 1), 3, tip)
		d.circle("longest", x.at(float64(l.Max)), mid, 3.5, tip)
		d.circle("p99", x.at(float64(l.P99)), mid, 5, tip)
		d.circle("p95", x.at(float64(l.P95)), mid, 5, tip)
		d.circle("p50", x.at(float64(l.P50)), mid, 5, tip)
	}
	return d
}
