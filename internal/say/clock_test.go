package say

import (
	"testing"
	"time"
)

// A zone is said once for two times, but where it changes between them.
func TestClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	at := func(s string) int64 {
		x, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return x.UnixNano()
	}
	from, to, later := at("2026-03-29T00:59:59.5Z"), at("2026-03-29T00:59:59.9Z"), at("2026-03-29T01:00:00Z")
	for _, test := range []struct {
		c        Clock
		from, to int64
		want     string
	}{
		{Clock{}, from, to, "2026-03-29 00:59:59.500 to 2026-03-29 00:59:59.900 UTC"},
		{Clock{berlin}, from, to, "2026-03-29 01:59:59.500 to 2026-03-29 01:59:59.900 CET"},
		{Clock{berlin}, from, later, "2026-03-29 01:59:59.500 CET to 2026-03-29 03:00:00.000 CEST"},
		{Clock{berlin}, from, from + 1000, "2026-03-29 01:59:59.500 CET"},
	} {
		if got := test.c.FromTo(test.from, test.to); got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
	if got := (Clock{berlin}).Date(later); got != "2026-03-29 03:00:00 CEST" {
		t.Error(got)
	}
}

func TestParseZone(t *testing.T) {
	for text, want := range map[string]string{"utc": "UTC", "UTC": "UTC", "local": time.Local.String(), "Asia/Kolkata": "Asia/Kolkata", "": "", "Asia/Kolkatta": "", "../x": ""} {
		in, err := ParseZone(text)
		if (err == nil) != (want != "") || err == nil && in.String() != want {
			t.Errorf("%q: %v, %v", text, in, err)
		}
	}
}
