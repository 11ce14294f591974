package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/storetest"
	"tcpwatch/report"
	"tcpwatch/report/html"
	"tcpwatch/report/markdown"
	"tcpwatch/report/parquet"
	"tcpwatch/report/schema"
	"tcpwatch/report/stored"
	"tcpwatch/tracker/record"
)

// written are outputs that need no packets, each with what it wrote.
type written struct {
	names []string
	texts []*bytes.Buffer
	all   []tcpwatch.Output
}

// writtenOf are all of them, for a run or for records.
func writtenOf(o schema.Options) *written {
	w := &written{}
	add := func(name string, make func(to io.Writer) tcpwatch.Output) {
		text := new(bytes.Buffer)
		w.names, w.texts, w.all = append(w.names, name), append(w.texts, text), append(w.all, make(text))
	}
	names := withoutTimeline(report.ReportNames())
	tables := report.TableOptions{Width: 120, Records: o}
	all := tables
	all.Reports, all.Top = names, 20
	add("jsonl", func(to io.Writer) tcpwatch.Output { return report.NewJSONL(to, o) })
	add("csv", func(to io.Writer) tcpwatch.Output { return report.NewCSV(to, o) })
	add("table", func(to io.Writer) tcpwatch.Output { return report.NewTables(to, tables) })
	add("all tables", func(to io.Writer) tcpwatch.Output { return report.NewTables(to, all) })
	add("md", func(to io.Writer) tcpwatch.Output { return markdown.New(to, tables) })
	add("html", func(to io.Writer) tcpwatch.Output {
		page := html.New(to, all)
		page.OfRecords()
		return page
	})
	return w
}

// checkLines checks lines of JSON against docs/record.schema.json.
func checkLines(t *testing.T, name string, lines []byte) {
	t.Helper()
	b, err := os.ReadFile("../../docs/record.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Defs map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	c := recordtest.Checker{Schemas: doc.Defs}
	for line := range bytes.Lines(lines) {
		var v map[string]any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		c.Check(name, doc.Defs[v["type"].(string)].(map[string]any), v)
	}
	for _, w := range c.Wrong[:min(len(c.Wrong), 10)] {
		t.Error(w)
	}
}

// checkAgain compares what a run over a capture writes with what is made of its records.
func checkAgain(t *testing.T, partRows []uint64, files ...string) {
	t.Helper()
	in, err := tcpwatch.Open(files...)
	if err != nil {
		t.Skip(err)
	}
	defer in.Close()
	o := tcpwatch.Options{Workers: 2, Place: "a <place>\xff", Interval: time.Second}
	o.Sums.Pictures = true
	o.Sums.OnDemand = withoutTimeline(report.ReportNames())
	first := writtenOf(schema.Options{Files: files, Transitions: true})
	all := first.all
	archives := map[string]*storetest.Memory{}
	for _, rows := range partRows {
		to := storetest.New()
		archives[fmt.Sprintf("Parquet, %d rows a part", rows)] = to
		all = append(all, parquet.New(to, parquet.Options{Records: schema.Options{Files: files, Transitions: true}, PartRows: rows}))
	}
	if _, err := tcpwatch.Run(context.Background(), in, o, all...); err != nil {
		t.Fatal(err)
	}
	checkLines(t, files[0], first.texts[0].Bytes())
	checkRecords(t, files[0], "JSON Lines", stored.File{Name: files[0], In: bytes.NewReader(first.texts[0].Bytes())}, o, first)
	for name, records := range archives {
		checkRecords(t, files[0], name, stored.File{Name: files[0], Archive: records}, o, first)
		if n := records.MostOpen; n > 4 {
			t.Errorf("%s: %s: %d files were open at the same time", files[0], name, n)
		}
	}
}

// checkRecords compares what a run wrote with what is made of its records.
func checkRecords(t *testing.T, file, format string, of stored.File, o tcpwatch.Options, first *written) {
	t.Helper()
	warn := func(err error) { t.Errorf("%s: %v", file, err) }
	records, err := stored.Open([]stored.File{of}, warn)
	if err != nil {
		t.Fatal(err)
	}
	second := writtenOf(schema.Options{Files: records.Headline().Files, Transitions: true})
	if _, err := tcpwatch.Replay(context.Background(), records, o, second.all...); err != nil {
		t.Fatal(err)
	}
	for i, name := range first.names {
		if !bytes.Equal(first.texts[i].Bytes(), second.texts[i].Bytes()) {
			t.Errorf("%s: %s of its records in %s differs from that of the run", file, name, format)
		}
	}
}

// What is made of records is what the run wrote that made them, byte for byte.
func TestReportOfRecords(t *testing.T) {
	captures, err := filepath.Glob("../../testdata/pcaps/*.pcap*")
	if err != nil || len(captures) < 100 {
		t.Fatalf("%d captures: %v", len(captures), err)
	}
	racetest.TooSlow(t)
	for _, name := range captures {
		checkAgain(t, []uint64{0}, name)
	}
	checkAgain(t, []uint64{0, 2}, captures[0], captures[40], captures[80])
}

// It is in however many parts the connections are.
func TestReportOfParts(t *testing.T) {
	racetest.TooSlow(t)
	checkAgain(t, []uint64{0, 2000/7 + 1, 20}, pcaps+"time-wait-storm-by-client.pcap.gz")
}

// A connection's uid is made of the time of the input's first packet, whatever part of it is read.
func TestUIDs(t *testing.T) {
	name := pcaps + "syn-lost.pcap"
	f, err := capture.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var first capture.Packet
	if err := f.Next(&first); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"--from", "+1"}} {
		var stdout, stderr bytes.Buffer
		if status := run(append(args, name, "--place", "here", "-o", "jsonl"), &stdout, &stderr); status != exitDone {
			t.Fatal(stderr.String())
		}
		var x struct {
			ID         uint64
			Place, UID string
		}
		if err := json.NewDecoder(&stdout).Decode(&x); err != nil {
			t.Fatal(err)
		}
		r := record.Record{ID: x.ID, Input: &record.Input{Place: "here", Start: first.Time}}
		if want := fmt.Sprintf("%x", r.Unique()); x.Place != "here" || x.UID != want {
			t.Errorf("%v: #%d, captured at %q: %s, want %s", args, x.ID, x.Place, x.UID, want)
		}
	}
}

// Without a file, and with nothing piped into it, it says what it wants.
func TestReportOfNothing(t *testing.T) {
	var stdout, stderr bytes.Buffer
	const want = "tcpwatch: report: name files of records, which -o jsonl or -o parquet wrote, or - for standard input\n"
	if status := run([]string{"report"}, &stdout, &stderr); status != exitUsage || stderr.String() != want {
		t.Errorf("status %d: %s", status, &stderr)
	}
}

// So it is for captures of others, where they are at hand.
func TestReportOfRecordsOfOthers(t *testing.T) {
	var all []string
	filepath.WalkDir("../../../shared/corpus/captures", func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.Contains(path, ".pcap") {
			if about, err := d.Info(); err == nil && about.Mode().IsRegular() && about.Size() < 400_000 {
				all = append(all, path)
			}
		}
		return nil
	})
	if len(all) == 0 {
		t.Skip("no corpus")
	}
	racetest.TooSlow(t)
	for i := range 100 {
		checkAgain(t, []uint64{0, 3}, all[i*len(all)/100])
	}
}
