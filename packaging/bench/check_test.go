package main

import (
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The packets of both inputs are in the order of their times, as a capture has them.
func TestInputsAreInOrder(t *testing.T) {
	for name, text := range map[string]string{"short": shortText(), "bulk": bulkText()} {
		last, packets := 0., 0
		for line := range strings.Lines(text) {
			word, _, _ := strings.Cut(line, " ")
			at, err := strconv.ParseFloat(word, 64)
			if err != nil || at < last {
				t.Fatalf("%s: %s after %f: %v", name, line, last, err)
			}
			last = at
			packets++
		}
		if packets < 90000 {
			t.Errorf("%s: %d packets", name, packets)
		}
	}
}

// A counter that was asked for and does not count is an error: nothing is skipped.
func TestCheckWithoutACounter(t *testing.T) {
	if err := check(&settings{counter: filepath.Join(t.TempDir(), "none")}, io.Discard); err == nil {
		t.Error("a program that is not there counts")
	}
	t.Setenv("PATH", t.TempDir())
	if err := check(&settings{record: true}, io.Discard); err == nil {
		t.Error("nothing counts, and is stored")
	}
	var b strings.Builder
	if err := check(&settings{}, &b); err != nil || !strings.HasPrefix(b.String(), "skipped: perf: ") {
		t.Errorf("%v, %q", err, b.String())
	}
}
