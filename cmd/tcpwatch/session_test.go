package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"tcpwatch"
	"tcpwatch/internal/allowance"
	"tcpwatch/internal/pcaptest"
	"tcpwatch/report"
)

// A run for which no memory is left ends, with a line and status 2.
func TestMemoryRunsOut(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&allowance.Error{Limit: "1 MB (ulimit -v)"})
	name := filepath.Join(t.TempDir(), "x.pcap")
	if err := os.WriteFile(name, pcaptest.ShortConnections(t, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	s := sessionOf(t, &told, "-j", "1", name)
	if status := s.run(ctx, nil, []tcpwatch.Output{s.progress}, nil); status != exitUsage {
		t.Errorf("status %d", status)
	}
	if want := "tcpwatch: out of memory: nearly all is taken of the 1 MB (ulimit -v) that this process may have; --max-memory and --max-conns take less\n"; told.String() != want {
		t.Errorf("told %q", told.String())
	}
}

// What unpacking takes is limited by --max-memory as well, and the line says so.
func TestMemoryForUnpacking(t *testing.T) {
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed, zstd.WithWindowSize(32<<20), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{pcaptest.ShortConnections(t, 10), make([]byte, 40<<20)} {
		w.Write(part)
		w.Flush()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "x.pcap.zst")
	if err := os.WriteFile(name, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	want := "tcpwatch: " + name + ": cannot be read: its zstd window of 32 MiB and those of the files open beside it are more than 16 MiB, a quarter of --max-memory: unpack it first\n"
	if status := run([]string{"--max-memory", "64M", name}, &out, &errs); status != exitUsage || errs.String() != want {
		t.Errorf("status %d: %s", status, &errs)
	}
	errs.Reset()
	if status := run([]string{"--max-memory", "128M", name}, &out, &errs); status != exitDone {
		t.Errorf("status %d: %s", status, &errs)
	}
}

// foot keeps what is drawn on it.
type foot struct{ strings.Builder }

func (f *foot) Shows() bool { return true }
func (f *foot) Leave()      {}
func (f *foot) Draw(text string) bool {
	f.WriteString(text)
	return true
}

// The line about progress is drawn while the files are opened and read (the race
// detector tells when it asks for what changes meanwhile).
func TestProgressWhileFilesAreRead(t *testing.T) {
	pcap := pcaptest.ShortConnections(t, 2000)
	args := []string{"-j", "2"}
	for _, name := range []string{"a", "b", "c"} {
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, pcap, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-r", name)
	}
	s := sessionOf(t, io.Discard, args...)
	var line foot
	hours := time.Now()
	s.progress = report.NewProgress(&line, report.ProgressOptions{Size: s.in.Size(), Now: func() time.Time {
		hours = hours.Add(time.Hour)
		return hours
	}})
	outputs, err := s.outputs(nil)
	if err != nil {
		t.Fatal(err)
	}
	if status := s.run(t.Context(), nil, outputs, nil); status != exitDone || !strings.Contains(line.String(), " MB (") {
		t.Errorf("status %d, %q", status, line.String())
	}
}
