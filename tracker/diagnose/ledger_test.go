package diagnose

import (
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
)

// ledger is a context with one row: held at the peak, entered in the last 2MSL.
func ledger(holder, dest string, peak, recent uint64, span int64) *Context {
	h := Holding{Holder: point(holder), Entered: peak, Now: peak, Peak: peak, Recent: recent, Grew: int64(recent * uint64(GrowthSpan(60*second)) / uint64(span)), Since: at, Last: at + span, PeakAt: at + span, Conns: []uint64{1}}
	if dest != "" {
		h.Dest = point(dest)
	}
	h.Grew = min(h.Grew, int64(recent))
	return &Context{MSL: 30 * second, Start: at, End: at + span, Conns: 100, TimeWaits: []Holding{h}}
}

func TestLedger(t *testing.T) {
	own := func(c *Context) *Context {
		c.Ports, c.Local = PortRange{50000, 50999}, func(a capture.Addr) bool { return a == point("10.0.0.1:1").Addr }
		return c
	}
	for _, tt := range []struct {
		name string
		c    *Context
		want []string // detector severity confidence
		says string
	}{
		{"half of the ports", ledger("10.0.0.1:0", "10.0.0.2:80", 14200, 14200, 60*second), []string{"port-exhaustion warning likely", "time-wait-many notice likely"}, "14,200 of 28,232 ports"},
		{"nearly all", ledger("10.0.0.1:0", "10.0.0.2:80", 26000, 26000, 60*second), []string{"port-exhaustion critical likely", "time-wait-many notice likely"}, "26,000 of 28,232"},
		{"few so far, at a rate that takes all", ledger("10.0.0.1:0", "10.0.0.2:80", 9500, 9500, 15*second), []string{"port-exhaustion warning possible", "time-wait-many notice likely"}, "no port is left 29.6 s after"},
		{"the same, too short to tell a rate", ledger("10.0.0.1:0", "10.0.0.2:80", 4000, 4000, second), nil, ""},
		{"this host's own range is narrow", own(ledger("10.0.0.1:0", "10.0.0.2:80", 950, 950, 60*second)), []string{"port-exhaustion critical likely"}, "50000 to 50999"},
		{"another host's is not", own(ledger("10.0.0.3:0", "10.0.0.2:80", 950, 950, 60*second)), nil, ""},
		{"a server holds no ports", ledger("10.0.0.2:80", "", 26000, 26000, 60*second), []string{"time-wait-many notice likely"}, "10.0.0.2:80 held 26,000"},
		{"few", ledger("10.0.0.1:0", "10.0.0.2:80", 400, 400, 60*second), nil, ""},
	} {
		var got []string
		text := ""
		for _, f := range findingsOf(t, "", tt.c) {
			got = append(got, f.Detector+" "+f.Severity.String()+" "+f.Confidence.String())
			text += f.Title + f.Explanation
		}
		if !slices.Equal(got, tt.want) || !strings.Contains(text, tt.says) {
			t.Errorf("%s: %q, %s; want %q and %q", tt.name, got, text, tt.want, tt.says)
		}
	}
	// 200 a second of which most are given back early: as many leave as enter.
	steady := ledger("10.0.0.1:0", "10.0.0.2:80", 6000, 24000, 120*second)
	steady.TimeWaits[0].Grew = 0
	if f := findingsOf(t, "port-exhaustion", steady); len(f) != 0 {
		t.Errorf("as many leave as enter: %+v", f)
	}
	c := ledger("10.0.0.1:0", "10.0.0.2:80", 400, 400, 60*second)
	c.TimeWaits[0].Reused = 3
	if f := findingsOf(t, "", c); len(f) != 1 || f[0].Detector != "time-wait-reuse" || f[0].Count != 3 || f[0].Severity != Info {
		t.Errorf("reuse: %+v", f)
	}
	more := c.TimeWaits[0]
	more.Holder, more.Reused = point("10.0.0.9:0"), 40
	c.TimeWaits = append(c.TimeWaits, more)
	if f := findingsOf(t, "", c); len(f) != 1 || f[0].Count != 43 || !strings.Contains(f[0].Explanation, "Most often at 10.0.0.9 > 10.0.0.2:80 (40), 10.0.0.1") {
		t.Errorf("reuse at two: %+v", f)
	}
}
