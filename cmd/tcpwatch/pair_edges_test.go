package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/lab/wire"
)

// bundled is a capture of testdata/pcaps.
func bundled(name string) string { return filepath.Join("..", "..", "testdata", "pcaps", name+".pcap") }

// framesOf are the packets of a capture.
func framesOf(t *testing.T, file string) (all []wire.Frame) {
	t.Helper()
	f, err := capture.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		var p capture.Packet
		switch err := f.Next(&p); err {
		case nil:
			all = append(all, wire.Frame{Time: p.Time, Data: bytes.Clone(p.Data), Length: p.Length})
		case io.EOF:
			return all
		default:
			t.Fatal(err)
		}
	}
}

// tableOf is what pair prints for people, in one line.
func tableOf(t *testing.T, client, server string) string {
	t.Helper()
	var out, stderr bytes.Buffer
	if status := run([]string{"pair", client, "--", server}, &out, &stderr); status != exitDone {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	return regexp.MustCompile(`\s+`).ReplaceAllString(out.String(), " ")
}

// Captures of other times, a copy, and one file given twice are told in a sentence; nothing is lost in them.
func TestPairNotTwoPlaces(t *testing.T) {
	text := tableOf(t, bundled("data-lost"), bundled("zero-window-at-server"))
	if want := "No connection is at both places, and the captures do not overlap in time: client ends at 2026-11-23 16:47:16, server begins at 2026-11-23 16:47:20 UTC."; !strings.Contains(text, want) {
		t.Errorf("other times: %s", text)
	}
	b, err := os.ReadFile(bundled("data-lost"))
	if err != nil {
		t.Fatal(err)
	}
	twin := filepath.Join(t.TempDir(), "copy.pcap")
	if err := os.WriteFile(twin, b, 0o644); err != nil {
		t.Fatal(err)
	}
	text += tableOf(t, bundled("data-lost"), twin)
	if want := "Both hold the same segments with the same times: one is a copy of the other"; !strings.Contains(text, want) {
		t.Errorf("a copy: %s", text)
	}
	if strings.Contains(text, "lost-between") || strings.Contains(text, "WARNING") {
		t.Errorf("trouble is made up: %s", text)
	}
	var out, stderr bytes.Buffer
	if status := run([]string{"pair", bundled("data-lost"), "--", bundled("data-lost")}, &out, &stderr); status != exitUsage || !strings.Contains(stderr.String(), "are the same file") {
		t.Errorf("one file twice: status %d: %s%s", status, out.String(), stderr.String())
	}
}

// Places given the other way round give what they give the right way, and it is told; without a router
// between, and without a handshake, nothing shows it.
func TestPairSwapped(t *testing.T) {
	servers, _ := filepath.Glob(bundled("*-at-server"))
	for _, server := range servers {
		client := strings.TrimSuffix(server, "-at-server.pcap") + ".pcap"
		name := filepath.Base(client)
		if _, err := os.Stat(client); err != nil {
			continue
		}
		right, wrong := pairFiles(t, client, "--", server), pairFiles(t, server, "--", client)
		if shows := name != "refused.pcap"; wrong.all.Swapped != shows || right.all.Swapped {
			t.Errorf("%s: swapped %v, and the right way %v", name, wrong.all.Swapped, right.all.Swapped)
			continue
		}
		if !wrong.all.Swapped {
			continue
		}
		if got, want := wrong.text, strings.Replace(right.text, `"swapped":false`, `"swapped":true`, 1); got != want {
			t.Errorf("%s: the other way round:\n%s\nwant:\n%s", name, got, want)
		}
	}
}

// Of the direction that one place did not capture nothing is said; in the other nothing is made up.
func TestPairOneWay(t *testing.T) {
	client, server := framesOf(t, bundled("data-lost")), framesOf(t, bundled("data-lost-at-server"))
	oneWay := func(all []wire.Frame, fromServer bool) (some []wire.Frame) {
		for _, f := range all {
			if seg, ok := wire.ParseFrame(wire.Ethernet, f); ok && (seg.Src.Port() == 80) == fromServer {
				some = append(some, f)
			}
		}
		return some
	}
	for _, x := range []struct {
		name           string
		client, server []wire.Frame
		lost           uint64 // data of the client
		unseen         string
	}{
		{"the server's place heard the client only", client, oneWay(server, false), 2, "server captured no segments of the direction from server to client: nothing is said of it"},
		{"the server's place heard the server only", client, oneWay(server, true), 0, "server captured no segments of the direction from client to server: nothing is said of it"},
		{"the client's place heard the client only", oneWay(client, false), server, 2, "client captured no segments of the direction from server to client: nothing is said of it"},
		{"the client's place heard the server only", oneWay(client, true), server, 0, "client captured no segments of the direction from client to server: nothing is said of it"},
	} {
		t.Run(x.name, func(t *testing.T) {
			told := pairFrames(t, x.client, x.server)
			if told.all.Pairs != 1 {
				t.Errorf("%d pairs", told.all.Pairs)
			}
			if forth, back := told.directions[0], told.directions[1]; forth.Lost["data"] != x.lost || len(back.Lost) > 0 || told.found("reset-made-between") {
				t.Errorf("lost forth %v, back %v; %v", forth.Lost, back.Lost, told.findings)
			}
			if text := tableOf(t, told.files[0], told.files[1]); !strings.Contains(text, x.unseen) {
				t.Errorf("it is not told: %s", text)
			}
		})
	}
}

// What was sent while the other place captured nothing is not known to be lost; a pcapng that tells when its capturing began
// and ended, and --watched, say that it was.
func TestPairWatched(t *testing.T) {
	lost := func(want map[string]uint64, args ...string) {
		t.Helper()
		told := pairFiles(t, args...)
		if d := told.directions[0]; !maps.Equal(d.Lost, want) || (len(d.NotWatched) > 0) != (want == nil) {
			t.Errorf("%q: lost %v, not watched %v; want %v", args, d.Lost, d.NotWatched, want)
		}
	}
	for name, want := range map[string]kinds{"syn-lost": {"syn": 3}, "middlebox-silence": {"data": 5}} {
		client, server := bundled(name), bundled(name+"-at-server")
		lost(nil, client, "--", server)
		lost(nil, client, "--", server, "--watched", "client")
		lost(want, client, "--", server, "--watched", "server")
		lost(want, "--place", "a="+client, "--place", "b="+server, "--watched", "b")
		frames := framesOf(t, server)
		file := filepath.Join(t.TempDir(), "server.pcapng")
		all := framesOf(t, client)
		for from, want := range map[int64]kinds{all[0].Time - 1e6: want, frames[0].Time: nil} {
			until := all[len(all)-1].Time + 1e6
			if want == nil {
				until = frames[len(frames)-1].Time
			}
			if err := os.WriteFile(file, pcapng(frames, from, until), 0o644); err != nil {
				t.Fatal(err)
			}
			lost(want, client, "--", file)
		}
	}
	var out, stderr bytes.Buffer
	if status := run([]string{"pair", bundled("syn-lost"), "--", bundled("syn-lost-at-server"), "--watched", "nobody"}, &out, &stderr); status != exitUsage || !strings.Contains(stderr.String(), "--watched nobody: no place of this name; there are client, server") {
		t.Errorf("status %d: %s", status, stderr.String())
	}
}

// pcapng is a capture of an Ethernet interface, in nanoseconds, that tells from when until when it ran.
func pcapng(frames []wire.Frame, from, until int64) (b []byte) {
	le := binary.LittleEndian
	block := func(kind uint32, parts ...[]byte) {
		body := slices.Concat(parts...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		n := uint32(12 + len(body))
		b = le.AppendUint32(le.AppendUint32(b, kind), n)
		b = le.AppendUint32(append(b, body...), n)
	}
	words := func(all ...uint32) (w []byte) {
		for _, x := range all {
			w = le.AppendUint32(w, x)
		}
		return w
	}
	high := func(at int64) (uint32, uint32) { return uint32(at >> 32), uint32(at) }
	block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff))
	block(1, words(1, 262144, 9|1<<16, 9, 0)) // if_tsresol 10^-9
	for _, f := range frames {
		h, l := high(f.Time)
		block(6, words(0, h, l, uint32(len(f.Data)), uint32(f.Length)), f.Data)
	}
	h, l := high(from)
	h2, l2 := high(until)
	block(5, words(0, h2, l2, 2|8<<16, h, l, 3|8<<16, h2, l2, 0))
	return b
}

// A capture of all interfaces holds each packet twice: that is none of the path's doing.
func TestPairMirrored(t *testing.T) {
	told := pairFiles(t, bundled("any-router-sll"), "--", bundled("any-router-sll2"))
	nothingInvented(t, told)
	if told.all.Pairs != 1 || len(told.findings) > 0 {
		t.Errorf("%s", told.text)
	}
}
