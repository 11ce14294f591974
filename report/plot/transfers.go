package plot

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/sentence"
)

// maxTransfers is how many are drawn.
const maxTransfers = 20

// Transfers draws what held the first transfers up; nil where no time of one is known.
func Transfers(s *report.Summary) *Drawing {
	var all []report.TransferOf
	var most int64
	first, of := s.FirstTransfers(maxTransfers)
	for _, t := range first {
		if t.Time.OK && t.Time.V > 0 && t.Window.OK {
			all, most = append(all, t), max(most, t.Time.V)
		}
	}
	if len(all) == 0 {
		return nil
	}
	d := &Drawing{ID: "transfer-times", Width: sheet, Title: "What set the pace of transfers",
		Desc: "A bar for each transfer, as long as it took: the time in which the sender had nothing to send, in which the receiver's window was full, and all other time, in which the network carried data."}
	if n := uint64(len(all)); n < of {
		d.Desc = fmt.Sprintf("%s of %s transfers, those that the table has first. %s", say.Thousands(n), say.Thousands(of), d.Desc)
	}
	top := d.legend(4, key{"c3", "sender: nothing to send"}, key{"c2", "receiver's window full"}, key{"c1", "network"}) + 4
	names := make([]string, len(all))
	for i := range all {
		t := &all[i]
		names[i] = sentence.ID(t.ID) + " " + t.From.String() + sentence.Arrow + t.To.String()
		if t.Bytes.OK {
			names[i] += ": " + say.Bytes(t.Bytes.V)
		}
		if v := t.Rate(); v.OK {
			names[i] += ", " + say.Rate(v.V)
		}
	}
	places, bottom := d.rows(top, laneHeight+6, names)
	x := d.times(0, most, bottom, say.Clock{}, "the transfer began")
	for i := range all {
		t := &all[i]
		from := 0.0
		for _, p := range [...]struct {
			class, what string
			ns          int64
		}{{"c3", "nothing to send", t.Sender.V}, {"c2", "receiver's window full", t.Window.V}, {"c1", "network", t.Network.V}} {
			if p.ns > 0 {
				x1, x2 := x.at(from), x.at(from+float64(p.ns))
				d.rect(p.class, x1, places[i], max(x2-x1, 0.5), laneHeight, fmt.Sprintf("%s: %s", p.what, say.Duration(p.ns, false)))
				from += float64(p.ns)
			}
		}
	}
	return d
}
