package diagnose

import (
	"slices"
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// A cause that packets contradict is not on the list; where they do not, or not on all connections, it stays.
func TestContradictedCauses(t *testing.T) {
	const orig, resp = record.Orig, record.Resp
	bare := func(odd ...record.ResetSigns) (all []*record.Record) {
		for i, x := range odd {
			all = append(all, made(uint64(i+1), reset(resp, record.ResetUnknown), func(r *record.Record) { r.Close.ResetOdd = x }))
		}
		return all
	}
	aborted := func(odd record.ResetSigns, text string) []*record.Record {
		return same(2, reset(orig, record.ResetAbort), func(r *record.Record) {
			r.Close.DataLast, r.Close.ResetOdd, r.Close.ResetText = true, odd, text
		})
	}
	hungUp := func(said uint64) []*record.Record {
		return same(3, reset(resp, record.ResetAbort), func(r *record.Record) {
			r.Ends[resp].SeenBytes, r.Ends[resp].Bytes = 0, record.Some(uint64(0))
			r.Ends[orig].SeenBytes, r.Ends[orig].Bytes = said, record.Some(said)
		})
	}
	refusedBy := func(own, rst uint8) []*record.Record {
		return append(clean(3, func(r *record.Record) { r.Ends[resp].TTL = record.Some(own) }),
			made(9, failed(record.OpenRefused, 1), func(r *record.Record) { r.Close.ResetTTL = record.Some(rst) }))
	}
	raw := func(others uint8) []*record.Record {
		return same(1, failed(record.OpenNoAnswer, 3), func(r *record.Record) { r.Open.SYNsOther = others })
	}
	for _, x := range []struct {
		name, detector string
		records        []*record.Record
		cause          string // a part of it
		listed         bool
		says           string // in the explanation; "" for nothing
	}{
		{"that end's own TCP sent the RSTs", "reset-bare", bare(record.OwnStack, record.OwnStack), "on the path rejects with a RST", false, "own TCP sent it"},
		{"and another host did not", "reset-bare", bare(record.OwnStack), "another host answers", false, "own TCP sent it"},
		{"it carries a text, which anybody can write", "reset-bare", same(2, reset(resp, record.ResetUnknown), func(r *record.Record) { r.Close.ResetText = "blocked" }), "on the path rejects with a RST", true, "carries a text"},
		{"it answers nothing", "reset-bare", same(2, reset(resp, record.ResetUnknown), func(r *record.Record) { r.Close.ResetAfter = 13 * second }), "another host answers", false, "Nothing came within a second"},
		{"it answers nothing, and the host goes on", "reset-bare", same(2, reset(resp, record.ResetUnknown), func(r *record.Record) { r.Close.ResetAfter = 13 * second }), "no longer knows", false, ""},
		{"that end's clock goes on after it", "reset-bare", bare(record.Outlived, record.Outlived), "host restarted", false, "timestamps of that end go on"},
		{"and it may be another host", "reset-bare", bare(record.Outlived), "another host answers", true, "timestamps of that end go on"},
		{"of one of two alone", "reset-bare", bare(record.Outlived, 0), "host restarted", true, ""},
		{"an end that was quiet before, whose clock goes on", "reset-forgotten", same(2, reset(resp, record.ResetUnknown), func(r *record.Record) { r.Close.ResetQuiet, r.Close.ResetOdd = 300*second, record.Outlived }), "host restarted", false, "timestamps of that end go on"},
		{"nothing shows who sent it", "reset-bare", bare(0), "on the path rejects with a RST", true, ""},
		{"one of two shows it", "reset-bare", bare(record.OwnStack, 0), "on the path rejects with a RST", true, ""},
		{"its program ended", "reset-bare", bare(record.OwnStack), "process ended", true, ""},
		{"all was taken, the window wide, which Linux does not narrow for a little", "reset-abort", aborted(record.TookAll, ""), "data unread", true, "if something waited unread, it was little"},
		{"what came last was not", "reset-abort", aborted(0, ""), "data unread", true, "or not have read it"},
		{"a text that says why", "reset-abort", aborted(0, "Access denied"), "what its text says", true, "carries a text"},
		{"no text", "reset-abort", aborted(0, ""), "what its text says", false, ""},
		{"a path of an MPTCP connection", "reset-abort", aborted(record.OfSubflow, ""), "SO_LINGER", false, "this path alone"},
		{"the client said nothing", "closed-at-once", hungUp(0), "another protocol", false, "The client had said nothing"},
		{"it said something", "closed-at-once", hungUp(20), "another protocol", true, ""},
		{"a TTL of 1, which its program set", "refused", refusedBy(1, 64), "a firewall on the path", false, ""},
		{"a TTL of 255", "refused", refusedBy(255, 64), "a firewall on the path", false, ""},
		{"a TTL of a few hops", "refused", refusedBy(55, 64), "a firewall on the path", true, "something on the path sent them"},
		{"SYNs that differ", "no-answer", raw(2), "made these packets itself", true, "made by a program"},
		{"SYNs that are repeats", "no-answer", raw(0), "made these packets itself", false, ""},
	} {
		found := findingsOf(t, x.detector, nil, x.records...)
		if len(found) != 1 {
			t.Errorf("%s: %v", x.name, titles(found))
			continue
		}
		f := &found[0]
		listed := slices.ContainsFunc(f.Causes, func(c string) bool { return strings.Contains(c, x.cause) })
		if listed != x.listed || !strings.Contains(f.Explanation, x.says) {
			t.Errorf("%s: %q, %q; want %q listed: %t, and %q", x.name, f.Causes, f.Explanation, x.cause, x.listed, x.says)
		}
		if len(f.Causes) == 0 {
			t.Errorf("%s: no cause is left", x.name)
		}
	}
}
