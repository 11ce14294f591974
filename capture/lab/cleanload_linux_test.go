package lab_test

import (
	"context"
	"flag"
	"os/exec"
	"testing"
	"time"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/capture/lab"
	"tcpwatch/capture/lab/load"
	"tcpwatch/tracker/diagnose"
)

var cleanFor = flag.Duration("clean-load", 20*time.Second, "how long the clean load lasts")

// TestCleanLoad wants nothing above notice of traffic in which nothing is wrong.
// What a busy machine makes slow is not there when it is played again.
func TestCleanLoad(t *testing.T) {
	if testing.Short() || *recordAgain {
		t.Skip("takes half a minute: not with -short, nor while recording")
	}
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("no clean load here: ", err)
	}
	l, err := lab.Open()
	if err != nil {
		t.Skip("no lab here: ", err)
	}
	defer l.Close()
	dir := *keep
	if dir == "" {
		dir = t.TempDir()
	}
	for n := 1; n <= 2; n++ {
		file, err := load.Clean(dir, *cleanFor)
		if err != nil {
			t.Fatal(err)
		}
		found, err := judgeFile(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		shown, views := shownOf(t, file)
		t.Logf("play %d: %d views", n, views)
		clean := views > 0
		for _, f := range found {
			delete(shown, f.ID)
			t.Logf("play %d: %s %s: %s. %s", n, f.Severity, f.Detector, f.Title, f.Explanation)
			clean = clean && f.Severity <= diagnose.Notice
		}
		for _, f := range shown {
			t.Logf("play %d: shown for a while: %s %s: %s. %s", n, f.Severity, f.Detector, f.Title, f.Explanation)
			clean = false
		}
		if clean {
			return
		}
	}
	t.Error("the clean load raises more than notices, or shows for a while what is not in its report, each time")
}

// replay is a live capture of the packets of a file, at a pace that leaves time to look at them.
type replay struct{ *capture.File }

func (r replay) Next(p *capture.Packet) error {
	if err := r.File.Next(p); err != nil {
		return err
	}
	if p.Number%32 == 0 {
		time.Sleep(time.Millisecond)
	}
	return nil
}

func (r replay) Interface() string                { return "replay" }
func (r replay) Link() capture.LinkType           { return capture.LinkEthernet }
func (r replay) Stats() (capture.Counters, error) { return capture.Counters{}, nil }

// shownOf are the findings from notice on that whoever watches the packets of a file is shown at
// any moment, by their IDs.
func shownOf(t *testing.T, file string) (shown map[string]diagnose.Finding, views int) {
	f, err := capture.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	source := tcpwatch.Live(replay{f})
	defer source.Close()
	w := &watcher{}
	if _, err := tcpwatch.Run(context.Background(), source, tcpwatch.Options{Workers: 2}, w); err != nil {
		t.Fatal(err)
	}
	shown = map[string]diagnose.Finding{}
	for _, v := range w.views {
		for _, f := range v.found {
			if _, ok := shown[f.ID]; !ok {
				shown[f.ID] = f
			}
		}
	}
	return shown, len(w.views)
}
