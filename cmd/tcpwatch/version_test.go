package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"tcpwatch"
)

// The version stands in one place; what people read names the same one.
func TestVersion(t *testing.T) {
	for file, of := range map[string]string{
		"../../CHANGELOG.md":    `(?m)^## \[([^]]+)\]`,
		"../../docs/tcpwatch.1": `(?m)^\.Os tcpwatch (.+)$`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if m := regexp.MustCompile(of).FindSubmatch(text); m == nil || string(m[1]) != tcpwatch.Version {
			t.Errorf("%s names %q first, not %s", file, m, tcpwatch.Version)
		}
	}
	if v := tcpwatch.Build(); !strings.HasPrefix(v, tcpwatch.Version) {
		t.Errorf("--version prints %q, not %s", v, tcpwatch.Version)
	}
}
