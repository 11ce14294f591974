package tcpwatch

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"tcpwatch/capture"
	"tcpwatch/internal/pcaptest"
	"tcpwatch/report"
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

// asked runs over a capture and writes tables to stdout; before some packets things happen,
// of which report asks for the tables so far.
func asked(t *testing.T, pcap []byte, stdout io.Writer, before func(w *run, report func()) map[int]func(), tables report.TableOptions) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	ask := make(chan struct{}, 1)
	out := newOutlets([]Output{report.NewTables(stdout, tables), report.NewTablesSoFar(stdout, tables)}, cancel)
	o := Options{Workers: 3, Snapshots: ask, Sums: report.SummaryOptions{Rows: 100}}
	w := newRun(ctx, sourceOf(t, pcap), o.withDefaults(), out)
	w.in.source = &marked{Source: w.in.source, before: before(w, func() { ask <- struct{}{} })}
	w.loop()
	w.stop()
	out.finish(w.final(), w.sums())
	if out.err != nil {
		t.Error(out.err)
	}
}

// printed waits until what was asked for is printed.
func printed(t *testing.T, w *run) {
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
	const at, on = 13 * lookEvery, 13*lookEvery + (batchesAhead-1)*batchPackets
	pcap := pcaptest.ShortConnections(t, 2000)
	var want, got bytes.Buffer
	asked(t, pcap, &want, func(w *run, report func()) map[int]func() {
		return map[int]func(){at: report, at + 1: func() { printed(t, w) }}
	}, report.TableOptions{})
	slow := &slowReader{free: make(chan struct{}), to: &got}
	asked(t, pcap, slow, func(w *run, report func()) map[int]func() {
		ran := time.AfterFunc(time.Minute, func() {
			t.Error("reading waits for the tables")
			close(slow.free)
		})
		return map[int]func(){at: report, on: func() {
			if ran.Stop() {
				close(slow.free)
			}
		}}
	}, report.TableOptions{})
	if !strings.Contains(want.String(), "tcpwatch: 3,328 packets") {
		t.Fatalf("not as of packet %d:\n%s", at, want.Bytes())
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Errorf("tables printed while reading went on:\n%s\nwhile it waited:\n%s", got.Bytes(), want.Bytes())
	}
}

// What is asked for while tables are printed comes after them, as of a later packet.
func TestReportAskedAgain(t *testing.T) {
	headline := regexp.MustCompile(`(?m)^tcpwatch: ([\d,]+) packets`)
	pcap := pcaptest.ShortConnections(t, 2000)
	for _, x := range []struct {
		first, again, free int
		want               string
	}{
		{first: 3001, again: 5000, free: 8000, want: "3,072 8,192 18,000"},      // as of the next look
		{first: 15001, again: 17999, free: 18001, want: "15,104 18,000 18,000"}, // at the end of the input
	} {
		var got bytes.Buffer
		slow := &slowReader{free: make(chan struct{}), to: &got}
		asked(t, pcap, slow, func(w *run, report func()) map[int]func() {
			return map[int]func(){x.first: report, x.again: report, x.free: func() {
				close(slow.free)
				printed(t, w)
			}}
		}, report.TableOptions{})
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
	if err := pcaptest.WriteText(&pcap, "0 "+a+" S seq 1\n0.1 "+z+" R. seq 0 ack 2\n1000 192.0.2.3:40000 > 192.0.2.4:80 S seq 1\n1001 192.0.2.3:40000 > 192.0.2.4:80 S seq 1\n"); err != nil {
		t.Fatal(err)
	}
	asked(t, pcap.Bytes(), &got, func(w *run, report func()) map[int]func() {
		w.lookEvery = 1 // as for a pipe
		return map[int]func(){3: report, 4: func() { printed(t, w) }}
	}, report.TableOptions{Reports: []string{"connections"}})
	if n := strings.Count(got.String(), "192.0.2.1:40000"); n != 2 {
		t.Errorf("told of %d times, want once so far and once at the end:\n%s", n, got.Bytes())
	}
}
