package capture_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tcpwatch/capture"
)

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for name, b := range samples(t) {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := capture.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name() != path || f.Size() != int64(len(b)) || f.Offset() != 0 || len(f.Interfaces()) == 0 {
			t.Errorf("%s: %s, %d of %d bytes, %v", name, f.Name(), f.Offset(), f.Size(), f.Interfaces())
		}
		packets, damages := drain(t, f)
		if want, _, _ := read(t, b); !slices.Equal(packets, want) || damages != nil {
			t.Errorf("%s: %v %v", name, packets, damages)
		}
		if f.Offset() != f.Size() {
			t.Errorf("%s: at the end, %d of %d bytes", name, f.Offset(), f.Size())
		}
	}
}

// TestOpenStandardInput reads standard input when it is a file and when it is a pipe.
func TestOpenStandardInput(t *testing.T) {
	stdin := os.Stdin
	defer func() { os.Stdin = stdin }()
	b := samples(t)["gzip"]
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := in.Write(b); err != nil {
		t.Fatal(err)
	}
	in.Close()
	for size, input := range map[int64]*os.File{int64(len(b)): file, 0: out} {
		os.Stdin = input
		f, err := capture.Open("-")
		if err != nil {
			t.Fatal(err)
		}
		packets, damages := drain(t, f)
		if len(packets) != 4 || damages != nil || f.Name() != "-" || f.Size() != size || f.Offset() != int64(len(b)) {
			t.Errorf("%d packets, %v; %s, %d of %d bytes", len(packets), damages, f.Name(), f.Offset(), f.Size())
		}
	}
	if _, err := capture.Open("-"); err == nil || err.Error() != "standard input: empty file" {
		t.Error(err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): ": no such file or directory",
		dir:                        ": is a directory",
		empty:                      ": empty file",
	} {
		if _, err := capture.Open(path); err == nil || err.Error() != path+want {
			t.Errorf("got %v, want %s%s", err, path, want)
		}
	}
	if _, err := capture.Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the cause is hidden")
	}
}

// TestGone: a file that vanishes between Open and its first packet is read all the
// same; one that is emptied is damage, not a crash.
func TestGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcap")
	if err := os.WriteFile(path, samples(t)["pcap"], 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Rename(path, path+".gone"); err != nil {
		t.Fatal(err)
	}
	all, damages := drain(t, f)
	if len(all) == 0 || len(damages) != 0 {
		t.Errorf("%v %v", all, damages)
	}
	f.Rewind()
	if again, damages := drain(t, f); len(again) != len(all) || again[0].Number != 1 || len(damages) != 0 {
		t.Errorf("%d packets, again %d: %v", len(all), len(again), damages)
	}
	f.Rewind()
	if err := os.Truncate(path+".gone", 0); err != nil {
		t.Fatal(err)
	}
	packets, damages := drain(t, f)
	if len(packets) != 0 || len(damages) != 1 || damages[0].Packet != 1 {
		t.Errorf("%v %v", packets, damages)
	}
}

func TestClose(t *testing.T) {
	f, err := capture.NewFile("x", bytes.NewReader(samples(t)["zstd"]))
	if err != nil {
		t.Fatal(err)
	}
	var p capture.Packet
	if err := f.Next(&p); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if err := f.Next(&p); err != io.EOF {
			t.Error(err)
		}
	}
}
