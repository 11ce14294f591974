package wire

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
	want := Segment{
		Src: netip.MustParseAddrPort("10.77.1.1:40000"), Dst: netip.MustParseAddrPort("10.77.1.129:80"),
		Seq: 0xfffffff0, Ack: 7, Flags: RST | ACK,
	}
	ethernet := append(make([]byte, 12), 0x08, 0x00)
	c := cooked{protocol: 0x0800, hardware: 1, kind: 4, address: []byte{2, 0, 0, 0, 0, 1}, device: 3}
	for link, header := range map[uint32][]byte{Ethernet: ethernet, SLL: c.header(SLL), SLL2: c.header(SLL2)} {
		data := append(append([]byte{}, header...), Forge(&want, 64)...)
		f := Frame{Time: 1_700_000_000_123_456_789, Data: data, Length: len(data)}
		file, err := capture.NewFile("forged", bytes.NewReader(PcapFile(link, 262144, []Frame{f})))
		if err != nil {
			t.Fatal(err)
		}
		var p capture.Packet
		if err := file.Next(&p); err != nil {
			t.Fatal(err)
		}
		if p.Time != f.Time || p.Length != f.Length || p.Link != capture.LinkType(link) {
			t.Errorf("link type %d: packet %+v", link, p)
		}
		d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
		if d.Decode(&p) != capture.OutcomeSegment {
			t.Fatalf("link type %d: no segment: %v", link, d.Skip)
		}
		s := &d.Segment
		if s.Seq != want.Seq || s.Ack != want.Ack || s.Flags != capture.RST|capture.ACK || s.TTL != 64 || s.Len != 0 ||
			s.Src.String() != want.Src.String() || s.Dst.String() != want.Dst.String() || s.Marks&capture.MarkChecksumOK == 0 {
			t.Errorf("link type %d: segment %+v", link, s)
		}
		got, ok := ParseFrame(link, f)
		want.Time = f.Time
		if !ok || got != want {
			t.Errorf("link type %d: the lab reads %+v, wrote %+v", link, got, want)
		}
		for n := range data {
			ParseFrame(link, Frame{Data: data[:n]}) // must not panic
		}
		if err := file.Next(&p); err != io.EOF {
			t.Errorf("after the last packet: %v", err)
		}
	}
}

func TestSegmentEnd(t *testing.T) {
	for _, c := range []struct {
		s    Segment
		want uint32
	}{
		{Segment{Seq: 10}, 10},
		{Segment{Seq: 10, Length: 5, Flags: FIN | ACK}, 16},
		{Segment{Seq: 0xffffffff, Flags: SYN}, 0},
	} {
		if got := c.s.End(); got != c.want {
			t.Errorf("%+v ends at %d, want %d", c.s, got, c.want)
		}
	}
}

// TestRewrite lets the project's decoder judge what was rewritten.
func TestRewrite(t *testing.T) {
	options := []byte{1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2} // TSval 7, TSecr 9, a SACK block
	payload := []byte("abc")                                                                    // an odd number of bytes
	from := Segment{Src: netip.MustParseAddrPort("10.77.1.3:40000"), Dst: netip.MustParseAddrPort("10.77.1.129:80"), Seq: 100, Ack: 200, Flags: ACK}
	ip := append(append(Forge(&from, 64), options...), payload...)
	ip[3], ip[32] = byte(len(ip)), byte(20+len(options))/4<<4
	frame := append(append(make([]byte, 12), 0x08, 0x00), append(ip, 0xee)...) // a byte of padding
	r := Rewrite{Src: netip.MustParseAddr("10.77.1.1"), Seq: 1000, Ack: 1<<32 - 100, TSVal: 3, TSEcr: 4}
	r.apply(frame)
	file, err := capture.NewFile("rewritten", bytes.NewReader(PcapFile(Ethernet, 262144, []Frame{{Data: frame, Length: len(frame)}})))
	if err != nil {
		t.Fatal(err)
	}
	var p capture.Packet
	if err := file.Next(&p); err != nil {
		t.Fatal(err)
	}
	d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
	if d.Decode(&p) != capture.OutcomeSegment {
		t.Fatal(d.Skip)
	}
	s := &d.Segment
	if s.Src.String() != "10.77.1.1:40000" || s.Dst.String() != "10.77.1.129:80" || s.Seq != 1100 || s.Ack != 100 || s.Len != 3 || s.Marks&capture.MarkChecksumOK == 0 {
		t.Errorf("segment %+v", s)
	}
	if got := frame[14+40 : 14+40+len(options)]; !bytes.Equal(got, []byte{1, 1, 8, 10, 0, 0, 0, 10, 0, 0, 0, 13, 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2}) {
		t.Errorf("options %v", got)
	}
	for _, options := range [][]byte{{}, {0}, {8}, {8, 10, 1}, {3, 0}, {3, 1, 8}, {1, 1, 1}} {
		if at := timestamps(options); at != -1 {
			t.Errorf("timestamps of %v at %d", options, at)
		}
	}
}
