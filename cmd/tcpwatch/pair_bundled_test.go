package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var updatePair = flag.Bool("update-pair", false, "write testdata/pair-bundled.golden again")

// summary is what pair says in few lines, without times.
func (p *pairTold) summary() string {
	var b strings.Builder
	rungs := slices.Sorted(maps.Keys(p.all.Rungs))
	for i, r := range rungs {
		rungs[i] = fmt.Sprintf("%s %d", r, p.all.Rungs[r])
	}
	fmt.Fprintf(&b, "  paired: %s", strings.Join(rungs, ", "))
	if p.all.Swapped {
		b.WriteString("; swapped")
	}
	if n := len(p.all.Clock); n != 1 || p.all.Clock[0].Bound == nil {
		fmt.Fprintf(&b, "; clocks not known, or set: %d", n)
	} else if p.all.Clock[0].Drift != 0 {
		b.WriteString("; clocks part")
	}
	for side, o := range [...]struct{ Missing, Elsewhere, Outside uint64 }{p.all.OnlyA, p.all.OnlyB} {
		if o.Missing+o.Elsewhere+o.Outside > 0 {
			fmt.Fprintf(&b, "; only at %s: %+v", [...]string{"client", "server"}[side], o)
		}
	}
	b.WriteByte('\n')
	for _, d := range p.directions {
		var parts []string
		add := func(what string, n kinds) {
			if len(n) > 0 {
				parts = append(parts, what+" "+strings.TrimPrefix(fmt.Sprint(n), "map"))
			}
		}
		add("lost", d.Lost)
		add("of them repeats", d.LostAgain)
		add("not captured", d.NotCaptured)
		add("not watched", d.NotWatched)
		add("doubled", d.Doubled)
		add("only there", d.OnlyThere)
		if d.Reordered > 0 {
			parts = append(parts, fmt.Sprintf("overtaken %d", d.Reordered))
		}
		if len(parts) > 0 {
			fmt.Fprintf(&b, "  from %s: %s\n", d.From, strings.Join(parts, ", "))
		}
	}
	for _, f := range p.findings {
		fmt.Fprintf(&b, "  %s %s: %s\n", f.Severity, f.Detector, f.Title)
	}
	return b.String()
}

// What pair says of each scenario that the lab captured at both ends; testdata/pcaps/INDEX.md says
// what happened there.
func TestPairBundled(t *testing.T) {
	const golden = "testdata/pair-bundled.golden"
	dir := filepath.Join("..", "..", "testdata", "pcaps")
	servers, err := filepath.Glob(filepath.Join(dir, "*-at-server.pcap"))
	if err != nil || len(servers) == 0 {
		t.Fatal("no captures: ", err)
	}
	var b strings.Builder
	for _, server := range servers {
		client := strings.TrimSuffix(server, "-at-server.pcap") + ".pcap"
		if _, err := os.Stat(client); err != nil {
			continue // captured at the server only
		}
		fmt.Fprintf(&b, "%s\n%s", strings.TrimSuffix(filepath.Base(client), ".pcap"), pairFiles(t, client, "--", server).summary())
	}
	if *updatePair {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("it is no longer what %s holds (-update-pair):\n%s", golden, got)
	}
}
