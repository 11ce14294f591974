package lab_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture/lab"
	"tcpwatch/report"
	"tcpwatch/tracker"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// fact is something that the kernel says of a scenario.
type fact struct {
	says string
	of   func(t *lab.Truth) bool
}

// anyConn tells that at least one connection is such.
func anyConn(t *lab.Truth, is func(c *lab.TruthConn) bool) bool {
	return slices.ContainsFunc(t.Conns, func(c lab.TruthConn) bool { return is(&c) })
}

func statesOf(c *lab.TruthConn, end string) []lab.StateAt {
	if end == "orig" {
		return c.Orig
	}
	return c.Resp
}

// passes: on some connection the end was in the state.
func passes(end, state string) fact {
	return fact{end + " passes " + state, func(t *lab.Truth) bool {
		return anyConn(t, func(c *lab.TruthConn) bool {
			return slices.ContainsFunc(statesOf(c, end), func(s lab.StateAt) bool { return s.State == state })
		})
	}}
}

// never: on no connection was the end in the state.
func never(end, state string) fact {
	return fact{end + " never passes " + state, func(t *lab.Truth) bool { return !passes(end, state).of(t) }}
}

// ends: on some connection the end was in the state when all was over.
func ends(end, state string) fact {
	return fact{end + " ends in " + state, func(t *lab.Truth) bool {
		return anyConn(t, func(c *lab.TruthConn) bool {
			s := statesOf(c, end)
			return len(s) > 0 && s[len(s)-1].State == state
		})
	}}
}

// told: the kernel told an application so.
func told(words string) fact {
	return fact{"told: " + words, func(t *lab.Truth) bool {
		return slices.ContainsFunc(t.Notes, func(n string) bool { return strings.HasSuffix(n, words) })
	}}
}

// untold: no application was told of an error.
func untold() fact {
	return fact{"no error told", func(t *lab.Truth) bool {
		return !slices.ContainsFunc(t.Notes, func(n string) bool { return strings.Contains(n, "was told:") })
	}}
}

// least: a counter of the end's kernel reached n.
func least(end, counter string, n int64) fact {
	return fact{fmt.Sprintf("%s counts %s >= %d", end, counter, n), func(t *lab.Truth) bool { return t.Counters[end][counter] >= n }}
}

// zero: a counter of the end's kernel stayed 0.
func zero(end, counter string) fact {
	return fact{fmt.Sprintf("%s counts no %s", end, counter), func(t *lab.Truth) bool { return t.Counters[end] != nil && t.Counters[end][counter] == 0 }}
}

// proof is what a capture shows of a detector, and what the kernel says to that.
type proof struct {
	file  string // without .pcap
	facts []fact
}

// shown is a capture with the kernel's facts.
func shown(file string, facts ...fact) proof { return proof{file, facts} }

// exhibit is one detector with a capture that must raise it and one that looks
// alike and must not.
type exhibit struct {
	detector string
	raises   proof
	alike    proof
	why      string   // the one that looks alike must not
	set      []string // thresholds, for what the lab makes less of or does not wait for
}

// mechanism is an exhibit whose finding must name a cause: the one that looks alike must not
// raise the finding so.
type mechanism struct {
	exhibit
	words string // of its title or its causes
}

// exhibits are all of the matrix and the mechanisms: those without words must be raised
// whatever is said.
func exhibits() (all []mechanism) {
	for _, row := range matrix() {
		all = append(all, mechanism{exhibit: row})
	}
	return append(all, mechanisms()...)
}

// raisedBy tells that a finding is what is wanted.
func (m *mechanism) raisedBy(f diagnose.Finding) bool {
	return f.Detector == m.detector && strings.Contains(f.Title+strings.Join(f.Causes, "\n"), m.words)
}

// judgeFile tells which detectors a capture raises.
func judgeFile(file string, set []string) ([]diagnose.Finding, error) {
	o := diagnose.NewOptions()
	for _, s := range set {
		if err := o.Set(s); err != nil {
			return nil, err
		}
	}
	sum := report.NewSummary(report.SummaryOptions{Rows: -1, Detectors: diagnose.Detectors(), Thresholds: o})
	if err := observe(file, tracker.Options{}, folding{sum}); err != nil {
		return nil, err
	}
	return sum.Findings(&report.Headline{MSL: record.DefaultMSL}), nil
}

// folding hands records to a Summary.
type folding struct{ sum *report.Summary }

func (f folding) Conn(r *record.Record) { f.sum.Add(r) }
func (folding) Event(*record.Event)     {}
func (folding) Step(*record.Step)       {}

// checkFindings holds what the detectors make of a scenario's captures in dir
// against what they must.
func checkFindings(truth *lab.Truth, dir string) (v verdict) {
	for _, row := range exhibits() {
		for i, p := range [...]proof{row.raises, row.alike} {
			j := slices.IndexFunc(truth.Taps, func(t lab.Tap) bool { return strings.TrimSuffix(strings.TrimSuffix(t.File, ".gz"), ".pcap") == p.file })
			if j < 0 {
				continue
			}
			found, err := judgeFile(filepath.Join(dir, truth.Taps[j].File), row.set)
			if err != nil {
				v.problem("%v", err)
				continue
			}
			raised := slices.ContainsFunc(found, row.raisedBy)
			if want := i == 0; raised != want {
				v.problem("%s: %s %s raised is %t, want %t (%s); found %v", p.file, row.detector, row.words, raised, want, row.why, detectorsOf(found))
			}
			for _, f := range p.facts {
				if !f.of(truth) {
					v.problem("%s: the kernel does not say %q, which %s rests on", p.file, f.says, row.detector)
				}
			}
		}
	}
	return v
}

func detectorsOf(found []diagnose.Finding) (names []string) {
	for _, f := range found {
		names = append(names, fmt.Sprintf("%s %s", f.Detector, f.Severity))
	}
	return names
}

// TestMatrix wants a row for each detector, or a reason why there is none, and
// the captures that the rows name. What the captures raise TestReplay and
// TestLive compare.
func TestMatrix(t *testing.T) {
	rows, without := map[string]int{}, unshown()
	for _, row := range exhibits() {
		rows[row.detector]++
		if row.why == "" || row.raises.file == row.alike.file {
			t.Errorf("%s: nothing that looks alike, or no reason why it must not be raised", row.detector)
		}
		for _, p := range [...]proof{row.raises, row.alike} {
			if len(p.facts) == 0 {
				t.Errorf("%s: the kernel says nothing to %s", row.detector, p.file)
			}
			if _, err := os.Stat(filepath.Join(recorded, p.file+".pcap")); err == nil {
				continue
			}
			if _, err := os.Stat(filepath.Join(recorded, p.file+".pcap.gz")); err != nil {
				t.Errorf("%s: %v", row.detector, err)
			}
		}
	}
	for _, d := range diagnose.Detectors() {
		switch n, why := rows[d.Name], without[d.Name]; {
		case n == 0 && why == "":
			t.Errorf("%s: no scenario, and no reason why not", d.Name)
		case n > 0 && why != "":
			t.Errorf("%s: has a scenario, though %s", d.Name, why)
		}
		delete(rows, d.Name)
		delete(without, d.Name)
	}
	for name := range rows {
		t.Errorf("%s is no detector", name)
	}
	for name := range without {
		t.Errorf("%s is no detector", name)
	}
}
