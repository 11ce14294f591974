package capture

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// TestProbeIsShort: a first packet that lies far behind the beginning is not
// waited for before its file's turn comes, and is merged in its place.
func TestProbeIsShort(t *testing.T) {
	var plain bytes.Buffer
	w, err := NewPcapngWriter(&plain, "test")
	if err != nil {
		t.Fatal(err)
	}
	w.Flush()
	const size = 8 << 20
	order := binary.NativeEndian
	plain.Write(order.AppendUint32(order.AppendUint32(nil, 77), size))
	plain.Write(make([]byte, size-12))
	plain.Write(order.AppendUint32(nil, size))
	file := func(head []byte, time int64) string {
		name := filepath.Join(t.TempDir(), "x.gz")
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(head)
		w, err := NewPcapWriter(z, LinkRaw, 65535, true)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WritePacket(&Packet{Time: time, Data: []byte{1}, Length: 1, Link: LinkRaw}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		z.Close()
		if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	files, err := OpenAll([]string{file(nil, 5), file(plain.Bytes(), 7), file(nil, 9)})
	if err != nil {
		t.Fatal(err)
	}
	for i, known := range []bool{true, false, true} {
		if files[i].firstKnown != known {
			t.Errorf("file %d: the time of the first packet is known: %t", i, !known)
		}
	}
	m := Merge(files)
	defer m.Close()
	var p Packet
	for _, want := range []int64{5, 7, 9} {
		if err := m.Next(&p); err != nil || p.Time != want {
			t.Errorf("%d, %v; want %d", p.Time, err, want)
		}
	}
}
