package packets

import (
	"strings"
	"testing"

	"tcpwatch/capture"
)

func TestFragmentsAreBounded(t *testing.T) {
	var f fragments
	p := capture.Packet{Data: make([]byte, 1<<20)}
	for i := range uint64(40) {
		f.hold(i, &p)
		f.hold(i, &p)
	}
	if f.bytes > maxHeld || f.lost != 80-2*uint64(len(f.pieces)) || len(f.pieces) < 6 {
		t.Errorf("%d bytes, %d datagrams, %d lost", f.bytes, len(f.pieces), f.lost)
	}
	if got := len(f.take(39)); got != 2 {
		t.Errorf("%d pieces of the newest", got)
	}
	for i := range uint64(40) {
		f.drop(i)
	}
	if f.bytes != 0 || len(f.pieces) != 0 || len(f.order) != 0 {
		t.Errorf("%d bytes, %d datagrams, %d in order", f.bytes, len(f.pieces), len(f.order))
	}
}

// tooMany are connections of which some could not be remembered.
type tooMany struct{}

func (tooMany) Has(uint64) bool              { return true }
func (tooMany) LeftOut() (more, most uint64) { return 1<<20 + 7, 1 << 20 }

// What is left out is told.
func TestExtractTells(t *testing.T) {
	x := &Extract{name: "x", found: tooMany{}, packets: 1, conns: 1, waiting: fragments{lost: 2}}
	want := "x: 1 packet of 1 connection; 1,048,583 more are left out, only 1,048,576 can be remembered; 2 fragments may be missing, too many waited"
	if told := x.Told(); len(told) != 1 || told[0] != want {
		t.Errorf("%s\nwant %s", told, want)
	}
	if told := (&Extract{name: "x"}).Told(); len(told) != 1 || told[0] != "x: no packets, no connection is to be extracted" {
		t.Error(told)
	}
	if told := (&File{name: "x"}).Told(); len(told) != 0 {
		t.Error(told)
	}
	if told := (&File{name: "x", other: 2, link: capture.LinkRaw}).Told(); len(told) != 1 || !strings.HasPrefix(told[0], "x: 2 packets left out: ") {
		t.Error(told)
	}
}
