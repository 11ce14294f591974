package tracker

import (
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"tcpwatch/capture"
)

// keeper is a Sink that keeps records, what they borrow copied.
type keeper struct{ records []Record }

func (k *keeper) Conn(r *Record) {
	c := *r
	c.Transitions = append([]Transition(nil), r.Transitions...)
	k.records = append(k.records, c)
}
func (*keeper) Event(*Event) {}
func (*keeper) Step(*Step)   {}

// A connection that is packed after each of its segments, where that can be
// done, ends with the same record: packing shows in nothing.
func TestPackingShowsInNothing(t *testing.T) {
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
			if i := a.index.find(&a.slots, k); i != 0 && a.slots.at(i).body != 0 {
				if a.pack(a.bodies[a.slots.at(i).body]) {
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
		if len(kept.records) != len(plain.records) {
			t.Errorf("%s: %d records, %d without packing", name, len(kept.records), len(plain.records))
			continue
		}
		for i := range kept.records {
			got, want := &kept.records[i], &plain.records[i]
			if !reflect.DeepEqual(got, want) {
				if differ++; differ < 10 {
					x, y := fmt.Sprintf("%+v", *got), fmt.Sprintf("%+v", *want)
					at := 0
					for at < min(len(x), len(y)) && x[at] == y[at] {
						at++
					}
					t.Errorf("%s: #%d\n...%.160s\nwithout packing\n...%.160s", filepath.Base(name), want.ID, x[max(0, at-100):], y[max(0, at-100):])
				}
			}
		}
	}
	if packed < 200 {
		t.Errorf("packed %d times", packed)
	}
	t.Logf("packed %d times, %d records differ", packed, differ)
}
