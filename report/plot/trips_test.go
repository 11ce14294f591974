package plot

import (
	"regexp"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// measured plays a connection into round trips too: a handshake, two segments that one ACK
// answers, one that is sent again, one after it.
func measured() (*play, *RoundTrips) {
	p := newPlay()
	q := &RoundTrips{}
	p.also = func(s *record.Step, t *sentence.Told) { q.Take(s, t) }
	p.open()
	p.send(1e9, record.Orig, capture.ACK, 1, 1, 500)
	p.send(1.1e9, record.Orig, capture.ACK, 501, 1, 500)
	p.send(1.3e9, record.Resp, capture.ACK, 1, 1001, 0)
	p.send(2e9, record.Orig, capture.ACK, 1001, 1, 500)
	p.send(3e9, record.Orig, capture.ACK, 1001, 1, 500, record.MomentRetransmission)
	p.send(3.5e9, record.Resp, capture.ACK, 1, 1501, 0)
	p.send(3.6e9, record.Orig, capture.ACK, 1501, 1, 500)
	p.send(4e9, record.Resp, capture.ACK, 1, 2001, 0)
	return p, q
}

func TestRoundTrips(t *testing.T) {
	_, q := measured()
	want := []trip{{0, 0, 1, 2}, {1.3e9, 200e6, 5, 6}, {4e9, 400e6, 10, 11}}
	x := &q.sides[record.Orig]
	if len(x.samples) != len(want) || len(x.again) != 1 || x.again[0].packet != 8 {
		t.Fatalf("%+v, again %+v", x.samples, x.again)
	}
	for i, w := range want {
		g := x.samples[i]
		if g.at -= q.from; g != w {
			t.Errorf("%+v, want %+v", g, w)
		}
	}
	d := q.Drawings("x", say.Clock{})[0]
	// 4 s are 870 wide from 70 on; 0 to 400 ms are 208 high, up from 250.
	check(t, "dots", of(d, Circle, "trip"), "70 250 3 0", "352.8 146 3 0", "940 42 3 0")
	check(t, "again", of(d, Rect, "again")[1:], "721.5 242 2 8")
	check(t, "numbers", of(d, Text, "start mark"), "2", "6", "11")
}

// An ACK of what was sent once and of what was sent again answers either: it measures nothing.
func TestRoundTripsOfMixedACK(t *testing.T) {
	p := newPlay()
	q := &RoundTrips{}
	p.also = func(s *record.Step, t *sentence.Told) { q.Take(s, t) }
	p.open()
	p.send(1e9, record.Orig, capture.ACK, 1, 1, 500)
	p.send(1e9, record.Orig, capture.ACK, 501, 1, 500)
	p.send(2e9, record.Orig, capture.ACK, 501, 1, 500, record.MomentRetransmission)
	p.send(2e9, record.Resp, capture.ACK, 1, 1001, 0)
	if x := &q.sides[record.Orig]; len(x.samples) != 1 || len(x.waiting) != 0 {
		t.Errorf("%+v", x)
	}
}

// However long a connection is, what is kept of it is bounded.
func TestRoundTripsBounded(t *testing.T) {
	p := newPlay()
	q := &RoundTrips{}
	p.also = func(s *record.Step, t *sentence.Told) { q.Take(s, t) }
	p.open()
	const n = 20_000
	for i := range uint32(n) {
		p.send(int64(i)*1e6, record.Orig, capture.ACK, 1+i*100, 1, 100)
		p.send(int64(i)*1e6+5e5, record.Resp, capture.ACK, 1, 1+(i+1)*100, 0)
	}
	for i := range uint32(n) {
		p.send(int64(n+i)*1e6, record.Orig, capture.ACK, 1+(n+i)*100, 1, 100)
	}
	x := &q.sides[record.Orig]
	if len(x.samples) < seqMarks || len(x.samples) > 2*seqMarks || len(x.waiting) != maxWaiting || x.every != 32 {
		t.Errorf("%d samples, one of %d, %d waiting", len(x.samples), x.every, len(x.waiting))
	}
	if !strings.Contains(q.Drawings("x", say.Clock{})[0].Desc, "One of 32 is drawn.") {
		t.Error("it does not say what is left out")
	}
}

// xplotLine are the lines that xplot understands: numbers of axes, colours, marks, lines, texts.
var xplotLine = regexp.MustCompile(`^(timeval double|title|xlabel|ylabel|white|red|green|yellow|purple|pink|blue|orange|go|` +
	`(darrow|uarrow|dtick|utick|dot|atext) \d+\.\d{6} \d+(\.\d+)?|line \d+\.\d{6} \d+(\.\d+)? \d+\.\d{6} \d+(\.\d+)?)$`)

// checkXplot holds a text to what xplot reads.
func checkXplot(t *testing.T, text string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != "timeval double" || lines[len(lines)-1] != "go" {
		t.Errorf("from %q to %q", lines[0], lines[len(lines)-1])
	}
	free := false // what stands behind title, xlabel, ylabel and atext
	for _, l := range lines {
		if !free && !xplotLine.MatchString(l) {
			t.Errorf("xplot does not know %q", l)
		}
		free = !free && (l == "title" || l == "xlabel" || l == "ylabel" || strings.HasPrefix(l, "atext "))
	}
}

func TestXplot(t *testing.T) {
	p, q := measured()
	var seq, rtt xplot
	p.q.xplot(&seq, record.Orig, "a_==>_b")
	q.xplot(&rtt, record.Orig, "a_==>_b")
	for _, x := range []struct {
		text string
		want []string
	}{
		{seq.String(), []string{"title\na_==>_b (time sequence graph)\n", "orange\ndarrow 1700000000.000000 0\nuarrow 1700000000.000000 0\n",
			"white\ndarrow 1700000001.000000 1\nuarrow 1700000001.000000 501\nline 1700000001.000000 1 1700000001.000000 501\n",
			"red\ndarrow 1700000003.000000 1001\nuarrow 1700000003.000000 1501\nline 1700000003.000000 1001 1700000003.000000 1501\natext 1700000003.000000 1501\nR\n",
			"green\nline 1700000000.000000 1 1700000001.300000 1\nline 1700000001.300000 1 1700000001.300000 1001\n",
			"yellow\nline 1700000001.300000 2001 1700000003.500000 2001\nline 1700000003.500000 2001 1700000003.500000 2501\n"}},
		{rtt.String(), []string{"ylabel\nrtt (ms)\n", "dot 1700000001.300000 200.000000\nline 1700000001.300000 200.000000 1700000000.000000 0.000000\n"}},
	} {
		checkXplot(t, x.text)
		for _, want := range x.want {
			if !strings.Contains(x.text, want) {
				t.Errorf("%s is missing in\n%s", want, x.text)
			}
		}
	}
}

// A number that would cover another dot is left out.
func TestNumbersCoverNoDot(t *testing.T) {
	q := &RoundTrips{some: true, from: 0, until: 10e9}
	q.sides[record.Orig].samples = []trip{{5e9, 100e6, 1, 2}, {5.01e9, 112e6, 3, 4}, {8e9, 100e6, 5, 6}}
	d := q.Drawings("x", say.Clock{})[0]
	check(t, "numbers", of(d, Text, "start mark"), "4", "6")
}
