package capturetest

import (
	"os"
	"strconv"
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
