package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcpwatch/capture"
)

// part writes those packets of a bundled capture that are chosen, stamped so much later, to a file.
func part(t *testing.T, name string, later time.Duration, chosen func(n int, d *capture.Decoder) bool) string {
	t.Helper()
	in, err := capture.Open("../../testdata/pcaps/" + name + ".pcap")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	f, err := os.CreateTemp(t.TempDir(), name+"-*.pcap")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var w *capture.PcapWriter
	d := capture.NewDecoder(capture.DecoderOptions{})
	var p capture.Packet
	for n := 0; in.Next(&p) == nil; n++ {
		if w == nil {
			if w, err = capture.NewPcapWriter(f, p.Link, 65535, true); err != nil {
				t.Fatal(err)
			}
		}
		d.Decode(&p)
		if chosen != nil && !chosen(n, d) {
			continue
		}
		p.Time += int64(later)
		if err := w.WritePacket(&p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// toldOf are the connections of a run by their addresses and ports, what would differ if packets of another place
// counted, and the findings but for those of the capture.
func toldOf(t *testing.T, args ...string) (conns map[string]string, twice, findings []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(append([]string{"-n", "-o", "jsonl"}, args...), &stdout, &stderr); status != exitDone {
		t.Fatalf("%v: status %d: %s", args, status, &stderr)
	}
	conns = make(map[string]string)
	for line := range strings.Lines(stdout.String()) {
		var x struct {
			Type, Detector, Title string
			Orig_ip, Resp_ip      string
			Orig_port, Resp_port  int
			Duration_s            float64
			Conn_state, History   string
			Open, Orig, Resp      map[string]any
			Close, Capture        map[string]any
		}
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		switch x.Type {
		case "finding":
			if x.Detector == "seen-twice" {
				twice = append(twice, x.Title)
			} else if !strings.HasPrefix(x.Detector, "capture-") {
				findings = append(findings, x.Detector+" "+x.Title)
			}
		case "conn":
			text := fmt.Sprintf("%s %s %.6f %v %v %v", x.Conn_state, x.History, x.Duration_s, x.Open["felt_s"], x.Open["kind"], x.Close["kind"])
			for _, e := range []map[string]any{x.Orig, x.Resp} {
				text += fmt.Sprint(" ", e["bytes"], e["wire_bytes"], e["retx"], e["retx_spurious"], e["lost_before_tap"], e["lost_after_tap"], e["dup_acks"])
			}
			conns[fmt.Sprintf("%s:%d-%s:%d", x.Orig_ip, x.Orig_port, x.Resp_ip, x.Resp_port)] += text
		}
	}
	return conns, twice, findings
}

// Of files of two places whose clocks are apart a connection is told as the place saw it whose SYN comes
// first, and nothing of the other place looks like a retransmission.
func TestFilesOfTwoPlaces(t *testing.T) {
	for _, name := range []string{"close-by-client", "data-lost", "health-checks", "syn-lost", "syn-ack-lost", "ipv6"} {
		client, server := part(t, name, 0, nil), "../../testdata/pcaps/"+name+"-at-server.pcap"
		here, _, found := toldOf(t, client)
		there, _, foundThere := toldOf(t, server)
		for _, later := range []time.Duration{-1700 * time.Millisecond, 20 * time.Millisecond, 1700 * time.Millisecond, 50 * time.Second} {
			t.Run(fmt.Sprint(name, later), func(t *testing.T) {
				want, wantFound := here, found
				if later < 0 {
					want, wantFound = there, foundThere
				}
				both := []string{client, part(t, name+"-at-server", later, nil)}
				got, twice, gotFound := toldOf(t, both...)
				switch {
				case name == "syn-lost" && later < 0: // begins at one place and goes on at the other: it is not judged
					wantFound = nil
				case fmt.Sprint(got) != fmt.Sprint(want):
					t.Errorf("got\n%v\nwant\n%v", got, want)
				}
				if fmt.Sprint(gotFound) != fmt.Sprint(wantFound) {
					t.Errorf("got %q, want %q", gotFound, wantFound)
				}
				if len(twice) != 1 || !strings.Contains(twice[0], "in both files, "+both[0]) {
					t.Errorf("told %q", twice)
				}
			})
		}
	}
}

// Where the clocks are so far apart that each place's part is a connection of its own, the figures are told to be
// double: with any number of workers, and of records that were stored.
func TestFilesOfTwoPlacesFarApart(t *testing.T) {
	both := []string{part(t, "health-checks", 0, nil), part(t, "health-checks-at-server", 400*time.Second, nil)}
	_, twice, _ := toldOf(t, both...)
	if len(twice) != 1 || !strings.Contains(twice[0], "All 12 connections are in both files") {
		t.Fatalf("told %q", twice)
	}
	report := func(args ...string) string {
		var stdout, stderr bytes.Buffer
		if status := run(args, &stdout, &stderr); status != exitDone {
			t.Fatalf("%v: status %d: %s", args, status, &stderr)
		}
		return stdout.String()
	}
	stored := filepath.Join(t.TempDir(), "records.jsonl")
	report(append([]string{"-o", "jsonl:" + stored, "--transitions"}, both...)...)
	want := report(append([]string{"-j", "1"}, both...)...)
	if !strings.Contains(want, "Limits of this capture: all 12 connections are in two of the files, captured at two places (tcpwatch pair)") ||
		!strings.Contains(strings.Join(strings.Fields(want), " "), "`tcpwatch pair "+both[0]+" -- "+both[1]+"`") {
		t.Error(want)
	}
	if got := report(append([]string{"-j", "3"}, both...)...); got != want {
		t.Error(got)
	}
	if got := report("report", stored); got != want {
		t.Error(got)
	}
}

// Files of one place are not taken for those of two: one for each direction, one behind the other, of two interfaces.
func TestFilesOfOnePlace(t *testing.T) {
	quiet := func(t *testing.T, files ...string) {
		t.Helper()
		if _, twice, _ := toldOf(t, append(files, "--strict")...); len(twice) > 0 {
			t.Errorf("told %q", twice)
		}
	}
	for _, name := range []string{"syn-lost", "syn-ack-lost", "data-lost", "accept-queue-full", "no-answer", "port-scan"} {
		t.Run(name, func(t *testing.T) {
			var first capture.Addr
			direction := func(of bool) func(n int, d *capture.Decoder) bool {
				return func(n int, d *capture.Decoder) bool {
					if n == 0 || first == (capture.Addr{}) {
						first = d.Segment.Src.Addr
					}
					return (d.Segment.Src.Addr == first) == of
				}
			}
			quiet(t, part(t, name, 0, direction(true)), part(t, name, 0, direction(false)))
			for at := 1; at < 12; at++ {
				quiet(t, part(t, name, 0, func(n int, _ *capture.Decoder) bool { return n < at }), part(t, name, 0, func(n int, _ *capture.Decoder) bool { return n >= at }))
			}
			quiet(t, part(t, name, 0, nil), part(t, "close-by-client", 0, nil))
			quiet(t, part(t, name, 0, nil), part(t, name, 0, nil)) // the same file again is no other place
		})
	}
}

// With --strict files of two places are refused.
func TestStrict(t *testing.T) {
	both := []string{part(t, "data-lost", 0, nil), part(t, "data-lost-at-server", time.Second, nil)}
	for _, args := range [][]string{{}, {"-o", "md"}, {"--detectors", "loss"}, {"-o", "html:" + filepath.Join(t.TempDir(), "x.html")}} {
		var stdout, stderr bytes.Buffer
		status := run(append(append(args, "--strict"), both...), &stdout, &stderr)
		want := "tcpwatch: the files hold the same connections, captured at two places: use tcpwatch pair A -- B (--strict)\n"
		if status != exitUsage || stderr.String() != want || stdout.Len() > 0 {
			t.Errorf("%v: status %d, %q, %q", args, status, stderr.String(), stdout.String())
		}
	}
	var stdout, stderr bytes.Buffer
	if status := run([]string{"--strict", "-i", "lo"}, &stdout, &stderr); status != exitUsage || !strings.Contains(stderr.String(), "--strict is for files") {
		t.Errorf("live: status %d, %q", status, stderr.String())
	}
}
