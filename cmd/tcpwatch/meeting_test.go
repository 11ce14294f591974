package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/capturetest"
)

// floodFile is a capture of SYNs that are all stamped alike, one a connection.
func floodFile(t *testing.T, n int) string {
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
	name := filepath.Join(t.TempDir(), "flood.pcap")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// The table is brought back to its cap at every 4,096th packet, though time stands
// still, and whoever holds the connections: never more than those are above it.
func TestTheCapIsTheTablesAtEveryTick(t *testing.T) {
	const packets, most = 10*tickEvery + 100, 300
	name := floodFile(t, packets)
	for j := 1; j <= 3; j++ {
		var stdout, stderr bytes.Buffer
		if status := run([]string{"-n", "-r", name, "-j", fmt.Sprint(j), "--max-conns", fmt.Sprint(most), "-o", "jsonl"}, &stdout, &stderr); status != exitDone {
			t.Fatalf("status %d: %s", status, &stderr)
		}
		evicted := 0
		for line := range bytes.Lines(stdout.Bytes()) {
			var r struct {
				ID    any `json:"id"`
				Close struct {
					Kind string `json:"kind"`
				} `json:"close"`
			}
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatal(err)
			}
			if r.Close.Kind == "evicted" {
				if evicted++; r.ID != float64(evicted) {
					t.Fatalf("-j %d: connection %v is dropped as number %d", j, r.ID, evicted)
				}
			}
		}
		if want := 10*tickEvery - most; evicted != want {
			t.Errorf("-j %d: %d dropped, want %d", j, evicted, want)
		}
	}
}
