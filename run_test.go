package tcpwatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"tcpwatch/capture"
	"tcpwatch/internal/pcaptest"
	"tcpwatch/internal/racetest"
	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// noted is an Output that notes what it is handed.
type noted struct {
	Base
	needs    record.Needs
	what     []string
	err      error // of Conn
	finished int
}

func (n *noted) Needs() record.Needs { return n.needs }

func (n *noted) Conn(r *record.Record) error {
	n.what = append(n.what, fmt.Sprintf("conn %d %v %v", r.ID, r.Open.Kind, len(r.Transitions)))
	return n.err
}

func (n *noted) Event(e *record.Event) error {
	n.what = append(n.what, fmt.Sprintf("event %d %d", e.Record.ID, e.Kind))
	return nil
}

func (n *noted) Step(s *record.Step) error {
	n.what = append(n.what, fmt.Sprintf("step %d", s.Conn))
	return nil
}

func (n *noted) Segment(at *record.Placement, s *capture.Segment, payload []byte) error {
	n.what = append(n.what, fmt.Sprintf("segment %d %d", s.Packet, len(payload)))
	return nil
}

func (n *noted) Packet(p *capture.Packet, _ record.Datagram) error {
	n.what = append(n.what, fmt.Sprintf("packet %d", p.Number))
	return nil
}

func (n *noted) Finish() error {
	n.finished++
	return nil
}

// An Output gets records and events as one worker alone would have found them, whatever the
// number of workers, and copies: they are good when the packets are gone.
func TestOrderOfOutputs(t *testing.T) {
	pcap := pcaptest.ShortConnections(t, 3000)
	var want []string
	var lines string
	for j := 1; j <= 4; j++ {
		if racetest.On && (j == 2 || j == 3) { // the detector looks on at the most workers; all are run without it
			continue
		}
		n := &noted{needs: record.Needs{Conns: true, Events: true}}
		var b bytes.Buffer
		if _, err := Run(t.Context(), sourceOf(t, pcap), Options{Workers: j}, n, report.NewJSONL(&b, schema.Options{Transitions: true})); err != nil {
			t.Fatal(err)
		}
		if j == 1 {
			want, lines = n.what, b.String()
		}
		if !slices.Equal(n.what, want) || b.String() != lines || len(want) != 3*3000 || n.finished != 1 {
			t.Errorf("%d workers: %d told, %d lines, %d with one; finished %d times", j, len(n.what), bytes.Count(b.Bytes(), []byte("\n")), len(want), n.finished)
		}
		b.Reset() // and where there are only lines, which are written many at a time
		if _, err := Run(t.Context(), sourceOf(t, pcap), Options{Workers: j}, report.NewJSONL(&b, schema.Options{Transitions: true})); err != nil {
			t.Fatal(err)
		}
		if b.String() != lines {
			t.Errorf("%d workers: other lines where nothing else is written", j)
		}
	}
}

// With Steps or Segments there is one worker, and what is told of a packet comes together.
func TestOneWorker(t *testing.T) {
	n := &noted{needs: record.Needs{Packets: true, Segments: true, Steps: func(id uint64, _, _ capture.Endpoint) bool { return id == 10 }}}
	if _, err := Run(t.Context(), sourceOf(t, pcaptest.ShortConnections(t, 2)), Options{Workers: 3}, n); err != nil {
		t.Fatal(err)
	}
	if got, want := n.what[8*2:8*2+5], []string{"segment 9 0", "packet 9", "step 10", "segment 10 0", "packet 10"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Packets alone come to an Output in order beside any number of workers.
func TestPacketsBesideWorkers(t *testing.T) {
	n := &noted{needs: record.Needs{Packets: true}}
	if _, err := Run(t.Context(), sourceOf(t, pcaptest.ShortConnections(t, 1000)), Options{Workers: 3}, n); err != nil {
		t.Fatal(err)
	}
	for i, got := range n.what {
		if want := fmt.Sprintf("packet %d", i+1); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	if len(n.what) != 9000 {
		t.Errorf("%d packets", len(n.what))
	}
}

// The error of an Output ends the run; all are finished.
func TestErrorOfOutput(t *testing.T) {
	full := errors.New("full")
	a, b := &noted{needs: record.Needs{Conns: true}, err: full}, &noted{}
	stats, err := Run(t.Context(), sourceOf(t, pcaptest.ShortConnections(t, 30000)), Options{MSL: time.Millisecond}, a, b)
	var of *OutputError
	if !errors.As(err, &of) || of.Err != full || stats.Packets == 270000 || a.finished != 1 || b.finished != 1 {
		t.Errorf("%v after %d packets; finished %d and %d times", err, stats.Packets, a.finished, b.finished)
	}
}

// A context that is done ends a run, which reports what was read, and says why.
func TestContextEndsRun(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	src := sourceOf(t, pcaptest.ShortConnections(t, 1000))
	src.source = &marked{Source: src.source, before: map[int]func(){5000: func() { cancel(why) }}}
	var k keep
	stats, err := Run(ctx, src, Options{}, &k)
	if !errors.Is(err, why) || stats.Packets < 5000 || stats.Packets > 5000+lookEvery || k.sums.Conns() != (stats.Packets+8)/9 {
		t.Errorf("%v; %d packets, %d connections", err, stats.Packets, k.sums.Conns())
	}
}

// slowly is a Handle to which a packet comes every 20 ms: there is never a timeout.
type slowly struct {
	capture.Source
	began time.Time
}

func (s *slowly) Next(p *capture.Packet) error {
	time.Sleep(20 * time.Millisecond)
	err := s.Source.Next(p)
	p.Time = s.began.UnixNano() + int64(time.Since(s.began))
	return err
}
func (*slowly) Close() error                     { return nil }
func (*slowly) Interface() string                { return "slow0" }
func (*slowly) Link() capture.LinkType           { return capture.LinkEthernet }
func (*slowly) Stats() (capture.Counters, error) { return capture.Counters{}, nil }

// A live run hears that it is over though packets come slowly and without a pause.
func TestContextEndsLiveRun(t *testing.T) {
	f, err := capture.NewFile("memory", bytes.NewReader(pcaptest.ShortConnections(t, 1000)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var asked time.Time
	time.AfterFunc(600*time.Millisecond, func() {
		asked = time.Now()
		cancel()
	})
	stats, err := Run(ctx, Live(&slowly{f, time.Now()}), Options{})
	if took := time.Since(asked); !errors.Is(err, context.Canceled) || stats.Packets < 10 || took > time.Second {
		t.Errorf("%v after %v, %d packets", err, took, stats.Packets)
	}
}

// Who stops the loop over Records ends the run; another can follow.
func TestRecordsStop(t *testing.T) {
	src, err := Open("testdata/pcaps/port-scan.pcap")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for _, want := range []int{3, 19} {
		n := 0
		for r, err := range Records(t.Context(), src, Options{}) {
			if err != nil || r == nil {
				t.Fatal(err)
			}
			if n++; n == want {
				break
			}
		}
		if n != want {
			t.Errorf("%d records, want %d", n, want)
		}
		src.Rewind()
	}
}

// Files that cannot be read are said when they are opened.
func TestOpenRefuses(t *testing.T) {
	for _, names := range [][]string{nil, {"no-such-file"}, {"run.go"}, {"testdata/pcaps/refused.pcap", "testdata"}} {
		if _, err := Open(names...); err == nil {
			t.Errorf("%q was opened", names)
		}
	}
}

// A file is read up to the damage, which is told.
func TestDamageIsWarnedOf(t *testing.T) {
	pcap := pcaptest.ShortConnections(t, 10)
	var warned []error
	stats, err := Run(t.Context(), sourceOf(t, pcap[:len(pcap)-5]), Options{Warn: func(err error) { warned = append(warned, err) }})
	if err != nil || len(warned) != 1 || len(stats.Damaged) != 1 || stats.Packets != 89 {
		t.Errorf("%v; warned of %v; %d packets", err, warned, stats.Packets)
	}
}
