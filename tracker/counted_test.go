package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// Segments with data and pure ACKs count apart, each once: a copy of the capture is none,
// a retransmission is one, and SYN, FIN and RST are neither.
func TestSegmentsCountByWhatTheyCarry(t *testing.T) {
	rec, tr := run(t, Options{}, plainWire, opened+`
		0.100 > P. 1:101(100) ack 1 id 7       | - -
		0.101 > P. 1:101(100) ack 1 id 7       | - -
		0.110 < .  1:1(0) ack 101              | - -
		0.500 > P. 101:201(100) ack 1          | - -
		0.900 > P. 101:201(100) ack 1          | - -
		0.910 < .  1:1(0) ack 201              | - -
		0.911 < .  1:1(0) ack 201 win 2000     | - -
		1.000 < FP. 1:51(50) ack 201           | - -
		1.100 > F. 201:201(0) ack 52           | - -
		1.200 < R. 52:52(0) ack 202            | - -`)
	tr.Finish()
	if len(rec.records) != 1 {
		t.Fatalf("%d connections", len(rec.records))
	}
	r := &rec.records[0]
	for e, want := range [2][3]uint64{{6, 3, 1}, {6, 1, 3}} {
		x := &r.Ends[e]
		if x.DataSegments != uint32(want[1]) || x.PureACKs != uint32(want[2]) {
			t.Errorf("end %s: %d packets, %d segments with data, %d pure ACKs, want %d", record.End(e), x.Packets, x.DataSegments, x.PureACKs, want)
		}
	}
}
