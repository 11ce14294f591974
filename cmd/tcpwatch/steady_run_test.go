package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/pcaptest"
	"tcpwatch/internal/racetest"
)

// sideBySide writes a capture of n connections that go on side by side, a round a packet of
// each, every 10 ms; at tells when the packet of a round is stamped, or that it is left out.
func sideBySide(t *testing.T, n int, at func(packet, round int) (seconds float64, ok bool)) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.pcap")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out, err := capture.NewPcapWriter(f, capture.LinkEthernet, 262144, true)
	if err != nil {
		t.Fatal(err)
	}
	packet := 0
	for round, words := range []string{
		"A > Z S seq 1000", "Z > A S. seq 5000 ack 1001", "A > Z . seq 1001 ack 5001",
		"A > Z P. seq 1001 ack 5001 len 200", "Z > A P. seq 5001 ack 1201 len 1000", "A > Z . seq 1201 ack 6001",
		"A > Z F. seq 1201 ack 6001", "Z > A . seq 6001 ack 1202", "Z > A F. seq 6001 ack 1202", "A > Z . seq 1202 ack 6002",
	} {
		for i := range n {
			seconds, ok := at(packet, round)
			packet++
			if !ok {
				continue
			}
			with := strings.NewReplacer("A", fmt.Sprintf("192.0.2.1:%d", 40000+i), "Z", "192.0.2.2:80").Replace(words)
			_, frame, err := pcaptest.ParseFrame(append([]string{"0"}, strings.Fields(with)...))
			if err != nil {
				t.Fatal(err)
			}
			ns := int64(1700000000e9) + int64(seconds*1e9)
			if err := out.WritePacket(&capture.Packet{Time: ns, Data: frame, Length: len(frame), Link: capture.LinkEthernet}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	return name
}

// same runs over files with one worker and with more, and returns what both print.
func same(t *testing.T, files []string, args ...string) string {
	t.Helper()
	one := printoutOf(t, files, append(args, "-j", "1")...)
	for _, j := range []string{"2", "5"} {
		if other := printoutOf(t, files, append(args, "-j", j)...); other != one {
			t.Errorf("-j %s differs from -j 1 in %s", j, whatDiffers(other.String(), one.String()))
		}
	}
	return one.withoutFiles().String()
}

const pace = 0.001

// brief is the headline of what was printed.
func brief(s string) string { return s[:min(len(s), 400)] }

// A single packet stamped far off, wherever it is and however far: no connection breaks, and
// it is told.
func TestOneWrongStamp(t *testing.T) {
	racetest.TooSlow(t)
	const conns, packets = 6, 60
	for _, off := range []float64{200, 3600, 3 * 3600, 86400 * 3650, -200, -3600} {
		for wrong := 0; wrong < packets; wrong += 7 {
			name := sideBySide(t, conns, func(packet, _ int) (float64, bool) {
				if packet == wrong {
					return float64(packet)*pace + off, true
				}
				return float64(packet) * pace, true
			})
			got := same(t, []string{name})
			if n := strings.Count(got, `"kind":"normal"`); n != conns || strings.Contains(got, "no-answer") || strings.Contains(got, "half-open") {
				t.Errorf("packet %d %.0f s off: %d of %d connections closed normally\n%s", wrong+1, off, n, conns, brief(got))
			}
			told := `"misstamped":1`
			if wrong == 0 && off < 0 {
				told = `"clock_steps":1`
			}
			if !strings.Contains(got, "capture-clock") || !strings.Contains(got, told) {
				t.Errorf("packet %d %.0f s off: not told\n%s", wrong+1, off, brief(got))
			}
		}
	}
}

// A clock that is stepped while connections go on: spans are as without.
func TestSteppedClock(t *testing.T) {
	const conns = 6
	for _, by := range []float64{60, 3600, 86400 * 400, -60, -3600} {
		for round := 4; round < 9; round++ {
			if by > 0 && round != 4 && round != 5 && round != 7 && round != 9 {
				continue // nothing is under way
			}
			if racetest.On && round != 5 { // the detector looks on at some; all are run without it
				continue
			}
			name := sideBySide(t, conns, func(packet, in int) (float64, bool) {
				if in >= round {
					return float64(packet)*pace + by, true
				}
				return float64(packet) * pace, true
			})
			got := same(t, []string{name})
			if n := strings.Count(got, `"kind":"normal"`); n != conns || !strings.Contains(got, "The clock of the capture was stepped 1 time") {
				t.Errorf("%.0f s in round %d: %d of %d connections closed normally\n%s", by, round, n, conns, brief(got))
			}
			if n := strings.Count(got, `"duration_s":0.05`); n != conns {
				t.Errorf("%.0f s in round %d: %d of %d connections lasted less than 60 ms\n%s", by, round, n, conns, brief(got))
			}
			if !strings.Contains(got, `"span_s":0.05`) {
				t.Errorf("%.0f s in round %d: the span has the step in it\n%s", by, round, brief(got))
			}
		}
	}
}

// Between two files nobody captured, as connections show that go on: the gap is told, and
// nothing counts as waiting in it. A quiet set was watched all the while.
func TestGapBetweenFiles(t *testing.T) {
	const conns = 6
	part := func(from, to int, later float64) string {
		return sideBySide(t, conns, func(packet, in int) (float64, bool) { return float64(packet)*pace + later, in >= from && in < to })
	}
	first, hole, rest, midstream, again := part(0, 4, 0), part(5, 10, 3600), part(4, 10, 3600), part(3, 10, 3600), part(0, 10, 3600)
	whole := part(0, 10, 0)
	for _, c := range []struct {
		name  string
		files []string
		told  string
		waits string
	}{
		{"a hole", []string{first, hole}, "not covered  1 h in 1 gap", ""},
		{"a hole, the files the other way round", []string{hole, first}, "not covered  1 h in 1 gap", ""},
		{"quiet", []string{whole, again}, "", `"ended_by":"2msl"`},
		{"goes on midstream", []string{part(0, 1, 0), midstream}, "not covered  1 h in 1 gap", ""},
		{"a step of the clock", []string{first, rest}, "clock        stepped 1 time", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := same(t, c.files)
			if c.told != "" && !strings.Contains(strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(c.told), " ")) {
				t.Errorf("want %q\n%s", c.told, brief(got))
			}
			if c.told == "" && (strings.Contains(got, "not covered") || strings.Contains(got, `"clock_steps"`)) || !strings.Contains(got, c.waits) {
				t.Errorf("want %q and no gap\n%s", c.waits, brief(got))
			}
			for _, word := range strings.FieldsFunc(got, func(r rune) bool { return strings.ContainsRune("{},", r) }) {
				name, value, _ := strings.Cut(word, ":")
				known := name == `"span_s"` || name == `"duration_s"` || name == `"uncovered_s"` || name == `"stepped_s"`
				if c.told != "" && strings.HasSuffix(name, `_s"`) && !known && len(value) >= 4 && !strings.Contains(value, ".") {
					t.Errorf("waits across the gap: %s", word)
				}
			}
		})
	}
}

// A capture in which hours pass, packet by packet or a few at a time: what is found is
// the same for any number of workers.
func TestPausesEverywhere(t *testing.T) {
	for _, c := range []struct {
		name   string
		gap    float64 // s
		atOnce int     // packets between two of them
	}{
		{"more than the shortest pause after each packet", 5.5, 1},
		{"a minute after each packet", 60, 1},
		{"longer than any sender tries", 1200, 1},
		{"after two of different connections", 10, 2},
		{"after a round of all connections", 3600, 6},
		{"as many packets as are looked at", 10, 300},
	} {
		t.Run(c.name, func(t *testing.T) {
			conns := max(6, c.atOnce/5)
			name := sideBySide(t, conns, func(packet, _ int) (float64, bool) {
				return float64(packet/c.atOnce)*c.gap + float64(packet%c.atOnce)*pace, true
			})
			same(t, []string{name})
		})
	}
}
