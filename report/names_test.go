package report

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

func TestAboutCell(t *testing.T) {
	long := &record.NamesRecord{Proto: "tls", SNI: strings.Repeat("n", 60)}
	for _, ascii := range []bool{false, true} {
		p := &page{Phrases: sentence.Phrases{ASCII: ascii}}
		if got := p.aboutCell(long); say.Width(got) != widestName || strings.HasSuffix(got, "...") != ascii {
			t.Errorf("ASCII %v: %q", ascii, got)
		}
	}
}

// Names from the wire stay names in every format.
func TestNamesAreEscaped(t *testing.T) {
	r := recordtest.MadeUp(1, "10.0.0.1:1", "10.0.0.2:2")
	r.Names = &record.NamesRecord{Proto: "tls", SNI: "a\x1b]0;b\a\x00\"\n,", SSH: [2]string{"\xff", "\u202e"}}
	line := string(schema.NewJSON(schema.Options{}).AppendConn(nil, r))
	var table strings.Builder
	s := summaryOf(SummaryOptions{Kept: 10, Rows: 10}, []*record.Record{r})
	if err := WriteTables(&table, s, &Headline{}, TableOptions{Reports: []string{"connections"}, Width: 400}); err != nil {
		t.Fatal(err)
	}
	var cells strings.Builder
	c := NewCSV(&cells, schema.Options{})
	if err := c.Lines(c.Part().AppendConn(nil, r)); err != nil {
		t.Fatal(err)
	}
	if err := c.Finish(); err != nil {
		t.Fatal(err)
	}
	for format, out := range map[string]string{"jsonl": line, "table": table.String(), "csv": cells.String()} {
		if strings.ContainsAny(out, "\x1b\a\x00\u202e") || !utf8.ValidString(out) || !strings.Contains(out, "]0;b") {
			t.Errorf("%s: %q", format, out)
		}
	}
}

// What the limit on undecided connections cost is said.
func TestUnnamedIsSaid(t *testing.T) {
	for n, want := range map[uint64]bool{0: false, 7: true} {
		h := &Headline{Unnamed: n}
		var table strings.Builder
		if err := WriteTables(&table, summaryOf(SummaryOptions{}, nil), h, TableOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(table.String(), "7 connections not searched for names"); got != want {
			t.Errorf("%d unnamed: %s", n, table.String())
		}
		var line bytes.Buffer
		writeLine(&line, lineOfStats(h, NewSummary(SummaryOptions{})))
		if got := strings.Contains(line.String(), `"unnamed":7`); got != want {
			t.Errorf("%d unnamed: %s", n, line.String())
		}
	}
}
