package lab_test

import (
	"flag"
	"os/exec"
	"testing"
	"time"

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
		clean := true
		for _, f := range found {
			t.Logf("play %d: %s %s: %s. %s", n, f.Severity, f.Detector, f.Title, f.Explanation)
			clean = clean && f.Severity <= diagnose.Notice
		}
		if clean {
			return
		}
	}
	t.Error("the clean load raises more than notices, each time")
}
