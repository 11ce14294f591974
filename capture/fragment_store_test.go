package capture

import (
	"testing"

	"tcpwatch/capture/capturetest"
)

// TestFragmentStoreIsBounded fills the store with datagrams whose last
// fragment came alone, so that each needs a buffer of full length, and looks at
// its limits and its lists.
func TestFragmentStoreIsBounded(t *testing.T) {
	d := NewDecoder(DecoderOptions{})
	for i := range 3000 {
		data := capturetest.IPv4Header{Src: "10.0.0.1", Dst: "10.0.0.2", Proto: capturetest.ProtoTCP,
			ID: uint16(i), Offset: 65000, More: i%2 == 0}.Bytes(make([]byte, 8))
		d.Decode(&Packet{Data: data, Length: len(data), Link: LinkRaw, Time: int64(i)})
		// The datagram that comes in may add one buffer, and grow it.
		if f := &d.frags; f.bytes > maxFragmentBytes+2*maxDatagramLen || len(f.byKey) > maxDatagrams {
			t.Fatalf("%d bytes in %d datagrams", f.bytes, len(f.byKey))
		}
	}
	f := &d.frags
	held, bytes := 0, 0
	for g := f.oldest; g != nil; g = g.next {
		held++
		bytes += cap(g.data)
		if f.byKey[g.key] != g || g.next == nil && f.newest != g || g.next != nil && g.next.prev != g {
			t.Fatal("the list and the map differ")
		}
	}
	for g := f.free; g != nil; g = g.next {
		bytes += cap(g.data)
	}
	if held != len(f.byKey) || bytes != f.bytes {
		t.Errorf("%d in the list, %d in the map; %d bytes, %d counted", held, len(f.byKey), bytes, f.bytes)
	}
}
