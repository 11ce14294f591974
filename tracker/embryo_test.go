package tracker

import (
	"path/filepath"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// A lone SYN takes no connection, until anything else comes or somebody looks; then every
// record is that of a connection that took its SYN at once.
func TestEmbryosShowInNothing(t *testing.T) {
	racetest.TooSlow(t)
	files, _ := filepath.Glob("../testdata/pcaps/*.pcap*")
	conceived, quotes, differ := 0, 0, 0
	for _, name := range files {
		f, err := capture.Open(name)
		if err != nil {
			continue
		}
		var kept, plain keeper
		// Marked connections are drawn, so they are never embryos.
		a, b := New(Options{}, &kept), New(Options{Mark: func(uint64, capture.Endpoint, capture.Endpoint) bool { return false }}, &plain)
		d := capture.NewDecoder(capture.DecoderOptions{})
		a.opt.Verify, b.opt.Verify, a.opt.WrongIP, b.opt.WrongIP = d.VerifyChecksum, d.VerifyChecksum, d.WrongIPChecksum, d.WrongIPChecksum
		var p capture.Packet
		for f.Next(&p) == nil {
			switch d.Decode(&p) {
			case capture.OutcomeQuote:
				a.Quoted(&d.Quote)
				b.Quoted(&d.Quote)
				quotes++
				continue
			case capture.OutcomeSegment:
			default:
				continue
			}
			s := d.Segment
			a.Observe(&s)
			if i, _ := a.index.Find(&a.entries, a.segmentKey(&s)); i != 0 && isEmbryo(a.entries.At(i)) {
				conceived++
				if conceived%2 == 0 {
					a.show(i, func(r *record.Record, _ *table.Rest) {
						if !r.Interim || r.Ends[record.Orig].Packets != 1 || r.ID != s.Packet {
							t.Errorf("%s: packet %d: %+v", name, s.Packet, r)
						}
					})
				}
			}
			s = d.Segment
			b.Observe(&s)
		}
		a.Finish()
		b.Finish()
		differ += differing(t, filepath.Base(name), kept.records, plain.records)
	}
	if conceived < 300 || quotes < 10 || differ > 0 {
		t.Errorf("%d embryos, %d ICMP errors; %d records differ", conceived, quotes, differ)
	}
}

// However many SYNs come that nobody answers, no connection is made for any of them.
func TestLoneSYNsTakeNoConnection(t *testing.T) {
	tr := New(Options{}, nowhere{})
	const n = 20000
	before := heap()
	for i := range n {
		s := shortConn(i, int64(i)*1e3, false)[0]
		s.Packet, s.FileNumber = uint64(i+1), uint64(i+1)
		tr.Observe(&s)
		if i%4096 == 0 {
			tr.Tick(s.Time)
		}
	}
	if each := (heap() - before) / n; len(tr.states) != 1 || each > 240 {
		t.Errorf("%d connections for %d SYNs, %d bytes each", len(tr.states)-1, n, each)
	}
	tr.Finish()
	if held := tr.Held(); held != 0 || len(tr.states) > 2 {
		t.Errorf("%d held at the end, %d connections made", held, len(tr.states)-1)
	}
}
