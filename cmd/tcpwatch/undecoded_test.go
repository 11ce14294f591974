package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/capturetest"
)

// wrote writes packets of a link type into a file.
func wrote(t *testing.T, link capture.LinkType, packets ...[]byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "in.pcap")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := capture.NewPcapWriter(f, link, 262144, true)
	if err != nil {
		t.Fatal(err)
	}
	for i, data := range packets {
		p := capture.Packet{Number: uint64(i + 1), Time: 1e18 + int64(i)*1e6, Data: data, Length: len(data), Link: link}
		if err := w.WritePacket(&p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return name
}

// opened are the segments of a handshake and of some data, from 10.0.0.1 to
// 10.0.0.2 and back.
func opened() (there, back [][]byte) {
	const syn, ack = 2, 16
	a := capturetest.TCP{Src: 40000, Dst: 80, Seq: 1000, Flags: syn, Window: 9999}
	b := capturetest.TCP{Src: 80, Dst: 40000, Seq: 5000, Ack: 1001, Flags: syn | ack, Window: 9999}
	third := capturetest.TCP{Src: 40000, Dst: 80, Seq: 1001, Ack: 5001, Flags: ack, Window: 9999}
	data, more := third, third
	data.Payload, more.Payload, more.Seq = make([]byte, 100), make([]byte, 50), 1101
	acked := capturetest.TCP{Src: 80, Dst: 40000, Seq: 5001, Ack: 1151, Flags: ack, Window: 9999}
	for _, s := range []capturetest.TCP{a, third, data, more} {
		there = append(there, capturetest.IPv4("10.0.0.1", "10.0.0.2", 6, s.Bytes()))
	}
	for _, s := range []capturetest.TCP{b, acked} {
		back = append(back, capturetest.IPv4("10.0.0.2", "10.0.0.1", 6, s.Bytes()))
	}
	return there, back
}

// Every frame of an 802.11 aggregate is a segment of its packet, whoever takes it.
func TestAggregates(t *testing.T) {
	frames := func(all ...[]byte) []byte {
		b := make([]byte, 26)
		b[0], b[1], b[24] = 0x88, 1, 0x80
		for _, f := range all {
			for (len(b)-26)%4 != 0 {
				b = append(b, 0)
			}
			b = append(b, capturetest.Ethernet8023(capturetest.SNAP(capturetest.TypeIPv4, f))...)
		}
		return b
	}
	there, back := opened()
	in := wrote(t, capture.LinkIEEE80211, frames(there[0]), frames(back[0]), frames(there[1], there[2], there[3]), frames(back[1]))
	want := outputsOf(t, []string{in}, "-j", "1")
	for _, told := range []string{`"packets":4,"tcp_segments":6,"conns":1,"skipped":{}`, `"missing_bytes":0`, `"bytes":150`} {
		if !strings.Contains(want, told) {
			t.Errorf("%s is not in %s", told, want)
		}
	}
	if got := outputsOf(t, []string{in}, "-j", "2"); got != want {
		t.Error(whatDiffers(got, want))
	}
}

// What could not be decoded is named, and not told as lost by the capture.
func TestUndecoded(t *testing.T) {
	there, back := opened()
	ether := func(b []byte) []byte { return capturetest.Ethernet(capturetest.TypeIPv4, b) }
	compressed := ether(capturetest.IPv4("10.0.0.1", "10.0.0.2", 108, append([]byte{6, 0, 0, 2}, "something compressed"...)))
	out := outputsOf(t, []string{wrote(t, capture.LinkEthernet, ether(there[0]), ether(back[0]), ether(there[1]), compressed, ether(back[1]))})
	if !strings.Contains(out, `"skipped":{"compressed":1}`) || !strings.Contains(out, "150 acknowledged bytes of 1 connection were not read") || strings.Contains(out, "apture lost") {
		t.Error(out)
	}
	out = outputsOf(t, []string{wrote(t, capture.LinkEthernet, ether(there[0]), ether(back[0]), ether(there[1]), ether(back[1]))})
	if !strings.Contains(out, "150 acknowledged bytes of 1 connection were never captured") {
		t.Error(out)
	}
}
