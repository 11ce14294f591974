package parquettest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// query runs a file of docs/sql over folders, and gives its rows without the titles.
func query(t *testing.T, name string, folders ...string) [][]string {
	t.Helper()
	sql, err := os.ReadFile("../../docs/sql/" + name + ".sql")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.Join(ask(t, strings.NewReplacer(folders...).Replace(string(sql))), "\n"))).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rows
}

// paired are the pairs that the program finds by initial sequence numbers.
func paired(t *testing.T, client, server string) (all []string) {
	t.Helper()
	var errs bytes.Buffer
	c := exec.Command(os.Getenv("TCPWATCH"), "pair", "-o", "jsonl", client, "--", server)
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("pair: %v: %s", err, &errs)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(string(out)), "\n") {
		var p struct {
			Type, Rung string
			A          int `json:"a_id"`
			B          int `json:"b_id"`
		}
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		if p.Type == "pair" && strings.HasPrefix(p.Rung, "isn") {
			all = append(all, fmt.Sprint(p.Rung, " ", p.A, " ", p.B))
		}
	}
	return all
}

// DuckDB pairs by initial sequence numbers what "tcpwatch pair" does.
func TestPairingInSQL(t *testing.T) {
	const pcaps = "../../testdata/pcaps/"
	n := 0
	for _, name := range []string{"close-by-server", "refused", "two-addresses-one-target", "port-reused-early", "only-syn-passes"} {
		client, server := pcaps+name+".pcap", pcaps+name+"-at-server.pcap"
		dir := t.TempDir()
		tcpwatch(t, "-q", "--place", "a", "-o", "parquet:"+dir+"/a", client)
		tcpwatch(t, "-q", "--place", "b", "-o", "parquet:"+dir+"/b", server)
		var got []string
		for _, row := range query(t, "pairing", "CLIENT", dir+"/a", "SERVER", dir+"/b") {
			got = append(got, strings.Join(row[:3], " "))
		}
		want := paired(t, client, server)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: DuckDB pairs\n%v, we\n%v", name, got, want)
		}
		n += len(want)
	}
	if n < 5 {
		t.Errorf("%d pairs in all", n)
	}
}

// Where a box made one end's initial sequence numbers anew DuckDB pairs by the other's, at the same time, as the program
// does.
func TestPairingInSQLByOneNumber(t *testing.T) {
	const pcaps = "../../testdata/pcaps/port-reused-early"
	dir := t.TempDir()
	tcpwatch(t, "-q", "--place", "a", "-o", "parquet:"+dir+"/a", pcaps+".pcap")
	tcpwatch(t, "-q", "--place", "b", "-o", "parquet:"+dir+"/c", pcaps+"-at-server.pcap")
	if err := os.MkdirAll(dir+"/b/v=1/place=b/date=2026-01-01", 0o755); err != nil {
		t.Fatal(err)
	}
	// Of every three connections one keeps both numbers, one the client's, one the server's; every ninth is an hour late.
	ask(t, fmt.Sprintf(`copy (select * exclude (n) replace (struct_update(key, orig_isn := (key.orig_isn + case when n %% 3 = 1 then 7 else 0 end) %% 4294967296,
		resp_isn := (key.resp_isn + case when n %% 3 = 2 then 7 else 0 end) %% 4294967296) as key,
		make_timestamp_ns(epoch_ns("start") + case when n %% 9 = 8 then 3600000000000 else 0 end) as "start",
		make_timestamp_ns(epoch_ns("end") + case when n %% 9 = 8 then 3600000000000 else 0 end) as "end")
		from (select *, row_number() over (order by id) as n from read_parquet('%[1]s/c/v=1/*/*/part-*.parquet', hive_partitioning = false))) to '%[1]s/b/v=1/place=b/date=2026-01-01/part-made.parquet' (format parquet)`, dir))
	rungs := map[string]int{}
	var got []string
	for _, row := range query(t, "pairing", "CLIENT", dir+"/a", "SERVER", dir+"/b") {
		got = append(got, strings.Join(row[:3], " "))
		rungs[row[0]]++
	}
	if want := paired(t, dir+"/a", dir+"/b"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("DuckDB pairs\n%v, we\n%v", got, want)
	}
	if rungs["isns"] != 6 || rungs["isn"] != 12 { // of the seven with n % 3 = 2 the 8th and the 17th are late
		t.Errorf("%v", rungs)
	}
}

// What the other questions answer is what the records say.
func TestQuestionsInSQL(t *testing.T) {
	dir := t.TempDir()
	all := captures(t)
	tcpwatch(t, append([]string{"-q", "-o", "parquet:" + dir + "/p", "-o", "jsonl:" + dir + "/r.jsonl"}, all...)...)
	conns := linesOf(t, filepath.Join(dir, "r.jsonl"))["conn"]
	text := func(c map[string]any, path string) string {
		var v any = c
		for name := range strings.SplitSeq(path, ".") {
			m, ok := v.(map[string]any)
			if !ok {
				return ""
			}
			v = m[name]
		}
		if v == nil {
			return ""
		}
		return fmt.Sprint(v)
	}
	for _, x := range []struct {
		name    string
		columns []int // of the rows, that make the key, then the number
		key     func(c map[string]any) string
	}{
		{"slow-listeners", []int{0, 1, 2, 3}, func(c map[string]any) string {
			if text(c, "open.felt_s") == "" {
				return ""
			}
			return text(c, "start")[:10] + " " + text(c, "resp_ip") + " " + text(c, "resp_port")
		}},
		{"time-wait-by-holder", []int{0, 1, 2}, func(c map[string]any) string {
			switch text(c, "time_wait.holder") {
			case "":
				return ""
			case "resp":
				return text(c, "resp_ip") + " " + text(c, "orig_ip")
			}
			return text(c, "orig_ip") + " " + text(c, "resp_ip") + ":" + text(c, "resp_port")
		}},
		{"failed-opens", []int{0, 1, 2, 3, 4}, func(c map[string]any) string {
			switch kind := text(c, "open.kind"); kind {
			case "refused", "unreachable", "no-answer", "half-open", "aborted":
				answer := text(c, "open.answer")
				if answer == "" {
					answer = "nothing"
				}
				return kind + " " + answer + " " + text(c, "resp_ip") + " " + text(c, "resp_port")
			}
			return ""
		}},
		{"worst-paths", []int{0, 1, 2}, func(c map[string]any) string { return text(c, "orig_ip") + " " + text(c, "resp_ip") }},
	} {
		want := map[string]int{}
		for _, c := range conns {
			if key := x.key(c); key != "" {
				want[key]++
			}
		}
		rows := query(t, x.name, "DIR", dir+"/p")
		if len(rows) < 10 {
			t.Errorf("%s: %d rows", x.name, len(rows))
		}
		for _, row := range rows {
			var key []string
			for _, i := range x.columns[:len(x.columns)-1] {
				key = append(key, row[i])
			}
			number := row[x.columns[len(x.columns)-1]]
			if n := fmt.Sprint(want[strings.Join(key, " ")]); n != number {
				t.Errorf("%s: %q, and the records %s", x.name, row, n)
			}
		}
	}
}
