package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tcpwatch/capture"
)

// simplePackets writes a pcap file again as pcapng, with Simple Packet Blocks, which have no
// time, for those packets that are told, from 0.
func simplePackets(t *testing.T, pcap string, simple func(i int) bool) string {
	t.Helper()
	f, err := capture.Open(pcap)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	var out bytes.Buffer
	block := func(kind uint32, body []byte) {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		n := uint32(len(body) + 12)
		out.Write(le.AppendUint32(append(le.AppendUint32(le.AppendUint32(nil, kind), n), body...), n))
	}
	words := func(all ...uint32) (b []byte) {
		for _, w := range all {
			b = le.AppendUint32(b, w)
		}
		return b
	}
	block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff))
	block(1, words(1, 0))
	var p capture.Packet
	for i := 0; ; i++ {
		err := f.Next(&p)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n, us := uint32(len(p.Data)), uint64(p.Time/1000)
		if simple(i) {
			block(3, append(words(n), p.Data...))
		} else {
			block(6, append(words(0, uint32(us>>32), uint32(us), n, n), p.Data...))
		}
	}
	name := filepath.Join(t.TempDir(), "x.pcapng")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// rawGroups are what records hold, for what reads them back: numbers there are no times.
var rawGroups = regexp.MustCompile(`,"raw":\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}`)

// Packets without a time: what rests on it is absent everywhere, never 0 and never 1970, and it
// is said; the order of packets alone tells states, counts and closes.
func TestWithoutTimes(t *testing.T) {
	const conns = 3
	pcap := sideBySide(t, conns, func(packet, _ int) (float64, bool) { return float64(packet) * pace, true })
	for _, c := range []struct {
		name   string
		simple func(i int) bool
		span   bool
	}{
		{"none has one", func(int) bool { return true }, false},
		{"the first have none", func(i int) bool { return i < 7 }, true},
		{"every other has none", func(i int) bool { return i%2 == 0 }, true},
		{"the last have none", func(i int) bool { return i > 22 }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := simplePackets(t, pcap, c.simple)
			all := same(t, []string{name})
			if n := strings.Count(all, `"kind":"normal"`); n != conns || strings.Count(all, `"no-time"`) != conns {
				t.Errorf("%d of %d connections closed normally\n%s", n, conns, all)
			}
			if has := strings.Contains(all, `"span_s"`); has != c.span {
				t.Errorf("span_s is there: %t, want %t\n%s", has, c.span, brief(all))
			}
			for _, absent := range []string{`"felt_s"`, `"rtt_p50_s"`, `"ESTABLISHED_s"`, `"since"`, "no-answer", "half-open", "capture-copies"} {
				if strings.Contains(rawGroups.ReplaceAllString(all, ""), absent) {
					t.Errorf("%s is told", absent)
				}
			}
			for _, args := range [][]string{{"--why", "1"}, {"--follow", "1"}} {
				var stdout, stderr bytes.Buffer
				if status := run(append(args, "-nr", name), &stdout, &stderr); status != exitDone {
					t.Fatalf("%v: %s", args, &stderr)
				}
				all += stdout.String()
			}
			for _, never := range []string{"1970", "00:00:0", " 0 us", "felt 0"} {
				if at := strings.Index(all, never); at >= 0 {
					t.Errorf("%q: %s", never, all[max(0, at-100):min(len(all), at+60)])
				}
			}
		})
	}
}
