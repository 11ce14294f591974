package capture_test

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/capturetest"
)

// Segments with the same bytes have the same sum whatever else their headers say, and
// those with others have another. Of their first 8 bytes there is a digest.
func TestPayloadSum(t *testing.T) {
	decode := func(ack uint32, window, flags uint16, stamp byte, payload string) (capture.Segment, uint16) {
		x := capturetest.TCP{Src: 80, Dst: 40000, Seq: 1000, Ack: ack, Flags: flags, Window: window, Payload: []byte(payload)}
		if stamp > 0 {
			x.Options = []byte{1, 1, 8, 10, 0, 0, stamp, stamp, 0xff, 0xff, 0xff, stamp}
		}
		d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
		p := capture.Packet{Link: capture.LinkEthernet, Data: capturetest.Ethernet(capturetest.TypeIPv4, capturetest.IPv4("192.0.2.2", "192.0.2.1", capturetest.ProtoTCP, x.Bytes()))}
		p.Length = len(p.Data)
		if d.Decode(&p) != capture.OutcomeSegment || d.Segment.Marks&capture.MarkChecksumOK == 0 {
			t.Fatal("not decoded")
		}
		sum, ok := d.Segment.PayloadSum()
		if !ok {
			t.Error("no sum")
		}
		return d.Segment, sum
	}
	for _, stamp := range []byte{0, 1, 200} {
		a, sum := decode(2000, 500, 0x18, stamp, "HTTP/1.1 200 OK\r\n")
		for _, c := range []struct {
			ack           uint32
			window, flags uint16
			payload       string
			same          bool
		}{
			{2000, 500, 0x18, "HTTP/1.1 200 OK\r\n", true},
			{0xfffffff0, 65535, 0x10, "HTTP/1.1 200 OK\r\n", true},
			{0x10000, 0, 0x19, "HTTP/1.1 200 OK\r\n", true},
			{2000, 500, 0x18, "HTTP/1.0 200 OK\r\n", false},
			{77, 501, 0x10, "XTTP/1.1 200 OK\r\n", false},
		} {
			next := stamp
			if stamp > 0 {
				next += 3
			}
			b, got := decode(c.ack, c.window, c.flags, next, c.payload)
			if (got == sum) != c.same || (a.Head == b.Head) != c.same || a.Head == 0 || a.Head >= 1<<14 || sum >= 1<<14 {
				t.Errorf("%+v: sums %d and %d, heads %d and %d", c, sum, got, a.Head, b.Head)
			}
		}
	}
	if s, _ := decode(1, 1, 0x18, 0, "7 bytes"); s.Head != 0 {
		t.Error("a digest of fewer than 8 bytes")
	}
	s := capture.Segment{Options: capture.OptTimestamps | capture.OptSACK}
	if _, ok := s.PayloadSum(); ok {
		t.Error("a sum behind options that are not counted")
	}
}
