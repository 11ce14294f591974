package lab

import (
	"bytes"
	"io"
	"net/netip"
	"testing"

	"tcpwatch/capture"
)

// TestForge lets the project's decoder judge a forged segment in a capture
// file that the lab wrote.
func TestForge(t *testing.T) {
	want := segment{
		src: netip.MustParseAddrPort("10.77.1.1:40000"), dst: netip.MustParseAddrPort("10.77.1.129:80"),
		seq: 0xfffffff0, ack: 7, flags: flagRST | flagACK,
	}
	ethernet := append(make([]byte, 12), 0x08, 0x00)
	c := cooked{protocol: 0x0800, hardware: 1, kind: 4, address: []byte{2, 0, 0, 0, 0, 1}, device: 3}
	for link, header := range map[uint32][]byte{linkEthernet: ethernet, linkSLL: c.header(linkSLL), linkSLL2: c.header(linkSLL2)} {
		data := append(append([]byte{}, header...), forge(&want, 64)...)
		f := frame{time: 1_700_000_000_123_456_789, data: data, length: len(data)}
		file, err := capture.NewFile("forged", bytes.NewReader(pcapFile(link, 262144, []frame{f})))
		if err != nil {
			t.Fatal(err)
		}
		var p capture.Packet
		if err := file.Next(&p); err != nil {
			t.Fatal(err)
		}
		if p.Time != f.time || p.Length != f.length || p.Link != capture.LinkType(link) {
			t.Errorf("link type %d: packet %+v", link, p)
		}
		d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
		if d.Decode(&p) != capture.OutcomeSegment {
			t.Fatalf("link type %d: no segment: %v", link, d.Skip)
		}
		s := &d.Segment
		if s.Seq != want.seq || s.Ack != want.ack || s.Flags != capture.RST|capture.ACK || s.TTL != 64 || s.Len != 0 ||
			s.Src.String() != want.src.String() || s.Dst.String() != want.dst.String() || s.Marks&capture.MarkChecksumOK == 0 {
			t.Errorf("link type %d: segment %+v", link, s)
		}
		got, ok := parseFrame(link, f)
		want.time = f.time
		if !ok || got != want {
			t.Errorf("link type %d: the lab reads %+v, wrote %+v", link, got, want)
		}
		for n := range data {
			parseFrame(link, frame{data: data[:n]}) // must not panic
		}
		if err := file.Next(&p); err != io.EOF {
			t.Errorf("after the last packet: %v", err)
		}
	}
}

func TestSegmentEnd(t *testing.T) {
	for _, c := range []struct {
		s    segment
		want uint32
	}{
		{segment{seq: 10}, 10},
		{segment{seq: 10, length: 5, flags: flagFIN | flagACK}, 16},
		{segment{seq: 0xffffffff, flags: flagSYN}, 0},
	} {
		if got := c.s.end(); got != c.want {
			t.Errorf("%+v ends at %d, want %d", c.s, got, c.want)
		}
	}
}
