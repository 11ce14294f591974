package diagnose

import (
	"testing"

	"tcpwatch/tracker/record"
)

// silent is an attempt whose SYN was repeated after so many milliseconds, and
// that was watched for so long after the last of them.
func silent(watched int64, repeats ...uint32) *record.Record {
	r := made(1, failed(record.OpenNoAnswer, uint32(len(repeats)+1)))
	r.Open.NSYNsAgain = uint8(copy(r.Open.SYNsAgain[:], repeats))
	r.End = r.Start
	if n := len(repeats); n > 0 {
		r.End += int64(repeats[n-1]) * millisecond
	}
	r.Open.LastSYNAt, r.Silent = r.End, watched
	return r
}

// Whose timeout ended an attempt, by the system's schedule.
func TestGaveUp(t *testing.T) {
	for _, tt := range []struct {
		r      *record.Record
		system string
		end    ending
		to     int64 // seconds after which it ended at the latest
	}{
		{silent(200*second, 1012, 2032, 3056, 4080, 5104, 7150, 11240, 19400, 35800, 68500), "Linux since 6.5, macOS or FreeBSD", endSystem, 68},
		{silent(200*second, 1020, 3060, 7100, 15200, 31400, 64000), "Linux before 6.5, or Windows with a first timeout of 1 s", endSystem, 64},
		{silent(100*second, 1012, 3030), "Linux before 6.5, or Windows with a first timeout of 1 s", endUser, 7},
		{silent(100*second, 1012, 2032, 3056), "Linux since 6.5, macOS or FreeBSD", endUser, 4},
		{silent(100*second, 3000, 9000), "Windows with a first timeout of 3 s, or an old system", endUnknown, 9}, // all that Windows XP sends
		{silent(200*second, 2919, 8928), "Windows with a first timeout of 3 s, or an old system", endUnknown, 8}, // the same, of a clock that ticks ten times a second
		{silent(100*second, 3000, 9000, 21000), "Windows with a first timeout of 3 s, or an old system", endUnknown, 21},
		{silent(200*second, 5870, 17870, 41880), "an old BSD system", endSystem, 41},
		{silent(200*second, 5870, 17870), "an old BSD system", endUser, 42},
		{silent(100 * second), "", endUnknown, 0}, // a probe, or the capture lacks the rest
		{silent(second, 1012, 2032), "Linux since 6.5, macOS or FreeBSD", endUnknown, 3},
		{silent(100*second, 400, 900), "", endUser, 2},
		{silent(100*second, 1012), "", endUser, 3},
		{silent(100*second, 5997), "", endUnknown, 5}, // a system of its own, which may send no more than these
	} {
		_, b, _ := schedule(&tt.r.Open)
		end, _, to := gaveUp(tt.r)
		if b.system != tt.system || end != tt.end || to/second != tt.to {
			t.Errorf("%v: %q, %d, %d s; want %q, %d, %d s", tt.r.Open.SYNsAgain[:tt.r.Open.NSYNsAgain], b.system, end, to/second, tt.system, tt.end, tt.to)
		}
	}
}
