package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tcpwatch/internal/say"
)

// argsOf are the arguments of the container in the manifest of docs/fleet, with what Kubernetes puts
// in for $(NAME).
func argsOf(t *testing.T, manifest string) (args []string) {
	t.Helper()
	_, rest, ok := strings.Cut(manifest, "\n          args:\n")
	if !ok {
		t.Fatal("no args")
	}
	for line := range strings.SplitSeq(rest, "\n") {
		arg, ok := strings.CutPrefix(line, "            - ")
		if !ok {
			break
		}
		arg, _, _ = strings.Cut(arg, " #")
		args = append(args, strings.NewReplacer("$(NODE_NAME)", "node-7", "$(COLLECTOR)", "http://otel-collector.tcpwatch.svc:4318").Replace(strings.TrimSpace(arg)))
	}
	return args
}

// The program takes the command line of the manifest: a live capture of the node, under its name, sent
// to the Collector, within the memory that the container has.
func TestFleetManifest(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "fleet", "daemonset.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	args := argsOf(t, string(text))
	o, err := parse(args)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	if !o.isLive() || o.run.Place != "node-7" || o.otlp.to == nil || o.otlp.to.String() != "http://otel-collector.tcpwatch.svc:4318" ||
		o.run.Interval != time.Minute || o.filter != "not port 4318" {
		t.Errorf("%q: live %t, place %q, to %v, interval %v, filter %q", args, o.isLive(), o.run.Place, o.otlp.to, o.run.Interval, o.filter)
	}
	i := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "--max-memory=") })
	_, limits, _ := strings.Cut(string(text), "limits:")
	_, memory, _ := strings.Cut(limits, "memory: ")
	memory, _, _ = strings.Cut(memory, "\n")
	if i < 0 || !strings.HasSuffix(memory, "Mi") {
		t.Fatalf("%q, memory %q", args, memory)
	}
	own, err := say.ParseSize(strings.TrimPrefix(args[i], "--max-memory="))
	whole, err2 := say.ParseSize(strings.TrimSuffix(memory, "i"))
	if err != nil || err2 != nil || own > whole*9/10 {
		t.Errorf("--max-memory is %d bytes of %d that the container has: %v, %v", own, whole, err, err2)
	}
}

// exportedBy is the file that a Collector would write of what runs send: the requests, a line each.
func exportedBy(t *testing.T, runs func(to string)) (name string) {
	t.Helper()
	var mu sync.Mutex
	var all []byte
	r := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		b, err := io.ReadAll(z)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(append(all, b...), '\n')
	}))
	defer r.Close()
	runs(r.URL)
	name = filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(name, all, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// What a Collector wrote of two places is read by report, compare and pair, and gives what the JSON
// Lines of the runs give: by the names of the places, from one file.
func TestCollectorFile(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	pcaps := filepath.Join("..", "..", "testdata", "pcaps")
	captures := map[string]string{"client": filepath.Join(pcaps, "data-lost.pcap"), "server": filepath.Join(pcaps, "data-lost-at-server.pcap")}
	file := exportedBy(t, func(to string) {
		for _, place := range []string{"client", "server"} {
			ran(t, captures[place], "--place", place, "--interval", "20ms", "--otlp", to, "-q", "-o", "jsonl:"+in(place))
		}
	})
	one := exportedBy(t, func(to string) {
		ran(t, captures["client"], "--place", "client", "--interval", "20ms", "--otlp", to, "-q", "-o", "jsonl:"+in("again"))
	})
	want, _ := ran(t, "report", in("client"), "-o", "csv")
	got, errs := ran(t, "report", one, "-o", "csv")
	if got != want || errs != "" {
		t.Errorf("report:\n%s\n%s\nwant\n%s", got, errs, want)
	}
	got, errs = ran(t, "compare", in("client"), one)
	same, _ := ran(t, "compare", in("client"), in("client"))
	if strings.ReplaceAll(got, one, in("client")) != same || errs != "" {
		t.Errorf("compare: %s\n%s\nwant\n%s", got, errs, same)
	}
	want, _ = ran(t, "pair", "--place", "client="+in("client"), "--place", "server="+in("server"), "-o", "jsonl")
	got, errs = ran(t, "pair", file, "--place", "client", "--place", "server", "-o", "jsonl")
	if pairsOf(got) == "" || pairsOf(got) != pairsOf(want) || errs != "" {
		t.Errorf("pair:\n%s\n%s\nwant\n%s", got, errs, want)
	}
	// So it is of one file of JSON Lines with both.
	both := ""
	for _, place := range []string{"client", "server"} {
		text, err := os.ReadFile(in(place))
		if err != nil {
			t.Fatal(err)
		}
		both += string(text)
	}
	if err := os.WriteFile(in("both.jsonl"), []byte(both), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, _ = ran(t, "pair", in("both.jsonl"), "--place", "client", "--place", "server", "-o", "jsonl"); pairsOf(got) != pairsOf(want) {
		t.Errorf("pair of one file:\n%s\nwant\n%s", got, want)
	}
	// The report of it is that of both files, and tells that both saw the same connection; so does that of
	// the Collector's file. A run that is there twice is one.
	want, _ = ran(t, "report", in("client"), in("server"))
	if got, errs = ran(t, "report", in("both.jsonl")); got != want || errs != "" {
		t.Errorf("report of both: %s\n%s\nwant\n%s", got, errs, want)
	}
	if err := os.WriteFile(in("twice.jsonl"), []byte(both+both), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, errs = ran(t, "report", in("twice.jsonl")); got != want || strings.Count(errs, "\n") > 4 {
		t.Errorf("report of both, twice: %s\n%s\nwant\n%s", got, errs, want)
	}
	for _, name := range []string{in("both.jsonl"), file} {
		if got, _ = ran(t, "report", name); !strings.Contains(got, "--explain seen-twice") || !strings.Contains(got, "tcpwatch: 106 packets") {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	// compare reads an archive, and a file of one, as the JSON Lines.
	ran(t, "report", in("client"), "-q", "-o", "parquet:"+in("kept"))
	parts, _ := filepath.Glob(in("kept/v=1/*/*/*.parquet"))
	for _, name := range append(parts, in("kept"), in("kept/v=1/place=client")) {
		if got, errs = ran(t, "compare", in("client"), name); strings.ReplaceAll(got, name, in("client")) != same || errs != "" {
			t.Errorf("compare %s: %s\n%s\nwant\n%s", name, got, errs, same)
		}
	}
	// An archive of it has each place's connections at that place, and the report of one is whole.
	for from, args := range map[string][]string{file: nil, in("both.jsonl"): nil, in("client"): {in("server")}} {
		archive := in("archive of " + filepath.Base(from))
		ran(t, append([]string{"report", from, "-q", "-o", "parquet:" + archive}, args...)...)
		for _, place := range []string{"client", "server"} {
			if all, _ := filepath.Glob(filepath.Join(archive, "v=1", "place="+place, "*", "*.parquet")); len(all) != 1 {
				t.Errorf("%s: %d files of %s", archive, len(all), place)
			}
			got, errs := ran(t, "report", filepath.Join(archive, "v=1", "place="+place), "--where", "id > 0", "-o", "csv")
			want, _ := ran(t, "report", in(place), "--where", "id > 0", "-o", "csv")
			if strings.Count(got, "\n") != strings.Count(want, "\n") || !strings.Contains(errs, "not asked for: 3 of 6 connections left out") || strings.Contains(errs, "missing") {
				t.Errorf("%s of %s: %d lines, %s, want %d", place, archive, strings.Count(got, "\n"), errs, strings.Count(want, "\n"))
			}
		}
	}
	for _, x := range []struct{ want, args string }{
		{"no record of the place elsewhere in events.jsonl: there are those of client, server", file + " --place client --place elsewhere"},
		{"data-lost.pcap holds no records, which say where they were captured: --place client=FILE is for captures", captures["client"] + " --place client --place server"},
		{"--place NAME alone is for files that hold the records of all places: they stand together, without --", file + " --place client -- " + file + " --place server"},
		{"--place client: given twice", file + " --place client --place client"},
		{"one place alone", file + " --place client"},
		{"--place client: NAME=FILE is needed, or files that hold the records of all places", "--place client --place server"},
	} {
		var stdout, stderr bytes.Buffer
		if status := run(append([]string{"pair"}, strings.Fields(x.args)...), &stdout, &stderr); status != exitUsage || !strings.Contains(stderr.String(), x.want) {
			t.Errorf("%s: status %d, %s, want %s", x.args, status, &stderr, x.want)
		}
	}
}

// ofNumbers are the values that number connections and packets.
var ofNumbers = regexp.MustCompile(`"(\w*id|at|packets)":(\[[\d,]*\]|\d+)`)

// pairsOf are the lines of pairs, directions and paths that pair writes, without the numbers of
// connections, which are others in a file of several runs.
func pairsOf(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		if regexp.MustCompile(`"type":"(pair|direction|path)"`).MatchString(line) {
			b.WriteString(ofNumbers.ReplaceAllString(line, `"$1":0`) + "\n")
		}
	}
	return b.String()
}
