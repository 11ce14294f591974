package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ran is what the program prints with these arguments, and says.
func ran(t *testing.T, args ...string) (out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(args, &stdout, &stderr); status != exitDone {
		t.Fatalf("%v: status %d: %s", args, status, &stderr)
	}
	return stdout.String(), stderr.String()
}

// With --interval each record of a connection has the same uid and the next revision, in every
// format; report, pair and compare count each connection once, whatever the order of the records and
// however many came twice, and say so.
func TestRevisionsOfTheCommand(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	capture := filepath.Join("..", "..", "testdata", "pcaps", "data-lost.pcap")
	ran(t, capture, "--place", "tap", "--interval", "20ms", "-q", "-o", "jsonl:"+in("a.jsonl"), "-o", "csv:"+in("a.csv"), "-o", "parquet:"+in("a"))
	ran(t, capture, "--place", "tap", "-q", "-o", "jsonl:"+in("plain.jsonl"))
	text, err := os.ReadFile(in("a.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	var conns, rest []string
	for _, l := range lines {
		if strings.HasPrefix(l, `{"type":"conn"`) {
			conns = append(conns, l)
		} else {
			rest = append(rest, l)
		}
	}
	interim := strings.Count(string(text), `"final":false`)
	if interim < 2 || strings.Count(string(text), `"revision":1,`) != 1 || strings.Count(string(text), `"revision":`) != len(conns) {
		t.Fatalf("%d interim records, of %d: %s", interim, len(conns), text)
	}
	csv, err := os.ReadFile(in("a.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if head, _, _ := strings.Cut(string(csv), "\n"); !strings.Contains(head, ",uid,revision,") {
		t.Errorf("CSV has no revision: %s", head)
	}
	want, _ := ran(t, "report", in("plain.jsonl"), "--report", "closes,handshakes")
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 5 {
		doubled := append(append([]string{}, conns...), conns...)
		rnd.Shuffle(len(doubled), func(i, j int) { doubled[i], doubled[j] = doubled[j], doubled[i] })
		if err := os.WriteFile(in("mixed.jsonl"), []byte(strings.Join(append(doubled, rest...), "")), 0o644); err != nil {
			t.Fatal(err)
		}
		got, errs := ran(t, "report", in("mixed.jsonl"), "--report", "closes,handshakes")
		if got != want || !strings.Contains(errs, "1 final record came again, by uid: left out") {
			t.Fatalf("round %d:\n%s\n%s\nwant\n%s", i, got, errs, want)
		}
	}
	for _, name := range []string{"a", "a.jsonl"} {
		if got, errs := ran(t, "report", in(name), "--report", "closes,handshakes"); got != want || errs != "" {
			t.Errorf("%s:\n%s\n%s\nwant\n%s", name, got, errs, want)
		}
		rows, _ := ran(t, "report", in(name), "-o", "csv")
		if rows != string(csv) {
			t.Errorf("%s: CSV again:\n%s\nwant\n%s", name, rows, csv)
		}
	}
	once, _ := ran(t, "compare", in("plain.jsonl"), in("plain.jsonl"))
	mixed, errs := ran(t, "compare", in("plain.jsonl"), in("mixed.jsonl"))
	if strings.ReplaceAll(mixed, "mixed", "plain") != once || !strings.Contains(errs, "mixed.jsonl: 1 final record came again") {
		t.Errorf("compare:\n%s\n%s\nwant\n%s", mixed, errs, once)
	}
	other := filepath.Join("..", "..", "testdata", "pcaps", "data-lost-at-server.pcap")
	ran(t, other, "--place", "server", "-q", "-o", "jsonl:"+in("server.jsonl"))
	once, _ = ran(t, "pair", in("plain.jsonl"), "--", in("server.jsonl"), "-o", "jsonl")
	mixed, errs = ran(t, "pair", in("mixed.jsonl"), "--", in("server.jsonl"), "-o", "jsonl")
	if strings.ReplaceAll(mixed, "mixed", "plain") != once || !strings.Contains(errs, "1 final record came again") {
		t.Errorf("pair:\n%s\n%s\nwant\n%s", mixed, errs, once)
	}
	// Without the final record the last interim one counts.
	var open []string
	for _, l := range conns {
		if strings.Contains(l, `"final":false`) {
			open = append(open, l)
		}
	}
	rnd.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
	if err := os.WriteFile(in("open.jsonl"), []byte(strings.Join(open, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	got, errs := ran(t, "report", in("open.jsonl"), "--report", "connections")
	if !strings.Contains(got, "1 connection") || !strings.Contains(errs, "no final record of 1 connection: the last interim one counts") {
		t.Errorf("without a final record:\n%s\n%s", got, errs)
	}
}
