package schema

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
)

var update = flag.Bool("update", false, "write the tables of docs/record.md anew")

// The tables of docs/record.md, of fields and of what is not known, are what the rows say.
func TestRecordDocIsCurrent(t *testing.T) {
	const path = "../../docs/record.md"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fields := Fields()
	var rows, details strings.Builder
	for _, f := range fields {
		if f.Doc == "" {
			t.Errorf("%s has no documentation", f.Name)
		}
		if strings.ContainsAny(f.Doc, "|\n") {
			t.Errorf("the documentation of %s breaks its table", f.Name)
		}
		holds := f.Type.String()
		if f.Type == Count && f.Unit != "" {
			holds = f.Unit
		}
		to := &rows
		if f.Detail() {
			to = &details
		}
		fmt.Fprintf(to, "| `%s` | %s | %s |\n", f.Name, holds, f.Doc)
	}
	doc := withTable(t, string(b), "| field | holds | meaning |\n| --- | --- | --- |\n", rows.String())
	doc = withTable(t, doc, "| detail | holds | meaning |\n| --- | --- | --- |\n", details.String())
	rows.Reset()
	fields = slices.DeleteFunc(fields, func(f Field) bool { return f.Detail() })
	for i, u := range Unknowns() {
		absent := "none: " + u.What
		if names := hiddenBy(fields, Reason(i)); len(names) > 0 {
			absent = "`" + strings.Join(names, "`, `") + "`"
		}
		fmt.Fprintf(&rows, "| `%s` | %s | %s |\n", Reason(i), u.Why, absent)
	}
	doc = withTable(t, doc, "| reason | because | absent |\n| --- | --- | --- |\n", rows.String())
	recordtest.Golden(t, path, doc, *update)
}

// withTable puts rows into the table of a page that begins with head and ends with a blank line.
func withTable(t *testing.T, page, head, rows string) string {
	t.Helper()
	before, rest, found := strings.Cut(page, head)
	_, after, ended := strings.Cut("\n"+rest, "\n\n")
	if !found || !ended {
		t.Fatalf("no table that begins with %q", head)
	}
	return before + head + rows + "\n" + after
}
