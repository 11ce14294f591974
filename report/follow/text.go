package follow

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// How payload is shown.
const (
	AsAuto = "auto" // text, and what is mostly unprintable as a hex dump
	AsText = "text"
	AsHex  = "hex"
)

// TextOptions choose how a Text looks.
type TextOptions struct {
	say.Clock
	As    string // one of As*; "" is AsAuto
	Color bool   // a colour for each direction
	ASCII bool   // the terminal shows no more than ASCII
}

// maxBlock is the most payload of a block (bytes); what is longer goes on in
// the next.
const maxBlock = 64 << 10

// maxReason is the most of a RST's payload that is shown.
const maxReason = 256

// pause is how long (ns) an end that goes on says nothing before a new block.
const pause = int64(1e9)

// Text prints connections as text: a block for what one end says until the
// other does, or it pauses. Every line of payload has its sender's sign before it, "> " for
// the originator and "< " for the responder, so that no payload looks like
// anything else here, and nothing of it reaches the terminal unescaped.
type Text struct {
	w    *bufio.Writer
	o    TextOptions
	said *talk // whose line was printed last
	day  string
	err  error

	// The block that is being filled.
	talk        *talk
	from        record.End
	late        bool
	off         int64 // of its first byte, when late
	time        int64
	latest      int64  // time of the piece put in last
	first, last uint64 // packets; 0 for none
	n           int64  // bytes of payload
	items       []item
	buf         []byte // payload of the items
	line        []byte
}

// item is payload or a mark in a block.
type item struct {
	off      int64
	from, to int // in Text.buf; equal for a mark
	missing  int64
	mark     string
}

// NewText returns a Text that prints to w.
func NewText(w io.Writer, o TextOptions) *Text {
	return &Text{w: bufio.NewWriter(w), o: o}
}

func (t *Text) begin(k *talk) {
	t.block()
	t.headline(k)
}

func (t *Text) headline(k *talk) {
	if t.said != nil {
		t.print("\n")
	}
	from := "a time that is not in the file"
	if !k.untimed {
		t.day, from = t.o.Day(k.start), t.o.DateMicro(k.start)
	}
	t.said = k
	t.print(fmt.Sprintf("Connection #%d: client %s, server %s, from %s\n", k.id, k.ends[record.Orig], k.ends[record.Resp], from))
}

func (t *Text) piece(p *piece) {
	late := p.kind == pieceLate
	if t.talk != p.talk || t.from != p.from || t.late != late || late && t.off+t.n != p.off || p.time-t.latest >= pause {
		t.block()
		t.talk, t.from, t.late, t.off, t.time = p.talk, p.from, late, p.off, p.time
	}
	t.latest = p.time
	if p.packet != 0 {
		if t.first == 0 {
			t.first, t.last, t.time = p.packet, p.packet, p.time
		}
		t.first, t.last = min(t.first, p.packet), max(t.last, p.packet)
	}
	switch p.kind {
	case pieceBytes, pieceLate:
		t.payload(p)
	case pieceMissing:
		if i := len(t.items) - 1; i >= 0 && t.items[i].missing > 0 {
			t.items[i].missing += p.n
		} else {
			t.items = append(t.items, item{missing: p.n})
		}
	default:
		t.items = append(t.items, item{mark: t.markOf(p)})
	}
	if len(t.items) >= maxBlock/64 {
		t.block()
	}
}

func (t *Text) markOf(p *piece) string {
	who := endName(p.from)
	switch p.kind {
	case pieceCut:
		return "[" + count(p.n) + " cut by the snaplen]"
	case pieceConflict:
		return fmt.Sprintf("[packet %d repeats %s from byte %s on with other content: what came first stands]",
			p.packet, count(p.n), say.Thousands(uint64(p.off+1)))
	case pieceFIN:
		return "[FIN: the " + who + " will say no more]"
	case pieceRST:
		if len(p.data) > 0 {
			return "[RST from the " + who + ", which says: " + string(say.AppendPayload(nil, p.data[:min(len(p.data), maxReason)], t.o.ASCII)) + "]"
		}
		return "[RST from the " + who + "]"
	}
	return ""
}

func (t *Text) payload(p *piece) {
	data, off := p.data, p.off
	for len(data) > 0 {
		n := min(len(data), maxBlock-len(t.buf))
		at := len(t.buf)
		t.buf = append(t.buf, data[:n]...)
		if i := len(t.items) - 1; i >= 0 && t.items[i].to > t.items[i].from {
			t.items[i].to = len(t.buf)
		} else {
			t.items = append(t.items, item{off: off, from: at, to: len(t.buf)})
		}
		t.n += int64(n)
		data, off = data[n:], off+int64(n)
		if len(t.buf) == maxBlock {
			t.full(p, off)
		}
	}
	if len(t.items) == 0 {
		t.block()
	}
}

// full prints the block and begins the next, with the bytes at its end that
// begin a character: it may go on there. off is where the stream goes on.
func (t *Text) full(p *piece, off int64) {
	last := &t.items[len(t.items)-1]
	keep := unfinished(t.buf[last.from:last.to])
	if keep == last.to-last.from {
		keep = 0
	}
	last.to -= keep
	tail := string(t.buf[len(t.buf)-keep:])
	t.n -= int64(keep)
	t.block()
	t.talk, t.from, t.late, t.off, t.time = p.talk, p.from, p.kind == pieceLate, off-int64(keep), p.time
	t.first, t.last = p.packet, p.packet
	if keep > 0 {
		t.buf, t.n = append(t.buf, tail...), int64(keep)
		t.items = append(t.items, item{off: t.off, to: keep})
	}
}

// block prints the block and empties it.
func (t *Text) block() {
	if len(t.items) == 0 {
		t.first, t.last, t.talk = 0, 0, nil
		return
	}
	if t.said != t.talk {
		t.headline(t.talk)
	}
	t.heading()
	for _, x := range t.items {
		switch b := t.buf[x.from:x.to]; {
		case len(b) > 0:
			t.show(b, x.off)
		case x.missing > 0:
			t.mark("[" + count(x.missing) + " missing: never captured]")
		default:
			t.mark(x.mark)
		}
	}
	t.items, t.buf, t.n, t.talk, t.first, t.last = t.items[:0], t.buf[:0], 0, nil, 0, 0
}

func (t *Text) heading() {
	arrow := "→"
	if t.o.ASCII {
		arrow = "->"
	}
	at := t.o.TimeOfDayMicro(t.time)
	if day := t.o.Day(t.time); t.talk != nil && t.talk.untimed {
		at = "no time"
	} else if day != t.day {
		t.day, at = day, day+" "+at
	}
	line := fmt.Sprintf("%s  %s %s %s", at, endName(t.from), arrow, endName(t.from.Peer()))
	switch {
	case t.first != t.last:
		line += fmt.Sprintf("  packets %d-%d", t.first, t.last)
	case t.first != 0:
		line += fmt.Sprintf("  packet %d", t.first)
	}
	if t.n > 0 {
		line += ", " + count(t.n)
	}
	if t.late {
		line += ", too late for byte " + say.Thousands(uint64(t.off+1)) + ", where they are marked as missing"
	}
	t.print("\n")
	t.coloured(say.Bold, []byte(line))
}

// show prints payload that lies at off in its stream.
func (t *Text) show(b []byte, off int64) {
	n := len(b)
	switch t.o.As {
	case AsHex:
		n = 0
	case AsText:
	default:
		n = textLength(b)
	}
	sign := "> "
	if t.from == record.Resp {
		sign = "< "
	}
	for text := b[:n]; len(text) > 0; {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		t.coloured("", say.AppendPayload(append(t.line[:0], sign...), line, t.o.ASCII))
		text = rest
	}
	for begin, same := n, false; n < len(b); n += 16 {
		row := b[n:min(len(b), n+16)]
		was := same
		if same = n > begin && bytes.Equal(row, b[n-16:n]) && n+16 < len(b); !same {
			t.coloured("", appendHex(append(t.line[:0], sign...), off+int64(n), row))
		} else if !was {
			t.coloured("", append(append(t.line[:0], sign...), '*'))
		}
	}
}

// coloured prints a line in the colour of its direction.
func (t *Text) coloured(more string, line []byte) {
	if cap(line) > cap(t.line) {
		t.line = line
	}
	if !t.o.Color {
		t.print(string(line), "\n")
		return
	}
	colour := say.Cyan
	if t.from == record.Resp {
		colour = say.Green
	}
	t.print(more, colour, string(line), say.Plain, "\n")
}

func (t *Text) mark(s string) {
	if t.o.Color {
		s = say.Paint(say.Red, s)
	}
	t.print(s, "\n")
}

func (t *Text) end(k *talk) {
	t.block()
	if t.said != k {
		t.headline(k)
	}
	line := "\nEnd of connection #" + strconv.FormatUint(k.id, 10) + ":"
	for e := record.Orig; e <= record.Resp; e++ {
		x := &k.streams[e]
		line += " " + endName(e) + " " + count(x.shown)
		if x.missing > 0 {
			line += " (" + say.Thousands(uint64(x.missing)) + " missing)"
		}
		if x.cut > 0 {
			line += " (" + say.Thousands(uint64(x.cut)) + " cut by the snaplen)"
		}
		if e == record.Orig {
			line += ","
		}
	}
	t.print(line, "\n")
}

func (t *Text) flush() error {
	t.block()
	if err := t.w.Flush(); t.err == nil {
		t.err = err
	}
	return t.err
}

func (t *Text) print(parts ...string) {
	for _, s := range parts {
		if _, err := t.w.WriteString(s); t.err == nil {
			t.err = err
		}
	}
}

func endName(e record.End) string {
	if e == record.Orig {
		return "client"
	}
	return "server"
}

// count is a number of bytes in words: 1 byte, 1,448 bytes.
func count(n int64) string { return say.Plural(uint64(n), "byte") }
