package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// What a finding names fits what the packets show besides.
func TestSignsThatSpeakAgainst(t *testing.T) {
	resp := record.Resp
	forgot := func(before bool) func(r *record.Record) {
		return func(r *record.Record) {
			reset(resp, record.ResetUnknown)(r)
			r.Close.ResetQuiet = 300 * second
			if before {
				r.Close.Ignored = record.IgnoredRST{Packet: r.Close.ResetPacket - 2, By: resp}
			}
		}
	}
	small := func(scaled bool) func(r *record.Record) {
		return func(r *record.Record) {
			r.Ends[resp].MSS, r.Ends[resp].WScale = record.Some(uint16(256)), record.Opt[uint8]{V: 7, OK: scaled}
		}
	}
	for _, x := range []struct {
		detector, name string
		change         func(r *record.Record)
		want           string // of a cause; "" for no finding
	}{
		{"reset-forgotten", "no RST before", forgot(false), "restarted"},
		{"reset-forgotten", "it had sent a RST with other numbers before", forgot(true), ""},
		{"mss-clamped", "a system that scales no windows", small(false), "little memory"},
		{"mss-clamped", "a system that has memory for large windows", small(true), "TCP_MAXSEG"},
	} {
		found := findingsOf(t, x.detector, nil, same(1, x.change)...)
		got := ""
		if len(found) == 1 {
			got = strings.Join(found[0].Causes, "; ")
		}
		if x.want == "" && len(found) != 0 || !strings.Contains(got, x.want) {
			t.Errorf("%s, %s: %q", x.detector, x.name, got)
		}
	}
}

// A finding of an opening lasts until that is complete, and one of a RST is at that RST, however
// long the connection or its packets went on.
func TestSpanOfAFinding(t *testing.T) {
	longLived := func(r *record.Record) { r.End = r.Start + 600*second }
	for detector, change := range map[string]func(r *record.Record){
		"syn-lost":    func(r *record.Record) { late(2)(r); longLived(r) },
		"reset-abort": func(r *record.Record) { reset(record.Resp, record.ResetAbort)(r); longLived(r) },
	} {
		found := findingsOf(t, detector, nil, same(3, change)...)
		if len(found) != 1 || found[0].Until-found[0].Since > 60*second {
			t.Errorf("%s: %v, %+v", detector, titles(found), found)
		}
	}
}

// The way that is to be looked at is the one to the end in whose name the RSTs came.
func TestWayToTheSender(t *testing.T) {
	for by, want := range map[record.End]string{record.Resp: "`traceroute -n 10.0.0.2`", record.Orig: "`traceroute -n 10.9.0.1`"} {
		f := findingsOf(t, "reset-injected", nil, same(1, reset(by, record.ResetMiddlebox), func(r *record.Record) { r.Close.ResetTTL.V = 60 })...)
		if len(f) != 1 || !strings.Contains(strings.Join(f[0].Advice, " "), want) {
			t.Errorf("in the name of %v: %v", by, f[0].Advice)
		}
	}
}

// Where data came after the FIN, that is what came too late, not all that is not acknowledged.
func TestCameLate(t *testing.T) {
	r := made(1, reset(record.Orig, record.ResetLateData))
	r.Close.Unheard = 4749
	if n := cameLate(r); n != 4749 {
		t.Errorf("%d that met the FIN on the way", n)
	}
	r.Close.BytesAfterFIN = record.Some[uint64](32)
	r.Close.FINAcked[record.Orig] = record.Some(r.Close.ResetTime.V - 1)
	if n := cameLate(r); n != 32 {
		t.Errorf("%d after the FIN", n)
	}
	r.Close.FINAcked[record.Orig] = record.Some(r.Close.ResetTime.V + 1)
	if n := cameLate(r); n != 4749 {
		t.Errorf("%d before the FIN was acknowledged, and after it", n)
	}
}

// A TLS close_notify that meets a closed socket is no loss, however it is encrypted; what is longer is data.
func TestPartingWordIsNoData(t *testing.T) {
	for bytes, want := range map[uint64]Severity{31: Info, 85: Info, 86: Notice} {
		f := findingsOf(t, "reset-late-data", nil, clean(1, reset(record.Resp, record.ResetLateData), afterFIN(millisecond, bytes))...)
		if len(f) != 1 || f[0].Severity != want {
			t.Errorf("%d bytes: %+v", bytes, f)
		}
	}
}

// What was sent before and after the FIN and never acknowledged did not all come too late; and whose data the
// RST crossed, which does not acknowledge it, misses something, though it had closed; where the RST acknowledges it, it does not.
func TestUnacknowledgedAtTheReset(t *testing.T) {
	for unheard, want := range map[uint64]string{2506: "2,506 bytes of the other end had not been acknowledged before the RST.", 0: "300 bytes came too late."} {
		f := findingsOf(t, "reset-late-data", nil, clean(1, reset(record.Orig, record.ResetLateData), func(r *record.Record) {
			r.Close.Unheard = unheard
			if unheard == 0 {
				r.Close.BytesAfterFIN = record.Some[uint64](300)
			}
		})...)
		if len(f) != 1 || !strings.Contains(f[0].Explanation, want) {
			t.Errorf("no %q in %+v", want, f)
		}
	}
	for crossed, severity := range map[bool]Severity{true: Notice, false: Info} {
		f := findingsOf(t, "reset-abort", nil, clean(1, reset(record.Orig, record.ResetAbort), func(r *record.Record) {
			r.Close.Crossed, r.Close.Unheard = crossed, 768
			r.Close.FINTime[record.Resp], r.Close.ResetTime = record.Some(r.End-second), record.Some(r.End)
		})...)
		if len(f) != 1 || f[0].Severity != severity {
			t.Errorf("crossed %v: %+v", crossed, f)
		}
	}
}
