package load_test

import (
	"flag"
	"os"
	"regexp"
	"testing"

	"tcpwatch/capture/lab/load"
)

var (
	inputsDir = flag.String("bench-inputs", "", "make the inputs of the benchmarks in this directory")
	only      = flag.String("inputs", "", "make only inputs whose names match")
)

// TestBenchInputs makes the inputs of packaging/bench that are not there.
func TestBenchInputs(t *testing.T) {
	if *inputsDir == "" {
		t.Skip("makes gigabytes of captures: only with -bench-inputs DIR")
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(*inputsDir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, in := range load.Inputs() {
		if !match.MatchString(in.Name) {
			continue
		}
		t.Run(in.Name, func(t *testing.T) {
			made, err := in.Make(*inputsDir)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d packets, %d bytes", made.Packets, made.Bytes)
		})
	}
}
