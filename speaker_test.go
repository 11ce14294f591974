package tcpwatch

import (
	"bytes"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/capturetest"
)

// Of a connection whose SYN was not captured the first words tell who is the client, where the first
// segment has them; else the ports do. A SYN tells it whatever follows.
func TestFirstWordsTellTheClient(t *testing.T) {
	const request, answer = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	for _, x := range []struct {
		name     string
		src, dst uint16
		syn      bool
		words    string
		client   uint16
	}{
		{"a request to the higher port", 8868, 31600, false, request, 8868},
		{"a response from the higher port", 31600, 8868, false, answer, 8868},
		{"a request from what servers usually have", 8080, 31600, false, request, 8080},
		{"a request to the lower port", 31600, 8868, false, request, 31600},
		{"other words to the higher port", 8868, 31600, false, "hello", 31600},
		{"no words to the higher port", 8868, 31600, false, "", 31600},
		{"a SYN, and a response", 8868, 31600, true, answer, 8868},
	} {
		var b bytes.Buffer
		out, err := capture.NewPcapWriter(&b, capture.LinkEthernet, 262144, true)
		if err != nil {
			t.Fatal(err)
		}
		segments := []capturetest.TCP{{Src: x.src, Dst: x.dst, Seq: 1000, Ack: 5000, Flags: 24, Window: 500, Payload: []byte(x.words)}}
		if x.syn {
			segments = append([]capturetest.TCP{{Src: x.src, Dst: x.dst, Seq: 999, Flags: 2, Window: 500}}, segments...)
		}
		for i, tcp := range segments {
			data := capturetest.Ethernet(capturetest.TypeIPv4, capturetest.IPv4("192.0.2.1", "192.0.2.2", capturetest.ProtoTCP, tcp.Bytes()))
			if err := out.WritePacket(&capture.Packet{Time: 1e18 + int64(i)*1e6, Data: data, Length: len(data), Link: capture.LinkEthernet}); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.Flush(); err != nil {
			t.Fatal(err)
		}
		for r, err := range Records(t.Context(), sourceOf(t, b.Bytes()), Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Orig.Port != x.client {
				t.Errorf("%s: the client has port %d, want %d", x.name, r.Orig.Port, x.client)
			}
		}
	}
}
