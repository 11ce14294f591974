package ladder

import (
	"tcpwatch/capture"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// Figure is a drawing as data, for those who draw it otherwise.
type Figure struct {
	ID         uint64 // of the connection
	Orig, Resp capture.Endpoint
	Title      string    // which connection, and when it began
	Before     [2]string // the states before the first row
	Rows       []Row
	Lines      []Line   // what there is to say of the whole connection
	Legend     []string // how to read it, a line each
	Record     *record.Record
}

// Row is a row of a Figure: a segment, an ICMP error, an edge that time drove, what was left out, or
// a long time without a packet.
type Row struct {
	Gap    string // what was left out, or for how long nothing came; "" for a row that stands for a step. Nothing else is set then
	Packet uint64 // 0 for an edge that time drove
	Time   string // seconds since the first row
	States [2]string
	Arrow  bool
	From   record.End
	Reset  bool   // the segment is a RST
	Label  string // of the arrow
	Beside string // what else there is to say of its numbers
	Words  []string
}

// Figures are the drawings that Finish writes, in that order, as data.
func (l *Ladder) Figures() (all []Figure) {
	for _, f := range l.figures {
		d := newDrawing(f, l.opt)
		x := Figure{ID: f.id, Orig: f.orig, Resp: f.resp, Title: d.name(), Lines: d.lines(false), Legend: d.legend(), Record: f.record,
			Before: [2]string{sentence.Basis(f.before[0], record.Seen), sentence.Basis(f.before[1], record.Seen)}}
		for i := range d.rungs {
			r := &d.rungs[i]
			if !r.step() {
				x.Rows = append(x.Rows, Row{Gap: d.gapWords(r)})
				continue
			}
			row := Row{Packet: r.Packet, Time: d.time(r), States: d.states[i], Arrow: r.Arrow, From: r.From, Reset: r.Flags.Any(capture.RST), Words: r.Words}
			if r.Arrow {
				row.Label, row.Beside = d.texts(r)
			}
			x.Rows = append(x.Rows, row)
		}
		all = append(all, x)
	}
	return all
}
