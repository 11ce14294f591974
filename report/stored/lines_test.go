package stored

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// linesOf are the lines of records as a run writes them, at whose host ends have this address.
func linesOf(local string, records ...*record.Record) (b []byte) {
	j := schema.NewJSON(schema.Options{Local: func(a capture.Addr) bool { return a.String() == local }})
	for _, r := range records {
		b = j.AppendConn(b, r)
	}
	return b
}

// all are the records of files, and what is told of them in the end.
func all(t *testing.T, warn func(error), files ...[]byte) (*Set, []record.Record) {
	t.Helper()
	var in []File
	for i, b := range files {
		in = append(in, File{Name: fmt.Sprint("file ", i+1), In: bytes.NewReader(b)})
	}
	s, err := Open(in, warn)
	if err != nil {
		t.Fatal(err)
	}
	var records []record.Record
	for {
		r, err := s.Next()
		if err == io.EOF {
			return s, records
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, *r)
	}
}

// A file that is still written has no stats of the whole run, though it may have stats so far; of a
// connection that went on only the last record counts its segments.
func TestFileThatIsStillWritten(t *testing.T) {
	once := recordtest.MadeUp(1, "192.0.2.1:40000", "192.0.2.2:80")
	so := *once
	so.Interim = true
	lines := linesOf("192.0.2.1", &so, once)
	stats, err := report.StatsJSON(&report.Headline{Live: true, Packets: 4711}, report.NewSummary(report.SummaryOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	soFar := strings.TrimSuffix(string(stats), "}") + `,"state":"open","at":"2026-01-01T00:00:00.000000000Z"}` + "\n"
	warned := ""
	s, records := all(t, func(err error) { warned += err.Error() }, append(lines, soFar...))
	h := s.Headline()
	want := once.Ends[record.Orig].Packets + once.Ends[record.Resp].Packets
	if len(records) != 2 || h.Segments != want || h.Packets == 4711 || !strings.Contains(warned, "file 1: no stats line at its end") {
		t.Errorf("%d records, %d segments, want %d, %d packets, %q", len(records), h.Segments, want, h.Packets, warned)
	}
}

// Of hosts only the capturing one's addresses are remembered.
func TestOnlyOwnAddressesAreRemembered(t *testing.T) {
	var records []*record.Record
	for i := range 200 {
		records = append(records, recordtest.MadeUp(uint64(i+1), "192.0.2.1:40000", fmt.Sprintf("198.51.100.%d:80", i)))
	}
	s, _ := all(t, func(error) {}, linesOf("192.0.2.1", records...))
	if len(s.local) != 1 || !s.Local(records[0].Orig.Addr) || s.Local(records[0].Resp.Addr) {
		t.Errorf("%d addresses: %v", len(s.local), s.local)
	}
}

// Behind other records a connection is numbered on; its UID stays, as where it was captured.
func TestUIDsStay(t *testing.T) {
	var files [][]byte
	var want []record.UID
	for i := range 2 {
		r := recordtest.MadeUp(7, "192.0.2.1:40000", "192.0.2.2:80")
		r.Input = &record.Input{Place: fmt.Sprint("place ", i), Start: recordtest.Start}
		files, want = append(files, linesOf("", r)), append(want, r.Unique())
	}
	_, records := all(t, func(error) {}, files...)
	if len(records) != 2 || records[0].ID == records[1].ID || want[0] == want[1] {
		t.Fatalf("%d records: %v", len(records), want)
	}
	for i := range records {
		if r := &records[i]; r.Unique() != want[i] || r.Input.Place != fmt.Sprint("place ", i) {
			t.Errorf("#%d, captured at %s: %x, want %x", r.ID, r.Input.Place, r.Unique(), want[i])
		}
	}
}

// Runs on different interfaces are told of both, but no record is told to be of the one or the other.
func TestInterfacesOfRuns(t *testing.T) {
	for _, x := range []struct {
		names []string
		want  string // of records
		told  string
	}{
		{[]string{"eth0"}, "[eth0]", "eth0"},
		{[]string{"eth0", "eth0"}, "[eth0]", "eth0"},
		{[]string{"eth0", "eth1"}, "[]", "eth0; eth1"},
		{[]string{""}, "[]", ""},
	} {
		var files [][]byte
		for _, name := range x.names {
			b, err := report.StatsJSON(&report.Headline{Live: true, Interface: name}, report.NewSummary(report.SummaryOptions{}))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, append(b, '\n'))
		}
		s, _ := all(t, func(error) {}, files...)
		if got := fmt.Sprint(s.Interfaces()); got != x.want || s.Headline().Interface != x.told {
			t.Errorf("%v: %s, told as %q", x.names, got, s.Headline().Interface)
		}
	}
}
