package schema

import (
	"math"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

func TestSeconds(t *testing.T) {
	for ns, want := range map[int64]string{0: "0", 1: "0.000000001", 1e9: "1", 1003000000: "1.003", -5e8: "-0.5", math.MaxInt64: "9223372036.854775807"} {
		if got := string(AppendSeconds(nil, ns)); got != want {
			t.Errorf("%d ns are %s s, want %s", ns, got, want)
		}
	}
}

// The examples are those of the Community ID specification's baseline for TCP.
func TestCommunityID(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{"128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"66.35.250.204:80", "128.232.110.120:34855", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	} {
		if got := string(appendCommunityID(nil, recordtest.Endpoint(test.a), recordtest.Endpoint(test.b))); got != test.want {
			t.Errorf("%s %s is %s, want %s", test.a, test.b, got, test.want)
		}
	}
}

// An ignored RST has a sender and no cause, unless it came after the close.
func TestIgnoredRSTOnTheRecord(t *testing.T) {
	for _, tc := range []struct {
		name  string
		close record.CloseRecord
		by    record.End
		cause record.ResetCause
	}{
		{"none", record.CloseRecord{ResetBy: record.NoEnd}, record.NoEnd, 0},
		{"ignored alone", record.CloseRecord{ResetBy: record.NoEnd, Ignored: record.IgnoredRST{By: record.Resp, Packet: 7}}, record.Resp, 0},
		{"ignored after the close", record.CloseRecord{ResetBy: record.NoEnd, Ignored: record.IgnoredRST{By: record.Resp, Packet: 7, Done: true}}, record.Resp, record.ResetAfterClose},
		{"ignored, then one that counts", record.CloseRecord{ResetBy: record.Orig, ResetCause: record.ResetAbort, Ignored: record.IgnoredRST{By: record.Resp, Packet: 7}}, record.Orig, record.ResetAbort},
	} {
		r := &record.Record{Close: tc.close}
		if by, cause := resetterTold(r), causeTold(r); by != tc.by || cause != tc.cause {
			t.Errorf("%s: by %v, cause %v; want %v, %v", tc.name, by, cause, tc.by, tc.cause)
		}
	}
	r := &record.Record{Close: record.CloseRecord{ResetBy: record.NoEnd}}
	r.Open.OldUnseen, r.Open.OldReset = true, true
	if by := resetterTold(r); by != record.Orig {
		t.Errorf("the RST of an older connection is by %v", by)
	}
}
