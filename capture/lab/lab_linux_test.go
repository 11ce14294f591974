package lab_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"tcpwatch/capture/lab"
)

var (
	recordAgain = flag.Bool("record", false, "record all scenarios into testdata/pcaps")
	keep        = flag.String("keep", "", "keep the captures of transfers in this directory")
	only        = flag.String("scenarios", "", "play only scenarios whose names match")
)

// How many scenarios run side by side; most of their time is waiting.
const (
	atOnce          = 8
	transfersAtOnce = 12
)

// played is what became of one scenario.
type played struct {
	name      string
	scenario  *lab.Scenario
	recording *lab.Recording
	err       error
	again     func() (*lab.Recording, error)
}

// playAll plays those of a list that match, so many at once, the large ones first
// and alone.
func playAll(t *testing.T, list func() []lab.Scenario, atOnce int) []played {
	t.Helper()
	match, err := regexp.Compile(*only)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Open()
	if err != nil {
		t.Skip("no lab here: ", err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if l.Why != "" {
		t.Log("no tracepoint, polling only: ", l.Why)
	}
	all := list()
	results := make([]played, len(all))
	places := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	play := func(i int) {
		r, err := l.Record(&all[i], i)
		results[i].recording, results[i].err = r, err
	}
	for i := range all {
		if all[i].Slow && !*recordAgain {
			continue
		}
		results[i].name = all[i].Name
		results[i].scenario = &all[i]
		// What treats segments on the way remembers what it saw: take a new one.
		results[i].again = func() (*lab.Recording, error) { return l.Record(&list()[i], i) }
		if all[i].Large && match.MatchString(all[i].Name) {
			play(i)
		}
	}
	for i := range all {
		if all[i].Large || all[i].Slow && !*recordAgain || !match.MatchString(all[i].Name) {
			continue
		}
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			play(i)
		})
	}
	group.Wait()
	var done []played
	for _, r := range results {
		if r.recording != nil || r.err != nil {
			done = append(done, r)
		}
	}
	return done
}

// TestRecord writes testdata/pcaps anew.
func TestRecord(t *testing.T) {
	if !*recordAgain {
		t.Skip("writes testdata/pcaps: only with -record")
	}
	for _, p := range playAll(t, lab.Scenarios, atOnce) {
		if p.err != nil {
			t.Error(p.err)
			continue
		}
		if unmet := p.scenario.Unmet(p.recording.Truth); unmet != "" {
			t.Errorf("%s: not what must be seen: %s", p.name, unmet)
			continue
		}
		if err := p.recording.Save(recorded); err != nil {
			t.Error(err)
		}
	}
	truths, err := lab.LoadTruths(recorded)
	if err != nil {
		t.Fatal(err)
	}
	var index bytes.Buffer
	if err := lab.WriteIndex(&index, truths); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(recorded, "INDEX.md"), index.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestLive plays the scenarios here and now, and compares.
func TestLive(t *testing.T) {
	if testing.Short() || *recordAgain {
		t.Skip("takes more than a minute: not with -short, nor while recording")
	}
	dir := t.TempDir()
	for _, p := range playAll(t, lab.Scenarios, atOnce) {
		t.Run(p.name, func(t *testing.T) { p.judge(t, dir, check) })
	}
}

// TestTransfers plays bulk transfers here and now, and holds what tcpwatch
// tells of repeats, windows and round trips against the kernel's counts.
func TestTransfers(t *testing.T) {
	if testing.Short() || *recordAgain {
		t.Skip("takes half a minute: not with -short, nor while recording")
	}
	dir := *keep
	if dir == "" {
		dir = t.TempDir()
	}
	for _, p := range playAll(t, lab.Transfers, transfersAtOnce) {
		t.Run(p.name, func(t *testing.T) { p.judge(t, dir, checkTransfer) })
	}
}

// plays is how often a scenario is played at most.
const plays = 3

// judge compares what was recorded with the kernel. Where they differ the
// scenario is played again, alone: on a busy machine a timer that is late makes
// another exchange than the one meant, but a fault of ours comes every time.
func (p *played) judge(t *testing.T, dir string, compare func(*lab.Truth, string) verdict) {
	for n := 1; ; n++ {
		v := verdict{}
		if p.err == nil {
			p.err = p.recording.Save(dir)
		}
		if p.err != nil {
			v.problem("%v", p.err)
		} else {
			v = compare(p.recording.Truth, dir)
			if unmet := p.scenario.Unmet(p.recording.Truth); unmet != "" {
				v.problem("not what must be seen: %s", unmet)
			}
		}
		if len(v.problems) == 0 || n == plays {
			v.report(t)
			return
		}
		t.Logf("play %d: %s\n%s", n, strings.Join(v.problems, "; "), v.text)
		p.recording, p.err = p.again()
	}
}
