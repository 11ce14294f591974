package capture

import (
	"bytes"
	"testing"
)

// A packet's data stay as they are until the block they lie in is given back,
// and what is given back is used again.
func TestKeptDataStay(t *testing.T) {
	var file bytes.Buffer
	w, err := NewPcapWriter(&file, LinkEthernet, 262144, true)
	if err != nil {
		t.Fatal(err)
	}
	const packets = 20000
	for i := range packets {
		data := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 20+i%300)
		if err := w.WritePacket(&Packet{Time: int64(i), Data: data, Length: len(data), Link: LinkEthernet}); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	f, err := NewFile("memory", &file)
	if err != nil {
		t.Fatal(err)
	}
	var blocks Blocks
	f.KeepData(&blocks)
	var held []Packet
	var waiting [][][]byte // blocks left, by batch; a batch is needed while two more are read
	seen := map[*byte]bool{}
	again := 0
	for i := range packets {
		var p Packet
		if err := f.Next(&p); err != nil {
			t.Fatal(err)
		}
		held = append(held, p)
		if i%100 != 99 {
			continue
		}
		left := blocks.Left()
		for _, b := range left {
			if seen[&b[0]] {
				again++
			}
			seen[&b[0]] = true
		}
		waiting = append(waiting, left)
		for k := range held {
			n := held[k].Number - 1
			if want := bytes.Repeat([]byte{byte(n), byte(n >> 8)}, 20+int(n)%300); !bytes.Equal(held[k].Data, want) {
				t.Fatalf("packet %d was written over", n+1)
			}
		}
		if len(waiting) > 2 {
			blocks.Free(waiting[0])
			waiting, held = waiting[1:], held[100:]
		}
	}
	if again < 5 {
		t.Errorf("%d blocks were used again of %d", again, len(seen))
	}
}
