package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcpwatch/report"
)

var updateTables = flag.Bool("update-tables", false, "write the lists of tables in README.md and docs/tcpwatch.1")

// tableLists are the places that list the tables: what stands before such a list, what
// behind it, and how it is made.
var tableLists = []struct {
	file, before, after string
	list                func(t report.Table) string
}{
	{"README.md", "\n| table | what it shows |\n| --- | --- |\n", "\n", func(t report.Table) string {
		return fmt.Sprintf("| `%s` | %s%s |\n", t.Name, t.Doc, onDemand(t, " (only when named)"))
	}},
	{"docs/tcpwatch.1", "\n.Sh TABLES\n.Bl -tag -width connections\n", ".El\n", func(t report.Table) string {
		return fmt.Sprintf(".It %s\n%s\n%s", t.Name, t.Manual, onDemand(t, "Not printed by default.\n"))
	}},
}

func onDemand(t report.Table, words string) string {
	if t.OnDemand {
		return words
	}
	return ""
}

// Whatever lists the tables lists all that there are, with their own words.
func TestTablesAreDocumented(t *testing.T) {
	for _, place := range tableLists {
		path := filepath.Join("..", "..", filepath.FromSlash(place.file))
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, found := strings.Cut(string(b), place.before)
		at := strings.Index(rest, place.after)
		if place.after == "\n" { // a blank line ends it
			at = strings.Index("\n"+rest, "\n\n")
		}
		if !found || at < 0 {
			t.Errorf("%s has no list of tables", place.file)
			continue
		}
		var want strings.Builder
		for _, table := range report.AllTables() {
			if table.Name == "" || table.Doc == "" || table.Manual == "" || len(table.Sorts) == 0 {
				t.Errorf("table %q lacks a text or a sort key", table.Name)
			}
			want.WriteString(place.list(table))
		}
		switch {
		case rest[:at] == want.String():
		case *updateTables:
			if err := os.WriteFile(path, []byte(head+place.before+want.String()+rest[at:]), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s lists the tables otherwise than report.AllTables (-update-tables writes it):\n%s\nwant\n%s", place.file, rest[:at], want.String())
		}
	}
}

// The manual page names every format that -o takes.
func TestFormatsAreDocumented(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "tcpwatch.1"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "\n.It Fl o ,")
	text, _, _ = strings.Cut(text, "\n.It ")
	for _, name := range formatNames() {
		if !strings.Contains(text, "\n.Ar "+name) {
			t.Errorf("docs/tcpwatch.1 does not name the format %s", name)
		}
	}
}
