package load_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"tcpwatch/capture/lab/load"
)

var rateTest = flag.String("rate-test", "", "run the comparison of live captures that this file describes, and write what it came to into it")

// TestLiveRates compares live captures for packaging/bench.
func TestLiveRates(t *testing.T) {
	if *rateTest == "" {
		t.Skip("floods a pair of interfaces for minutes: only with -rate-test FILE")
	}
	text, err := os.ReadFile(*rateTest)
	if err != nil {
		t.Fatal(err)
	}
	var r load.RateTest
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	r.Progress = func(w load.Watched) {
		t.Logf("%s: %d packets a second asked for, %.0f sent, %d of %d read, %d dropped, %.2f s of CPU", w.Name, w.Rate, float64(w.Sent)/w.Seconds, w.Read, w.Sent, w.Dropped, w.CPU)
	}
	all, err := r.Run()
	if err != nil {
		t.Fatal(err)
	}
	if text, err = json.MarshalIndent(all, "", "\t"); err == nil {
		err = os.WriteFile(*rateTest, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
