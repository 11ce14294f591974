package report

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/internal/recordtest"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// foldOptions are those of a run that keeps the sums of all tables.
func foldOptions() SummaryOptions {
	return SummaryOptions{Kept: 20, Rows: 50, Sort: "bytes", Detectors: diagnose.Detectors(), Thresholds: diagnose.NewOptions()}
}

func folded(t testing.TB, s *Summary, o SummaryOptions, packets uint64, files int) *Summary {
	t.Helper()
	f, err := ReadFold(s.AppendFold(nil, &Headline{}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if !f.Serves(o) {
		t.Fatal("the fold does not serve who asks for what it was made with")
	}
	back, err := f.Summary(o, packets, files)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// The sums of several runs tell what the records of all tell, numbered on from run to run.
func TestFoldsAreTheRecords(t *testing.T) {
	racetest.TooSlow(t)
	o := foldOptions()
	runs := [][]*record.Record{recordtest.Mixture(), recordtest.Random(3, 700, 30), recordtest.Random(4, 300, 10), {recordtest.Full(true), recordtest.ZeroWindows(3)}}
	byRecords, byFolds := NewSummary(o), NewSummary(o)
	reader := schema.NewRecordReader()
	before := uint64(0)
	var all []*record.Record
	for files, records := range runs {
		if files == 1 && told(t, byRecords, headlineOf(runs[0])) != told(t, folded(t, summaryOf(o, runs[0]), o, 0, 0), headlineOf(runs[0])) {
			t.Error("the sums of one run are not those of its records")
		}
		run := NewSummary(o)
		json := schema.NewJSON(schema.Options{})
		reader.Before(before, files)
		most := uint64(0)
		for _, r := range records {
			most = max(most, r.ID, r.LastPacket)
			line := json.AppendConn(nil, r)
			reader.Before(0, 0)
			once, err := reader.Read(line)
			if err != nil {
				t.Fatal(err)
			}
			run.Add(once)
			reader.Before(before, files)
			again, err := reader.Read(line)
			if err != nil {
				t.Fatal(err)
			}
			byRecords.Add(again)
			own := *again
			own.Own()
			all = append(all, &own)
		}
		byFolds.Merge(folded(t, run, o, before, files))
		before += most + 1000
	}
	h := headlineOf(all)
	if got, want := told(t, byFolds, h), told(t, byRecords, h); got != want {
		t.Fatal(firstDifference(got, want))
	}
}

// What a fold was made with decides whom it serves.
func TestFoldServes(t *testing.T) {
	o := foldOptions()
	o.OnDemand = []string{"hosts"}
	f, err := ReadFold(NewSummary(o).AppendFold(nil, &Headline{}, []byte("stats")))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(o *SummaryOptions)
		serves bool
	}{
		"the same":             {func(*SummaryOptions) {}, true},
		"fewer tables":         {func(o *SummaryOptions) { o.OnDemand = []string{} }, true},
		"another table":        {func(o *SummaryOptions) { o.OnDemand = []string{"clients"} }, false},
		"all tables":           {func(o *SummaryOptions) { o.OnDemand = nil }, false},
		"other detectors":      {func(o *SummaryOptions) { o.Detectors = o.Detectors[1:] }, false},
		"more rows":            {func(o *SummaryOptions) { o.Rows++ }, false},
		"another order":        {func(o *SummaryOptions) { o.Sort = "felt" }, false},
		"more connections":     {func(o *SummaryOptions) { o.Kept++ }, false},
		"pictures":             {func(o *SummaryOptions) { o.Pictures = true }, false},
		"less memory":          {func(o *SummaryOptions) { o.Narrow = 8 }, false},
		"a threshold":          {func(o *SummaryOptions) { o.Thresholds = thresholds(t, "syn-flood=7") }, false},
		"the default, written": {func(o *SummaryOptions) { o.Thresholds = thresholds(t, "syn-flood=200") }, true},
	} {
		o := o
		c.change(&o)
		if got := f.Serves(o); got != c.serves {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !f.Beside([]byte("stats")) || f.Beside([]byte("other stats")) {
		t.Error("a fold is not known by its stats")
	}
	live, err := ReadFold(NewSummary(o).AppendFold(nil, &Headline{Local: func(capture.Addr) bool { return true }}, nil))
	if err != nil || live.Serves(o) {
		t.Errorf("a fold that lacks the host's addresses serves: %v", err)
	}
}

func thresholds(t *testing.T, text string) *diagnose.Options {
	t.Helper()
	o := diagnose.NewOptions()
	if err := o.Set(text); err != nil {
		t.Fatal(err)
	}
	return o
}

// What is cut short, longer or changed is told in a line, and makes nothing else.
func TestFoldIsWhole(t *testing.T) {
	text := summaryOf(foldOptions(), recordtest.Mixture()).AppendFold(nil, &Headline{}, nil)
	for n := 0; n < len(text); n += 1 + n/50 {
		changed := slices.Clone(text)
		changed[n] ^= 0x20
		for what, b := range map[string][]byte{"cut short": text[:n], "changed": changed} {
			if _, err := ReadFold(b); err == nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%s at %d of %d bytes: %v", what, n, len(text), err)
			}
		}
	}
	if _, err := ReadFold(append(slices.Clone(text), 0)); err == nil {
		t.Error("a byte too many is taken")
	}
}

// Whatever bytes are taken for sums, a report is made of them or an error.
func FuzzFold(f *testing.F) {
	o := foldOptions()
	o.Kept, o.Rows = 5, 5
	s := summaryOf(o, append(recordtest.Mixture()[:12], recordtest.ZeroWindows(2), recordtest.Full(true)))
	text := s.AppendFold(nil, &Headline{}, nil)
	f.Add(text[:len(text)-crcBytes])
	f.Fuzz(func(t *testing.T, b []byte) {
		fold, err := ReadFold(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b)))
		if err != nil || !fold.Serves(o) {
			return
		}
		s, err := fold.Summary(o, 7, 1)
		if err != nil {
			return
		}
		h := &Headline{Files: []string{"a", "b"}, End: recordtest.Start + 1e11}
		tablesOf(t, s, h, TableOptions{Width: 100, Reports: ReportNames()})
		s.Merge(s)
	})
}
