package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/capturetest"
)

// fragmented is a capture of connection attempts in fragments: those to port 80
// are refused, those to 81 of another host have a piece that never comes.
func fragmented(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "fragments.pcap")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := capture.NewPcapWriter(f, capture.LinkRaw, 262144, true)
	if err != nil {
		t.Fatal(err)
	}
	n := uint64(0)
	add := func(data []byte) {
		n++
		p := capture.Packet{Number: n, Time: 1e18 + int64(n)*1e6, Data: data, Length: len(data), Link: capture.LinkRaw}
		if err := w.WritePacket(&p); err != nil {
			t.Fatal(err)
		}
	}
	pieces := func(src, dst string, id uint16, segment []byte, last bool) {
		add(capturetest.IPv4Header{Src: src, Dst: dst, Proto: 6, ID: id, More: true}.Bytes(segment[:24]))
		if last {
			add(capturetest.IPv4Header{Src: src, Dst: dst, Proto: 6, ID: id, Offset: 24}.Bytes(segment[24:]))
		}
	}
	syn := capturetest.TCP{Src: 40000, Dst: 80, Seq: 1000, Flags: 2, Payload: make([]byte, 20)}.Bytes()
	pieces("10.0.0.1", "10.0.0.2", 7, syn, true)  // 1, 2
	pieces("10.0.0.3", "10.0.0.4", 7, syn, false) // 3: never complete
	add(capturetest.IPv4("10.0.0.2", "10.0.0.1", 6, capturetest.TCP{Src: 80, Dst: 40000, Ack: 1001 + 20, Flags: 0x14}.Bytes()))
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return name
}

// tshark shows every comment of an extract at the packet that it is about.
func TestTsharkShowsComments(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("there is no tshark to show comments")
	}
	for _, name := range besideTshark {
		in, out := pcaps+name+".pcap", filepath.Join(t.TempDir(), "out.pcapng")
		var stdout, stderr bytes.Buffer
		if status := run([]string{in, "--where", "has(id)", "--extract", out, "-o", "csv"}, &stdout, &stderr); status != 0 {
			t.Fatal(stderr.String())
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		fields := func(file string, args ...string) (lines []string) {
			shown, err := exec.Command("tshark", append([]string{"-n", "-r", file, "-T", "fields"}, args...)...).Output()
			if err != nil {
				t.Fatalf("%s: tshark: %v", name, err)
			}
			return strings.FieldsFunc(string(shown), func(r rune) bool { return r == '\n' })
		}
		times := fields(in, "-e", "frame.time_epoch")
		lines := 0
		for _, line := range fields(out, "-Y", "frame.comment", "-e", "frame.time_epoch", "-e", "frame.comment") {
			at, comment, _ := strings.Cut(line, "\t")
			about := fmt.Sprintf(", packet %d: ", 1+slices.Index(times, at))
			if lines++; !strings.HasPrefix(comment, "tcpwatch #") || !strings.Contains(comment, about) || !bytes.Contains(b, []byte(comment)) {
				t.Errorf("%s: at %s: %s, want one of%s", name, at, comment, about)
			}
		}
		if n := bytes.Count(b, []byte("tcpwatch #")); lines == 0 || lines != n {
			t.Errorf("%s: tshark shows %d of %d comments", name, lines, n)
		}
	}
}

// Fragments come before the packet that completes them; what the end of the
// input left incomplete is a connection too.
func TestExtractFragments(t *testing.T) {
	in := fragmented(t)
	for _, tt := range []struct {
		where string
		want  []int64 // numbers of packets, by their times
	}{
		{`resp_ip == "10.0.0.2"`, []int64{1, 2, 4}},
		{`resp_ip == "10.0.0.4"`, []int64{3}},
		{`has(id)`, []int64{1, 2, 4, 3}},
	} {
		out := filepath.Join(t.TempDir(), "out.pcapng")
		var stdout, stderr bytes.Buffer
		if status := run([]string{in, "--where", tt.where, "--extract", out, "-o", "csv"}, &stdout, &stderr); status != 0 {
			t.Fatal(stderr.String())
		}
		f, err := capture.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for p := (capture.Packet{}); f.Next(&p) == nil; {
			got = append(got, (p.Time-1e18)/1e6)
		}
		f.Close()
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: packets %v, want %v; %s", tt.where, got, tt.want, stderr.String())
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if part := "fragment, put together with packet 2"; bytes.Contains(b, []byte(part)) != slices.Contains(tt.want, 1) {
			t.Errorf("%s: %q is in the wrong place", tt.where, part)
		}
	}
}

// Connections look the same in what is extracted of them, whatever their link
// types, tags and snaplens.
func TestExtractedIsWhole(t *testing.T) {
	records := func(args ...string) [][]string {
		var stdout, stderr bytes.Buffer
		if status := run(append(args, "-o", "csv"), &stdout, &stderr); status != 0 {
			t.Fatal(stderr.String())
		}
		all, err := csv.NewReader(&stdout).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var rows [][]string
		for _, row := range all {
			var kept []string
			for i, column := range all[0] {
				switch column {
				case "id", "first_packet", "last_packet", "file", "file_packet", "open.old_id": // numbers in the input
				case "place", "uid": // which input it was
				default:
					kept = append(kept, row[i])
				}
			}
			rows = append(rows, kept)
		}
		slices.SortFunc(rows, slices.Compare)
		return rows
	}
	var in []string
	for _, name := range []string{"any-sll", "any-sll2", "syn-lost", "vlan", "snaplen-96", "icmp-soft-error", "ipv6", "zero-window"} {
		in = append(in, filepath.Join("..", "..", "testdata", "pcaps", name+".pcap"))
	}
	out := filepath.Join(t.TempDir(), "out.pcapng")
	want := records(append(in, "--where", "has(id)", "--extract", out)...)
	got := records(out)
	if len(want) < 8 || len(got) != len(want) {
		t.Fatalf("%d connections, want %d", len(got), len(want))
	}
	for i := range want {
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("got  %q\nwant %q", got[i], want[i])
		}
	}
}
