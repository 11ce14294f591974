package tui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// README.md shows a screen as it is.
func TestReadmeScreen(t *testing.T) {
	name := filepath.Join("..", "..", "README.md")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const from, to = "<!-- The screen: go test ./report/tui -update writes it. -->\n```\n", "```\n<!-- End of the screen. -->"
	before, rest, ok := strings.Cut(string(b), from)
	shown, after, end := strings.Cut(rest, to)
	if !ok || !end {
		t.Fatal("README.md has no screen")
	}
	got := bare(screenOf(t, options(), "accept-queue-abort.pcap", 80, 24).frame())
	switch {
	case shown == got:
	case *update:
		if err := os.WriteFile(name, []byte(before+from+got+to+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("README.md shows\n%s\nbut the screen is\n%s", shown, got)
	}
}
