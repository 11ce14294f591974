package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/report"
)

// printout is everything that a run prints in all formats but html, see TestPageAnyNumberOfWorkers, those
// of --plot, which draw what html does, and kafka, which sends what jsonl writes.
type printout struct{ tables, jsonl, csv, md, zeek, zeekJSON, sarif, junit, parquet string }

// What must not depend on the number of workers is compared in every format.
func TestPrintoutHasEveryFormat(t *testing.T) {
	if names := formatNames(); len(names) != reflect.TypeFor[printout]().NumField()+4 {
		t.Errorf("formats %v: printout compares %d", names, reflect.TypeFor[printout]().NumField())
	}
}

// whenItRan is what a log of Zeek says of the run, not of the packets.
var whenItRan = regexp.MustCompile("(?m)^#(open|close)\t.*$")

// printoutOf runs over files.
func printoutOf(t *testing.T, files []string, args ...string) (p printout) {
	t.Helper()
	dir := t.TempDir()
	to := map[string]*string{"jsonl": &p.jsonl, "csv": &p.csv, "md": &p.md, "zeek": &p.zeek, "zeek-json": &p.zeekJSON, "sarif": &p.sarif, "junit": &p.junit, "parquet": &p.parquet}
	if !slices.Contains(args, "--report") {
		args = append([]string{"--report", strings.Join(report.ReportNames(), ",")}, args...)
	}
	line := []string{"-n", "-o", "table", "--transitions", "--place", "here"} // whatever the files are called
	for format := range to {
		line = append(line, "-o", format+":"+filepath.Join(dir, format))
	}
	line = append(line, args...)
	var stdout, stderr bytes.Buffer
	if status := run(append(line, files...), &stdout, &stderr); status != exitDone {
		t.Fatalf("%v: status %d: %s", line, status, &stderr)
	}
	p.tables = stdout.String() + stderr.String()
	for format, to := range to {
		name := filepath.Join(dir, format)
		err := filepath.WalkDir(name, func(name string, d os.DirEntry, err error) error { // a file, or a folder of many
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(name)
			*to += strings.TrimPrefix(name, dir) + whenItRan.ReplaceAllString(string(b), "")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p printout) String() string {
	return p.tables + p.jsonl + p.csv + p.md + p.zeek + p.zeekJSON + p.sarif + p.junit + p.parquet
}

// outputsOf is everything that a run over files prints in all formats, but for
// what names the files.
func outputsOf(t *testing.T, files []string, args ...string) string {
	t.Helper()
	return printoutOf(t, files, args...).withoutFiles().String()
}

// fileWords are what names files, and where lines were broken for their sake.
var (
	fileFields = regexp.MustCompile(`"file(s":\[[^]]*\]|":"[^"]*",?|_packet":\d+,?|_index":\d+,?)`)
	fileWords  = regexp.MustCompile(`, from [^\n]*(\n  [^\n]*)*|\n {4,}`)
	fileFirst  = regexp.MustCompile(`;\s+the\s+connection\s+begins\s+with\s+packet\s+\d+\s+of\s+\S+\.pcap`)
	fileCells  = regexp.MustCompile(`,/[^,\n]*\.pcap,\d+,`)
	blanks     = regexp.MustCompile(` +`)
)

// withoutFiles looks for each where it may be: under the race detector this takes
// longer than what is tested.
func (p printout) withoutFiles() printout {
	words := func(text string) string {
		return blanks.ReplaceAllString(fileWords.ReplaceAllString(fileFirst.ReplaceAllString(text, ""), " "), " ")
	}
	return printout{
		tables: words(p.tables),
		jsonl:  fileFields.ReplaceAllString(p.jsonl, ""),
		csv:    fileCells.ReplaceAllString(p.csv, ",,,"),
		md:     words(p.md),
	}
}

// whatDiffers is the first line that differs.
func whatDiffers(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\n%.300s\nwant\n%.300s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}

// captures are the bundled ones, and those of TCPWATCH_CORPUS when it is set.
func captures(t *testing.T) []string {
	all, err := filepath.Glob("../../testdata/pcaps/*.pcap*")
	if err != nil || len(all) < 20 {
		t.Fatal(len(all), err)
	}
	if corpus := os.Getenv("TCPWATCH_CORPUS"); corpus != "" {
		more, _ := filepath.Glob(filepath.Join(corpus, "captures/*/*"))
		for i := 0; i < len(more); i += 5 {
			all = append(all, more[i])
		}
	}
	return all
}

// What is printed is the same to the byte for any number of workers.
func TestAnyNumberOfWorkers(t *testing.T) {
	for i, name := range captures(t) {
		if racetest.On && i%8 != 0 { // the detector looks on at some; all are run without it
			continue
		}
		if _, err := capture.Open(name); err != nil {
			continue
		}
		want := printoutOf(t, []string{name}, "-j", "1")
		if got := printoutOf(t, []string{name}, "-j", "3"); got != want {
			t.Errorf("%s: -j 3 differs from -j 1 in %s", filepath.Base(name), whatDiffers(got.String(), want.String()))
		}
	}
}

// So is a page. It is made by a run of its own: one that draws connections has one worker.
func TestPageAnyNumberOfWorkers(t *testing.T) {
	page := func(file, jobs string) string {
		var stdout, stderr bytes.Buffer
		if status := run([]string{"-j", jobs, "-o", "html", file}, &stdout, &stderr); status != exitDone {
			t.Fatalf("%s: status %d: %s", file, status, &stderr)
		}
		return stdout.String()
	}
	for i, name := range captures(t) {
		if f, err := capture.Open(name); i%8 != 0 && !strings.Contains(name, "storm") || err != nil {
			continue
		} else {
			f.Close()
		}
		if one, two := page(name, "1"), page(name, "2"); one != two {
			t.Errorf("%s: -j 2 differs from -j 1 in %s", filepath.Base(name), whatDiffers(two, one))
		}
	}
}

// mixture is a capture of many bundled ones side by side, long enough for
// connections to be packed, with the table full now and then.
func mixture(t *testing.T) []string {
	dir := t.TempDir()
	one := filepath.Join(dir, "one.pcap")
	var files []*capture.File
	for i, name := range captures(t) {
		if i%3 != 0 && !strings.Contains(name, "storm") {
			continue
		}
		if f, err := capture.Open(name); err == nil && len(f.Interfaces()) == 1 && f.Interfaces()[0].Link == capture.LinkEthernet {
			files = append(files, f)
		}
	}
	write(t, one, capture.Merge(files), 1<<62)
	return []string{one}
}

// write copies at most n packets to a new file and returns how many there were.
func write(t *testing.T, name string, from capture.Source, n int) (written int) {
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := capture.NewPcapWriter(f, capture.LinkEthernet, 262144, true)
	if err != nil {
		t.Fatal(err)
	}
	var p capture.Packet
	for written < n {
		err := from.Next(&p)
		var d *capture.Damage
		if errors.As(err, &d) {
			continue
		}
		if err == io.EOF {
			break
		}
		if err := w.WritePacket(&p); err != nil {
			t.Fatal(err)
		}
		written++
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return written
}

// Neither the number of workers nor how a capture is split into files changes
// what is found, full tables and interim records included.
func TestSplitFilesAndFullTables(t *testing.T) {
	racetest.TooSlow(t)
	one := mixture(t)
	whole, err := capture.Open(one[0])
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var parts []string
	for i, n := 0, 1; n > 0; i++ {
		name := filepath.Join(dir, fmt.Sprintf("part%d.pcap", i))
		if n = write(t, name, whole, 9000+i*777); n > 0 {
			parts = append(parts, name)
		}
	}
	if len(parts) < 3 {
		t.Fatalf("%d parts", len(parts))
	}
	for _, args := range [][]string{
		{"--report", "connections,closes,findings", "--top", "200"},
		{"--max-conns", "1500", "--interval", "1"},
		{"--max-conns", "256", "--interval", "1", "--max-memory", "64M"}} {
		var ofOne printout
		for _, files := range [][]string{one, parts} {
			want := printoutOf(t, files, append(args, "-j", "1")...)
			for _, j := range []string{"2", "3"} {
				if got := printoutOf(t, files, append(args, "-j", j)...); got != want {
					t.Errorf("%v -j %s, %d files: %s", args, j, len(files), whatDiffers(got.String(), want.String()))
				}
			}
			if ofOne == (printout{}) {
				ofOne = want.withoutFiles()
			} else if got := want.withoutFiles(); got != ofOne {
				t.Errorf("%v, %d files: %s", args, len(files), whatDiffers(got.String(), ofOne.String()))
			}
		}
	}
}
