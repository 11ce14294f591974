package tracker

import (
	"path/filepath"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// What Observe tells of segments adds up to what the records tell; without Options.Count it
// tells nothing.
func TestCarriedAddsUp(t *testing.T) {
	files, _ := filepath.Glob("../testdata/pcaps/*.pcap*")
	carried := uint64(0)
	for _, name := range files {
		f, err := capture.Open(name)
		if err != nil {
			continue
		}
		var kept keeper
		a, quiet := New(Options{Count: true}, &kept), New(Options{}, &keeper{})
		d := capture.NewDecoder(capture.DecoderOptions{})
		var p capture.Packet
		var bytes, again uint64
		for f.Next(&p) == nil {
			if d.Decode(&p) != capture.OutcomeSegment {
				continue
			}
			s := d.Segment
			at := a.Observe(&s)
			bytes, again = bytes+uint64(at.Bytes), again+uint64(at.Again)
			s = d.Segment
			if at := quiet.Observe(&s); at.Bytes|at.Again != 0 {
				t.Fatalf("%s: %d bytes, %d repeats are told that nobody asked for", name, at.Bytes, at.Again)
			}
		}
		f.Close()
		a.Finish()
		var wire, retx uint64
		for i := range kept.records {
			for e := record.Orig; e <= record.Resp; e++ {
				x := &kept.records[i].Ends[e]
				wire, retx = wire+x.WireBytes, retx+uint64(x.Retx)
			}
		}
		if bytes != wire || again != retx {
			t.Errorf("%s: %d bytes and %d repeats told, the records have %d and %d", name, bytes, again, wire, retx)
		}
		carried += bytes
	}
	if carried == 0 {
		t.Error("nothing was carried")
	}
}
