package tcpwatch

import (
	"bytes"
	"fmt"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/capturetest"
	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/record"
)

// flood is a capture of SYNs that are all stamped alike, one a connection.
func flood(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	out, err := capture.NewPcapWriter(&b, capture.LinkEthernet, 262144, true)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		from := fmt.Sprintf("10.0.%d.%d", i>>8&255, i&255)
		tcp := capturetest.TCP{Src: uint16(1024 + i>>16), Dst: 80, Seq: uint32(i), Flags: 2}.Bytes()
		data := capturetest.Ethernet(0x0800, capturetest.IPv4(from, "192.0.2.1", 6, tcp))
		if err := out.WritePacket(&capture.Packet{Time: 1e18, Data: data, Length: len(data), Link: capture.LinkEthernet}); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The table is brought back to its cap at every 4,096th packet, though time stands
// still, and whoever holds the connections: never more than those are above it.
func TestTheCapIsTheTablesAtEveryTick(t *testing.T) {
	const packets, most = 10*tickEvery + 100, 300
	pcap := flood(t, packets)
	for j := 1; j <= 3; j++ {
		if racetest.On && j < 3 { // the detector looks on at the most workers; all are run without it
			continue
		}
		evicted := uint64(0)
		for r, err := range Records(t.Context(), sourceOf(t, pcap), Options{Workers: j, MaxConns: most}) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Close.Kind == record.CloseEvicted {
				if evicted++; r.ID != evicted {
					t.Fatalf("%d workers: connection %d is dropped as number %d", j, r.ID, evicted)
				}
			}
		}
		if want := uint64(10*tickEvery - most); evicted != want {
			t.Errorf("%d workers: %d dropped, want %d", j, evicted, want)
		}
	}
}
