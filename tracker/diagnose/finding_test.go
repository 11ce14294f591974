package diagnose

import (
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/fold"
)

// What weakens the rest comes first, then the worst, then what affects the most as far as it is sure.
func TestOrder(t *testing.T) {
	want := []Finding{
		{ID: "drops", Group: GroupCapture, Severity: Warning},
		{ID: "a", Severity: Critical, Confidence: Possible},
		{ID: "c", Severity: Warning, Confidence: Likely, Count: 9},
		{ID: "b", Severity: Warning, Confidence: Proven, Count: 2},
		{ID: "b2", Severity: Warning, Confidence: Likely, Count: 4},
		{ID: "d", Severity: Warning, Confidence: Likely, Count: 3},
		{ID: "e", Severity: Warning, Confidence: Likely, Count: 3},
		{ID: "duplicates", Group: GroupCapture, Severity: Notice, Confidence: Proven},
		{ID: "f", Severity: Info, Confidence: Proven, Count: 99},
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b Finding) int { return compare(&a, &b) })
	for i := range want {
		if got[i].ID != want[i].ID {
			t.Fatalf("place %d has %s, want %s", i, got[i].ID, want[i].ID)
		}
	}
}

func TestThresholds(t *testing.T) {
	o := NewOptions()
	for text, want := range map[string]int64{
		"refused-few=7": 7, "slow-handshake=250ms": 250 * millisecond, "slow-handshake=2": 2 * second, "slow-handshake=0.5": second / 2,
		"port-exhaustion=40%": 40, "port-exhaustion=30": 30,
	} {
		if err := o.Set(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		name := text[:slices.Index([]byte(text), '=')]
		if got := o.set[name]; got != want {
			t.Errorf("%s gives %d, want %d", text, got, want)
		}
	}
	if err := o.SetUsual("refused-few=3"); err != nil || o.set["refused-few"] != 7 {
		t.Errorf("what was asked for gives way: %v, %d", err, o.set["refused-few"])
	}
	if err := NewOptions().SetUsual("refused-few=x"); err == nil {
		t.Error("a wrong value is taken")
	}
	for _, bad := range []string{"refused-few", "refused-few=", "refused-few=-1", "refused-few=x", "slow-handshake=-1s", "port-exhaustion=101%", "frobs=1"} {
		if o.Set(bad) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// Spans are written as the reports write them, in ASCII.
func TestSpans(t *testing.T) {
	for ns, want := range map[int64]string{500 * millisecond: "500 ms", 1012 * millisecond: "1.012 s", 61 * second: "61 s", 125 * second: "2 min 5 s", 320e3: "320 us"} {
		if got := span(ns); got != want {
			t.Errorf("%d: %q, want %q", ns, got, want)
		}
	}
}

// What was counted exactly is told as a number, what was estimated as about one.
func TestAboutHowMany(t *testing.T) {
	var d fold.Distinct
	for i := range 300 {
		if d.Add(fold.Mix(uint64(i + 1))); i == 39 {
			if got := about(&d, "host"); got != "40 hosts" {
				t.Errorf("40 are %s", got)
			}
		}
	}
	if got := about(&d, "host"); !strings.HasPrefix(got, "about ") || !strings.HasSuffix(got, " hosts") {
		t.Errorf("300 are %s", got)
	}
}
