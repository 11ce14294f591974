package parquet

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"tcpwatch/internal/racetest"
	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/store"
	"tcpwatch/internal/storetest"
	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// written is an archive of records.
func written(t *testing.T, o schema.Options, records []*record.Record) *storetest.Memory {
	t.Helper()
	to := storetest.New()
	if err := writeTo(to, Options{Records: o}, records); err != nil {
		t.Fatal(err)
	}
	return to
}

// filesOf are the files of a table, by name.
func filesOf(t *testing.T, in *storetest.Memory, table string) (all [][]byte) {
	t.Helper()
	for _, name := range in.Names() {
		n, ok := ParseName(name)
		if !ok {
			t.Errorf("%s is no name", name)
		}
		if n.Table == table {
			all = append(all, in.Files()[name])
		}
	}
	return all
}

// readAll are the lines of JSON of the connections of a run, in its order.
func readAll(t *testing.T, o schema.Options, in *storetest.Memory) (all []string) {
	t.Helper()
	for _, file := range filesOf(t, in, Connections) {
		lines, err := readBack(o, file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Open(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		order, err := f.Order()
		if err != nil || order == nil || f.Rows() != uint64(len(lines)) {
			t.Fatalf("%d rows, %d lines, order %v, %v", f.Rows(), len(lines), order, err)
		}
		for _, line := range lines {
			n, err := order.Next()
			if err != nil {
				t.Fatal(err)
			}
			for uint64(len(all)) <= n {
				all = append(all, "")
			}
			all[n] = line
		}
		if _, err := order.Next(); err == nil {
			t.Error("an order of more rows than there are")
		}
	}
	return all
}

// writeTo writes records as a run does.
func writeTo(to store.Store, o Options, records []*record.Record) error {
	out := New(to, o)
	part, s := out.Part(), report.NewSummary(report.SummaryOptions{})
	var errs []error
	var b []byte
	for i, r := range records {
		s.Add(r)
		if b = part.AppendConn(b, r); i%3 == 0 || i == len(records)-1 {
			errs = append(errs, out.Lines(b))
			b = b[:0]
		}
	}
	errs = append(errs, out.Report(&report.Headline{Files: []string{"a.pcap"}, Packets: 9}, s), out.Finish())
	return errors.Join(errs...)
}

// readBack are the lines of JSON of the records that a file holds.
func readBack(o schema.Options, file []byte) (lines []string, err error) {
	in, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	to, text := schema.NewRecordReader(), schema.NewJSON(o)
	for {
		to.Begin()
		var wrong error
		err := in.Next(func(leaf, nth int, v schema.Value) { wrong = errors.Join(wrong, to.Take(leaf, nth, v)) })
		switch {
		case err == io.EOF:
			return lines, nil
		case err != nil:
			return lines, err
		case wrong == nil:
			lines = append(lines, string(text.AppendConn(nil, to.End())))
		}
	}
}

// many are records of all kinds, more than a page has room for.
func many() (all []*record.Record) {
	all = append(recordtest.Mixture(), recordtest.Full(true), recordtest.Full(false), recordtest.ZeroWindows(3))
	all = append(all, recordtest.Random(1, pageRows+100, 50)...)
	return append(all, recordtest.Mixture()...)
}

// What is read back of Parquet is what is read back of JSON Lines.
func TestReadBackIsThatOfJSONLines(t *testing.T) {
	racetest.TooSlow(t)
	for _, transitions := range []bool{false, true} {
		o := schema.Options{Files: []string{"a.pcap"}, Transitions: transitions}
		records := many()
		got := readAll(t, o, written(t, o, records))
		if len(got) != len(records) {
			t.Fatalf("%d records of %d", len(got), len(records))
		}
		text, again := schema.NewJSON(o), schema.NewRecordReader()
		for i, r := range records {
			back, err := again.Read(text.AppendConn(nil, r))
			if err != nil {
				t.Fatal(err)
			}
			if want := string(text.AppendConn(nil, back)); got[i] != want {
				t.Fatalf("record %d, transitions %v:\n%s\nwant\n%s", i, transitions, got[i], want)
			}
		}
	}
}

// With little memory row groups are smaller, and what is read back is the same.
func TestRowGroupsEnd(t *testing.T) {
	racetest.TooSlow(t)
	records := many()
	var lines [2][]string
	for i, most := range []int64{0, 300 << 10} {
		to := storetest.New()
		if err := writeTo(to, Options{Memory: most}, records); err != nil {
			t.Fatal(err)
		}
		file := slices.MaxFunc(filesOf(t, to, Connections), func(a, b []byte) int { return len(a) - len(b) })
		f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(f.RowGroups()); (i == 0) != (n == 1) || n > len(records)/leastRows+1 {
			t.Errorf("%d bytes: %d row groups of %d rows", most, n, len(records))
		}
		lines[i] = readAll(t, schema.Options{}, to)
	}
	if len(lines[0]) != len(records) || !slices.Equal(lines[0], lines[1]) {
		t.Errorf("%d and %d records of %d, or they differ", len(lines[0]), len(lines[1]), len(records))
	}
}

// A text that is no UTF-8 is one in the table, as in JSON Lines; what it was is read back.
func TestTextsAreUTF8(t *testing.T) {
	r := recordtest.Full(true)
	r.Names.SNI = "a\xff\xfeb"
	var told []string
	file := filesOf(t, written(t, schema.Options{}, []*record.Record{r}), Connections)[0]
	in, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	to, leaves := schema.NewRecordReader(), schema.Leaves()
	to.Begin()
	err = in.Next(func(leaf, nth int, v schema.Value) {
		if strings.Join(leaves[leaf].Path, ".") == "names.sni" {
			told = append(told, v.Text())
		}
		if err := to.Take(leaf, nth, v); err != nil {
			t.Error(err)
		}
	})
	if got := to.End().Names.SNI; err != nil || !slices.Equal(told, []string{"a\ufffd\ufffdb"}) || got != r.Names.SNI {
		t.Errorf("%q is told, %q read back, %v", told, got, err)
	}
}

// Names are legal in SQL, and no two columns have the same.
func TestNamesAreLegal(t *testing.T) {
	legal := regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	for _, leaves := range [][]schema.Leaf{schema.Leaves(), report.FindingRows().Leaves(), report.StatsRows().Leaves()} {
		seen := map[string]bool{}
		for _, l := range leaves {
			for _, part := range l.Path {
				if !legal.MatchString(part) {
					t.Errorf("%q of %q", part, l.Path)
				}
			}
			if name := strings.Join(l.Path, "."); seen[name] {
				t.Errorf("%s is there twice", name)
			} else {
				seen[name] = true
			}
			if _, ok := schemaOf("x", leaves).Lookup(pathOf(&l)...); !ok {
				t.Errorf("%q is no column", l.Path)
			}
		}
	}
	if !slices.ContainsFunc(schema.Leaves(), func(l schema.Leaf) bool { return strings.Join(l.Path, ".") == "orig.time_in.syn_sent_s" }) {
		t.Error("no orig.time_in.syn_sent_s")
	}
}

// Where a file cannot be written to its end, the run did not come to its own: it has no stats, and
// nothing is left half written.
func TestFullDisk(t *testing.T) {
	racetest.TooSlow(t)
	records := many()
	sizes := storetest.New()
	if err := writeTo(sizes, Options{}, records); err != nil {
		t.Fatal(err)
	}
	for name, b := range sizes.Files() {
		for _, full := range []int{1, len(b) - 1} {
			to := storetest.New()
			to.Full, to.FullIn = full, name
			if err := writeTo(to, Options{Memory: 1 << 20}, records); !errors.Is(err, storetest.ErrFull) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s, %d bytes: %v", name, full, err)
			}
			if _, ok := to.Files()[name]; ok || len(to.Unfinished()) > 0 || slices.ContainsFunc(to.Names(), func(name string) bool { return strings.HasPrefix(name, Stats) }) {
				t.Errorf("%s, %d bytes: %q are there, %q were begun", name, full, to.Names(), to.Unfinished())
			}
		}
	}
}

// A run that does not come to its report leaves nothing half written, nor does one in which a row failed.
func TestNoReport(t *testing.T) {
	for _, fails := range []bool{false, true} {
		to := storetest.New()
		out := New(to, Options{})
		if err := out.Lines(out.Part().AppendConn(nil, recordtest.Full(true))); err != nil {
			t.Fatal(err)
		}
		if n := len(to.Unfinished()); n != 2 {
			t.Errorf("%d files are written, want one of connections and the stats", n)
		}
		if fails {
			out.noted(errors.New("a row"))
			if err := out.Report(&report.Headline{}, report.NewSummary(report.SummaryOptions{})); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.Finish(); err != nil {
			t.Fatal(err)
		}
		if n := len(to.Files()) + len(to.Unfinished()); n > 0 {
			t.Errorf("fails %v: %d files", fails, n)
		}
	}
}

// unlisted is a store whose user may not list.
type unlisted struct{ *storetest.Memory }

func (unlisted) List(string) ([]store.Entry, error) { return nil, fs.ErrPermission }

// Who may write and not list writes a run all the same.
func TestWhoMayOnlyWrite(t *testing.T) {
	to := storetest.New()
	out := New(unlisted{to}, Options{})
	if err := errors.Join(out.Lines(out.Part().AppendConn(nil, recordtest.Full(true))), out.Report(&report.Headline{}, report.NewSummary(report.SummaryOptions{})), out.Finish()); err != nil {
		t.Fatal(err)
	}
	if n := len(to.Files()); n != 4 {
		t.Errorf("%d files", n)
	}
}

// What is removed of a run before is of that run, whatever its stats say.
func TestRemovesItsOwnOnly(t *testing.T) {
	to := storetest.New()
	run := func(name string) {
		out := New(to, Options{Run: name})
		if err := errors.Join(out.Lines(out.Part().AppendConn(nil, recordtest.Full(true))), out.Report(&report.Headline{}, report.NewSummary(report.SummaryOptions{})), out.Finish()); err != nil {
			t.Fatal(err)
		}
	}
	run("aaaaaaaaaaaaaaaa")
	for name, b := range maps.Clone(to.Files()) { // its stats under the name of another run's
		if n, ok := ParseName(name); ok && n.Table == Stats {
			n.Run = "bbbbbbbbbbbbbbbb"
			to.Files()[n.String()] = b
		}
	}
	run("bbbbbbbbbbbbbbbb")
	for name := range to.Files() {
		if n, ok := ParseName(name); ok && n.Table == Connections && n.Run == "aaaaaaaaaaaaaaaa" {
			return
		}
	}
	t.Errorf("removed: %v", to.Names())
}

// A run that did not read its files to their end is no run: it leaves no stats, and says so.
func TestHalted(t *testing.T) {
	to := storetest.New()
	out := New(to, Options{})
	if err := out.Lines(out.Part().AppendConn(nil, recordtest.Full(true))); err != nil {
		t.Fatal(err)
	}
	out.Halted()
	if err := out.Report(&report.Headline{}, report.NewSummary(report.SummaryOptions{})); err == nil {
		t.Error("nothing is said")
	}
	if err := out.Finish(); err != nil {
		t.Fatal(err)
	}
	if n := len(to.Files()) + len(to.Unfinished()); n > 0 {
		t.Errorf("%d files", n)
	}
}

// What is damaged, cut short or something else is told in one line.
func TestBadInput(t *testing.T) {
	records := append(recordtest.Mixture(), recordtest.Full(true))
	files := written(t, schema.Options{}, records)
	file := filesOf(t, files, Connections)[0]
	oneLine := func(what string, b []byte) {
		t.Helper()
		_, err := readBack(schema.Options{}, b)
		if err == nil {
			t.Errorf("%s: no error", what)
		} else if strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 500 {
			t.Errorf("%s: %q", what, err)
		}
	}
	for n := 0; n < len(file); n += 1 + len(file)/100 {
		oneLine("cut short", file[:n])
	}
	oneLine("findings", filesOf(t, files, Findings)[0])
	oneLine("stats", filesOf(t, files, Stats)[0])
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	copy(noise, magic)
	oneLine("noise", noise)
	copy(noise[len(noise)-4:], magic)
	for _, footer := range [][]byte{{0xff, 0xff, 0xff, 0xff}, {0, 1, 0, 0}, {0, 0, 0, 0}} {
		copy(noise[len(noise)-8:], footer)
		oneLine("noise with an end", noise)
	}
	for range 300 {
		b := slices.Clone(file)
		for range 1 + random.IntN(4) {
			b[random.IntN(len(b))] = byte(random.Uint32())
		}
		if _, err := readBack(schema.Options{}, b); err != nil && (strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 500) {
			t.Errorf("%q", err)
		}
	}
}

// No room is made for what a page says that it holds, when that is more than can be.
func TestPagesAreCheckedBeforeTheyAreUnpacked(t *testing.T) {
	header := func(h format.PageHeader) []byte {
		b, err := thrift.Marshal(new(thrift.CompactProtocol), &h)
		if err != nil {
			t.Fatal(err)
		}
		return append(b, 1, 2, 3)
	}
	data := format.PageHeader{Type: format.DataPage, CompressedPageSize: 3, UncompressedPageSize: 100}
	data.DataPageHeader = thrift.New(format.DataPageHeader{NumValues: 20})
	dictionary := format.PageHeader{Type: format.DictionaryPage, CompressedPageSize: 3, UncompressedPageSize: 1000}
	dictionary.DictionaryPageHeader = thrift.New(format.DictionaryPageHeader{NumValues: 10})
	huge, long, negative := data, data, data
	huge.DataPageHeader = thrift.New(format.DataPageHeader{NumValues: 2_000_000_000})
	long.CompressedPageSize, negative.UncompressedPageSize = 4, -1
	for _, x := range []struct {
		what  string
		pages [][]byte
		takes int64
		wrong bool
	}{
		{"a page", [][]byte{header(data)}, 200, false},
		{"two", [][]byte{header(data), header(data)}, 200, false},
		{"with a dictionary", [][]byte{header(dictionary), header(data)}, 1250, false},
		{"of many values", [][]byte{header(huge)}, 10_000_000_100, false},
		{"longer than the column", [][]byte{header(long)}, 0, true},
		{"of less than nothing", [][]byte{header(negative)}, 0, true},
		{"no header", [][]byte{{1, 2, 3, 0xff, 0xff}}, 0, true},
	} {
		column := append([]byte(magic), slices.Concat(x.pages...)...)
		meta := format.ColumnMetaData{DataPageOffset: int64(len(magic)), TotalCompressedSize: int64(len(column) - len(magic))}
		takes, err := checkPages(bytes.NewReader(column), int64(len(column)), &meta)
		if takes != x.takes || (err != nil) != x.wrong {
			t.Errorf("%s: %d bytes, %v; want %d", x.what, takes, err, x.takes)
		}
		meta.TotalCompressedSize++
		if _, err := checkPages(bytes.NewReader(column), int64(len(column)), &meta); err == nil {
			t.Errorf("%s: it ends behind the file, and no error", x.what)
		}
	}
}

// FuzzOpen looks for what makes reading panic.
func FuzzOpen(f *testing.F) {
	to := storetest.New()
	if err := writeTo(to, Options{}, recordtest.Mixture()[:2]); err != nil {
		f.Fatal(err)
	}
	for _, b := range to.Files() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := readBack(schema.Options{}, b); err != nil && strings.ContainsAny(err.Error(), "\n\r") {
			t.Errorf("%q", err)
		}
	})
}
