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
	east := time.FixedZone("EAST", 3600)
	in := func(text string, zone *time.Location) Bound {
		m, err := ParseMoment(text)
		if err == nil {
			m, err = m.In(zone)
		}
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		return m.bound(0)
	}
	noon := in("2026-11-29T12:00:00Z", east)
	if x := in("2026-11-29 12:00", time.UTC); x != noon {
		t.Errorf("without a zone in UTC: %+v", x)
	}
	if x := in("2026-11-29 13:00:00.000 EAST", east); x != noon || in("2026-11-29 13:00", east) != noon || in("2026-11-29 12:00:00 UTC", east) != noon {
		t.Errorf("in the zone of the report: %+v", x)
	}
	if m, _ := ParseMoment("2026-11-29 13:00:00 CET"); true {
		if _, err := m.In(time.UTC); err == nil {
			t.Error("CET is taken for UTC")
		}
	}
	early, _ := ParseMoment("+1s")
	late, _ := ParseMoment("+2s")
	last, _ := ParseMoment("-1s")
	if early.NotBefore(late) || !late.NotBefore(early) || !late.NotBefore(late) || late.NotBefore(last) || late.NotBefore(Moment{}) {
		t.Error("moments are in another order")
	}
}

// A time of day is that of the first packet's day, or of the next where it lies behind.
func TestTimesOfDay(t *testing.T) {
	east := time.FixedZone("EAST", 3600)
	at := func(clock string) int64 {
		t, _ := time.ParseInLocation(time.DateTime, "2026-11-"+clock, east)
		return t.UnixNano()
	}
	moment := func(text string) Bound {
		m, err := ParseMoment(text)
		if err == nil && text != "" {
			m, err = m.In(east)
		}
		if err != nil && text != "" {
			t.Error(err)
		}
		return m.bound(0)
	}
	for _, x := range []struct{ start, from, to, wantFrom, wantTo string }{
		{"28 10:00:00", "10:05", "10:06:30", "28 10:05:00", "28 10:06:30"},
		{"28 12:00:01", "12:00", "12:10", "28 12:00:00", "28 12:10:00"},
		{"28 23:50:00", "00:05", "00:10:00", "29 00:05:00", "29 00:10:00"},
		{"28 13:00:00", "20:00", "01:00", "28 20:00:00", "29 01:00:00"},
		{"28 23:50:00", "", "00:10 ", "", "29 00:10:00"},
		{"28 10:00:00", "09:05:00 UTC", "", "28 10:05:00", ""},
	} {
		w := window{from: moment(x.from), to: moment(x.to)}
		w.begin(at(x.start))
		if w.from.Set && w.from.At != at(x.wantFrom) || w.to.Set && w.to.At != at(x.wantTo) || w.from.Set != (x.wantFrom != "") {
			t.Errorf("%+v: from %v, to %v", x, time.Unix(0, w.from.At).In(east), time.Unix(0, w.to.At).In(east))
		}
	}
}
