package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// byHandAt makes an end open as packet generators do: without options, with the IP identification 1.
func byHandAt(ends ...record.End) func(r *record.Record) {
	return func(r *record.Record) {
		for _, e := range ends {
			x := &r.Ends[e]
			x.SACK, x.Timestamps, x.WScale, x.MSS = record.Some(false), record.Some(false), record.Opt[uint8]{}, record.Opt[uint16]{}
			x.Key.IPID, x.Key.ISN = record.Some(uint16(1)), record.Some(uint32(100))
		}
	}
}

// Of packets that a program made itself that is the first cause; of those that have one sign of it alone it is none.
func TestMadeByHand(t *testing.T) {
	const orig, resp = record.Orig, record.Resp
	abort := reset(orig, record.ResetAbort)
	lost := func(r *record.Record) { r.Capture.MissingBytes, r.Ends[orig].MissingBytes = 100, 100 }
	late := func(r *record.Record) {
		r.Open.Resp, r.Open.Felt = record.Some(2300*millisecond), record.Some(2300*millisecond)
	}
	again := func(r *record.Record) { r.Open.NSYNACKsAgain, r.Open.SYNACKAgainAt = 1, r.ID+2 }
	const program, firstOf = "a program made these packets itself", "; the first fits best"
	for _, x := range []struct {
		name, detector string
		changes        []func(r *record.Record)
		want           string // confidence
		has, lacks     string
	}{
		{"a RST between two programs", "reset-abort", []func(r *record.Record){abort, byHandAt(orig, resp)}, "possible", firstOf + ", because no system's TCP opens connections so: " + program, "strace"},
		{"between systems", "reset-abort", []func(r *record.Record){abort}, "likely", "SO_LINGER", program},
		{"one sign alone", "reset-abort", []func(r *record.Record){abort, func(r *record.Record) {
			r.Ends[orig].Key.IPID, r.Ends[resp].Key.IPID = record.Some(uint16(1)), record.Some(uint16(1))
		}}, "likely", "SO_LINGER", program},
		{"no MSS, and a number of 0", "reset-abort", []func(r *record.Record){abort, byHandAt(orig, resp), func(r *record.Record) {
			for e := range r.Ends {
				r.Ends[e].Key.IPID, r.Ends[e].Key.ISN = record.Some(uint16(77)), record.Some(uint32(0))
			}
		}}, "possible", program, "strace"},
		{"against a server of a system", "slow-handshake", []func(r *record.Record){late, byHandAt(resp)}, "likely", "slow to answer", program},
		{"a slow handshake of a program", "slow-handshake", []func(r *record.Record){late, byHandAt(orig, resp)}, "possible", program, "ss -"},
		{"a SYN/ACK that a program does not take", "syn-ack-lost", []func(r *record.Record){again, byHandAt(orig)}, "possible", firstOf + ", because no system's TCP opens connections so: " + program, "Both ends"},
		{"a program that gets no answer", "no-answer", []func(r *record.Record){failed(record.OpenNoAnswer, 3), byHandAt(orig)}, "possible", program, "Both ends"},
		{"a program that is refused", "refused", []func(r *record.Record){failed(record.OpenRefused, 1), byHandAt(orig)}, "proven", "the service is not running", program},
		{"bytes that a program never sent", "capture-drops", []func(r *record.Record){lost, byHandAt(orig, resp)}, "proven", "nothing need have been lost", "The capture lost"},
		{"bytes that the capture lost", "capture-drops", []func(r *record.Record){lost}, "proven", "The capture lost", program},
	} {
		found := findingsOf(t, x.detector, nil, same(1, x.changes...)...)
		if len(found) != 1 {
			t.Errorf("%s: %v", x.name, titles(found))
			continue
		}
		f := &found[0]
		all := f.Title + "\n" + f.Explanation + "\n" + f.CauseWord() + ": " + strings.Join(f.Causes, "\n") + "\n" + strings.Join(f.Advice, "\n")
		if f.Confidence.String() != x.want || !strings.Contains(all, x.has) || strings.Contains(all, x.lacks) {
			t.Errorf("%s: %s, want %s, with %q and no %q:\n%s", x.name, f.Confidence, x.want, x.has, x.lacks, all)
		}
	}
}
