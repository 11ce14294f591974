package capture

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// piped compresses b as a program does that does not know how much will come:
// the frame asks for the whole window.
func piped(t *testing.T, b []byte, window int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{b[:len(b)/2], b[len(b)/2:]} {
		w.Write(part)
		w.Flush()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// capturedBytes is a pcap file of n packets of 1,000 bytes.
func capturedBytes(t *testing.T, n int) []byte {
	var file bytes.Buffer
	w, err := NewPcapWriter(&file, LinkRaw, 65535, true)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		data := bytes.Repeat([]byte{byte(i), byte(i >> 8), 'x', byte(i * i)}, 250)
		if err := w.WritePacket(&Packet{Time: int64(i), Data: data, Length: len(data), Link: LinkRaw}); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	return file.Bytes()
}

// TestWindowsOfShortFrames: many files whose frames ask for the longest window and
// hold little are read side by side.
func TestWindowsOfShortFrames(t *testing.T) {
	plain := capturedBytes(t, 2000)
	packed := piped(t, plain, largestWindow)
	var names []string
	for i, b := range [][]byte{packed, slices.Concat(piped(t, plain[:500_000], 64<<20), packed[:0], piped(t, plain[500_000:], largestWindow))} {
		for k := range 8 {
			names = append(names, filepath.Join(t.TempDir(), fmt.Sprint(i, k)))
			if err := os.WriteFile(names[len(names)-1], b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := OpenAll(names)
	if err != nil {
		t.Fatal(err)
	}
	m := Merge(files)
	defer m.Close()
	var p Packet
	n := 0
	for ; err == nil; n++ {
		err = m.Next(&p)
	}
	if n--; err != io.EOF || n != 2000*len(names) {
		t.Errorf("%d packets, %v", n, err)
	}
	// 2 MB are 16 blocks.
	if held := files[0].zstd.held; held == 0 || held > uint64(len(names))*4<<20 {
		t.Errorf("%d bytes held for windows", held)
	}
}

// TestWindowsAreBounded: all windows together stay below their limit; closed
// files leave theirs to the next.
func TestWindowsAreBounded(t *testing.T) {
	w := &windows{}
	open := func() *unzstd {
		z, err := w.decoder(nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	a, b := open(), open()
	for _, step := range []struct {
		z      *unzstd
		window uint64
		fits   bool
		held   uint64
	}{
		{a, largestWindow + 1, false, 0},
		{a, 100 << 20, true, 100 << 20},
		{a, 50 << 20, true, 100 << 20},
		{b, 64 << 20, true, 164 << 20},
		{a, largestWindow, true, 192 << 20},
		{b, 65 << 20, false, 192 << 20},
	} {
		if err := step.z.need(step.window); (err == nil) != step.fits || w.held != step.held {
			t.Errorf("%d MiB: %v, %d MiB held", step.window>>20, err, w.held>>20)
		}
	}
	a.release()
	if err := b.need(100 << 20); err != nil || w.held != 100<<20 || len(w.idle) != 0 {
		t.Errorf("%v, %d MiB held: an idle decoder goes first", err, w.held>>20)
	}
	b.release()
	if c := open(); c != b || c.need(90<<20) != nil || w.held != 100<<20 {
		t.Errorf("%d MiB held: a decoder was not used again", w.held>>20)
	}
}

// TestFramesAreBounded: where a frame's window does not fit beside those of other
// files, its file is damaged and says why.
func TestFramesAreBounded(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.zst")
	plain := capturedBytes(t, 10)
	// Two frames: what comes first fits.
	if err := os.WriteFile(name, slices.Concat(piped(t, plain[:2000], 1<<20), piped(t, make([]byte, 3<<20), 2<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	f.zstd.held = allWindows - 1<<20
	var p Packet
	for err == nil {
		err = f.Next(&p)
	}
	want := name + ": damaged at packet 2, offset 1040: reading stops (its zstd window of 2 MiB and those of the files open beside it are more than 192 MiB: unpack it first) inside a packet (960 of 1016 bytes)"
	if err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// TestWindowsOfOtherFiles: a file whose window finds no room beside those that are open
// is told with its name, the reason once, and what helps.
func TestWindowsOfOtherFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.zst")
	if err := os.WriteFile(name, piped(t, append(capturedBytes(t, 10), make([]byte, 3<<20)...), 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	f.zstd.held, f.zstd.idle = allWindows, nil
	var p Packet
	err = f.Next(&p)
	want := name + ": damaged at packet 1, offset 0: cannot be opened again: its zstd window of 2 MiB and those of the files open beside it are more than 192 MiB: unpack it first"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// What unpacking may hold can be limited further, before the file is begun; never beyond 192 MiB.
func TestLimitWindows(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.zst")
	if err := os.WriteFile(name, piped(t, append(capturedBytes(t, 10), make([]byte, 3<<20)...), 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		most int64
		want string
	}{
		{2<<20 - 1, name + ": cannot be read: its zstd window of 2 MiB and those of the files open beside it are more than 1 MiB, half of what there is: unpack it first"},
		{2 << 20, ""},
		{1 << 40, ""},
	} {
		files, err := HoldAll([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		f := files[0]
		f.LimitWindows(x.most, "half of what there is")
		got := ""
		if err := f.Begin(); err != nil {
			got = err.Error()
		}
		if got != x.want || f.zstd.most > allWindows {
			t.Errorf("%d: %q, want %q; %d at most", x.most, got, x.want, f.zstd.most)
		}
		f.Close()
	}
}
