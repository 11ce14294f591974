package html

import (
	"html/template"
	"slices"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/plot"
	"tcpwatch/report/sentence"
)

// draw puts the drawings into the sections that they belong to, before the tables.
func (v *view) draw(s *report.Summary, h *report.Headline, c say.Clock) {
	v.put("Handshakes", plot.FeltTimes(s), plot.Listeners(s))
	v.put("TIME-WAIT", plot.TimeWaits(s, h, c))
	v.put("Keepalive", plot.Quiet(s, sentence.Phrases{Clock: c, MSL: h.MSL}))
	v.put("Transfers", plot.Transfers(s))
	v.first("Over time", plot.Failures(s, h, c), plot.Trips(s, h, c))
	v.first("States", plot.Lanes(s))
}

// put draws in the section of a table; in one of its own where the table had nothing to tell.
func (v *view) put(name string, all ...*plot.Drawing) {
	blocks := drawn(all)
	if len(blocks) == 0 {
		return
	}
	i := slices.IndexFunc(v.Sections, func(x section) bool { return x.Name == name })
	if i < 0 {
		v.first(name, all...)
		return
	}
	v.Sections[i].Blocks = append(blocks, v.Sections[i].Blocks...)
}

// first draws in a section of its own, the first.
func (v *view) first(name string, all ...*plot.Drawing) {
	if blocks := drawn(all); len(blocks) > 0 {
		v.Sections = slices.Insert(v.Sections, 0, section{ID: idOf(name), Name: name, Blocks: blocks})
	}
}

// drawn are those that there are.
func drawn(all []*plot.Drawing) (blocks []block) {
	for _, d := range all {
		if d != nil {
			blocks = append(blocks, block{Kind: "drawing", Drawing: d})
		}
	}
	return blocks
}

// svg is a drawing as the page has it: package plot writes what texts hold as text.
func svg(d *plot.Drawing) template.HTML { return template.HTML(d.SVG()) }
