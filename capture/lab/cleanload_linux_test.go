package lab_test

import (
	"flag"
	"testing"
	"time"

	"tcpwatch/capture/lab"
	"tcpwatch/tracker/diagnose"
)

var cleanFor = flag.Duration("clean-load", 20*time.Second, "how long the clean load lasts")

// TestCleanLoad wants nothing above notice of traffic in which nothing is wrong.
func TestCleanLoad(t *testing.T) {
	if testing.Short() || *recordAgain {
		t.Skip("takes half a minute: not with -short, nor while recording")
	}
	dir := *keep
	if dir == "" {
		dir = t.TempDir()
	}
	file, err := lab.CleanLoad(dir, *cleanFor)
	if err != nil {
		t.Skip("no load here: ", err)
	}
	found, err := judgeFile(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Severity > diagnose.Notice {
			t.Errorf("%s %s: %s. %s", f.Severity, f.Detector, f.Title, f.Explanation)
		} else {
			t.Logf("%s %s: %s", f.Severity, f.Detector, f.Title)
		}
	}
}
