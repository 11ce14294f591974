package tracker

import (
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/record"
)

// keeper is a Sink that keeps records, what they borrow copied.
type keeper struct{ records []record.Record }

func (k *keeper) Conn(r *record.Record) {
	c := *r
	c.Transitions = append([]record.Transition(nil), r.Transitions...)
	k.records = append(k.records, c)
}
func (*keeper) Event(*record.Event) {}
func (*keeper) Step(*record.Step)   {}

// differing is how many records of a capture are not what they should be; the first few are told.
func differing(t *testing.T, name string, records, should []record.Record) (n int) {
	t.Helper()
	if len(records) != len(should) {
		t.Errorf("%s: %d records, want %d", name, len(records), len(should))
		return max(len(records), len(should))
	}
	for i := range records {
		got, want := &records[i], &should[i]
		if reflect.DeepEqual(got, want) {
			continue
		}
		if n++; n < 4 {
			x, y := fmt.Sprintf("%+v", *got), fmt.Sprintf("%+v", *want)
			at := 0
			for at < min(len(x), len(y)) && x[at] == y[at] {
				at++
			}
			t.Errorf("%s: #%d\n...%.160s\nwant\n...%.160s", name, want.ID, x[max(0, at-100):], y[max(0, at-100):])
		}
	}
	return n
}

// A connection that is packed after each of its segments, where that can be
// done, ends with the same record: packing shows in nothing.
func TestPackingShowsInNothing(t *testing.T) {
	racetest.TooSlow(t)
	files, _ := filepath.Glob("../testdata/pcaps/*.pcap*")
	packed, differ := 0, 0
	for _, name := range files {
		f, err := capture.Open(name)
		if err != nil {
			continue
		}
		var kept, plain keeper
		a, b := New(Options{}, &kept), New(Options{}, &plain)
		d := capture.NewDecoder(capture.DecoderOptions{})
		var p capture.Packet
		for f.Next(&p) == nil {
			if d.Decode(&p) != capture.OutcomeSegment {
				continue
			}
			s := d.Segment
			a.clock.advance(s.Time)
			k := a.segmentKey(&s)
			if i, _ := a.index.Find(&a.entries, k); i != 0 && a.entries.At(i).State != 0 {
				if a.pack(a.states[a.entries.At(i).State]) {
					packed++
				}
				a.latest = latest{}
			}
			a.Observe(&s)
			s = d.Segment
			b.Observe(&s)
		}
		a.Finish()
		b.Finish()
		differ += differing(t, filepath.Base(name), kept.records, plain.records)
	}
	if packed < 200 {
		t.Errorf("packed %d times", packed)
	}
	t.Logf("packed %d times, %d records differ", packed, differ)
}

// Tables asked for in between leave what was packed packed, an older connection
// on the same endpoints too.
func TestSnapshotPacksAgain(t *testing.T) {
	tr := New(Options{}, nowhere{})
	ack := line{flags: capture.ACK, seq: 1, ack: 1, n: 100, win: 10, ttl: 64}
	syn := line{flags: capture.SYN, seq: 5_000_000, win: 10, ttl: 64, at: 1}
	tr.Observe(plainWire.segment(ack, 1))
	tr.Observe(plainWire.segment(syn, 2)) // in front of one that may still live
	now := plainWire.segment(syn, 2).Time
	for range 3 {
		now += 1e9
		tr.Tick(now)
	}
	used := func() (n int) {
		for _, at := range tr.touched {
			if at != unused {
				n++
			}
		}
		return n
	}
	if used() != 0 {
		t.Fatalf("%d connections not packed", used())
	}
	seen := 0
	tr.Snapshot(func(*record.Record) { seen++ })
	if seen != 2 || used() != 0 {
		t.Errorf("%d connections told, %d not packed again", seen, used())
	}
}
