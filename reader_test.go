package tcpwatch

import (
	"bytes"
	"context"
	"io"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/pcaptest"
	"tcpwatch/report"
)

// sourceOf is a Source of a capture in memory, which is read like a file on disk.
func sourceOf(tb testing.TB, pcap []byte) *Source {
	tb.Helper()
	f, err := capture.NewFile("memory", bytes.NewReader(pcap))
	if err != nil {
		tb.Fatal(err)
	}
	s := Files(f)
	f.KeepData(&s.blocks)
	s.source = f
	return s
}

// ready is a run over a capture in memory, ready to loop.
func ready(tb testing.TB, pcap []byte, outputs ...Output) *run {
	tb.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	tb.Cleanup(func() { cancel(nil) })
	return newRun(ctx, sourceOf(tb, pcap), Options{}.withDefaults(), newOutlets(outputs, cancel))
}

func TestLoopTicks(t *testing.T) {
	w := ready(t, pcaptest.ShortConnections(t, 1000), &keep{})
	w.loop()
	// Ticks come with packets 4096 and 8192: connections 455 and 910.
	if want := int64(1704067200e9 + 910_100_000); w.ticked != want {
		t.Errorf("last tick at %d, want %d", w.ticked, want)
	}
	w.stop()
	if h := w.final(); h.Packets != 9000 || h.Passed != 9000 || h.Segments != 9000 {
		t.Errorf("%d packets, %d passed, %d segments; want 9000 of each", h.Packets, h.Passed, h.Segments)
	}
	if n := w.sums().Conns(); n != 1000 {
		t.Errorf("%d connections, want 1000", n)
	}
}

func TestPacketAllocates(t *testing.T) {
	w := ready(t, pcaptest.ShortConnections(t, 1), report.NewTables(io.Discard, report.TableOptions{}))
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
	pcap := pcaptest.ShortConnections(b, conns)
	b.SetBytes(int64(len(pcap)))
	b.ResetTimer()
	for b.Loop() {
		stats, err := Run(context.Background(), sourceOf(b, pcap), Options{}, report.NewTables(io.Discard, report.TableOptions{}))
		if err != nil || stats.Packets != 9*conns {
			b.Fatal(stats.Packets, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(9*conns), "ns/packet")
}
