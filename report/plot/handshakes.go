package plot

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/sentence"
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
	d := &Drawing{ID: "felt", Width: sheet, Height: 316, Title: "How long opening took: " + say.Plural(sum, "handshake"),
		Desc: "Each bar counts the handshakes that took as long as the times at its two sides say, from the client's first SYN to its final ACK: what the client felt. The steps of time are not equal."}
	top := d.legend(4, key{"opens", "no retransmission"}, key{"again", "SYN or SYN/ACK retransmitted"}) + 10
	bottom := d.Height - below
	y := d.counts(most, top, bottom, "handshakes", nil)
	d.below(bottom, "first SYN to final ACK")
	width := min((d.Width-left-right)/float64(len(all)), widestBar)
	for i, c := range all {
		x := left + float64(i)*width
		tip := fmt.Sprintf("%s to %s: %s, %s of them with a retransmission", say.Duration(c.From, false), bound(c.To), say.Plural(c.N, "handshake"), say.Thousands(c.Again))
		stack(d, y, x+1, width-2, tip, part{"opens", c.N - c.Again}, part{"again", c.Again})
		if i > 0 || c.From > 0 {
			d.tick(x, bottom, say.Duration(c.From, false))
		}
	}
	d.tick(left+width*float64(len(all)), bottom, bound(all[len(all)-1].To))
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
	d := &Drawing{ID: "listeners", Width: sheet, Title: "How long opening took, by server: the slowest " + say.Thousands(uint64(len(all))) + " of " + say.Thousands(uint64(of)),
		Desc: "A row for each server, on a logarithmic scale. The first mark is the median: half of its handshakes took no longer. 95 and 99 of 100 took no longer than the next two marks say. The line runs to the longest."}
	if of == 1 {
		d.Title = "How long opening took at " + all[0].String()
	}
	top := d.legend(4, key{"p50", "median: half took no longer"}, key{"p95", "95 of 100 took no longer"}, key{"p99", "99 of 100"}, key{"longest", "longest"}) + 4
	least, most := all[0].P50, all[0].Max
	for _, l := range all {
		least, most = min(least, l.P50), max(most, l.Max)
	}
	bottom := top + rowHeight*float64(len(all))
	d.Height = bottom + below
	x := d.spans(least, most, names, bottom, "first SYN to final ACK")
	for i, l := range all {
		mid := top + rowHeight*(float64(i)+0.5)
		var words [3]string
		for k, ns := range [...]int64{l.P50, l.P95, l.P99} {
			words[k] = sentence.Phrases{}.About(ns, l.Min, l.Max, fold.Error)
		}
		tip := fmt.Sprintf("%s: %s; half took no longer than %s, 95 of 100 no longer than %s, 99 of 100 no longer than %s; the longest %s", l.Endpoint, say.Plural(l.N, "handshake"),
			words[0], words[1], words[2], say.Duration(l.Max, false))
		d.text("end", names-10, mid+4, l.String())
		d.rect("longest", x.at(float64(l.P50)), mid-1.5, max(x.at(float64(l.Max))-x.at(float64(l.P50)), 1), 3, tip)
		d.circle("longest", x.at(float64(l.Max)), mid, 3.5, tip)
		d.circle("p99", x.at(float64(l.P99)), mid, 5, tip)
		d.circle("p95", x.at(float64(l.P95)), mid, 5, tip)
		d.circle("p50", x.at(float64(l.P50)), mid, 5, tip)
	}
	return d
}
