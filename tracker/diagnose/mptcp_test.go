package diagnose

import (
	"testing"

	"tcpwatch/tracker/record"
)

// MP_FASTCLOSE ends a whole MPTCP connection: its RSTs are told as no abort by an application.
func TestMPTCPCloseIsNoAbort(t *testing.T) {
	for name, c := range map[string]struct {
		by    record.End
		cause record.ResetCause
		found bool
	}{
		"abort":       {record.Orig, record.ResetAbort, true},
		"MPTCP close": {record.Orig, record.ResetMPTCP, false},
		"by server":   {record.Resp, record.ResetMPTCP, false},
	} {
		silent := func(r *record.Record) {
			mute(r, record.Resp)
			r.Close.ResetTime = record.Some(r.Start + 20*millisecond)
		}
		if got := findingsOf(t, "", &Context{}, same(20, reset(c.by, c.cause), silent)...); len(got) > 0 != c.found {
			t.Errorf("%s: %d findings: %v", name, len(got), got)
		}
	}
}
