package capture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"tcpwatch/capture"
)

// timed is a pcap file of packets at the given seconds, each with the letter as its data.
func timed(letter byte, seconds ...uint32) []byte {
	order := binary.LittleEndian
	b := pcapHeader(order, magicNano, version24, 65535, 1)
	for _, s := range seconds {
		b = append(append(b, words(order, s, 0, 1, 1)...), letter)
	}
	return b
}

func order(packets []got) (s string) {
	for _, p := range packets {
		s += fmt.Sprintf("%s%d ", p.Data, p.Time/1e9)
	}
	return s
}

func TestMerge(t *testing.T) {
	for _, c := range []struct {
		name  string
		files [][]byte
		want  string
	}{
		{"none", nil, ""},
		{"one", [][]byte{timed('a', 1, 2)}, "a1 a2 "},
		{"in order", [][]byte{timed('a', 1, 2), timed('b', 3)}, "a1 a2 b3 "},
		{"given in the wrong order", [][]byte{timed('a', 5, 6), timed('b', 3, 4), timed('c', 1, 2)}, "c1 c2 b3 b4 a5 a6 "},
		{"interleaved", [][]byte{timed('a', 1, 4), timed('b', 2, 3, 5)}, "a1 b2 b3 a4 b5 "},
		{"equal times in the order of files", [][]byte{timed('a', 1, 1, 2), timed('b', 1, 2), timed('c', 1)}, "a1 a1 b1 c1 a2 b2 "},
		{"a clock that goes back is left alone", [][]byte{timed('a', 1, 9, 2, 3), timed('b', 4, 10)}, "a1 b4 a9 a2 a3 b10 "},
		{"empty files", [][]byte{timed('a'), timed('b', 1), timed('c')}, "b1 "},
		{"many", [][]byte{timed('a', 9), timed('b', 8), timed('c', 7), timed('d', 6), timed('e', 5), timed('f', 4), timed('g', 3), timed('h', 2), timed('i', 1, 10)},
			"i1 h2 g3 f4 e5 d6 c7 b8 a9 i10 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, disk := range []bool{false, true} {
				m := capture.Merge(open(t, disk, c.files...))
				packets, damages := drain(t, m)
				if got := order(packets); got != c.want || damages != nil {
					t.Errorf("got %s%v, want %s", got, damages, c.want)
				}
				position := map[int]uint64{}
				for i, p := range packets {
					position[p.File]++
					if p.Number != uint64(i+1) || p.FileNumber != position[p.File] || p.Data[0] != byte('a'+p.File) {
						t.Errorf("packet %d of the stream is %v", i+1, p)
					}
				}
				if err := m.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// open makes files of captures, on disk or in memory.
func open(t testing.TB, disk bool, captures ...[]byte) (files []*capture.File) {
	t.Helper()
	dir := t.TempDir()
	for i, b := range captures {
		f, err := capture.NewFile("x", bytes.NewReader(b))
		if disk {
			path := filepath.Join(dir, fmt.Sprint(i))
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err = capture.Open(path)
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// TestMergeDamage: a damaged file is reported once, and the others go on.
func TestMergeDamage(t *testing.T) {
	cut := timed('a', 1, 4)
	cut = cut[:len(cut)-1]
	for _, disk := range []bool{false, true} {
		packets, damages := drain(t, capture.Merge(open(t, disk, cut, timed('b', 2, 3, 5))))
		if got := order(packets); got != "a1 b2 b3 b5 " {
			t.Error(got)
		}
		if len(damages) != 1 || damages[0].Packet != 2 {
			t.Error(damages)
		}
	}
}

// TestMergeBorrows: a packet's bytes stay until the next call.
func TestMergeBorrows(t *testing.T) {
	m := capture.Merge(open(t, true, timed('a', 1, 3, 5), timed('b', 2, 4)))
	var p capture.Packet
	for i := range 5 {
		if err := m.Next(&p); err != nil {
			t.Fatal(err)
		}
		if want := "ababa"[i]; p.Data[0] != want {
			t.Errorf("packet %d: %c", i+1, p.Data[0])
		}
	}
}

// TestMergeHoldsFiles: each file of a rotated set is held open from the first to the
// last, as a program that has given up its privileges could not open it again.
func TestMergeHoldsFiles(t *testing.T) {
	const descriptors = "/proc/self/fd"
	if _, err := os.Stat(descriptors); err != nil {
		t.Skip("open files are counted in " + descriptors)
	}
	count := func() int {
		list, err := os.ReadDir(descriptors)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	var captures [][]byte
	for i := range uint32(300) {
		captures = append(captures, gzipped(t, timed('a', 1000-2*i, 1000-2*i+1)))
	}
	before := count()
	m := capture.Merge(open(t, true, captures...))
	var p capture.Packet
	last := int64(0)
	for n := 0; m.Next(&p) == nil; n++ {
		if p.Time < last {
			t.Fatalf("packet %d goes back", p.Number)
		}
		last = p.Time
		if now := count(); now != before+len(captures) {
			t.Fatalf("%d files are open", now-before)
		}
	}
	if err := m.(io.Closer).Close(); err != nil {
		t.Fatal(err)
	}
	if now := count(); now != before {
		t.Errorf("%d files are left open", now-before)
	}
	if p.Number != 600 {
		t.Errorf("%d packets", p.Number)
	}
}

func TestMergeDoesNotAllocate(t *testing.T) {
	var files []*capture.File
	for range 3 {
		f, err := capture.NewFile("x", endlessPcap())
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	m := capture.Merge(files)
	var p capture.Packet
	next := func() {
		if err := m.Next(&p); err != nil {
			t.Fatal(err)
		}
	}
	for range 30_000 {
		next()
	}
	if n := testing.AllocsPerRun(30_000, next); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}
