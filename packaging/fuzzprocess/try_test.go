package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcpwatch/capture"
)

// good answers as tcpwatch does: it writes the outputs that it is asked for.
const good = `
while [ $# -gt 0 ]; do
	case $1 in
	-j) jobs=$2;;
	jsonl:*) jsonl=${1#jsonl:};;
	csv:*) csv=${1#csv:};;
	table:*) table=${1#table:};;
	esac
	shift
done
json='{"type":"conn","a":[1,{"b":2}]}
{"type":"stats"}'
rows='a,b
1,2'
text='all is well'
`

const write = `
[ -z "$jsonl" ] || printf '%s\n' "$json" >"$jsonl"
[ -z "$csv" ] || printf '%s\n' "$rows" >"$csv"
[ -z "$table" ] || printf '%s\n' "$text" >"$table"
`

// What a program must not do is complained about, and what it may is not.
func TestTry(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"all is well", "", ""},
		{"refused in one line", "echo no capture >&2; exit 2", ""},
		{"refused, and damaged", "echo f: damaged at packet 3: cut >&2; echo no such connection >&2; exit 2", ""},
		{"refused without a word", "exit 2", "not one line"},
		{"refused in two lines", "echo a >&2; echo b >&2; exit 2", "not one line"},
		{"status 1", "exit 1", "status 1"},
		{"a panic", "echo 'panic: no' >&2; exit 2", "panic: no"},
		{"a trace", "echo 'goroutine 1 [running]:' >&2", "goroutine 1"},
		{"no JSON", `json='{"type":"stats",}'`, "JSON Lines: line 1"},
		{"not a number", `json='{"type":"stats","a":NaN}'`, "JSON Lines: line 1"},
		{"a key twice", `json='{"type":"stats","a":{"b":1,"b":2}}'`, `key "b" twice`},
		{"no type", `json='{"a":1}'`, "no type"},
		{"two values in a line", `json='{"type":"stats"} {}'`, "more than one value"},
		{"no statistics", `json='{"type":"conn"}'`, "not the statistics"},
		{"CSV of several widths", "rows='a,b\n1'", "CSV: "},
		{"no CSV", "rows=''", "CSV without a header"},
		{"an escape sequence", `text=$(printf '\033[1m')`, "control characters"},
		{"workers differ", `[ -z "$jobs" ] || text=$jobs`, "table differs"},
		{"status differs", `[ "$jobs" != 2 ] || { echo no >&2; exit 2; }`, "status 0 with -j 1, 2 with -j 2"},
		{"no end", "sleep 9", "no end after"},
		{"bad only when something else is asked for", `[ -n "$jobs" ] || exit 7`, "status 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			bin := filepath.Join(dir, "program")
			if err := os.WriteFile(bin, []byte("#!/bin/sh\n"+good+c.script+"\n"+write), 0o755); err != nil {
				t.Fatal(err)
			}
			o := options{bin: bin, memory: 500, timeout: 5 * time.Second}
			if strings.HasPrefix(c.script, "sleep") {
				o.timeout = 300 * time.Millisecond
			}
			got, _ := try(&o, filepath.Join(dir, "file"), []byte("x"))
			if !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("said %q, want %q", got, c.want)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "file*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// A capture written as pcapng is read as one: no test of damage would be worth
// much otherwise.
func TestPcapngIsRead(t *testing.T) {
	all, err := load("../../testdata/pcaps")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range all {
		if !strings.HasSuffix(all[i].name, " as pcapng") {
			continue
		}
		f, err := capture.NewFile(all[i].name, bytes.NewReader(all[i].bytes))
		if err != nil {
			t.Fatal(err)
		}
		_, want := split(all[i-1].bytes)
		for k := range want {
			var p capture.Packet
			if err := f.Next(&p); err != nil || !bytes.Equal(p.Data, want[k][recordHeader:]) {
				t.Fatalf("%s, packet %d: %v", all[i].name, k+1, err)
			}
		}
		if lost, known := f.Drops(); len(want) > 0 && (lost != 0 || known) {
			t.Errorf("%s: %d dropped before the end", all[i].name, lost)
		}
		n++
	}
	if n < 20 {
		t.Errorf("%d captures as pcapng", n)
	}
}

// The same seed makes the same files, another one others.
func TestDamageIsTheSame(t *testing.T) {
	all, err := load("../../testdata/pcaps")
	if err != nil {
		t.Fatal(err)
	}
	same, as := 0, 0
	for i := range 300 {
		a, what := damaged(all, 1, i)
		b, again := damaged(all, 1, i)
		if !bytes.Equal(a, b) || what != again {
			t.Fatalf("file %d differs: %s, %s", i, what, again)
		}
		if c, _ := damaged(all, 2, i); bytes.Equal(a, c) {
			same++
		}
		for k := range all {
			if bytes.Equal(a, all[k].bytes) {
				as++
			}
		}
	}
	if same > 10 || as > 60 {
		t.Errorf("of 300 files %d are those of another seed, %d undamaged", same, as)
	}
}
