package diagnose

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// byFirst are the detectors that may cite a connection's first packet: its SYN
// or lone answer, or that it is no SYN, is what proves it.
func byFirst() []string {
	return []string{"no-answer", "port-scan", "syn-flood", "backscatter", "capture-midstream", "capture-one-way", "capture-cut",
		"capture-offload", "mss-clamped", "still-open", "unreachable", "untranslated"}
}

// ends are a connection's endpoints, whatever the direction.
func ends(a, b capture.Endpoint) [2]capture.Endpoint {
	if c := slices.Compare(a.Addr[:], b.Addr[:]); c > 0 || c == 0 && a.Port > b.Port {
		a, b = b, a
	}
	return [2]capture.Endpoint{a, b}
}

// endsOf tells the endpoints of each segment of a capture by its packet.
func endsOf(t *testing.T, path string) map[uint64][2]capture.Endpoint {
	f, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := make(map[uint64][2]capture.Endpoint)
	d := capture.NewDecoder(capture.DecoderOptions{})
	for p := (capture.Packet{}); ; {
		err := f.Next(&p)
		if bad := (*capture.Damage)(nil); err == io.EOF || errors.As(err, &bad) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		switch d.Decode(&p) {
		case capture.OutcomeSegment:
			all[d.Segment.Packet] = ends(d.Segment.Src, d.Segment.Dst)
		case capture.OutcomeQuote:
			all[d.Quote.Packet] = ends(d.Quote.Src, d.Quote.Dst)
		}
	}
}

// Every packet that a finding cites is of a connection that it cites, and no
// connection's first packet stands in for the one that proves the matter.
func TestCitedPackets(t *testing.T) {
	cited := map[string]int{}
	for _, path := range captures(t) {
		all, c := recordsOf(t, path)
		of := endsOf(t, path)
		byID := make(map[uint64]*record.Record, len(all))
		for _, r := range all {
			byID[r.ID] = r
		}
		name := filepath.Base(path)
		for _, f := range findingsOf(t, "", c, all...) {
			may := slices.Contains(byFirst(), f.Detector)
			cited[f.Detector] += len(f.Packets)
			if !slices.IsSorted(f.Packets) {
				t.Errorf("%s: %s cites packets %v", name, f.Detector, f.Packets)
			}
			for _, p := range f.Packets {
				known := slices.ContainsFunc(f.Conns, func(id uint64) bool { return of[p] == ends(byID[id].Orig, byID[id].Resp) })
				first := slices.ContainsFunc(f.Conns, func(id uint64) bool { return byID[id].FirstPacket == p && byID[id].LastPacket != p })
				if !known {
					t.Errorf("%s: %s cites packet %d, which is of none of its connections", name, f.Detector, p)
				}
				if first && !may {
					t.Errorf("%s: %s cites packet %d, the first of a connection", name, f.Detector, p)
				}
			}
			if len(f.Packets) == 0 && f.Detector != "sender-limited" && f.Detector != "network-limited" {
				t.Logf("%s: %s cites no packet", name, f.Detector)
			}
		}
	}
	for _, d := range []string{"zero-window", "keepalive-dead", "slow-handshake", "reuse-refused", "capture-copies", "capture-offload"} {
		if cited[d] == 0 {
			t.Errorf("%s cites no packet on any bundled capture", d)
		}
	}
	t.Log(cited)
}
