package ladder

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// pen holds the characters and colours that a figure is drawn with.
type pen struct {
	rail, gapRail, line, right, left string
	bold, dim, red, mark, off        string
}

func newPen(o Options) pen {
	p := pen{rail: "│", gapRail: "⋮", line: "─", right: "►", left: "◄"}
	if o.ASCII {
		p = pen{rail: "|", gapRail: ":", line: "-", right: ">", left: "<"}
	}
	if o.Color {
		p.bold, p.dim, p.red, p.mark, p.off = say.Bold, say.Faint, say.Red, say.Cyan, say.Plain
	}
	return p
}

// drawing lays one figure out in columns:
//
//	packet time state │ middle │ state
type drawing struct {
	f        *figure
	rungs    []rung
	pen      pen
	width    int
	packetW  int
	timeW    int
	stateW   int    // left state
	middle   int    // between the rails
	expected bool   // a (STATE) is drawn
	implied  bool   // a STATE* is drawn
	sacked   bool   // SACK blocks are
	states   []pair // by row; "" where nothing changed
	notation notation
}

// notation is how the arrows' texts are written: the first that fits all rows.
type notation uint8

const (
	longhand  notation = iota // PSH,ACK seq=1 ack=101 len=1000
	noPSH                     // ACK seq=1 ack=101 len=1000
	shorthand                 // ACK 1+1000 ack 101
	nNotations
)

type pair [2]string

const (
	minMiddle = 26
	maxMiddle = 64
)

func newDrawing(f *figure, o Options) *drawing {
	d := &drawing{f: f, rungs: withSilences(f.all()), pen: newPen(o), width: max(o.Width, 60), packetW: 1, timeW: 1}
	rightW := say.Width("server")
	d.stateW = say.Width("client")
	d.nameStates()
	for i := range d.rungs {
		if !d.rungs[i].step() {
			continue
		}
		d.sacked = d.sacked || d.rungs[i].SACK != ""
		d.packetW = max(d.packetW, len(strconv.FormatUint(d.rungs[i].Packet, 10)))
		d.timeW = max(d.timeW, len(d.time(&d.rungs[i])))
		d.stateW = max(d.stateW, say.Width(d.states[i][0]))
		rightW = max(rightW, say.Width(d.states[i][1]))
	}
	d.middle = min(max(d.width-d.leftRail()-say.Width(d.pen.rail)*2-1-rightW, minMiddle), maxMiddle)
	for i := range d.rungs {
		for d.notation+1 < nNotations && d.rungs[i].Arrow && say.Width(d.label(&d.rungs[i])) > d.middle-5 {
			d.notation++
		}
	}
	return d
}

// leftRail is the column of the left rail.
func (d *drawing) leftRail() int { return d.packetW + 2 + d.timeW + 2 + d.stateW + 1 }

// nameStates finds what each row's outer columns say: a state when it or its
// proof changed, and both in the first and the last row.
func (d *drawing) nameStates() {
	d.states = make([]pair, len(d.rungs))
	var last pair
	edge := [2]int{-1, -1} // first and last row that is no gap
	for i := range d.rungs {
		if d.rungs[i].step() {
			if edge[0] < 0 {
				edge[0] = i
			}
			edge[1] = i
		}
	}
	for i := range d.rungs {
		r := &d.rungs[i]
		if !r.step() {
			continue
		}
		for e := range r.States {
			name := sentence.Basis(r.States[e], r.Bases[e])
			if name != last[e] || i == edge[0] || i == edge[1] {
				d.states[i][e] = name
				d.expected = d.expected || strings.HasPrefix(name, "(")
				d.implied = d.implied || strings.HasSuffix(name, "*")
			}
			last[e] = name
		}
	}
}

// time is seconds since the first row, in nine columns while that is enough.
func (d *drawing) time(r *rung) string {
	if r.Untimed || d.f.startless {
		return "-"
	}
	s := float64(max(r.Time-d.f.start, 0)) / 1e9
	for dec := 6; dec > 3; dec-- {
		if t := strconv.FormatFloat(s, 'f', dec, 64); len(t) <= 9 {
			return t
		}
	}
	return strconv.FormatFloat(s, 'f', 3, 64)
}

func (d *drawing) draw(b *bufio.Writer) {
	d.title(b)
	for i := range d.rungs {
		if !d.rungs[i].step() {
			d.gapRow(b, &d.rungs[i])
			continue
		}
		d.row(b, i)
		if _, beside := d.texts(&d.rungs[i]); beside != "" {
			d.sentence(b, beside, false)
		}
		for _, w := range d.rungs[i].Words {
			d.sentence(b, w, d.rungs[i].Flags.Any(capture.RST))
		}
	}
}

// name says which connection is drawn, and from when on.
func (d *drawing) name() string {
	from := d.f.Phrases.DateMicro(d.f.start)
	if d.f.startless {
		from = "a time that is not in the file"
	}
	return "Connection " + sentence.ID(d.f.id) + " from " + from
}

func (d *drawing) title(b *bufio.Writer) {
	f, p := d.f, d.pen
	head, from, _ := strings.Cut(d.name(), " from ")
	b.WriteString(p.bold + head + p.off + " from " + from + "\n")
	for _, l := range d.legend() {
		b.WriteString("  " + l + "\n")
	}
	b.WriteByte('\n')
	d.heads(b, "client", "server", p.bold)
	d.heads(b, f.orig.String(), f.resp.String(), "")
	d.heads(b, sentence.Basis(f.before[0], record.Seen), sentence.Basis(f.before[1], record.Seen), "")
}

// legend says how to read what is drawn, a line each.
func (d *drawing) legend() (lines []string) {
	if d.expected {
		lines = append(lines, "STATE: proven by what the end sent; (STATE): expected, if the segment arrives")
	}
	if d.implied {
		lines = append(lines, "STATE*: implied; packets are missing")
	}
	if d.sacked {
		lines = append(lines, "sack A:B: bytes A to B-1 arrived, some before them did not; dsack: they came twice")
	}
	switch d.notation {
	case noPSH:
		lines = append(lines, "PSH is not shown")
	case shorthand:
		lines = append(lines, "ACK 1+1000 ack 101: seq=1, len=1000, ack=101; PSH is not shown")
	}
	return lines
}

// heads sets a word at each rail: the left one ends at its rail, the right
// one begins at its own; or each in a line where they do not fit.
func (d *drawing) heads(b *bufio.Writer, left, right, style string) {
	off := ""
	if style != "" {
		off = d.pen.off
	}
	l := max(d.leftRail()+1-say.Width(left), 0)
	r := min(d.leftRail()+d.middle+1, d.width-say.Width(right))
	switch {
	case left == "" && right == "":
	case l+say.Width(left)+1 > r:
		b.WriteString(style + left + off + "\n")
		b.WriteString(blanks(d.width-say.Width(right)) + style + right + off + "\n")
	default:
		s := blanks(l) + style + left + off + blanks(r-l-say.Width(left)) + style + right + off
		b.WriteString(strings.TrimRight(s, " ") + "\n")
	}
}

func blanks(n int) string { return strings.Repeat(" ", max(n, 0)) }

func (d *drawing) row(b *bufio.Writer, i int) {
	r, p := &d.rungs[i], d.pen
	number := ""
	if r.Packet > 0 {
		number = strconv.FormatUint(r.Packet, 10)
	}
	fmt.Fprintf(b, "%*s  %*s  ", d.packetW, number, d.timeW, d.time(r))
	left, right := d.states[i][0], d.states[i][1]
	b.WriteString(blanks(d.stateW-say.Width(left)) + d.styled(left) + " " + p.rail)
	b.WriteString(d.arrow(r))
	b.WriteString(p.rail)
	if right != "" {
		b.WriteString(" " + d.styled(right))
	}
	b.WriteByte('\n')
}

// styled dims a state that is only expected.
func (d *drawing) styled(state string) string {
	if strings.HasPrefix(state, "(") && d.pen.dim != "" {
		return d.pen.dim + state + d.pen.off
	}
	return state
}

// arrow is what stands between the rails: the segment's arrow, its text in the middle.
func (d *drawing) arrow(r *rung) string {
	if !r.Arrow {
		return blanks(d.middle)
	}
	label, _ := d.texts(r)
	rest := max(d.middle-1-say.Width(label)-2, 2)
	before := strings.Repeat(d.pen.line, rest/2)
	after := strings.Repeat(d.pen.line, rest-rest/2)
	if r.Flags.Any(capture.RST) && d.pen.red != "" {
		label = d.pen.red + label + d.pen.off
	}
	if r.From == record.Resp {
		return d.pen.left + before + " " + label + " " + after
	}
	return before + " " + label + " " + after + d.pen.right
}

// texts are the text of a row's arrow, and what else there is to say of its numbers where the
// arrow has no room for it.
func (d *drawing) texts(r *rung) (label, beside string) {
	label = d.label(r)
	var more []string
	if r.Window.OK {
		more = append(more, fmt.Sprintf("win=%d", r.Window.V))
	}
	if r.SACK != "" {
		more = append(more, r.SACK)
	}
	beside = strings.Join(more, " ")
	if beside == "" || say.Width(label)+1+len(beside) > d.middle-5 {
		return label, beside
	}
	return label + " " + beside, ""
}

// label is the text of a row's arrow, but for windows and SACK blocks.
func (d *drawing) label(r *rung) string {
	if r.Label != "" {
		return r.Label
	}
	flags := r.Flags
	if d.notation >= noPSH && flags.Has(capture.ACK) {
		flags &^= capture.PSH
	}
	s := flagWords(flags)
	if d.notation == shorthand {
		s += fmt.Sprintf(" %d", r.Seq)
		if r.Length > 0 {
			s += fmt.Sprintf("+%d", r.Length)
		}
		if r.Flags.Has(capture.ACK) {
			s += fmt.Sprintf(" ack %d", r.Ack)
		}
		if r.ZeroWindow {
			s += " win 0"
		}
		return s
	}
	s += fmt.Sprintf(" seq=%d", r.Seq)
	if r.Flags.Has(capture.ACK) {
		s += fmt.Sprintf(" ack=%d", r.Ack)
	}
	if r.Length > 0 {
		s += fmt.Sprintf(" len=%d", r.Length)
	}
	if r.ZeroWindow {
		s += " win=0"
	}
	return s
}

// flagWords names the control bits as RFC 9293 figures do: SYN,ACK.
func flagWords(f capture.Flags) string {
	var b strings.Builder
	for _, x := range [...]struct {
		f capture.Flags
		s string
	}{{capture.SYN, "SYN"}, {capture.FIN, "FIN"}, {capture.RST, "RST"}, {capture.PSH, "PSH"}, {capture.ACK, "ACK"},
		{capture.URG, "URG"}, {capture.ECE, "ECE"}, {capture.CWR, "CWR"}, {capture.AE, "AE"}} {
		if f.Has(x.f) {
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			b.WriteString(x.s)
		}
	}
	if b.Len() == 0 {
		return "no flags"
	}
	return b.String()
}

// sentence writes words to the right of the left rail, as far as the page goes.
func (d *drawing) sentence(b *bufio.Writer, words string, bad bool) {
	style := d.pen.mark
	if bad {
		style = d.pen.red
	}
	indent := blanks(d.leftRail()) + d.pen.rail
	for _, line := range say.Wrap(words, d.width-d.leftRail()-2) {
		b.WriteString(indent + " " + style + line + d.pen.off + "\n")
	}
}

// gapWords say what was left out, or for how long there was nothing.
func (d *drawing) gapWords(r *rung) string {
	if r.silence > 0 {
		return d.f.Phrases.Span(r.silence) + " without a packet"
	}
	g := r.gap
	words := "... " + say.Plural(g.packets, "packet")
	if g.packets > 0 {
		for e, n := range g.bytes {
			if n > 0 {
				words += fmt.Sprintf(", %s from the %s", say.Bytes(n), sentence.Who(record.End(e)))
			}
		}
		words += ", " + d.f.Phrases.Span(g.end-g.start)
	}
	for k, n := range g.moments {
		if noun := weigh(record.MomentKind(k)).noun; n > 0 && noun != "" {
			words += ", " + say.Plural(n, noun)
		}
	}
	return words + " ..."
}

// gapRow writes them.
func (d *drawing) gapRow(b *bufio.Writer, r *rung) {
	indent := blanks(d.leftRail()) + d.pen.gapRail
	for _, line := range say.Wrap(d.gapWords(r), d.width-d.leftRail()-2) {
		b.WriteString(indent + " " + d.pen.dim + line + d.pen.off + "\n")
	}
}
