package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"tcpwatch"
	"tcpwatch/internal/racetest"
	"tcpwatch/internal/storetest"
	"tcpwatch/report"
	"tcpwatch/report/markdown"
	"tcpwatch/report/parquet"
	"tcpwatch/report/schema"
	"tcpwatch/report/stored"
	"tcpwatch/tracker/record"
)

// summed are outputs that need no records.
func summed() (all []tcpwatch.Output, text *bytes.Buffer) {
	text = new(bytes.Buffer)
	tables := report.TableOptions{Width: 120, Reports: []string{report.EveryReport, "hosts", "clients"}}
	return []tcpwatch.Output{report.NewTables(text, tables), report.NewTables(text, report.TableOptions{Width: 120}), markdown.New(text, tables)}, text
}

// foldOptions are those of a run that keeps the sums of those tables.
func foldOptions() (o tcpwatch.Options) {
	o.Sums.OnDemand = []string{"hosts", "clients"}
	return o
}

// archived adds a run over captures to an archive; false where they cannot be read.
func archived(t *testing.T, to *storetest.Memory, files ...string) (text string, ok bool) {
	t.Helper()
	in, err := tcpwatch.Open(files...)
	if err != nil {
		return "", false
	}
	defer in.Close()
	all, b := summed()
	all = append(all, parquet.New(to, parquet.Options{Records: schema.Options{Files: files}, Read: files}))
	if _, err := tcpwatch.Run(context.Background(), in, foldOptions(), all...); err != nil {
		t.Fatal(err)
	}
	return b.String(), true
}

// counting are records of which it is counted how many are read.
type counting struct {
	*stored.Set
	n int
}

func (c *counting) Next() (*record.Record, error) {
	c.n++
	return c.Set.Next()
}

// reported is what is made of an archive, how often a record was asked for, and what was warned of.
func reported(t *testing.T, of *storetest.Memory, o tcpwatch.Options, more ...tcpwatch.Output) (text string, asked int, warned string) {
	t.Helper()
	in, err := stored.Open([]stored.File{{Name: "archive", Archive: of}}, func(err error) { warned += err.Error() + "\n" })
	if err != nil {
		t.Fatal(err)
	}
	all, b := summed()
	records := &counting{Set: in}
	if _, err := tcpwatch.Replay(context.Background(), records, o, append(all, more...)...); err != nil {
		t.Fatal(err)
	}
	return b.String(), records.n, warned
}

// without is an archive of the same files but for those in a folder.
func without(of *storetest.Memory, folder string) *storetest.Memory {
	to := storetest.New()
	for name, b := range of.Files() {
		if !strings.HasPrefix(name, folder) {
			to.Files()[name] = b
		}
	}
	return to
}

// The report of what runs summed up is that of the run and that of the records, and reads none of these.
func TestReportOfFolds(t *testing.T) {
	racetest.TooSlow(t)
	captures, _ := filepath.Glob("../../testdata/pcaps/*.pcap*")
	many, runs := storetest.New(), 0
	compareMany := func() {
		a, asked, warned := reported(t, many, foldOptions())
		b, _, _ := reported(t, without(many, parquet.Folds), foldOptions())
		if a != b || asked > 0 || warned != "" {
			t.Errorf("the sums of %d runs are not those of the records, of which %d were asked for: %s", runs, asked, warned)
		}
		many, runs = storetest.New(), 0
	}
	for i := 0; i < len(captures); i += 3 {
		one := storetest.New()
		run, ok := archived(t, one, captures[i])
		if !ok {
			continue
		}
		folds, asked, warned := reported(t, one, foldOptions())
		records, _, _ := reported(t, without(one, parquet.Folds), foldOptions())
		if folds != run || folds != records || asked > 0 || warned != "" {
			t.Errorf("%s: sums as the run: %v, as records: %v; %d records asked for: %s", captures[i], folds == run, folds == records, asked, warned)
		}
		archived(t, many, captures[i])
		if runs++; runs == 10 {
			compareMany()
		}
	}
	if runs > 0 {
		compareMany()
	}
}

// Where sums do not tell all that is asked for, or are not those of the run, the records are read.
func TestReportReadsRecordsInstead(t *testing.T) {
	of := storetest.New()
	run, ok := archived(t, of, "../../testdata/pcaps/paws-refused.pcap", "../../testdata/pcaps/fast-open-refused.pcap")
	if !ok {
		t.Fatal("no captures")
	}
	other := storetest.New()
	archived(t, other, "../../testdata/pcaps/paws-refused.pcap")
	fold := ""
	for name := range of.Files() {
		if strings.HasPrefix(name, parquet.Folds) {
			fold = name
		}
	}
	changed := func(b func(b []byte) []byte) *storetest.Memory {
		to := without(of, parquet.Folds)
		to.Files()[fold] = b(bytes.Clone(of.Files()[fold]))
		return to
	}
	for name, c := range map[string]struct {
		of     *storetest.Memory
		o      tcpwatch.Options
		more   []tcpwatch.Output
		warned string
	}{
		"no sums":       {of: without(of, parquet.Folds), o: foldOptions()},
		"cut short":     {changed(func(b []byte) []byte { return b[:len(b)/2] }), foldOptions(), nil, "cut short, or changed: the records are read instead"},
		"changed":       {changed(func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), foldOptions(), nil, "cut short, or changed: the records are read instead"},
		"another run's": {of: changed(func([]byte) []byte { return foldIn(other) }), o: foldOptions()},
		"JSON Lines":    {of: of, o: foldOptions(), more: []tcpwatch.Output{report.NewJSONL(new(bytes.Buffer), schema.Options{})}},
		"other tables":  {of: of, o: tcpwatch.Options{}},
	} {
		text, asked, warned := reported(t, c.of, c.o, c.more...)
		if asked == 0 || !strings.Contains(warned, c.warned) || c.warned == "" && warned != "" || strings.Count(warned, "\n") > 1 {
			t.Errorf("%s: %d records asked for, warned: %s", name, asked, warned)
		}
		if text != run && name != "other tables" {
			t.Errorf("%s: another report than the run's", name)
		}
	}
}

func foldIn(of *storetest.Memory) []byte {
	for name, b := range of.Files() {
		if strings.HasPrefix(name, parquet.Folds) {
			return b
		}
	}
	return nil
}
