package lab_test

import (
	"path/filepath"
	"testing"

	"tcpwatch/capture/lab"
	"tcpwatch/tracker"
	"tcpwatch/tracker/record"
)

// TestRefused holds what tcpwatch tells of data that was thrown away against the
// kernel's own counts, where the capture can show it: before the receiver, behind
// what spoiled it.
func TestRefused(t *testing.T) {
	truths, err := lab.LoadTruths(recorded)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		scenario, file string
		sender         record.End
		counter        string // of the receiver
		refused        func(e *record.EndRecord) uint32
		unverified     int64 // the first copy is gone before anything is sent again
	}{
		{"paws-refused", "paws-refused-at-server.pcap", record.Orig, "PAWSEstab", func(e *record.EndRecord) uint32 { return e.PAWSRefused }, 0},
		{"checksum-spoiled", "checksum-spoiled.pcap", record.Resp, "InCsumErrors", func(e *record.EndRecord) uint32 { return e.BadChecksums }, 1},
	} {
		kernel := int64(0)
		for _, truth := range truths {
			if truth.Name == x.scenario {
				kernel = truth.Counters[x.sender.Peer().String()][x.counter]
			}
		}
		var got records
		if err := observe(filepath.Join(recorded, x.file), tracker.Options{}, &got); err != nil || len(got) != 1 {
			t.Fatalf("%s: %d connections: %v", x.file, len(got), err)
		}
		e := &got[0].Ends[x.sender]
		if n := int64(x.refused(e)); kernel < 3 || n != kernel-x.unverified {
			t.Errorf("%s: %d refused, the kernel counts %d", x.file, n, kernel)
		}
		if e.LostAfterTap != 0 || e.LostBeforeTap != 0 || e.RetxRefused != e.Retx {
			t.Errorf("%s: of %d repeats %d of what was refused, %d and %d lost", x.file, e.Retx, e.RetxRefused, e.LostBeforeTap, e.LostAfterTap)
		}
	}
}

// records keeps what a tracker tells.
type records []record.Record

func (r *records) Conn(c *record.Record) { *r = append(*r, *c) }
func (r *records) Event(e *record.Event) {}
func (r *records) Step(s *record.Step)   {}
