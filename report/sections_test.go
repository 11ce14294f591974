package report

import (
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/diagnose"
)

// Sections say what WriteTables says: no word of the text is missing, none is added.
func TestSections(t *testing.T) {
	records := recordtest.Mixture()
	s := summaryOf(SummaryOptions{Detectors: diagnose.Detectors()}, records)
	h := troubled(records)
	sections, err := Sections(s, h, TableOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var of []string
	for _, x := range sections {
		of = append(of, x.Name, x.Text)
		for i := range x.Parts {
			of = append(of, wordsOf(&x.Parts[i])...)
		}
	}
	text := tablesOf(t, s, h, TableOptions{Reports: []string{EveryReport}, Width: 10_000})
	have, want := wordsIn(strings.Join(of, " ")), wordsIn(text)
	for w := range want {
		if !have[w] {
			t.Errorf("%q is in the text, and not in the sections", w)
		}
	}
	for w := range have {
		if !want[w] {
			t.Errorf("%q is in the sections, and not in the text", w)
		}
	}
	if sections[0].Name != "" || sections[1].Name != "Findings" || sections[len(sections)-1].Name != "TIME-WAIT" && sections[len(sections)-1].Name != "Keepalive" {
		t.Errorf("sections %q to %q", sections[0].Name, sections[len(sections)-1].Name)
	}
}

// A section that tells of rows has them.
func TestSectionsHaveTheirTables(t *testing.T) {
	records := recordtest.Mixture()
	s := summaryOf(SummaryOptions{Detectors: diagnose.Detectors()}, records)
	sections, err := Sections(s, troubled(records), TableOptions{Reports: ReportNames()})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, x := range sections {
		for i := range x.Parts {
			seen[x.Name] = seen[x.Name] || x.Parts[i].Kind == PartTable
		}
	}
	for _, name := range []string{"Clients", "Connections", "Hosts", "TIME-WAIT"} {
		if !seen[name] {
			t.Errorf("%s has no table", name)
		}
	}
}

// wordsOf is all that a part says.
func wordsOf(p *Part) []string {
	all := []string{p.Name, p.Text}
	if p.Table != nil {
		for _, c := range p.Table.Columns {
			all = append(all, c.Title)
		}
		for _, r := range p.Table.Rows {
			all = append(all, r.Cells...)
			for _, n := range r.Notes {
				all = append(all, n.Text)
			}
		}
	}
	return all
}

// wordsIn are those of a text, without what stands at their ends.
func wordsIn(text string) map[string]bool {
	all := map[string]bool{}
	for w := range strings.FieldsSeq(strings.ToLower(text)) {
		if w = strings.Trim(w, ".:,-█▁▂▃▄▅▆▇_"); w != "" {
			all[w] = true
		}
	}
	return all
}
