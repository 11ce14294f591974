package report

import (
	"testing"

	"tcpwatch/tracker/record"
)

func TestIDs(t *testing.T) {
	var s ids
	for _, id := range []uint64{9, 4, 9, 7, 1, 8, 4} {
		s.Take(id)
	}
	if got := s.String(); got != "#1, #4, #7" {
		t.Errorf("kept %s", got)
	}
}

func TestLikeDefault(t *testing.T) {
	keep := func(idle, interval int64, unanswered uint32) *record.KeepaliveRecord {
		return &record.KeepaliveRecord{Probes: 10, Unanswered: unanswered, Idle: record.Some(idle * oneSecond), Interval: record.Some(interval * oneSecond)}
	}
	for _, test := range []struct {
		k    *record.KeepaliveRecord
		want string
	}{
		{keep(7200, 75, 9), "fits the defaults of Linux (7200 s idle, 75 s apart, 9 probes)"},
		{keep(7200, 75, 5), "fits the defaults of Linux (7200 s idle, 75 s apart, 9 probes) or macOS or FreeBSD (7200 s idle, 75 s apart, 8 probes)"},
		{keep(7200, 1, 10), "fits the defaults of Windows (7200 s idle, 1 s apart, 10 probes)"},
		{keep(60, 10, 3), ""},
		{&record.KeepaliveRecord{Probes: 1}, ""},
	} {
		if got := likeDefault(test.k); got != test.want {
			t.Errorf("%+v: %q, want %q", test.k, got, test.want)
		}
	}
}
