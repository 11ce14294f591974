package main

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tcpwatch"
	"tcpwatch/internal/racetest"
	"tcpwatch/report/zeek"
)

// zeekRows are the rows of a tab-separated text with a line of names, by the values of some of them.
func zeekRows(head, text string, by ...string) map[string][]map[string]string {
	names := strings.Split(head, "\t")
	rows := map[string][]map[string]string{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		row := map[string]string{}
		for i, v := range strings.Split(strings.TrimSuffix(line, "\n"), "\t") {
			if i < len(names) {
				row[names[i]] = v
			}
		}
		key := ""
		for _, n := range by {
			key += row[n] + " "
		}
		rows[key] = append(rows[key], row)
	}
	return rows
}

// What Zeek wrote of captures is what -o zeek writes of them, but where Zeek divides a connection or
// one of us is known to see it otherwise: see RFC 9293 and Zeek's timers.
func TestZeekAgrees(t *testing.T) {
	const corpus = "../../../shared/corpus"
	b, err := os.ReadFile(filepath.Join(corpus, "zeek.tsv"))
	if err != nil {
		t.Skip("no corpus")
	}
	racetest.TooSlow(t)
	head, text, _ := strings.Cut(string(b), "\n")
	compared := 0
	same, all := map[string]int{}, map[string]int{}
	for _, theirs := range zeekRows(head, text, "capture") {
		first := theirs[0]
		name := filepath.Join(corpus, "captures", first["capture"])
		about, err := os.Stat(name)
		if err != nil || about.Size() > 1_000_000 {
			continue
		}
		in, err := tcpwatch.Open(name)
		if err != nil {
			continue
		}
		var log bytes.Buffer
		_, err = tcpwatch.Run(context.Background(), in, tcpwatch.Options{Workers: 1}, zeek.New(&log, zeek.Options{Now: time.Now}))
		in.Close()
		if err != nil {
			t.Fatal(err)
		}
		_, fields, _ := strings.Cut(log.String(), "\n#fields\t")
		fields, _, _ = strings.Cut(fields, "\n")
		key := []string{"id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"}
		ours := zeekRows(fields, log.String(), key...)
		var lines strings.Builder
		begins := strings.Join([]string{first["capture"], first["trace"], first["test"], first["baseline"]}, "\t") + "\t" // of several answers the first
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, begins) && strings.Contains(line, "\tplain\t") && strings.Contains(line, "\ttcp\t") {
				lines.WriteString(line)
			}
		}
		for key, rows := range zeekRows(head, lines.String(), key...) {
			if len(rows) != 1 || len(ours[key]) != 1 {
				continue // divided, or not the same input
			}
			compared++
			for _, f := range []string{"conn_state", "history", "orig_bytes", "resp_bytes", "orig_pkts", "resp_pkts", "missed_bytes", "duration"} {
				x, y := rows[0][f], ours[key][0][f]
				all[f]++
				if x == y || f == "duration" && near(x, y) {
					same[f]++
				}
			}
		}
	}
	if compared < 80 {
		t.Fatalf("%d rows compared", compared)
	}
	for _, f := range slices.Sorted(func(yield func(string) bool) {
		for f := range all {
			if !yield(f) {
				return
			}
		}
	}) {
		share := 100 * float64(same[f]) / float64(all[f])
		t.Logf("%s: %d of %d rows agree (%.1f %%)", f, same[f], all[f], share)
		if share < 95 {
			t.Errorf("%s agrees in %.1f %% of the rows", f, share)
		}
	}
}

func near(x, y string) bool {
	a, err := strconv.ParseFloat(x, 64)
	b, wrong := strconv.ParseFloat(y, 64)
	return err == nil && wrong == nil && math.Abs(a-b) < 2e-6
}
