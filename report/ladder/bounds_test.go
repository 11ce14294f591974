package ladder

import (
	"bytes"
	"encoding/binary"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/internal/recordtest"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// randomSteps turns bytes into steps: any mixture of ends, flags, states and moments.
func randomSteps(b []byte, step func(*record.Step)) {
	var states [2]record.State
	at := recordtest.Start
	for n := uint64(1); len(b) >= 12; n++ {
		at += int64(int16(binary.LittleEndian.Uint16(b))) * 1000
		st := &record.Step{Conn: 1 + uint64(b[2]&3), Orig: recordtest.Endpoint("10.0.0.1:40000"), Resp: recordtest.Endpoint("10.0.0.2:80"), Time: at,
			From: record.End(b[3] & 1), RelSeq: binary.LittleEndian.Uint32(b[2:]), RelAck: binary.LittleEndian.Uint32(b[5:]), Before: states}
		states[b[3]&1] = record.State(b[4] % uint8(record.NStates))
		st.After = states
		st.AfterBasis[b[3]&1] = record.Basis(b[5] & 3)
		switch b[6] & 15 {
		case 0:
		case 1:
			st.Quote = &capture.Quote{Packet: n, Type: b[7], Code: b[8], V6: b[9]&1 > 0}
		default:
			st.Segment = &capture.Segment{Packet: n << (b[7] & 31), Flags: capture.Flags(b[8]), Len: uint32(b[9]) << 8, Window: uint16(b[10])}
		}
		for i := range int(b[11] & 3) {
			st.Moments = append(st.Moments, record.Moment{Kind: record.MomentKind((int(b[10]) + i) % (len(weights) + 2)),
				End: record.End(b[7] & 3), N: uint64(b[8]), M: uint64(b[9]), Since: int64(b[4]) << 20, Span: int64(b[5]) << 30, Ref: n / 2,
				From: record.State(b[2]), To: record.State(b[3]), Reset: record.ResetCause(b[8]), Cause: string(b[8:10]), ThirdACKSeen: b[7]&1 > 0})
		}
		step(st)
		b = b[12:]
	}
}

func FuzzLadder(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add(bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 3}, 5), uint8(80))
	f.Add(bytes.Repeat([]byte{255, 0, 0, 1, 5, 2, 9, 3, 18, 200, 31, 1, 9, 0, 0, 0, 6, 2, 9, 3, 16, 0, 30, 0}, 6), uint8(100))
	f.Fuzz(func(t *testing.T, b []byte, width uint8) {
		l := New(nil, Options{Width: int(width), Color: width&1 > 0, ASCII: width&2 > 0, Around: int(width) % 7, Conns: 3}, nil)
		randomSteps(b, func(s *record.Step) { l.Step(s) })
		for id := range uint64(5) {
			l.Conn(&record.Record{ID: id, Open: record.OpenRecord{Kind: record.OpenKind(width)}})
		}
		checkBounds(t, l)
		var out bytes.Buffer
		if err := draw(l, &out); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if width&1 > 0 {
			text = colour.ReplaceAllString(text, "")
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("unescaped: %q", text[i:min(i+20, len(text))])
		}
	})
}

var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

func checkBounds(t *testing.T, l *Ladder) {
	t.Helper()
	if l.Len() > l.opt.Conns {
		t.Errorf("%d figures, limit %d", l.Len(), l.opt.Conns)
	}
	for _, f := range l.figures {
		if len(f.rungs) > maxRungs*7/5 || len(f.ring) > f.around {
			t.Errorf("%d rows and %d waiting", len(f.rungs), len(f.ring))
		}
		for i := range f.rungs {
			if len(f.rungs[i].Words) > sentence.MaxWords {
				t.Errorf("%d sentences in a row", len(f.rungs[i].Words))
			}
		}
	}
}

// Whatever happens at every packet, rows stay bounded, no packet is lost from
// the count, and the close is still drawn.
func TestLadderBounded(t *testing.T) {
	racetest.TooSlow(t)
	const packets = 100_000
	for k := range len(weights) {
		y := newStory(Options{})
		y.open()
		for i := range packets {
			y.send(int64(i)*ms, record.End(i&1), fPSH, uint32(i), 1, 1, nil, record.Moment{Kind: record.MomentKind(k), End: record.Orig, N: 1})
		}
		y.close3(packets * ms)
		y.end()
		checkBounds(t, y.l)
		fig := y.l.figures[0]
		drawn, left := uint64(0), uint64(0)
		for _, r := range fig.all() {
			if r.gap != nil {
				left += r.gap.packets
			} else {
				drawn++
			}
		}
		if drawn+left != y.packet {
			t.Errorf("kind %d: %d rows and %d left out of %d packets", k, drawn, left, y.packet)
		}
		if drawn > maxRungs*7/5+20 {
			t.Errorf("kind %d: %d rows", k, drawn)
		}
		var b bytes.Buffer
		if err := draw(y.l, &b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "TIME-WAIT held by the client") {
			t.Errorf("kind %d: the close is not drawn", k)
		}
	}
}

// What is left out is told: packets, bytes, and the moments past their limit.
func TestLadderTellsWhatIsLeftOut(t *testing.T) {
	y := newStory(Options{Width: 200})
	y.open()
	for i := range 1000 {
		at := int64(i) * 100
		y.send(at*s1, record.Orig, fACK, 0, 1, 0, nil, record.Moment{Kind: record.MomentKeepalive, End: record.Orig, N: 1, Span: 100 * s1})
		for range 50 {
			y.send(at*s1+ms, record.Resp, fACK, 1, 1, 10, nil)
		}
	}
	var b bytes.Buffer
	if err := draw(y.l, &b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "keepalive probes ...") {
		t.Errorf("no word of the probes left out:\n%s", b.String())
	}
	n := strings.Count(b.String(), "keepalive probe after")
	if n < 8 || n > 20 {
		t.Errorf("%d probes drawn", n)
	}
}

// A single packet is never left out: a row that said so would take as much room.
func TestLadderLeavesNoSingleOut(t *testing.T) {
	some := false
	for n := range 40 {
		y := newStory(Options{Width: 200, Around: 5})
		y.open()
		for range n {
			y.send(s1, record.Orig, fACK, 1, 1, 0, nil)
		}
		y.close3(2 * s1)
		y.end()
		drawn, left := uint64(0), uint64(0)
		for _, r := range y.l.figures[0].all() {
			if r.gap == nil {
				drawn++
				continue
			}
			left += r.gap.packets
		}
		if left == 1 || drawn+left != y.packet {
			t.Errorf("%d packets: %d drawn, %d left out of %d", n, drawn, left, y.packet)
		}
		some = some || left == 2
	}
	if !some {
		t.Error("two are never left out")
	}
}

// Every kind of moment has its sentence, and every kind but none its weight.
func TestEveryMomentIsTold(t *testing.T) {
	for k := record.MomentNone + 1; k <= record.MomentReusedTuple; k++ {
		y := newStory(Options{Width: 300})
		y.send(0, record.Orig, fACK, 1, 1, 0, nil, record.Moment{Kind: k, End: record.Orig, N: 2, Span: s1, Since: s1, Ref: 1})
		if len(y.l.figures[0].rungs[0].Words) != 1 {
			t.Errorf("moment %d has no sentence", k)
		}
		if w := weigh(k); w.noun == "" || w.limit == 0 {
			t.Errorf("moment %d has no weight", k)
		}
	}
	if len(weights) != int(record.MomentReusedTuple)+1 {
		t.Errorf("%d weights, want one for each kind", len(weights))
	}
}

func TestLadderColour(t *testing.T) {
	y := newStory(Options{Color: true})
	ladderStories["reset"](y)
	y.end()
	var colours, plain bytes.Buffer
	if err := draw(y.l, &colours); err != nil {
		t.Fatal(err)
	}
	z := newStory(Options{})
	ladderStories["reset"](z)
	z.end()
	if err := draw(z.l, &plain); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(colours.String(), "\x1b[31m") {
		t.Error("a RST without colour")
	}
	if got := colour.ReplaceAllString(colours.String(), ""); got != plain.String() {
		t.Errorf("colours change more than colour:\n%s\nwant\n%s", got, plain.String())
	}
}

func TestLadderConns(t *testing.T) {
	l := New(nil, Options{Conns: 2}, nil)
	for id := range uint64(5) {
		for range 2 {
			l.Step(&record.Step{Conn: id + 10, Time: recordtest.Start})
		}
	}
	var b bytes.Buffer
	if err := draw(l, &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Connection #10 ", "Connection #11 ", "3 more connections not drawn"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if l.Len() != 2 {
		t.Errorf("Len is %d, want 2", l.Len())
	}
	for id := range uint64(maxLeft + 9) {
		l.Step(&record.Step{Conn: id + 10, Time: recordtest.Start})
	}
	b.Reset()
	if err := draw(l, &b); err != nil || !strings.HasSuffix(b.String(), "\n65,536 or more connections not drawn\n") {
		t.Errorf("%v, %q", err, b.String()[max(b.Len()-60, 0):])
	}
}

func TestLadderIPv6(t *testing.T) {
	y := newStory(Options{})
	for i := range y.record.Orig.Addr {
		y.record.Orig.Addr[i], y.record.Resp.Addr[i] = 0xfd, 0xfe
	}
	y.open()
	var b bytes.Buffer
	if err := draw(y.l, &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{y.record.Orig.String(), y.record.Resp.String()} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s was cut:\n%s", want, b.String())
		}
	}
}

// A packet in which nothing happens costs no allocation once the ring is full.
func TestLadderAllocs(t *testing.T) {
	y := newStory(Options{})
	y.open()
	st := y.step(s1, nil, nil)
	st.Segment = &capture.Segment{Packet: 9, Flags: fACK}
	for range 100 {
		y.l.Step(st)
	}
	if n := testing.AllocsPerRun(1000, func() { y.l.Step(st) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestLadderWriteError(t *testing.T) {
	y := newStory(Options{})
	y.open()
	r, w := io.Pipe()
	r.Close()
	if err := draw(y.l, w); err == nil {
		t.Error("no error from a closed pipe")
	}
}
