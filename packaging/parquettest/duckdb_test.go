// Package parquettest tries what tcpwatch writes as Parquet with an engine of SQL that reads it: see
// "make test-all".
package parquettest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// ask asks DuckDB for rows of one column.
func ask(t *testing.T, sql string) []string {
	t.Helper()
	var errs bytes.Buffer
	c := exec.Command("node", "../duckdb.js", "-csv", "-c", sql)
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("DuckDB: %v: %s", err, &errs)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	return lines[1:] // the first names the column
}

// run is one of the program, with what it wrote.
type run struct {
	capture string
	lines   map[string][]map[string]any // by their type, of JSON Lines
}

// tables are those of an archive, by the folder that their layout begins in, and the type of their lines.
var tables = map[string]string{"": "conn", "findings/": "finding", "stats/": "stats"}

// partitions are the columns that are in the names of files.
var partitions = []string{"v", "place", "date"}

// tcpwatch runs the program.
func tcpwatch(t *testing.T, args ...string) {
	t.Helper()
	program := os.Getenv("TCPWATCH")
	if program == "" {
		t.Skip("make test-all tries the tables of Parquet with DuckDB")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is missing")
	}
	if os.Geteuid() == 0 {
		args = append(args, "-Z", "root") // to whom the folders of tests belong
	}
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("tcpwatch %q: %v: %s", args, err, out)
	}
}

// captures are the bundled ones.
func captures(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("../../testdata/pcaps/*.pcap*")
	if err != nil || len(all) < 100 {
		t.Fatalf("%d captures: %v", len(all), err)
	}
	return all
}

// runs are those over captures, in a folder each.
func runs(t *testing.T, in string, captures []string) (all []run) {
	t.Helper()
	for i, capture := range captures {
		to := filepath.Join(in, fmt.Sprintf("%03d", i))
		args := []string{"-q", "-r", capture, "-o", "parquet:" + to, "-o", "jsonl:" + to + ".jsonl"}
		if i%3 > 0 {
			args = append(args, "--place", fmt.Sprintf("tap %d/ü: 100%%", i))
		}
		if i%2 == 0 {
			args = append(args, "--transitions")
		}
		tcpwatch(t, args...)
		all = append(all, run{capture, linesOf(t, to+".jsonl")})
	}
	return all
}

// linesOf are the objects of a file of JSON Lines.
func linesOf(t *testing.T, name string) map[string][]map[string]any {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string][]map[string]any{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		line := object(t, lines.Text())
		what := line["type"].(string)
		all[what] = append(all[what], line)
	}
	return all
}

// object is one of JSON, whose numbers are as they are written.
func object(t *testing.T, text string) (o map[string]any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		t.Fatalf("%v: %.200s", err, text)
	}
	return o
}

// DuckDB reads the tables, and finds in them what JSON Lines say, row by row.
func TestTablesAreJSONLines(t *testing.T) {
	dir := t.TempDir()
	all := runs(t, dir, captures(t))
	for table, what := range tables {
		rows := make([][]map[string]any, len(all))
		for _, text := range ask(t, fmt.Sprintf("select to_json(x)::varchar from read_parquet('%s/*/%sv=1/*/*/part-*.parquet', filename = true, file_row_number = true, hive_partitioning = true) x order by filename, file_row_number", dir, table)) {
			row := object(t, text)
			var i int
			if _, err := fmt.Sscanf(strings.TrimPrefix(row["filename"].(string), dir+"/"), "%d", &i); err != nil {
				t.Fatal(err)
			}
			if begun, ok := row["start"].(string); ok && row["date"] != begun[:10] {
				t.Errorf("%s: a connection that began at %s is of %v", row["filename"], begun, row["date"])
			}
			switch {
			case i%3 == 0 && row["place"] != "unnamed":
				t.Errorf("%s: the place is %v", row["filename"], row["place"])
			case what == "conn" && i%3 == 0: // a place that nobody named is that of the record alone
				row["place"] = filepath.Base(all[i].capture)
			case what != "conn":
				delete(row, "place")
			}
			for _, name := range []string{"filename", "file_row_number", "v", "date"} {
				delete(row, name)
			}
			rows[i] = append(rows[i], row)
		}
		n := 0
		for i, r := range all {
			want := r.lines[what]
			if len(rows[i]) != len(want) {
				t.Errorf("%s: %d rows of %s, and %d lines", r.capture, len(rows[i]), table, len(want))
				continue
			}
			for j := range want {
				var wrong []string
				compare("", rows[i][j], want[j], &wrong)
				for _, w := range wrong[:min(len(wrong), 3)] {
					t.Errorf("%s, %s, row %d: %s", filepath.Base(r.capture), table, j+1, w)
				}
			}
			n += len(want)
		}
		t.Logf("%s: %d rows of %d captures", table, n, len(all))
	}
}

// legal is a name as it is in SQL.
func legal(name string) string { return strings.ToLower(strings.ReplaceAll(name, "-", "_")) }

// compare notes what a row has that a line has not, or another value.
func compare(at string, row, line any, wrong *[]string) {
	switch r := row.(type) {
	case map[string]any:
		l, ok := line.(map[string]any)
		if line != nil && !ok {
			break
		}
		names := map[string]any{}
		for name, v := range l {
			if keyed(at) {
				names[name] = v
			} else {
				names[legal(name)] = v
			}
		}
		for name, v := range r {
			compare(at+"."+name, v, names[name], wrong)
			delete(names, name)
		}
		for name := range names {
			*wrong = append(*wrong, fmt.Sprintf("%s.%s is missing", at, name))
		}
		return
	case []any:
		l, ok := line.([]any)
		if !ok || len(l) != len(r) {
			break
		}
		for i := range r {
			compare(fmt.Sprintf("%s[%d]", at, i), r[i], l[i], wrong)
		}
		return
	}
	if !same(row, line) {
		*wrong = append(*wrong, fmt.Sprintf("%s is %v, want %v", at, row, line))
	}
}

// keyed reports whether the names in an object are not those of columns: it is a map, or JSON.
func keyed(at string) bool {
	return strings.HasPrefix(at, ".raw") || slices.Contains([]string{".skipped", ".anomalies", ".limits", ".evicted_by"}, at)
}

// same reports whether two values are: numbers may have zeros behind their point, and times be
// written as SQL does.
func same(row, line any) bool {
	switch l := line.(type) {
	case json.Number:
		r, ok := row.(json.Number)
		return ok && digits(r) == digits(l)
	case string:
		r, ok := row.(string)
		if !ok || r == l {
			return ok
		}
		at, err := time.Parse(time.RFC3339Nano, l)
		sql, err2 := time.Parse("2006-01-02 15:04:05.999999999", r)
		return err == nil && err2 == nil && at.Equal(sql)
	}
	return row == line
}

// digits are those of a number, without what they may lack.
func digits(n json.Number) string {
	text := n.String()
	if strings.Contains(text, ".") {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// column is one of a table as DuckDB describes it.
type column struct {
	Name string `json:"column_name"`
	Type string `json:"column_type"`
}

// Columns have the types that JSON Schema has for the fields of JSON Lines.
func TestColumnsHaveTheTypesOfTheSchema(t *testing.T) {
	dir := t.TempDir()
	runs(t, dir, captures(t)[:1])
	b, err := os.ReadFile("../../docs/record.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Defs map[string]map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	for table, what := range tables {
		fields := doc.Defs[what]["properties"].(map[string]any)
		seen := map[string]bool{}
		for _, text := range ask(t, fmt.Sprintf("select to_json(x)::varchar from (describe select * from read_parquet('%s/000/%sv=1/*/*/part-*.parquet', hive_partitioning = true)) x", dir, table)) {
			var c column
			if err := json.Unmarshal([]byte(text), &c); err != nil {
				t.Fatal(err)
			}
			name := named(fields, c.Name)
			if name == "" && slices.Contains(partitions, c.Name) {
				continue
			}
			if name == "" {
				t.Errorf("%s.%s is in no line", table, c.Name)
				continue
			}
			seen[name] = true
			checkType(t, table+"."+c.Name, c.Type, fields[name].(map[string]any))
		}
		for name := range fields {
			if !seen[name] && !slices.Contains([]string{"state", "at", "resolved_at"}, name) { // while a run goes on
				t.Errorf("%s: no column %s", table, name)
			}
		}
	}
}

// named is the name of the field of a column; "" for none.
func named(fields map[string]any, column string) string {
	for name := range fields {
		if legal(name) == column {
			return name
		}
	}
	return ""
}

// checkType compares the type of a column with what JSON Schema says of its field.
func checkType(t *testing.T, at, typ string, field map[string]any) {
	t.Helper()
	items, list := field["items"].(map[string]any)
	properties, group := field["properties"].(map[string]any)
	switch {
	case strings.HasSuffix(at, ".raw") && typ == "JSON":
		return
	case list && strings.HasSuffix(typ, "[]"):
		checkType(t, at, strings.TrimSuffix(typ, "[]"), items)
		return
	case group && strings.HasPrefix(typ, "STRUCT("):
		parts := partsOf(typ)
		for name, f := range properties {
			if parts[legal(name)] == "" {
				t.Errorf("%s has no %s", at, name)
				continue
			}
			checkType(t, at+"."+name, parts[legal(name)], f.(map[string]any))
		}
		if len(parts) != len(properties) {
			t.Errorf("%s has %d parts, want %d", at, len(parts), len(properties))
		}
		return
	case field["type"] == "object" && !group && strings.HasPrefix(typ, "STRUCT("): // of which the schema says no more
		return
	}
	want := "VARCHAR"
	switch {
	case field["additionalProperties"] != nil:
		want = "MAP(VARCHAR, BIGINT)"
	case field["format"] == "date-time":
		want = "TIMESTAMP_NS"
	case field["type"] == "integer":
		want = "BIGINT"
	case field["type"] == "number":
		want = "DECIMAL(18,9)"
	case field["type"] == "boolean":
		want = "BOOLEAN"
	}
	if typ != want {
		t.Errorf("%s is %s, want %s", at, typ, want)
	}
}

// partsOf are the types of what a struct holds, by name.
func partsOf(typ string) map[string]string {
	parts := map[string]string{}
	inner := strings.TrimSuffix(strings.TrimPrefix(typ, "STRUCT("), ")")
	depth, from := 0, 0
	for i, c := range inner + "," {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				name, typ, _ := strings.Cut(strings.TrimSpace(inner[from:i]), " ")
				parts[strings.Trim(name, `"`)] = typ
				from = i + 1
			}
		}
	}
	return parts
}

// A report is made, too, of what DuckDB wrote of a table.
func TestReportOfWhatDuckDBWrote(t *testing.T) {
	dir := t.TempDir()
	const storm = "../../testdata/pcaps/time-wait-storm-by-client.pcap.gz"
	all := runs(t, dir, []string{storm, storm})[1:]
	ask(t, fmt.Sprintf("copy (select * from '%s/001/v=1/*/*/part-*.parquet' where id %% 2 = 0) to '%[1]s/some.parquet' (format parquet)", dir))
	tcpwatch(t, "report", dir+"/some.parquet", "-o", "jsonl:"+dir+"/some.jsonl")
	var want []map[string]any
	for _, line := range all[0].lines["conn"] {
		if id, _ := line["id"].(json.Number).Int64(); id%2 == 0 {
			delete(line, "transitions")
			want = append(want, line)
		}
	}
	got := linesOf(t, dir+"/some.jsonl")["conn"]
	if len(want) < 100 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d connections, want %d, or they differ", len(got), len(want))
	}
}
