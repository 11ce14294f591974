package capture_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
)

// copied is what a PcapngWriter makes of all packets of a capture.
func copied(t testing.TB, b []byte, comment func(p *capture.Packet) string) []byte {
	t.Helper()
	f, err := capture.NewFile("x", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := capture.NewPcapngWriter(&out, "tcpwatch")
	if err != nil {
		t.Fatal(err)
	}
	for {
		var p capture.Packet
		err := f.Next(&p)
		if err == io.EOF {
			break
		}
		var d *capture.Damage
		if errors.As(err, &d) {
			continue
		}
		if err := w.WritePacket(&p, f.Interfaces()[p.Interface], comment(&p)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What is written is read back as it was: bytes, lengths, times, link types,
// names, snaplens and resolutions.
func TestPcapngWriterRoundTrip(t *testing.T) {
	for name, b := range samples(t) {
		want, _, f := read(t, b)
		for _, comment := range []string{"", "why", strings.Repeat("é", capture.MaxComment)} {
			got, damages, g := read(t, copied(t, b, func(*capture.Packet) string { return comment }))
			if damages != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %v %v\nwant %v", name, got, damages, want)
			}
			if !slices.Equal(g.Interfaces(), f.Interfaces()) {
				t.Errorf("%s: interfaces %v, want %v", name, g.Interfaces(), f.Interfaces())
			}
		}
	}
}

func TestPcapngWriterRefuses(t *testing.T) {
	w, err := capture.NewPcapngWriter(io.Discard, "x")
	if err != nil {
		t.Fatal(err)
	}
	p := capture.Packet{Number: 7, Link: capture.LinkEthernet}
	if err := w.WritePacket(&p, capture.Interface{Link: capture.LinkRaw}, ""); err == nil || !strings.Contains(err.Error(), "packet 7") {
		t.Error(err)
	}
	w, err = capture.NewPcapngWriter(full{}, "x")
	if err != nil {
		t.Fatal(err)
	}
	p.Data = make([]byte, 100_000)
	if err := w.WritePacket(&p, capture.Interface{Link: capture.LinkEthernet, Resolution: 9}, ""); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

// Other programs read it, and show the comments.
func TestPcapngWriterIsReadByOthers(t *testing.T) {
	pcaps, err := filepath.Glob(filepath.Join("..", "testdata", "pcaps", "syn-lost.pcap*"))
	if err != nil || len(pcaps) == 0 {
		t.Fatal("no capture", err)
	}
	b, err := os.ReadFile(pcaps[0])
	if err != nil {
		t.Fatal(err)
	}
	in, out := pcaps[0], filepath.Join(t.TempDir(), "out.pcapng")
	written := copied(t, b, func(p *capture.Packet) string {
		if p.Number == 4 {
			return "SYN again, 1 s: no answer"
		}
		return ""
	})
	if err := os.WriteFile(out, written, 0o644); err != nil {
		t.Fatal(err)
	}
	same := func(program string, args ...string) {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Logf("%s is not installed", program)
			return
		}
		run := func(file string) string {
			var errs bytes.Buffer
			c := exec.Command(path, append([]string{"-n", "-r", file}, args...)...)
			c.Stderr = &errs
			text, err := c.Output()
			if err != nil {
				t.Fatal(program, err, errs.String())
			}
			return string(text)
		}
		if got, want := run(out), run(in); got != want || got == "" {
			t.Errorf("%s prints\n%s\nof the original\n%s", program, got, want)
		}
	}
	same("tcpdump", "-tt", "-xx")
	same("tshark", "-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len", "-e", "_ws.col.info")
	if path, err := exec.LookPath("tshark"); err == nil {
		text, err := exec.Command(path, "-r", out, "-Y", "frame.comment", "-T", "fields", "-e", "frame.number", "-e", "frame.comment").Output()
		if want := "4\tSYN again, 1 s: no answer\n"; err != nil || string(text) != want {
			t.Errorf("tshark shows %q, %v; want %q", text, err, want)
		}
	}
}

// Whatever can be read can be written and is read the same.
func FuzzPcapngWriter(f *testing.F) {
	for _, b := range samples(f) {
		f.Add(b, "why\x00")
	}
	f.Fuzz(func(t *testing.T, b []byte, comment string) {
		want, _ := fuzzed(t, bytes.NewReader(b), true)
		if len(want) == 0 || len(want) >= mostFuzzed-1 {
			return
		}
		got, damaged := fuzzed(t, bytes.NewReader(copied(t, b, func(*capture.Packet) string { return comment })), true)
		if damaged || len(got) != len(want) {
			t.Fatalf("%d packets, damaged %t; want %d", len(got), damaged, len(want))
		}
		for i := range want {
			// Interfaces are numbered as they are used; times before 1970 are not kept.
			want[i].Interface, got[i].Interface = 0, 0
			if want[i].Time = max(want[i].Time, 0); want[i].Link == capture.LinkRaw12 || want[i].Link == capture.LinkRaw14 {
				want[i].Link = capture.LinkRaw
			}
			if want[i].Time == math.MaxInt64 { // later than that
				got[i].Time = want[i].Time
			}
			if got[i] != want[i] {
				t.Fatalf("got  %v\nwant %v", got[i], want[i])
			}
		}
	})
}
