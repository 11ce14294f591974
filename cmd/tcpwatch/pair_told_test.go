package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tcpwatch/capture/lab/wire"
)

// kinds are numbers of segments by kind.
type kinds map[string]uint64

// flowTold is a line of type "direction", or what a pair says of one.
type flowTold struct {
	From, To                     string
	Sent, Arrived, Lost, Doubled kinds
	LostAgain                    kinds `json:"lost_again"`
	NotCaptured                  kinds `json:"not_captured"`
	NotWatched                   kinds `json:"not_watched"`
	OnlyThere                    kinds `json:"only_there"`
	Reordered                    uint64
	DelayN                       uint64  `json:"delay_n"`
	DelayMin                     float64 `json:"delay_min_s"`
	DelayP50                     float64 `json:"delay_p50_s"`
	DelayMax                     float64 `json:"delay_max_s"`
}

// clockTold is a piece of a clock.
type clockTold struct {
	Offset     float64  `json:"offset_s"`
	Bound      *float64 `json:"bound_s"`
	Drift      float64  `json:"drift_ppm"`
	DriftBound *float64 `json:"drift_bound_ppm"`
	From       string
}

// pairTold is what -o jsonl says.
type pairTold struct {
	directions []flowTold
	pairs      []struct {
		Rung, AOrig string
		Changed     []string
		Forth, Back flowTold
	}
	findings []struct{ ID, Detector, Severity, Title string }
	all      struct {
		Pairs, Ambiguous, Apart uint64
		Swapped                 bool
		Rungs                   map[string]uint64
		Clock                   []clockTold
		OnlyA                   struct{ Missing, Elsewhere, Outside uint64 } `json:"only_a"`
		OnlyB                   struct{ Missing, Elsewhere, Outside uint64 } `json:"only_b"`
	}
	text  string
	files [2]string // of pairFrames
}

// pairFiles runs pair and reads what it says.
func pairFiles(t *testing.T, args ...string) *pairTold {
	t.Helper()
	var out, stderr bytes.Buffer
	if status := run(append([]string{"pair", "-o", "jsonl"}, args...), &out, &stderr); status != exitDone {
		t.Fatalf("pair: status %d: %s", status, stderr.String())
	}
	told := &pairTold{text: out.String()}
	lines := bufio.NewScanner(&out)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var kind struct{ Type string }
		err := json.Unmarshal(lines.Bytes(), &kind)
		grow := func(to any) { err = errors.Join(err, json.Unmarshal(lines.Bytes(), to)) }
		switch kind.Type {
		case "direction":
			told.directions = append(told.directions, flowTold{})
			grow(&told.directions[len(told.directions)-1])
		case "pair":
			told.pairs = append(told.pairs, told.pairs[:0:0]...)
			told.pairs = slices.Grow(told.pairs, 1)[:len(told.pairs)+1]
			grow(&told.pairs[len(told.pairs)-1])
		case "finding":
			told.findings = slices.Grow(told.findings, 1)[:len(told.findings)+1]
			grow(&told.findings[len(told.findings)-1])
		case "pairs":
			grow(&told.all)
		}
		if err != nil {
			t.Fatalf("%v: %s", err, lines.Bytes())
		}
	}
	return told
}

// found reports whether a detector told something.
func (p *pairTold) found(detector string) bool {
	for _, f := range p.findings {
		if f.Detector == detector {
			return true
		}
	}
	return false
}

// pairFrames runs pair over two recordings.
func pairFrames(t *testing.T, client, server []wire.Frame) *pairTold {
	t.Helper()
	dir := t.TempDir()
	names := [...]string{filepath.Join(dir, "client.pcap"), filepath.Join(dir, "server.pcap")}
	for i, frames := range [...][]wire.Frame{client, server} {
		if err := os.WriteFile(names[i], wire.PcapFile(wire.Ethernet, 262144, frames), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	told := pairFiles(t, names[0], "--", names[1])
	told.files = names
	return told
}

// nothingInvented wants all that was sent to have arrived, once, and nothing besides.
func nothingInvented(t *testing.T, told *pairTold) {
	t.Helper()
	for _, d := range told.directions {
		for name, n := range map[string]kinds{"lost": d.Lost, "doubled": d.Doubled, "not captured": d.NotCaptured, "not watched": d.NotWatched, "only there": d.OnlyThere} {
			if len(n) > 0 {
				t.Errorf("from %s to %s %s: %v", d.From, d.To, name, n)
			}
		}
	}
	if o, p := told.all.OnlyA, told.all.OnlyB; o.Missing+o.Elsewhere+o.Outside+p.Missing+p.Elsewhere+p.Outside+told.all.Ambiguous > 0 {
		t.Errorf("connections alone: %+v, %+v; ambiguous: %d", o, p, told.all.Ambiguous)
	}
}
