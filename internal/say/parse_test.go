package say

import (
	"testing"
	"time"
)

func TestParseSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "5": 5 * time.Second, "0.3": 300 * time.Millisecond, "0": 0,
		"": -1, "-5": -1, "-5s": -1, "x": -1, "1e300": -1, "inf": -1, "nan": -1,
	} {
		if got, err := ParseSpan(text); (err == nil) != (want >= 0) || err == nil && got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"64M": 64 << 20, "64MB": 64 << 20, "64MiB": 64 << 20, "2G": 2 << 30, "1k": 1024, "1000": 1000, "4194304T": 1 << 62,
		"": 0, "0": 0, "-1": 0, "M": 0, "1x": 0, "9999999T": 0,
	} {
		if got, err := ParseSize(text); (err == nil) != (want > 0) || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestFill(t *testing.T) {
	for _, tt := range []struct {
		items []string
		width int
		want  string
	}{
		{nil, 9, ""},
		{[]string{"a", "b"}, 9, "a,b"},
		{[]string{"aaa", "bbb", "ccc"}, 8, "aaa,bbb,\n  ccc"},
		{[]string{"aaa", "bbb"}, 7, "aaa,bbb"},
		{[]string{"aaa", "bbb", "ccc"}, 6, "aaa,\n  bbb,\n  ccc"},
	} {
		if got := Fill(tt.items, tt.width, "  "); got != tt.want {
			t.Errorf("%q in %d: %q, want %q", tt.items, tt.width, got, tt.want)
		}
	}
}
