package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

func TestAbout(t *testing.T) {
	for _, tt := range []struct {
		n    *record.NamesRecord
		want string
	}{
		{nil, ""},
		{&record.NamesRecord{Proto: "tls", SNI: "a.test", TLSVersion: "1.3"}, "tls a.test (TLS 1.3)"},
		{&record.NamesRecord{Proto: "tls", TLSVersion: "ssl3"}, "tls ssl3"},
		{&record.NamesRecord{Proto: "http", HTTPHost: "a.test:80", HTTPStatus: 404}, "http a.test:80 404"},
		{&record.NamesRecord{Proto: "ssh", SSH: [2]string{"client", "server"}}, "ssh server"},
		{&record.NamesRecord{Proto: "dns", DNSQuery: "a.test"}, "dns a.test"},
		{&record.NamesRecord{Proto: "http", HTTPHost: "\x1b[31m\xff"}, `http \x1b[31m\xff`},
	} {
		if got := about(tt.n); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.n, got, tt.want)
		}
	}
	long := &record.NamesRecord{Proto: "tls", SNI: strings.Repeat("n", 60)}
	for _, ascii := range []bool{false, true} {
		p := &page{phrases: phrases{ASCII: ascii}}
		if got := p.aboutCell(long); runes(got) != widestName || strings.HasSuffix(got, "...") != ascii {
			t.Errorf("ASCII %v: %q", ascii, got)
		}
	}
}

func TestExchangeSummary(t *testing.T) {
	r := &record.Record{}
	p := phrases{}
	if got := p.exchangeSummary(r); got != "" {
		t.Errorf("nothing timed: %q", got)
	}
	r.Exchanges = record.ExchangesRecord{N: 3, Timed: 2, Repeated: 1, P50: 200 * millisecond, Max: oneSecond, Server: record.Some(150 * millisecond)}
	for _, part := range []string{"2 requests", "200 ms (median)", "at most 1 s", "150 ms of it the server's own", "50 ms the way there and back", "1 request sent again"} {
		if got := p.exchangeSummary(r); !strings.Contains(got, part) {
			t.Errorf("%q lacks %q", got, part)
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
	if err := c.Conn(r); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
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
		if got := strings.Contains(table.String(), "7 connections not looked at"); got != want {
			t.Errorf("%d unnamed: %s", n, table.String())
		}
		if got := strings.Contains(string(appendStats(nil, h, nil)), `"unnamed":7`); got != want {
			t.Errorf("%d unnamed: %s", n, appendStats(nil, h, nil))
		}
	}
}
