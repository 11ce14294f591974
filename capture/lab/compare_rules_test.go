package lab_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcpwatch/capture"
	"tcpwatch/capture/lab"
	"tcpwatch/tracker/record"
)

// kernelOf and toldOf build paths from words: "[X]" is silent, "X?" expected,
// "X~" implied.
func kernelOf(path string) (all []lab.StateAt) {
	for _, w := range strings.Fields(path) {
		name := strings.Trim(w, "[]")
		all = append(all, lab.StateAt{State: name, Silent: name != w})
	}
	return all
}

func toldOf(t *testing.T, path string) (all []record.Transition) {
	for _, w := range strings.Fields(path) {
		e := record.Transition{Basis: record.Seen}
		switch {
		case strings.HasSuffix(w, "?"):
			e.Basis = record.Expected
		case strings.HasSuffix(w, "~"):
			e.Basis = record.Implied
		}
		for e.To = record.Closed; e.To < record.NStates && e.To.String() != strings.TrimRight(w, "?~"); e.To++ {
		}
		if e.To == record.NStates {
			t.Fatalf("no state %q", w)
		}
		all = append(all, e)
	}
	return all
}

// TestSamePath holds the comparison itself against what it must refuse.
func TestSamePath(t *testing.T) {
	for _, c := range []struct {
		kernel, told string
		view         view
		want         bool
	}{
		{"SYN-SENT ESTABLISHED", "SYN-SENT ESTABLISHED", view{}, true},
		{"SYN-RECEIVED ESTABLISHED", "LISTEN SYN-RECEIVED ESTABLISHED", view{}, true},
		{"SYN-SENT ESTABLISHED", "SYN-SENT", view{}, false},
		{"SYN-SENT", "SYN-SENT ESTABLISHED?", view{}, false},
		{"", "SYN-RECEIVED?", view{}, false},
		{"", "", view{}, true},
		{"SYN-SENT CLOSED", "SYN-SENT", view{}, false},
		{"SYN-SENT [CLOSED]", "SYN-SENT", view{}, true},
		{"SYN-SENT [CLOSED]", "SYN-SENT CLOSED", view{}, true},
		{"SYN-SENT [CLOSED]", "SYN-SENT TIME-WAIT", view{}, false},
		{"ESTABLISHED", "ESTABLISHED CLOSE-WAIT?", view{deaf: true}, true},
		{"ESTABLISHED", "ESTABLISHED CLOSE-WAIT", view{deaf: true}, false},
		{"SYN-RECEIVED [CLOSED]", "SYN-RECEIVED ESTABLISHED?", view{deaf: true}, true},
		{"ESTABLISHED CLOSED", "ESTABLISHED", view{unseen: true}, true},
		{"ESTABLISHED CLOSE-WAIT", "ESTABLISHED", view{unseen: true}, false},
		{"SYN-SENT ESTABLISHED FIN-WAIT-1 TIME-WAIT", "SYN-SENT ESTABLISHED~ FIN-WAIT-1", view{oneWay: true}, true},
		{"SYN-SENT ESTABLISHED FIN-WAIT-1 TIME-WAIT", "SYN-SENT ESTABLISHED CLOSE-WAIT~ TIME-WAIT", view{oneWay: true}, true},
		{"SYN-SENT ESTABLISHED FIN-WAIT-1 TIME-WAIT", "SYN-SENT ESTABLISHED LAST-ACK", view{oneWay: true}, false},
		{"SYN-SENT ESTABLISHED FIN-WAIT-1", "SYN-SENT", view{oneWay: true}, false},
		{"SYN-RECEIVED ESTABLISHED CLOSED", "SYN-SENT~ ESTABLISHED~", view{oneWay: true}, false},
	} {
		if got := samePath(kernelOf(c.kernel), toldOf(t, c.told), c.view); got != c.want {
			t.Errorf("kernel %q, told %q, %+v: %t", c.kernel, c.told, c.view, got)
		}
	}
}

// TestRetraction takes an edge back.
func TestRetraction(t *testing.T) {
	var s stories
	s.Conn(&record.Record{Transitions: []record.Transition{
		{End: record.Orig, To: record.SynSent},
		{End: record.Resp, To: record.SynReceived, Basis: record.Expected},
		{End: record.Orig, To: record.Established},
		{End: record.Resp, From: record.SynReceived, To: record.Listen, Basis: record.Retracted},
	}, Orig: capture.Endpoint{Port: 1}})
	if len(s.all[0].paths[0]) != 2 || len(s.all[0].paths[1]) != 0 {
		t.Errorf("paths %+v", s.all[0].paths)
	}
}

func TestKernelPath(t *testing.T) {
	states := []lab.StateAt{{State: "SYN-SENT", At: 1}, {State: "ESTABLISHED", At: 2}, {State: "CLOSED", At: time.Second}}
	if got := kernelPath(states, &lab.Tap{Start: 10}); len(got) != 2 || got[0].State != "ESTABLISHED" {
		t.Errorf("got %v", got)
	}
}

// TestIndex wants the index to be that of the recorded truths.
func TestIndex(t *testing.T) {
	truths, err := lab.LoadTruths(recorded)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := lab.WriteIndex(&want, truths); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../testdata/pcaps/INDEX.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("INDEX.md is not what the truth files say: go test ./capture/lab -run Record -record")
	}
}

// wrongChecksums are the captures with checksums that no wire carries, or that were spoiled on the way.
var wrongChecksums = map[string]bool{"loopback.pcap": true, "upload-offload.pcap": true, "checksum-spoiled.pcap": true}

// TestCaptures wants each recorded capture whole, with the number of packets
// its truth says, nearly in order of time, and with checksums that a wire would carry
// (a loopback and offloads leave them out).
func TestCaptures(t *testing.T) {
	truths, err := lab.LoadTruths(recorded)
	if err != nil {
		t.Fatal(err)
	}
	for _, truth := range truths {
		for _, tap := range truth.Taps {
			f, err := capture.Open(filepath.Join(recorded, tap.File))
			if err != nil {
				t.Error(err)
				continue
			}
			d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
			var p capture.Packet
			packets, segments, wrong, backwards, last := 0, 0, 0, 0, int64(0)
			for err = f.Next(&p); err == nil; err = f.Next(&p) {
				packets++
				if p.Time < last-int64(time.Millisecond) { // less is two processors' doing
					backwards++
				}
				last = p.Time
				if d.Decode(&p) == capture.OutcomeSegment {
					segments++
					if d.Segment.Marks&capture.MarkBadChecksum != 0 {
						wrong++
					}
				}
			}
			f.Close()
			if err != io.EOF || packets != tap.Packets || segments == 0 || wrong > 0 && !wrongChecksums[tap.File] {
				t.Errorf("%s: %d packets of %d, %d segments, %d wrong checksums: %v", tap.File, packets, tap.Packets, segments, wrong, err)
			}
			if backwards > 0 {
				t.Errorf("%s: %d packets long before their predecessors", tap.File, backwards)
			}
		}
	}
}
