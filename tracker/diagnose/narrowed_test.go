package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Causes that other packets of the capture contradict are not told, and what they name instead is.
func TestCausesNarrowed(t *testing.T) {
	const orig, resp = record.Orig, record.Resp
	four, six := point("127.0.0.1:6379"), point("[::1]:6379")
	refusedAt := func(e capture.Endpoint) *record.Record { return made(1, failed(record.OpenRefused, 1), to(e)) }
	abort := reset(orig, record.ResetAbort)
	order := func(x capture.OptionOrder) func(r *record.Record) {
		return func(r *record.Record) { r.Ends[orig].Order = x }
	}
	late := func(seen uint64) func(r *record.Record) {
		return func(r *record.Record) {
			reset(orig, record.ResetLateData)(r)
			r.Close.Kind, r.Close.Unheard, r.Ends[resp].SeenBytes = record.CloseReset, 3000, seen
			r.Close.FINTime[orig], r.Close.ResetTime = record.Some(r.End-second/2), record.Some(r.End)
			r.Close.FINTime[resp], r.Close.FINAcked, r.Close.FINs[resp] = record.Opt[int64]{}, [2]record.Opt[int64]{}, 0
		}
	}
	beside := func(tap record.Tap) *record.Record {
		return made(5, from(point("10.0.0.2:50000")), to(point("10.7.7.7:443")), func(r *record.Record) { r.Capture.Tap = tap })
	}
	upon := func(names *record.NamesRecord) func(r *record.Record) {
		return func(r *record.Record) {
			abort(r)
			r.Close.DataLast, r.Close.ResetAfter, r.Ends[resp].DataSegments, r.Names = true, millisecond, 1, names
		}
	}
	after30 := func(r *record.Record) { r.Close.ResetQuiet, r.Close.ResetAfter = 30*second, 30*second }
	silent := made(1, failed(record.OpenNoAnswer, 3))
	for _, x := range []struct {
		name, detector string
		records        []*record.Record
		has, lacks     string
	}{
		{"the other loopback address serves", "refused", []*record.Record{refusedAt(six), made(2, to(four))}, "the service listens at 127.0.0.1 alone", "not running"},
		{"and the other way round", "refused", []*record.Record{refusedAt(four), made(2, to(six))}, "the service listens at ::1 alone", "not running"},
		{"another port of it serves", "refused", []*record.Record{refusedAt(six), made(2, to(point("127.0.0.1:80")))}, "not running", "alone"},
		{"no loopback address", "refused", []*record.Record{refusedAt(point("10.0.0.9:6379")), made(2, to(four))}, "not running", "alone"},
		{"a process that ends, on Linux", "reset-abort", same(1, abort, order(capture.OrderLinux)), "SO_LINGER", "some systems (Windows)"},
		{"on a BSD", "reset-abort", same(1, abort, order(capture.OrderBSD)), "SO_LINGER", "some systems (Windows)"},
		{"on a system that is not known", "reset-abort", same(1, abort), "some systems (Windows)", "a program made"},
		{"no byte of an answer had come", "reset-late-data", same(1, late(3000)), "before a byte of the answer has come", "the rest of the answer"},
		{"some had", "reset-late-data", same(1, late(3001)), "the rest of the answer", "before a byte"},
		{"TLS to a port without it", "reset-abort", same(1, upon(&record.NamesRecord{Proto: "tls", TLSOffered: "1.3"})), "the port speaks no TLS", "an answer that it refuses"},
		{"a ServerHello came", "reset-abort", same(1, upon(&record.NamesRecord{Proto: "tls", TLSOffered: "1.3", TLSVersion: "1.2"})), "an answer that it refuses", "speaks no TLS"},
		{"an alert came", "reset-abort", same(1, upon(&record.NamesRecord{Proto: "tls", TLSOffered: "1.3"}), func(r *record.Record) { r.Ends[resp].SeenBytes = 7 }), "an answer that it refuses", "speaks no TLS"},
		{"a gap that nothing filled", "reset-abort", same(1, abort, after30, func(r *record.Record) { r.Path[resp].Hole = 2576 }), "it waited for what was missing", "SO_LINGER"},
		{"no gap", "reset-abort", same(1, abort, after30), "a timer of its own, for idle connections", "what was missing"},
		{"captured beside the server", "no-answer", []*record.Record{silent, beside(record.TapOrig)}, "a firewall of its own drops the SYNs", "take another way"},
		{"captured beside the other end", "no-answer", []*record.Record{silent, beside(record.TapResp)}, "take another way and are lost there", "of its own"},
		{"of a silent host, and the SYN comes again", "no-answer", []*record.Record{silent, made(7, to(point("10.7.7.7:443")))}, "are lost there: the client repeats its SYN", "of its own"},
	} {
		found := findingsOf(t, x.detector, nil, x.records...)
		if len(found) != 1 {
			t.Errorf("%s: %v", x.name, titles(found))
			continue
		}
		f := &found[0]
		all := f.Title + "\n" + f.Explanation + "\n" + strings.Join(f.Causes, "\n")
		if !strings.Contains(all, x.has) || strings.Contains(all, x.lacks) {
			t.Errorf("%s: want %q and no %q:\n%s", x.name, x.has, x.lacks, all)
		}
	}
}

// An end that sends its FIN again and again got no ACK, though nothing of the other end was captured; a few repeats may be
// of an ACK that came late.
func TestRepeatedFINOfOneDirection(t *testing.T) {
	for again, want := range map[uint32]string{2: "", 3: "", 4: "possible"} {
		found := findingsOf(t, "fin-unacked", nil, same(1, unackedFIN(4, 10*second), func(r *record.Record) {
			r.Capture.OneWay, r.Ends[record.Resp], r.Path[record.Orig].FINsAgain = true, record.EndRecord{}, again
		})...)
		if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || found[0].Confidence.String() != want || !strings.Contains(found[0].Explanation, "Nothing was captured of that end")) {
			t.Errorf("%d repeats: %v", again, titles(found))
		}
	}
}
