package tcpwatch

import (
	"testing"
	"time"
)

// A Moment counts from 1970, from the first packet or from the last.
func TestMoments(t *testing.T) {
	const second = int64(time.Second)
	for _, x := range []struct {
		text string
		want Bound // where the last packet came at 100 s
	}{
		{"1970-01-01T00:00:07Z", Bound{Set: true, At: 7 * second}},
		{"+90s", Bound{Set: true, Start: true, At: 90 * second}},
		{"-30", Bound{Set: true, At: 70 * second}},
	} {
		m, err := ParseMoment(x.text)
		if got := m.bound(100 * second); err != nil || got != x.want || m.String() != x.text {
			t.Errorf("%q: %+v, %v", x.text, got, err)
		}
	}
	for _, text := range []string{"", "+", "yesterday", "+999999999999", "3000-01-01"} {
		if m, err := ParseMoment(text); err == nil {
			t.Errorf("%q: %+v", text, m)
		}
	}
	noon, _ := ParseMoment("2026-11-29 12:00")
	utc, _ := ParseMoment("2026-11-29T12:00:00Z")
	east := time.FixedZone("", 3600)
	if noon.In(time.UTC).bound(0) != utc.bound(0) || noon.In(east).at != utc.at-3600*second || utc.In(east) != utc {
		t.Errorf("in other zones: %+v", noon.In(east))
	}
	early, _ := ParseMoment("+1s")
	late, _ := ParseMoment("+2s")
	last, _ := ParseMoment("-1s")
	if early.NotBefore(late) || !late.NotBefore(early) || !late.NotBefore(late) || late.NotBefore(last) || late.NotBefore(Moment{}) {
		t.Error("moments are in another order")
	}
}
