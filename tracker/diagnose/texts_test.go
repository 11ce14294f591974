package diagnose

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the texts that TestTexts compares with")

// The words of each finding that a situation raises.
func TestTexts(t *testing.T) {
	var b strings.Builder
	for _, x := range situations() {
		for _, f := range x.findings(t) {
			fmt.Fprintf(&b, "## %s: %s\n%s, %s, %d of %s\n%s\n%s\n", f.Detector, x.name, f.Severity, f.Confidence, f.Count, f.Subject, f.Title, f.Explanation)
			if f.Order != "" {
				fmt.Fprintf(&b, "= %s\n", f.Order)
			}
			for _, c := range f.Causes {
				fmt.Fprintf(&b, "- %s\n", c)
			}
			for _, a := range f.Advice {
				fmt.Fprintf(&b, "> %s\n", a)
			}
			b.WriteByte('\n')
		}
	}
	path := filepath.Join("testdata", "texts.txt")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(b.String(), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Fatalf("line %d is not %q any more; see -update", i+1, line)
		}
	}
	if b.String() != string(want) {
		t.Error("more than is in " + path)
	}
}

// A host that vanished was silent for a time, not at one moment.
func TestVanishedLasts(t *testing.T) {
	for _, x := range closeSituations() {
		for _, f := range x.findings(t) {
			if f.Detector == "vanished" && f.Until <= f.Since {
				t.Errorf("%s: from %d to %d", x.name, f.Since, f.Until)
			}
		}
	}
}
