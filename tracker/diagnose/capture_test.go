package diagnose

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker"
	"tcpwatch/tracker/record"
)

// bundled is where the captures recorded by the lab are.
const bundled = "../../testdata/pcaps"

// records is a Sink that keeps every record.
type records struct{ all []*record.Record }

func (s *records) Conn(r *record.Record) {
	c := *r
	c.Transitions = slices.Clone(r.Transitions)
	for e := range c.Ends {
		c.Ends[e].ZeroWindowList = slices.Clone(r.Ends[e].ZeroWindowList)
	}
	s.all = append(s.all, &c)
}
func (s *records) Event(*record.Event) {}
func (s *records) Step(*record.Step)   {}

// recordsOf reads a capture file; damage ends it.
func recordsOf(t testing.TB, name string) (all []*record.Record, c *Context) {
	t.Helper()
	f, err := capture.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var sink records
	track := tracker.New(tracker.Options{}, &sink)
	decoder := capture.NewDecoder(capture.DecoderOptions{})
	c = &Context{MSL: record.DefaultMSL}
	var p capture.Packet
	for n := 0; ; n++ {
		err := f.Next(&p)
		var d *capture.Damage
		if err == io.EOF || errors.As(err, &d) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			c.Start = p.Time
		}
		c.End = max(c.End, p.Time)
		switch decoder.Decode(&p) {
		case capture.OutcomeSegment:
			track.Observe(&decoder.Segment)
		case capture.OutcomeQuote:
			track.Quoted(&decoder.Quote)
		}
		if p.Number%4096 == 0 {
			track.Tick(c.End)
		}
	}
	track.Finish()
	for _, r := range sink.all {
		c.Conns++
		if OneWay(r) {
			c.OneWay++
		}
	}
	return sink.all, c
}

// findingsOf judges records by all detectors, or by those of a list of names.
func findingsOf(t testing.TB, names string, c *Context, all ...*record.Record) []Finding {
	t.Helper()
	detectors, err := Select(names)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSet(detectors, NewOptions())
	for _, r := range all {
		s.Add(r)
	}
	if c == nil {
		c = &Context{MSL: record.DefaultMSL, Conns: uint64(len(all))}
	}
	return s.Findings(c)
}

// captures lists the bundled captures.
func captures(t testing.TB) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(bundled)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".pcap") || strings.HasSuffix(name, ".pcap.gz") {
			names = append(names, filepath.Join(bundled, name))
		}
	}
	if len(names) < 50 {
		t.Fatalf("only %d bundled captures", len(names))
	}
	return names
}
