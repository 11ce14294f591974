package packets

import (
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

// What is left out is told.
func TestExtractTells(t *testing.T) {
	x := &Extract{packets: 1, conns: 1, waiting: fragments{lost: 2}}
	want := "x: 1 packet of 1 connection; 1,048,583 more are left out, only 1,048,576 can be remembered; 2 fragments may be missing, too many waited"
	if told := x.Told("x", 1<<20+7, 1<<20); told != want {
		t.Errorf("%s\nwant %s", told, want)
	}
}
