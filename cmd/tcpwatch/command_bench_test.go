package main

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var benchInput = flag.String("bench-input", filepath.FromSlash("../../testdata/pcaps/time-wait-storm-by-client.pcap.gz"),
	"the capture that BenchmarkCommand reads")

// BenchmarkCommand is the whole program on a capture, for each format that is
// written for a connection or at the end. make profile profiles it.
func BenchmarkCommand(b *testing.B) {
	info, err := os.Stat(*benchInput)
	if err != nil {
		b.Fatal(err)
	}
	for _, format := range []string{"table", "jsonl", "csv"} {
		b.Run(format, func(b *testing.B) {
			b.SetBytes(info.Size())
			b.ReportAllocs()
			for b.Loop() {
				var stderr strings.Builder
				if status := run([]string{"-n", "-r", *benchInput, "-o", format}, io.Discard, &stderr); status != exitDone {
					b.Fatalf("exit status %d: %s", status, &stderr)
				}
			}
		})
	}
}
