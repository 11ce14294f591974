package capturetest

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Corpus is the directory that TCPWATCH_CORPUS names: real captures that are not
// part of the project, with index.tsv and captures/. Without it the test is skipped.
func Corpus(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("TCPWATCH_CORPUS")
	if dir == "" {
		t.Skip("TCPWATCH_CORPUS names no directory of captures")
	}
	return dir
}

// Every is how many captures of the corpus share one that is compared with a
// program that takes long to start: TCPWATCH_TSHARK_EVERY, or else usual.
func Every(usual int) int {
	n, err := strconv.Atoi(os.Getenv("TCPWATCH_TSHARK_EVERY"))
	if err != nil || n < 1 {
		return usual
	}
	return n
}

// Need skips a test unless all programs are there, and names those that are missing.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	if missing := Missing(programs...); missing != "" {
		t.Skip(missing)
	}
}

// Missing says which of some programs are not installed; "" when all are.
func Missing(programs ...string) string {
	var missing []string
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing = append(missing, p)
		}
	}
	switch len(missing) {
	case 0:
		return ""
	case 1:
		return missing[0] + " is not installed"
	}
	return strings.Join(missing[:len(missing)-1], ", ") + " and " + missing[len(missing)-1] + " are not installed"
}
