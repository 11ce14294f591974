package report

import (
	"regexp"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
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
	for _, x := range sections[:len(sections)-1] {
		of = append(of, x.Name, x.Text)
		for i := range x.Parts {
			if p := &x.Parts[i]; p.Name != "numbers" && !strings.HasPrefix(p.Text, "Look at") {
				of = append(of, wordsOf(p)...)
			}
		}
	}
	text := tablesOf(t, s, h, TableOptions{Reports: []string{EveryReport}, Width: 10_000})
	text = regexp.MustCompile(`(?m)^ *Look at.*$|(?:; )?--(?:explain [a-z-]+|why [0-9]+ draws it|top shows more|msl sets it|max-conns or --max-memory makes the table larger)`).ReplaceAllString(text, "")
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
	if last := sections[len(sections)-2].Name; sections[0].Name != "" || sections[1].Name != "Findings" || last != "TIME-WAIT" && last != "Keepalive" {
		t.Errorf("sections %q to %q", sections[0].Name, last)
	}
}

// Who reads sections has them by mail, and may have no program: they hold what it would explain, and
// name no option of it.
func TestSectionsStandAlone(t *testing.T) {
	records := recordtest.Mixture()
	s := summaryOf(SummaryOptions{Detectors: diagnose.Detectors()}, records)
	sections, err := Sections(s, troubled(records), TableOptions{Reports: ReportNames(), Top: 2})
	if err != nil {
		t.Fatal(err)
	}
	rules, told := &sections[len(sections)-1], map[string]bool{}
	for i := range sections {
		for k := range sections[i].Parts {
			p := &sections[i].Parts[k]
			if p.Finding != nil {
				told[p.Finding.Detector] = true
			}
			if m := regexp.MustCompile(`--[a-z]+`).FindString(strings.Join(wordsOf(p), " ")); m != "" && sections[i].Name != RulesName {
				t.Errorf("%s: %s in %q", sections[i].Name, m, p.Text)
			}
		}
	}
	var text strings.Builder
	for i := range rules.Parts {
		p := &rules.Parts[i]
		if p.Kind == PartHeading && !told[p.Text] {
			t.Errorf("the rule of %s is told, and no finding of it", p.Text)
		}
		delete(told, p.Text)
		text.WriteString(p.Text + "\n")
	}
	if rules.Name != RulesName || len(told) > 0 || !strings.Contains(text.String(), "Rule: the handshake's final ACK makes the connection (RFC 9293 section 3.5)") {
		t.Errorf("section %q; no rule of %v in\n%s", rules.Name, told, &text)
	}
	if p := &sections[0].Parts; (*p)[len(*p)-1].Name != "numbers" {
		t.Errorf("nothing says what a number is: %+v", (*p)[len(*p)-1])
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

// A page tells the stories of the worst closes, and not of a hundred that are alike: each has a row.
func TestSectionsTellFewCloses(t *testing.T) {
	var records []*record.Record
	for i := range uint64(50) {
		r := recordtest.MadeUp(10*i+1, "10.0.0.1:40000", "10.0.0.2:80")
		r.Close.Kind, r.Close.ResetBy, r.Close.ResetCause = record.CloseReset, record.Orig, record.ResetAbort
		records = append(records, r)
	}
	s := summaryOf(SummaryOptions{Detectors: diagnose.Detectors()}, records)
	sections, err := Sections(s, troubled(records), TableOptions{Reports: []string{"closes"}, Top: 100})
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for i := range sections {
		for _, p := range sections[i].Parts {
			if strings.HasPrefix(p.Text, "At the end:") {
				told++
			}
		}
	}
	if told != defaultTop {
		t.Errorf("%d stories", told)
	}
}
