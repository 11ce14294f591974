package plot

import (
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// What is written beside marks does not lie upon each other; where the whole has no room, a part may.
func TestLabels(t *testing.T) {
	d := &Drawing{Width: sheet}
	var l labels
	for _, at := range []struct {
		x, y  float64
		texts []string
	}{{100, 50, []string{"R 7", "R"}}, {100, 55, []string{"8"}}, {116, 50, []string{"R 10", "R"}}, {100, 62, []string{"9"}}, {100, 90, nil}} {
		l.write(d, "", at.x, at.y, at.texts...)
	}
	check(t, "labels", of(d, Text, "start mark"), "R 7", "R", "9")
}

// What is noteworthy has its word before others have their numbers.
func TestNoteworthyFirst(t *testing.T) {
	p := newPlay()
	p.open()
	p.send(1e9, record.Orig, capture.ACK, 1, 1, 500)
	p.send(1e9, record.Orig, capture.ACK, 1, 1, 500, record.MomentRetransmission)
	p.send(2e9, record.Resp, capture.ACK, 1, 501, 0)
	d := p.q.Drawings("x", say.Clock{})[0]
	check(t, "retransmission", of(d, Text, "start mark in-again"), "R 5")
	check(t, "what lies under it", of(d, Text, "start mark"))
}

// A copy that the capture made is no second segment.
func TestRoundTripsOfCopies(t *testing.T) {
	p := newPlay()
	q := &RoundTrips{}
	p.also = func(s *record.Step, t *sentence.Told) { q.Take(s, t) }
	p.open()
	p.send(1e9, record.Orig, capture.ACK, 1, 1, 500)
	p.send(1e9, record.Orig, capture.ACK, 1, 1, 500, record.MomentDuplicate)
	p.send(2e9, record.Resp, capture.ACK, 1, 501, 0)
	if x := q.sides[record.Orig].samples; len(x) != 2 || x[1].took != 1e9 {
		t.Errorf("%+v", x)
	}
}

// Duplicate ACKs are ticks, SACK blocks are purple, as tcptrace has them.
func TestXplotOfLoss(t *testing.T) {
	p := newPlay()
	p.open()
	p.send(1e9, record.Orig, capture.ACK, 501, 1, 500)
	g := &capture.Segment{Packet: 5, Time: recordtest.Start + 2e9, Flags: capture.ACK, Seq: 1, Ack: 1, Window: 1000, NSACK: 1}
	g.SACK[0] = capture.SACKBlock{Left: 501, Right: 1001}
	p.take(g, record.Resp)
	var x xplot
	p.q.xplot(&x, record.Orig, "a_==>_b")
	checkXplot(t, x.String())
	for _, want := range []string{"dtick 1700000002.000000 1\n", "purple\nline 1700000002.000000 501 1700000002.000000 1001\natext 1700000002.000000 1001\nS\n"} {
		if !strings.Contains(x.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &x)
		}
	}
}

// Each of several drawings on a sheet has its title.
func TestSheetOfSeveral(t *testing.T) {
	a, b := &Drawing{ID: "a", Title: "Bars", Width: 100, Height: 10}, &Drawing{ID: "b", Title: "Bars too", Width: 100, Height: 10}
	var text strings.Builder
	if err := (&Sheet{Title: "Bars: #3", Drawings: []*Drawing{a, b}}).Write(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">Bars</text>", ">Bars too</text>"} {
		if strings.Count(text.String(), want) != 1 {
			t.Errorf("%s is not there once", want)
		}
	}
}

// What a graph does not show is not explained.
func TestLegendOfWhatIsDrawn(t *testing.T) {
	legend := func(d *Drawing) string { return strings.Join(of(d, Text, "start"), ", ") }
	p := newPlay()
	p.open()
	p.send(1e9, record.Orig, capture.ACK, 1, 1, 500)
	p.send(2e9, record.Resp, capture.ACK, 1, 501, 0)
	d := p.q.Drawings("x", say.Clock{})[0]
	if got := legend(d); got != "segment, SYN, FIN, ACK" && got != "segment, SYN, FIN, ACK, window" {
		t.Errorf("the legend is %s", got)
	}
	for _, word := range []string{"retransmission", "out of order", "probe"} {
		if strings.Contains(d.Desc, word) {
			t.Errorf("%s is explained: %s", word, d.Desc)
		}
	}
	if shown := strings.Contains(d.Desc, "the upper one how far its window reached"); shown != (len(of(d, Path, "curve window")) > 0) {
		t.Errorf("the window: %s", d.Desc)
	}
	p.send(3e9, record.Orig, capture.ACK, 1, 1, 500, record.MomentRetransmission)
	p.send(4e9, record.Orig, capture.ACK, 501, 1, 500, record.MomentOutOfOrder)
	d = p.q.Drawings("x", say.Clock{})[0]
	if got := legend(d); !strings.Contains(got, "retransmission, out of order") || strings.Contains(got, "RST") || !strings.HasSuffix(d.Desc, "R: retransmission, O: out of order.") {
		t.Errorf("the legend is %s; %s", got, d.Desc)
	}
	p.send(5e9, record.Orig, capture.RST, 1001, 0, 0)
	if got := legend(p.q.Drawings("x", say.Clock{})[0]); !strings.Contains(got, "retransmission, RST") {
		t.Errorf("the legend is %s", got)
	}
}
