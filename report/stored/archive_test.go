package stored

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tcpwatch/internal/racetest"
	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/storetest"
	"tcpwatch/report"
	"tcpwatch/report/parquet"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// day is one, in ns.
const day = int64(24 * time.Hour)

// records are some that began on that many days, in an order in which every date comes again and again.
func records(n, days int) (all []*record.Record) {
	for i, r := range recordtest.Random(1, n, 10) {
		c := *r
		c.Start += int64(i%days) * day
		c.End += int64(i%days) * day
		c.Input = &record.Input{Place: "here", Start: recordtest.Start}
		all = append(all, &c)
	}
	return all
}

// archived writes records as a run does that read something, rows a part; 0 for as many as there are.
func archived(t *testing.T, to *storetest.Memory, read string, rows uint64, records []*record.Record) {
	t.Helper()
	archivedBy(t, to, parquet.Options{Read: []string{read}, PartRows: rows}, records)
}

// archivedBy is archived with options.
func archivedBy(t *testing.T, to *storetest.Memory, o parquet.Options, records []*record.Record) {
	t.Helper()
	out := parquet.New(to, o)
	part, s := out.Part(), report.NewSummary(report.SummaryOptions{})
	h := &report.Headline{Files: o.Read, MSL: 60e9}
	for _, r := range records {
		s.Add(r)
		h.Packets = max(h.Packets, r.LastPacket)
		if err := out.Lines(part.AppendConn(nil, r)); err != nil {
			t.Fatal(err)
		}
	}
	h.Start = recordtest.Start
	if err := errors.Join(out.Report(h, s), out.Finish()); err != nil {
		t.Fatal(err)
	}
}

// read are the connections of files, a line of JSON each, what was told of them, and what is lost.
func read(t *testing.T, files ...File) (lines, told []string, lost report.Lost) {
	t.Helper()
	s, err := Open(files, func(err error) { told = append(told, err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	text := schema.NewJSON(schema.Options{})
	for {
		r, err := s.Next()
		if err == io.EOF {
			return lines, told, s.Headline().Lost
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(text.AppendConn(nil, r)))
	}
}

// partNames are the names of the files of connections, by their number.
func partNames(m *storetest.Memory) (all []string) {
	for _, name := range m.Names() {
		if n, ok := parquet.ParseName(name); ok && n.Table == parquet.Connections {
			all = append(all, name)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(a[len(a)-13:], b[len(b)-13:]) })
	return all
}

// The connections of an archive come in the order in which the run told of them, whatever dates they are
// of and however many files they are in; few files are open at the same time.
func TestArchiveKeepsTheOrder(t *testing.T) {
	racetest.TooSlow(t)
	all := records(42, 3)
	var want []string
	for _, rows := range []uint64{0, 7, 1} {
		m := storetest.New()
		archived(t, m, "x", rows, all)
		got, told, lost := read(t, File{Name: "kept", Archive: m})
		if want == nil {
			want = got
		}
		if len(got) != len(all) || !slices.Equal(got, want) || told != nil || lost != (report.Lost{}) {
			t.Errorf("%d rows a part: %d connections of %d, or they differ; told %q, lost %v", rows, len(got), len(all), told, lost)
		}
		if n := len(partNames(m)); m.MostOpen > 3 || rows == 1 && n != 42 || rows == 0 && n != 3 {
			t.Errorf("%d rows a part: %d parts, %d open at the same time", rows, n, m.MostOpen)
		}
	}
	// More dates than are written at the same time make more files, and no other order.
	all = records(30, 7)
	m := storetest.New()
	archived(t, m, "x", 0, all)
	var ids []string
	got, _, _ := read(t, File{Name: "kept", Archive: m})
	id := regexp.MustCompile(`"id":(\d+)`)
	for _, line := range got {
		ids = append(ids, id.FindStringSubmatch(line)[1])
	}
	for i, r := range all {
		if ids[i] != fmt.Sprint(r.ID) {
			t.Fatalf("connection %d is #%s, want #%d", i, ids[i], r.ID)
		}
	}
	if n := len(partNames(m)); n < 7 || len(ids) != len(all) {
		t.Errorf("%d parts, %d connections", n, len(ids))
	}
}

// What is missing, there twice, cut short or of another run is told in one line that names it and what
// that costs; nothing is counted twice.
func TestArchiveIsNotWhatWasWritten(t *testing.T) {
	all := records(100, 1)
	whole := storetest.New()
	archived(t, whole, "x", 15, all)
	lines, _, _ := read(t, File{Name: "kept", Archive: whole})
	without := func(from, to int) []string { return slices.Delete(slices.Clone(lines), from, to) }
	for _, x := range []struct {
		what   string
		change func(m *storetest.Memory, p []string)
		want   []string
		told   string // "" for nothing
		lost   report.Lost
	}{
		{"lost", func(m *storetest.Memory, p []string) { delete(m.Files(), p[1]) }, without(15, 30),
			"kept/PART-00002.parquet: missing: 15 of 100 connections left out", report.Lost{Parts: 1, Conns: 15}},
		{"two lost", func(m *storetest.Memory, p []string) { delete(m.Files(), p[5]); delete(m.Files(), p[6]) }, without(75, 100),
			"kept/PART-00006.parquet: missing, as 1 other file of the run: 25 of 100 connections left out", report.Lost{Parts: 2, Conns: 25}},
		{"half written", func(m *storetest.Memory, p []string) { m.Files()[p[0]] = m.Files()[p[0]][:1000] }, without(0, 15),
			"kept/PART-00001.parquet: 1,000 bytes of N: cut short, or not what the run wrote: 15 of 100 connections left out", report.Lost{Parts: 1, Conns: 15}},
		{"copied", func(m *storetest.Memory, p []string) { m.Files()[p[0]+".copy.parquet"] = m.Files()[p[0]] }, lines,
			"kept/PART-00001.parquet.copy.parquet: what is in kept/PART-00001.parquet already: counted once", report.Lost{Doubled: 1}},
		{"copied to the next name", func(m *storetest.Memory, p []string) { m.Files()[p[6][:len(p[6])-9]+"8.parquet"] = m.Files()[p[2]] }, lines,
			"kept/PART-00008.parquet: what is in kept/PART-00003.parquet already: counted once", report.Lost{Doubled: 1}},
		{"copied over another", func(m *storetest.Memory, p []string) { m.Files()[p[1]] = m.Files()[p[0]] }, without(15, 30),
			"kept/PART-00002.parquet: N bytes of N: cut short, or not what the run wrote: 15 of 100 connections left out", report.Lost{Parts: 1, Conns: 15}},
		{"renamed", func(m *storetest.Memory, p []string) {
			m.Files()["v=1/mine.parquet"] = m.Files()[p[3]]
			delete(m.Files(), p[3])
		}, lines, "", report.Lost{}},
		{"of the run before", func(m *storetest.Memory, p []string) {
			other := storetest.New()
			archived(t, other, "x", 10, all)
			m.Files()[partNames(other)[8]] = other.Files()[partNames(other)[8]]
		}, lines, "kept/PART-00009.parquet: of an earlier run over the same packets, which another replaced: left out", report.Lost{Doubled: 1}},
		{"without stats", func(m *storetest.Memory, p []string) { delete(m.Files(), statsOf(m)) }, lines,
			"kept/PART-00001.parquet: the stats of run RUN are missing: whether all that it wrote is there, and how many packets there were, is not known", report.Lost{Runs: 1}},
		{"damaged inside", func(m *storetest.Memory, p []string) {
			b := bytes.Clone(m.Files()[p[2]])
			for i := range b[:len(b)/2] {
				b[i] ^= 0x55
			}
			m.Files()[p[2]] = b
		}, without(30, 45), "kept/PART-00003.parquet: damaged Parquet: .*: 15 connections left out", report.Lost{Parts: 1, Conns: 15}},
		{"no Parquet", func(m *storetest.Memory, p []string) { m.Files()["v=1/x.parquet"] = []byte("PAR1") }, lines,
			"kept/v=1/x.parquet: damaged Parquet: it is too short; left out: how many connections it has is not known", report.Lost{Parts: 1}},
		{"being made again", func(m *storetest.Memory, p []string) {
			if _, err := m.Create(statsOf(m)); err != nil {
				t.Fatal(err)
			}
		}, lines, "kept: run RUN is made again, or was killed meanwhile: what is told is what it wrote before", report.Lost{}},
	} {
		m := storetest.New()
		maps.Copy(m.Files(), whole.Files())
		p := partNames(m)
		x.change(m, p)
		got, told, lost := read(t, File{Name: "kept", Archive: m})
		if !slices.Equal(got, x.want) {
			t.Errorf("%s: %d connections, want %d, or they differ", x.what, len(got), len(x.want))
		}
		n, _ := parquet.ParseName(p[0])
		part := strings.TrimSuffix(p[0], "-00001.parquet")
		want := strings.NewReplacer("PART", regexp.QuoteMeta(part), "RUN", n.Run, "N bytes of N", "[0-9,]+ bytes of [0-9,]+", "bytes of N", "bytes of [0-9,]+", "kept/PART", "kept/"+part).Replace(x.told)
		if x.told == "" && len(told) > 0 || x.told != "" && (len(told) != 1 || !regexp.MustCompile("^"+want+"$").MatchString(told[0])) {
			t.Errorf("%s: told %q, want %q", x.what, told, want)
		}
		if lost != x.lost {
			t.Errorf("%s: lost %+v, want %+v", x.what, lost, x.lost)
		}
	}
}

// statsOf is the name of the stats of the only run.
func statsOf(m *storetest.Memory) string {
	for _, name := range m.Names() {
		if strings.HasPrefix(name, parquet.Stats) {
			return name
		}
	}
	return ""
}

// The same run in two archives is counted once, and what one of them lacks is in the other; runs of two
// inputs are read by time.
func TestTwoArchives(t *testing.T) {
	all := records(100, 2)
	a, b := storetest.New(), storetest.New()
	archived(t, a, "x", 15, all)
	archived(t, b, "x", 15, all)
	lines, _, _ := read(t, File{Name: "a", Archive: a})
	delete(a.Files(), partNames(a)[1])
	got, told, lost := read(t, File{Name: "a", Archive: a}, File{Name: "b", Archive: b})
	if !slices.Equal(got, lines) || len(told) != 1 || !strings.HasSuffix(told[0], "-00001.parquet already: counted once") || !strings.Contains(told[0], "-00001.parquet and 6 more files") || lost.Parts > 0 {
		t.Errorf("%d connections, told %q, lost %+v", len(got), told, lost)
	}
	file := a.Files()[partNames(a)[0]]
	got, told, _ = read(t, File{Name: "a", Archive: b}, File{Name: "copy", In: bytes.NewReader(file)})
	if !slices.Equal(got, lines) || len(told) != 1 || !strings.HasPrefix(told[0], "copy: what is in a/") {
		t.Errorf("%d connections, told %q", len(got), told)
	}
	later := records(20, 1)
	for _, r := range later {
		r.Start += 10 * day
		r.Input = &record.Input{Place: "here", Start: recordtest.Start + 10*day}
	}
	archived(t, b, "y", 0, later)
	if got, told, _ = read(t, File{Name: "b", Archive: b}); len(got) != 120 || told != nil || !slices.Equal(got[:100], lines) {
		t.Errorf("%d connections, told %q", len(got), told)
	}
}

// A part that the same job began to write anew, and otherwise, holds the same connections.
func TestPartThatIsMadeAgain(t *testing.T) {
	all := records(100, 2)
	a, b := storetest.New(), storetest.New()
	archivedBy(t, a, parquet.Options{Read: []string{"x"}, PartRows: 15, Version: "1"}, all)
	archivedBy(t, b, parquet.Options{Read: []string{"x"}, PartRows: 15, Version: "a longer one"}, all)
	lines, _, _ := read(t, File{Name: "a", Archive: a})
	name := partNames(a)[0]
	if len(a.Files()[name]) == len(b.Files()[name]) {
		t.Fatal("both are as long")
	}
	a.Files()[name] = b.Files()[name]
	if got, told, lost := read(t, File{Name: "a", Archive: a}); !slices.Equal(got, lines) || told != nil || lost != (report.Lost{}) {
		t.Errorf("%d connections, told %q, lost %+v", len(got), told, lost)
	}
}

// Of two files with the same connections the one that is called as the run called it counts.
func TestCopyInFrontOfAPart(t *testing.T) {
	a := storetest.New()
	archived(t, a, "x", 0, records(10, 1))
	name := partNames(a)[0]
	a.Files()[name[:strings.LastIndex(name, "/")+1]+"a.parquet"] = a.Files()[name]
	_, told, _ := read(t, File{Name: "a", Archive: a})
	if len(told) != 1 || !strings.Contains(told[0], "/a.parquet: what is in a/"+name) {
		t.Errorf("told %q", told)
	}
}

// Of an archive one file, one date or one place may be asked for: what else the run wrote is told.
func TestPartOfAnArchive(t *testing.T) {
	all := records(100, 2)
	m := storetest.New()
	archived(t, m, "x", 0, all)
	p := partNames(m)
	for _, only := range []string{p[0], p[0][:strings.LastIndex(p[0], "/")]} {
		got, told, lost := read(t, File{Name: "kept", Archive: m, Only: []string{only}})
		if len(got) != 50 || len(told) != 1 || !strings.HasSuffix(told[0], ": not asked for: 50 of 100 connections left out") || lost.Conns != 50 {
			t.Errorf("%s: %d connections, told %q", only, len(got), told)
		}
	}
	for _, only := range [][]string{p, {"v=1/place=unnamed"}, {"v=1"}} {
		if got, told, _ := read(t, File{Name: "kept", Archive: m, Only: only}); len(got) != 100 || told != nil {
			t.Errorf("%s: %d connections, told %q", only, len(got), told)
		}
	}
}

// Another run of the same job over what it wrote before leaves nothing of that.
func TestAgain(t *testing.T) {
	all := records(100, 2)
	m := storetest.New()
	archived(t, m, "x", 15, all)
	stale := partNames(m)
	delete(m.Files(), statsOf(m)) // as if it had been killed
	archived(t, m, "x", 40, all[:60])
	if got := partNames(m); len(got) != 2 || len(stale) < 6 {
		t.Errorf("%q of %q", got, stale)
	}
	archived(t, m, "x", 5, all)
	archived(t, m, "x", 0, all[:1])
	if got := partNames(m); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// Runs of two archives that are called the same are two where they saw other packets, and one where they are
// copies: two hosts may have captures of one name, size and first time.
func TestSameNameOtherRun(t *testing.T) {
	one, other, copied := storetest.New(), storetest.New(), storetest.New()
	archivedBy(t, one, parquet.Options{Run: "aaaaaaaaaaaaaaaa", Read: []string{"eth0.pcap"}, PartRows: 10}, records(30, 1))
	archivedBy(t, other, parquet.Options{Run: "aaaaaaaaaaaaaaaa", Read: []string{"eth0.pcap"}, PartRows: 10}, otherPlace(records(25, 1)))
	maps.Copy(copied.Files(), one.Files())
	lines, told, lost := read(t, File{Name: "a", Archive: one}, File{Name: "b", Archive: other})
	if len(lines) != 55 || len(told) != 0 || lost != (report.Lost{}) {
		t.Errorf("%d lines, %q, %+v", len(lines), told, lost)
	}
	lines, _, lost = read(t, File{Name: "a", Archive: one}, File{Name: "c", Archive: copied})
	if len(lines) != 30 || lost.Doubled == 0 {
		t.Errorf("%d lines, %+v", len(lines), lost)
	}
}

// otherPlace are records as another place has them.
func otherPlace(all []*record.Record) []*record.Record {
	for _, r := range all {
		r.Input = &record.Input{Place: "there", Start: recordtest.Start}
	}
	return all
}
