package plot

import (
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// alone draws what a text asks for, of connections between the same two ends in which the server
// sends the more data.
func alone(t *testing.T, text string, xplot bool, conns uint64) (drawn string, failed error) {
	t.Helper()
	asked, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	x := NewAlone(&b, asked, Options{Xplot: xplot})
	orig, resp := recordtest.Endpoint("10.0.0.1:40000"), recordtest.Endpoint("10.0.0.2:80")
	packet := uint64(0)
	for id := uint64(1); id <= conns; id++ {
		for _, s := range []struct {
			from          record.End
			flags         capture.Flags
			seq, ack, len uint32
		}{{record.Orig, capture.SYN, 0, 0, 0}, {record.Resp, capture.SYN | capture.ACK, 0, 1, 0}, {record.Orig, capture.ACK, 1, 1, 0},
			{record.Orig, capture.ACK, 1, 1, 100}, {record.Resp, capture.ACK, 1, 101, 900}} {
			packet++
			g := &capture.Segment{Packet: packet, Time: recordtest.Start + int64(packet)*1e6, Flags: s.flags, Seq: s.seq, Ack: s.ack, Len: s.len, Window: 1000}
			if err := x.Step(&record.Step{Conn: id, Orig: orig, Resp: resp, Segment: g, Time: g.Time, From: s.from, RelSeq: s.seq, RelAck: s.ack}); err != nil {
				t.Fatal(err)
			}
		}
	}
	s, h := summaryOf(handshakes(1, 1e6, 1)...)
	if err := x.Report(h, s); err != nil {
		t.Fatal(err)
	}
	return b.String(), x.Failed()
}

// One of several connections is drawn, and the file says so.
func TestAlone(t *testing.T) {
	svg, err := alone(t, "ladder:10.0.0.1:40000-10.0.0.2:80", false, 3)
	if err != nil || !strings.Contains(svg, `<title id="t">Packet by packet: #1 10.0.0.1:40000 -&gt; 10.0.0.2:80</title>`) ||
		!strings.Contains(svg, "The first of those between these ends; 2 more.") {
		t.Errorf("%v\n%s", err, svg)
	}
	if svg, _ := alone(t, "ladder:1", false, 1); strings.Contains(svg, "more.") || strings.Contains(svg, "troubled") {
		t.Error("a connection that was named is said to be chosen")
	}
	if svg, err := alone(t, "rtt:1", false, 1); err != nil || strings.Count(svg, "<g ") != 2 {
		t.Errorf("%v\n%s", err, svg)
	}
	for _, text := range []string{"ladder", "ladder:7", "sequence:7", "keepalive"} {
		if svg, err := alone(t, text, false, 0); err == nil || svg != "" || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, %d bytes", text, err, len(svg))
		}
	}
}

// For xplot, the end that sent the more data is drawn.
func TestAloneForXplot(t *testing.T) {
	for text, want := range map[string]string{"sequence:1": "10.0.0.2:80_==>_10.0.0.1:40000 (time sequence graph)", "rtt:1": "10.0.0.2:80_==>_10.0.0.1:40000 (rtt samples)"} {
		got, err := alone(t, text, true, 1)
		if err != nil || !strings.Contains(got, "title\n"+want+"\n") {
			t.Errorf("%s: %v\n%s", text, err, got)
		}
		checkXplot(t, got)
	}
}

// A connection of which nothing was asked for is not marked, and plots of all mark none.
func TestAloneNeeds(t *testing.T) {
	asked, err := Parse("timewait")
	if err != nil {
		t.Fatal(err)
	}
	if x := NewAlone(nil, asked, Options{}); x.Needs().Steps != nil {
		t.Error("packets are asked for")
	}
	if asked, err = Parse("ladder"); err != nil || !asked.Finds() {
		t.Fatal(asked, err)
	}
	x := NewAlone(nil, asked, Options{})
	c := x.First().(*Choice)
	c.IDs = []uint64{3}
	if marks := x.Needs().Steps; !marks(3, capture.Endpoint{}, capture.Endpoint{}) || marks(4, capture.Endpoint{}, capture.Endpoint{}) {
		t.Error("not the chosen one is marked")
	}
	if err := c.Report(&report.Headline{}, report.NewSummary(report.SummaryOptions{Pictures: true})); err != nil || c.Examples {
		t.Error("a choice is made again")
	}
}
