package plot

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// maxQuiet is how many idle connections are drawn.
const maxQuiet = 20

// Quiet draws connections that were idle or probed over time; nil without any.
func Quiet(s *report.Summary, p sentence.Phrases) *Drawing {
	all, of := s.Quiet(maxQuiet)
	if len(all) == 0 {
		return nil
	}
	d := &Drawing{ID: "quiet", Width: sheet, Title: "Idle times and keepalive probes",
		Desc: fmt.Sprintf("%s of %s that were idle or probed, those first for which it ended badly: a bar from its first packet to its last, in it the idle time that the last packets or the first probe ended, and keepalive probes: where no probe was answered each, by the interval of the last two; else the last.", say.Thousands(uint64(len(all))), say.Plural(of, "connection"))}
	from, to := all[0].Start, all[0].End
	for _, r := range all {
		from, to = min(from, r.Start), max(to, r.End)
	}
	top := d.legend(4, key{"open", "first to last packet"}, key{"idle", "idle"}, key{"again", "idle, then no answer or a RST"}, key{"probe", "keepalive probe"}) + 4
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = sentence.ID(r.ID) + " " + r.Orig.String() + sentence.Arrow + r.Resp.String()
		if words := p.KeepaliveSummary(r); words != "" {
			names[i] += ": " + words
		}
	}
	places, bottom := d.rows(top, laneHeight+6, names)
	x := d.times(from, to, bottom, p.Clock, firstPacket)
	for i, r := range all {
		y := places[i]
		d.rect("open", x.at(float64(r.Start)), y, max(x.at(float64(r.End))-x.at(float64(r.Start)), 1), laneHeight, "from packet "+fmt.Sprint(r.FirstPacket)+" to packet "+fmt.Sprint(r.LastPacket))
		if gap := &r.Idle; gap.Gap > 0 {
			class, end := "idle", "answered"
			if gap.Outcome != record.IdleAnswered {
				class, end = "again", gap.Outcome.String()
			}
			x1, x2 := x.at(float64(gap.Woke-gap.Gap)), x.at(float64(gap.Woke))
			d.rect(class, x1, y, max(x2-x1, 1), laneHeight, fmt.Sprintf("idle for %s, then packet %d: %s", say.Duration(gap.Gap, false), gap.Packet, end))
		}
		for e := range r.Keepalive {
			d.probes(&r.Keepalive[e], sentence.Who(record.End(e)), x, y)
		}
	}
	return d
}

// maxProbes is how many probes of an end are drawn.
const maxProbes = 100

// probes draws those of an end: all with the idle time before them where none was answered, else the last.
func (d *Drawing) probes(k *record.KeepaliveRecord, who string, x scale, y float64) {
	if k.Probes == 0 {
		return
	}
	first := k.Probes // that is drawn
	if k.Answered == 0 && k.Probes <= maxProbes && (k.Probes == 1 || k.Interval.OK) {
		first = 1
		if at := k.Last - int64(k.Probes-1)*k.Interval.V; k.Idle.OK {
			x1, x2 := x.at(float64(at-k.Idle.V)), x.at(float64(at))
			d.rect("idle", x1, y, max(x2-x1, 1), laneHeight, fmt.Sprintf("idle for %s, then a keepalive probe of the %s", say.Duration(k.Idle.V, false), who))
		}
	}
	for n := first; n <= k.Probes; n++ {
		tip := fmt.Sprintf("last of %s of the %s", say.Plural(uint64(k.Probes), "probe"), who)
		if first == 1 {
			tip = fmt.Sprintf("probe %d of %d of the %s, unanswered", n, k.Probes, who)
		}
		d.rect("probe", x.at(float64(k.Last-int64(k.Probes-n)*k.Interval.V))-1.5, y-2, 3, laneHeight+4, tip)
	}
}
