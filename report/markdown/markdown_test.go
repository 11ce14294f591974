package markdown

import (
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
)

// Each kind of part has its Markdown.
func TestParts(t *testing.T) {
	all := []report.Section{
		{Text: "tcpwatch: 2 packets, from *some*.pcap", Parts: []report.Part{{Kind: report.PartLabel, Name: "span", Text: "2 s"}, {Kind: report.PartLabel, Text: "more"}}},
		{Name: "Findings", Text: "1 notice", Parts: []report.Part{
			{Kind: report.PartFinding, Name: "NOTICE", Text: "10.0.0.1:80 refused 1 of 2 connections"},
			{Text: "Likely causes:", Indented: true},
			{Kind: report.PartItem, Name: "1", Text: "a"}, {Kind: report.PartItem, Name: "2", Text: "b"},
			{Text: "What to do:"}, {Kind: report.PartItem, Text: "Run `ss -ltn`."}, {Kind: report.PartItem, Text: "Then look."}}},
		{Name: "Closes", Text: "1.", Parts: []report.Part{
			{Kind: report.PartHeading, Style: say.Bold, Text: "Who"},
			{Kind: report.PartTable, Table: &table.Table{Columns: []table.Column{{Title: "who", Left: true}, {Title: "n"}}, Rows: []table.Row{
				{Cells: []string{"a|b", "1"}, Notes: []table.Note{{Text: "told"}}}, {Cells: []string{"c", "2"}}}}},
			{Kind: report.PartDrawing, Text: "  _▁█\n"}}},
	}
	var b strings.Builder
	if err := write(&b, all); err != nil {
		t.Fatal(err)
	}
	want := `# tcpwatch: 2 packets, from \*some\*.pcap

- **span**: 2 s
- more

## Findings

1 notice

### NOTICE: 10.0.0.1:80 refused 1 of 2 connections

Likely causes:

1. a
2. b

What to do:

- Run ''ss -ltn''.
- Then look.

## Closes

1.

**Who**

| who | n |
| :--- | ---: |
| a\|b | 1 |
| c | 2 |

- a\|b: told

'''text
  _▁█
'''
`
	if want = strings.ReplaceAll(strings.ReplaceAll(want, "'''", "```"), "''", "`"); b.String() != want {
		t.Errorf("%s", b.String())
	}
}

// A report has all tables but those on demand.
func TestReport(t *testing.T) {
	s := report.NewSummary(report.SummaryOptions{Detectors: diagnose.Detectors()})
	h := &report.Headline{Files: []string{"some.pcap"}, MSL: 30e9, Packets: 1000, Segments: 1000, Start: recordtest.Start, End: recordtest.Start + 300e9}
	for _, r := range recordtest.Mixture() {
		s.Add(r)
	}
	var b strings.Builder
	if err := New(&b, report.TableOptions{}).Report(h, s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# tcpwatch: 1,000 packets", "\n## Findings\n", "\n### NOTICE: ", "\n## Handshakes\n", "\n## Closes\n", "\n## TIME-WAIT\n", "\n## Keepalive\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(b.String(), "## Connections") {
		t.Error("a table on demand is there")
	}
}

// No text marks anything up or becomes a link.
func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"plain, 10.0.0.1:80 -> [::1]:443": `plain, 10.0.0.1:80 -> \[::1\]:443`,
		"#3, #17":                         "`#3`, `#17`",
		"# a":                             `\# a`,
		"<img src=x onerror=y>":           "&lt;img src=x onerror=y>",
		"&lt;":                            "&amp;lt;",
		"a | b":                           `a \| b`,
		"*a* ~b~ `c` \\d":                 "\\*a\\* \\~b\\~ \\`c\\` \\\\d",
		"tcp_tw_reuse _a_ __b__":          `tcp_tw_reuse \_a\_ \_\_b\_\_`,
		"http://a.test www.b.test":        `http\://a.test www\.b.test`,
		"@root":                           "`@`root",
		"- a":                             `\- a`,
		"> a":                             `\> a`,
		"-":                               "-",
		"a\n\x1b":                         `a\\n\\x1b`,
	} {
		if got := escape(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := commands("run `a_b *` and *"); got != "run `a_b *` and \\*" {
		t.Errorf("%q", got)
	}
}
