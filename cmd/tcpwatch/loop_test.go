package main

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"testing"

	"tcpwatch/capture"
)

// watchOf is a run over a capture in memory, ready to loop.
func watchOf(tb testing.TB, pcap []byte, args ...string) *watch {
	tb.Helper()
	return watchTo(tb, pcap, io.Discard, args...)
}

// watchTo is watchOf with a standard output.
func watchTo(tb testing.TB, pcap []byte, stdout io.Writer, args ...string) *watch {
	tb.Helper()
	o, err := parse(append(args, "-r", "-"))
	if err != nil {
		tb.Fatal(err)
	}
	f, err := capture.NewFile("memory", bytes.NewReader(pcap))
	if err != nil {
		tb.Fatal(err)
	}
	f.KeepData(new(capture.Blocks))
	in := &input{files: []*capture.File{f}, source: f, filter: capture.NewFilter(o.filter, compile), refused: map[capture.LinkType]bool{}}
	out, err := openOutputs(o, in, stdout)
	if err != nil {
		tb.Fatal(err)
	}
	w := newWatch(o, in, out, stdout, io.Discard)
	tb.Cleanup(w.signals.done)
	return w
}

// watchFiles is a run over files on disk that prints nothing.
func watchFiles(tb testing.TB, args ...string) *watch {
	tb.Helper()
	o, err := parse(args)
	if err != nil {
		tb.Fatal(err)
	}
	in, err := openInput(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { in.close() })
	out, err := openOutputs(o, in, io.Discard)
	if err != nil {
		tb.Fatal(err)
	}
	w := newWatch(o, in, out, io.Discard, io.Discard)
	tb.Cleanup(w.signals.done)
	return w
}

// shortConnections is a capture of n connections of nine packets each, one a millisecond.
func shortConnections(tb testing.TB, n int) []byte {
	tb.Helper()
	var b bytes.Buffer
	out, err := capture.NewPcapWriter(&b, capture.LinkEthernet, 262144, true)
	if err != nil {
		tb.Fatal(err)
	}
	client, server := netip.MustParseAddr("192.0.2.1").As4(), netip.MustParseAddr("192.0.2.2")
	for i := range n {
		client[2], client[3] = byte(i>>14), byte(i>>6)
		a := fmt.Sprintf("%v:%d", netip.AddrFrom4(client), 32768+i%64)
		z := fmt.Sprintf("%v:80", server)
		for k, words := range [][]string{
			{a, ">", z, "S", "seq", "1000"},
			{z, ">", a, "S.", "seq", "5000", "ack", "1001"},
			{a, ">", z, ".", "seq", "1001", "ack", "5001"},
			{a, ">", z, "P.", "seq", "1001", "ack", "5001", "len", "200"},
			{z, ">", a, "P.", "seq", "5001", "ack", "1201", "len", "1000"},
			{a, ">", z, "F.", "seq", "1201", "ack", "6001"},
			{z, ">", a, ".", "seq", "6001", "ack", "1202"},
			{z, ">", a, "F.", "seq", "6001", "ack", "1202"},
			{a, ">", z, ".", "seq", "1202", "ack", "6002"},
		} {
			at, frame, err := parsePacket(append([]string{fmt.Sprintf("%f", float64(i)/1000+float64(k)/10000)}, words...))
			if err != nil {
				tb.Fatal(err)
			}
			if err := out.WritePacket(&capture.Packet{Time: at, Data: frame, Length: len(frame), Link: capture.LinkEthernet}); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if err := out.Flush(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestLoopTicks(t *testing.T) {
	w := watchOf(t, shortConnections(t, 1000), "-q")
	w.loop()
	// Ticks come with packets 4096 and 8192: connections 455 and 910.
	if want := int64(1704067200e9 + 910_100_000); w.ticked != want {
		t.Errorf("last tick at %d, want %d", w.ticked, want)
	}
	if w.end() != exitDone {
		t.Error("not ended well")
	}
	if h := w.final(); h.Packets != 9000 || h.Passed != 9000 || h.Segments != 9000 {
		t.Errorf("%d packets, %d passed, %d segments; want 9000 of each", h.Packets, h.Passed, h.Segments)
	}
	if n := w.out.summary.Conns(); n != 1000 {
		t.Errorf("%d connections, want 1000", n)
	}
}

func TestPacketAllocates(t *testing.T) {
	w := watchOf(t, shortConnections(t, 1))
	var p capture.Packet
	for range 4 {
		if err := w.in.source.Next(&p); err != nil {
			t.Fatal(err)
		}
		w.packet(&p)
	}
	// The fourth packet carries data: from the third copy on it is an old one.
	for range 20 * batchPackets { // and every batch has been used
		w.packet(&p)
	}
	if n := testing.AllocsPerRun(5000, func() { p.Time += 1e6; w.packet(&p) }); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

// BenchmarkWholeFile is a packet's whole way, from the file to the report.
func BenchmarkWholeFile(b *testing.B) {
	const conns = 20000
	pcap := shortConnections(b, conns)
	b.SetBytes(int64(len(pcap)))
	b.ResetTimer()
	for b.Loop() {
		w := watchOf(b, pcap)
		w.loop()
		if w.end() != exitDone || w.packets != 9*conns {
			b.Fatalf("%d packets", w.packets)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(9*conns), "ns/packet")
}
