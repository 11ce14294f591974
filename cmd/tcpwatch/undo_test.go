package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A run that ends before it reads leaves none of the files that it opened to write: they would pass for
// results.
func TestNothingIsLeftOfARunThatDoesNotBegin(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("newer.jsonl"), []byte(`{"type":"stats","schema":2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		args []string
		want string
	}{
		{[]string{pcaps + "syn-lost.pcap", "--tz", "UTC", "--from", "2024-01-01 00:00:01 CEST", "-w", at("out.pcap")}, "is in another zone than UTC"},
		{[]string{"report", at("newer.jsonl")}, "schema 2 is newer"},
	} {
		var stdout, stderr bytes.Buffer
		status := run(append(x.args, "-o", "csv:"+at("out.csv")), &stdout, &stderr)
		if left, _ := filepath.Glob(at("out.*")); status == exitDone || !strings.Contains(stderr.String(), x.want) || len(left) > 0 {
			t.Errorf("%v: status %d, %s left: %s", x.args, status, left, &stderr)
		}
	}
}
