package main

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"tcpwatch/capture"
)

// marked is a source that does something before some of its packets.
type marked struct {
	capture.Source
	number int
	before map[int]func()
}

func (m *marked) Next(p *capture.Packet) error {
	m.number++
	if f := m.before[m.number]; f != nil {
		f()
	}
	return m.Source.Next(p)
}

// asked runs over a capture and writes to stdout; before some packets things
// happen, of which report asks for the tables so far as SIGUSR1 does.
func asked(t *testing.T, pcap []byte, stdout io.Writer, before func(w *watch, report func()) map[int]func(), args ...string) *watch {
	t.Helper()
	w := watchTo(t, pcap, stdout, append(args, "-q", "-j", "3")...)
	report := func() { w.signals.report.Store(true) }
	w.in.source = &marked{Source: w.in.source, before: before(w, report)}
	w.loop()
	if status := w.end(); status != exitDone {
		t.Errorf("exit status %d", status)
	}
	return w
}

// printed waits until what was asked for is printed.
func printed(t *testing.T, w *watch) {
	for end := time.Now().Add(time.Minute); w.writer.asked.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("tables are not printed")
		}
	}
}

// slowReader takes nothing of what is written until it is let go.
type slowReader struct {
	free chan struct{}
	to   io.Writer
}

func (s *slowReader) Write(b []byte) (int, error) {
	<-s.free
	return s.to.Write(b)
}

// While nobody takes the tables so far, reading goes on until the batches ahead
// are used up, and the tables are those of the packet at which they were asked for.
func TestReportReadsOn(t *testing.T) {
	const at, on = 3001, 3001 + (batchesAhead-1)*batchPackets
	pcap := shortConnections(t, 2000)
	for _, args := range [][]string{nil, {"-o", "table"}} {
		var want, got bytes.Buffer
		asked(t, pcap, &want, func(w *watch, report func()) map[int]func() {
			return map[int]func(){at: report, at + 1: func() { printed(t, w) }}
		}, args...)
		slow := &slowReader{free: make(chan struct{}), to: &got}
		asked(t, pcap, slow, func(w *watch, report func()) map[int]func() {
			ran := time.AfterFunc(time.Minute, func() {
				t.Error("reading waits for the tables")
				close(slow.free)
			})
			return map[int]func(){at: report, on: func() {
				if ran.Stop() {
					close(slow.free)
				}
			}}
		}, args...)
		if !strings.Contains(want.String(), "tcpwatch: 3,001 packets") {
			t.Fatalf("not as of packet %d:\n%s", at, want.Bytes())
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%q: tables printed while reading went on:\n%s\nwhile it waited:\n%s", args, got.Bytes(), want.Bytes())
		}
	}
}

// What is asked for while tables are printed comes after them, as of a later packet.
func TestReportAskedAgain(t *testing.T) {
	headline := regexp.MustCompile(`(?m)^tcpwatch: ([\d,]+) packets`)
	pcap := shortConnections(t, 2000)
	for _, x := range []struct {
		first, again, free int
		want               string
	}{
		{first: 3001, again: 5000, free: 8000, want: "3,001 8,000 18,000"},
		{first: 15001, again: 17999, free: 18001, want: "15,001 18,000 18,000"}, // at the end of the input
	} {
		var got bytes.Buffer
		slow := &slowReader{free: make(chan struct{}), to: &got}
		asked(t, pcap, slow, func(w *watch, report func()) map[int]func() {
			return map[int]func(){x.first: report, x.again: report, x.free: func() {
				close(slow.free)
				printed(t, w)
			}}
		})
		var numbers []string
		for _, m := range headline.FindAllStringSubmatch(got.String(), -1) {
			numbers = append(numbers, m[1])
		}
		if all := strings.Join(numbers, " "); all != x.want {
			t.Errorf("asked again at %d: tables as of %s packets, want %s", x.again, all, x.want)
		}
	}
}

// What is over, but was not found to be until the tables are asked for, is in them.
func TestReportOfExpired(t *testing.T) {
	const a, z = "192.0.2.1:40000 > 192.0.2.2:80", "192.0.2.2:80 > 192.0.2.1:40000"
	var pcap, got bytes.Buffer
	if err := writePackets(&pcap, "0 "+a+" S seq 1\n0.1 "+z+" R. seq 0 ack 2\n1000 192.0.2.3:40000 > 192.0.2.4:80 S seq 1\n1001 192.0.2.3:40000 > 192.0.2.4:80 S seq 1\n"); err != nil {
		t.Fatal(err)
	}
	asked(t, pcap.Bytes(), &got, func(w *watch, report func()) map[int]func() {
		return map[int]func(){3: report, 4: func() { printed(t, w) }}
	}, "--report", "connections")
	if n := strings.Count(got.String(), "192.0.2.1:40000"); n != 2 {
		t.Errorf("told of %d times, want once so far and once at the end:\n%s", n, got.Bytes())
	}
}
