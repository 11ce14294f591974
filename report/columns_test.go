package report

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/racetest"
	"tcpwatch/internal/recordtest"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// The connections report has the columns that were asked for, and no others.
func TestColumns(t *testing.T) {
	records := recordtest.Mixture()
	got := tablesOf(t, summaryOf(SummaryOptions{}, records), headlineOf(records), TableOptions{Width: 120, Reports: []string{"connections"}, Top: 6,
		Columns: []string{"id", "resp_ip", "resp_port", "start", "duration_s", "orig.bytes", "open.felt_s", "names.sni"}, Sort: "-orig.bytes"})
	recordtest.Golden(t, filepath.Join("testdata", "columns-120.txt"), got[strings.Index(got, "\nConnections"):], *update)
}

// Every field can be a column and a sort key.
func TestAnyFieldIsAColumn(t *testing.T) {
	racetest.TooSlow(t)
	records := append(recordtest.Mixture(), recordtest.Full(true), recordtest.Full(false))
	h := headlineOf(records)
	for _, f := range schema.Fields() {
		o := TableOptions{Reports: []string{"connections"}, Columns: []string{f.Name}, Sort: "-" + f.Name}
		if err := o.Validate(); (err == nil) != (f.Type != schema.Objects) {
			t.Errorf("%s: %v", f.Name, err)
		}
		if f.Type != schema.Objects {
			tablesOf(t, summaryOf(SummaryOptions{Sort: "-" + f.Name}, records), h, o)
		}
	}
}

// Which connections are kept for a sort key, and their order, does not depend on how they were
// divided; it is that of the field's values, those without one last.
func TestSortByAnyField(t *testing.T) {
	records := recordtest.Random(3, 400, 12)
	const kept = 25
	for _, key := range []string{"orig.retx", "-orig.retx", "open.felt_s", "-open.felt_s", "resp_ip", "-start", "conn_state", "-bytes", "felt", "-felt", "close.kind"} {
		t.Run(key, func(t *testing.T) {
			o := SummaryOptions{Rows: kept, Sort: key}
			order, err := connectionOrder(key, schema.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Clone(records)
			slices.SortFunc(want, order)
			for _, parts := range []int{1, 3, 7} {
				all := make([]*Summary, parts)
				for i := range all {
					all[i] = NewSummary(o)
				}
				for _, i := range rand.Perm(len(records)) {
					all[i%parts].Add(records[i])
				}
				for _, s := range all[1:] {
					all[0].Merge(s)
				}
				for i, r := range all[0].rows.Sorted() {
					if r.ID != want[i].ID {
						t.Fatalf("in %d parts: #%d at place %d, want #%d", parts, r.ID, i, want[i].ID)
					}
				}
			}
			name, down := strings.CutPrefix(key, "-")
			f, err := schema.Lookup(name)
			if err != nil || f.Type != schema.Seconds && f.Type != schema.Count && f.Type != schema.Time {
				return
			}
			checkOrder(t, want, f, down)
		})
	}
}

// checkOrder compares neighbours by the numbers that their field holds.
func checkOrder(t *testing.T, records []*record.Record, f schema.Field, down bool) {
	var values []schema.Value
	c := schema.NewColumnReader(schema.Options{}, []schema.Column{{Name: f.Name, Take: func(v schema.Value) { values = append(values, v) }}})
	for _, r := range records {
		c.Read(r)
	}
	for i, v := range values[1:] {
		before := values[i]
		wrong := before.Count() > v.Count()
		if down {
			wrong = before.Count() < v.Count()
		}
		if before.Absent() && !v.Absent() || wrong && !v.Absent() {
			t.Fatalf("%s: %q stands before %q", f.Name, before.Text(), v.Text())
		}
	}
}

// What is misspelt is answered with what is near.
func TestColumnsAreChecked(t *testing.T) {
	connections := []string{"connections"}
	for _, test := range []struct {
		o    TableOptions
		want string
	}{
		{TableOptions{Reports: connections, Columns: []string{"id", "orig.rtx"}}, `--columns: unknown field "orig.rtx"; near it: orig.retx, orig.ttl, resp.retx`},
		{TableOptions{Reports: connections, Columns: []string{""}}, `--columns: unknown field ""; docs/record.md and the header of -o csv list them`},
		{TableOptions{Reports: connections, Columns: []string{"close"}}, `--columns: close is a group of fields; it has close.kind, close.first, close.segments, close.half_close_s, ...`},
		{TableOptions{Columns: []string{"id"}}, `--columns is for --report connections`},
		{TableOptions{Reports: connections, Sort: "-orig.rtx"}, `unknown sort key "-orig.rtx"; known are connections: id, start, end, duration, bytes, packets, felt and every field; near it: orig.retx, orig.ttl, resp.retx`},
		{TableOptions{Sort: "-orig.retx"}, `sort key "-orig.retx" is for --report connections`},
		{TableOptions{Reports: []string{"closes"}, Sort: "felt"}, `sort key "felt" is for --report handshakes, connections`},
	} {
		if err := test.o.Validate(); err == nil || err.Error() != test.want {
			t.Errorf("%+v:\n%v\nwant\n%s", test.o, err, test.want)
		}
	}
}
