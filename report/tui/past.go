package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/record"
)

// past tells, a packet a row, what the record remembers of the packets before those that are
// drawn, and which of them are the evidence of a finding.
func (m *model) past(r *record.Record, cited []*watch.Trailed) (lines []line) {
	notes := make(map[uint64][]string)
	for _, f := range cited {
		for _, packet := range f.PacketsOf(r.ID) {
			notes[packet] = append(notes[packet], "evidence of "+f.Detector)
		}
	}
	rows, words := [][4]string{{"packet", "s", "client", "server"}}, []string{""}
	signs := ""
	all := m.phrases.Past(r, notes)
	for i, x := range all {
		if m.conn.first != 0 && (x.Packet == 0 || x.Packet >= m.conn.first) {
			continue
		}
		var row [4]string
		if x.Packet != 0 {
			row[0] = strconv.FormatUint(x.Packet, 10)
		}
		switch {
		case r.Capture.Untimed != 0:
		case x.Time.OK:
			row[1] = fmt.Sprintf("%.6f", float64(x.Time.V-r.Start)/1e9)
		default:
			row[1] = m.aboutWhen(r, all, i)
		}
		for _, t := range x.Edges {
			row[2+t.End] = sentence.Basis(t.To, t.Basis)
		}
		signs += row[2] + row[3]
		rows, words = append(rows, row), append(words, strings.Join(x.Words, "; "))
	}
	if len(rows) == 1 {
		return nil
	}
	var widths [4]int
	for _, row := range rows {
		for k, s := range row {
			widths[k] = max(widths[k], say.Width(s))
		}
	}
	for i, row := range rows {
		columns := fmt.Sprintf("%*s  %*s  %-*s  %-*s  ", widths[0], row[0], widths[1], row[1], widths[2], row[2], widths[3], row[3])
		r := plain
		if i == 0 {
			r = quiet
		}
		for _, w := range say.WrapHard(words[i], max(m.width-len(columns), 20)) {
			lines = append(lines, text(r, columns+w))
			columns = strings.Repeat(" ", len(columns))
		}
	}
	if strings.Contains(signs, "(") {
		lines = append(lines, text(quiet, "(STATE): expected, if the packet arrives"))
	}
	if slices.ContainsFunc(rows, func(row [4]string) bool { return strings.HasPrefix(row[1], "~") }) {
		lines = append(lines, text(quiet, "~: about; the packet came between two whose times are known"))
	}
	if strings.Contains(signs, "*") {
		lines = append(lines, text(quiet, "STATE*: implied; packets are missing"))
	}
	return lines
}

// aboutWhen is about when, in seconds since the first packet of a connection, one of the packets came
// of which the time is not remembered: between those before and behind it, and between two Views.
// "" where that tells nothing.
func (m *model) aboutWhen(r *record.Record, all []sentence.Past, i int) string {
	from, until := m.rates.around(all[i].Packet)
	from = max(from, r.Start)
	if until = cmp.Or(until, r.End); r.LastPacket >= all[i].Packet {
		until = min(until, r.End)
	}
	for k := range all {
		switch x := &all[k]; {
		case !x.Time.OK || x.Packet == 0:
		case x.Packet < all[i].Packet:
			from = max(from, x.Time.V)
		case x.Packet > all[i].Packet:
			until = min(until, x.Time.V)
		}
	}
	a, b := float64(from-r.Start)/1e9, float64(until-r.Start)/1e9
	switch {
	case b < a:
		return ""
	case b-a <= 0.000001:
		return fmt.Sprintf("~%.6f", a)
	case b-a <= 0.2:
		return fmt.Sprintf("~%.1f", (a+b)/2)
	}
	return fmt.Sprintf("~%.1f-%.1f", a, b)
}
