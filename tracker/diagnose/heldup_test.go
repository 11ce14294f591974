package diagnose

import (
	"slices"
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// What a handshake lost is all but a round trip, whichever of its SYNs was answered.
func TestHeldUp(t *testing.T) {
	for _, x := range []struct {
		name                   string
		felt, last, orig, resp int64 // ms
		want                   int64
		heard                  bool // an earlier SYN was answered
	}{
		{"the first of three SYNs is answered after 3 s", 3001, 999, 0, 0, 3001, true},
		{"the first is, on a path of 40 ms", 3041, 999, 30, 10, 3001, true},
		{"the second SYN is answered at once", 1020, 20, 0, 0, 1000, false},
		{"the last SYN waited nearly a second", 997, 989, 5, 3, 989, false},
		{"it waited for 1 s and more, on a path of 1 ms", 3001, 1000, 1, 0, 3000, false},
		{"it waited so, and no round trip is known", 3001, 1000, 0, 0, 3001, false},
	} {
		r := made(1)
		r.Open.SYNHeard = x.heard
		r.Open.Felt, r.Open.LastSYN = record.Some(x.felt*millisecond), record.Some(x.last*millisecond)
		r.Ends[record.Orig].RTT.Min, r.Ends[record.Resp].RTT.Min = x.orig*millisecond, x.resp*millisecond
		if got := heldUp(r); got != x.want*millisecond {
			t.Errorf("%s: %d ms, want %d", x.name, got/millisecond, x.want)
		}
	}
}

// Where the SYN came again before any SYN/ACK had passed, a late SYN/ACK is not all that was lost.
func TestHeldUpBeforeALateSYNACK(t *testing.T) {
	for again, want := range map[uint8]int64{0: 7, 1: 996} {
		r := made(1)
		r.Open.Felt, r.Open.LastSYN = record.Some(int64(1045*millisecond)), record.Some(int64(49*millisecond))
		r.Ends[record.Orig].RTT.Min, r.Ends[record.Resp].RTT.Min = 9*millisecond, 40*millisecond
		r.Open.SYNACKLate, r.Open.NSYNsAgain = 7*millisecond, again
		if got := heldUp(r); got != want*millisecond {
			t.Errorf("%d repeats: %d ms, want %d", again, got/millisecond, want)
		}
	}
}

// The round trip of a handshake is no measure of what that handshake lost.
func TestHeldUpWithoutALaterRoundTrip(t *testing.T) {
	for source, want := range map[record.RTTSource]int64{record.RTTHandshake: 3000, record.RTTData: 2980} {
		r := made(1)
		r.Open.Felt, r.Open.LastSYN, r.Open.SYNHeard = record.Some(int64(3*second)), record.Some(int64(second)), true
		r.Ends[record.Orig].RTT, r.Ends[record.Resp].RTT = record.RTTRecord{N: 1, Min: 20 * millisecond, Source: source}, record.RTTRecord{}
		if got := heldUp(r); got != want*millisecond {
			t.Errorf("round trips of %v: %d ms, want %d", source, got/millisecond, want)
		}
	}
}

// A scan names the ports that answered, ten at most, and how many there were.
func TestScanNamesOpenPorts(t *testing.T) {
	for open, want := range map[int]string{0: "", 2: "2 ports open: 100, 101.", 12: "12 ports open: 100, 101, 102, 103, 104, 105, 106, 107, 108, 109 ..."} {
		records := many(20, func(i int) *record.Record {
			r := made(uint64(i+1), to(numbered(1, uint16(100+i))))
			failed(record.OpenRefused, 1)(r)
			if i < open {
				r.Open.Kind, r.Open.SYNACKs = record.OpenAborted, 1
			}
			return r
		})
		list := findingsOf(t, "port-scan", nil, records...)
		if len(list) != 1 || !strings.Contains(list[0].Explanation, want) || strings.Contains(list[0].Explanation, "open:") != (open > 0) {
			t.Errorf("%d open: %+v", open, list)
		}
	}
}

// A host that is heard of elsewhere in the capture is not off.
func TestHostThatIsThere(t *testing.T) {
	unanswered := many(3, func(i int) *record.Record {
		r := made(uint64(i+1), from(numbered(1, uint16(20000+i))))
		failed(record.OpenNoAnswer, 4)(r)
		return r
	})
	other := made(9, from(numbered(1, 30000)))
	other.Resp.Port++
	for _, x := range []struct {
		records []*record.Record
		off     bool
	}{{unanswered, true}, {append(slices.Clone(unanswered), other), false}} {
		list := findingsOf(t, "no-answer", &Context{MSL: record.DefaultMSL, Conns: uint64(len(x.records))}, x.records...)
		if len(list) != 1 || slices.Contains(list[0].Causes, "the host is off or has no such address") != x.off || strings.Contains(list[0].Explanation, "the host is there") == x.off {
			t.Errorf("%d records: %+v", len(x.records), list)
		}
	}
}

// What is judged from chosen connections alone is at most possible: the others might tell
// otherwise.
func TestChosenIsPossible(t *testing.T) {
	records := many(3, func(i int) *record.Record {
		r := made(uint64(i+1), from(numbered(1, uint16(20000+i))))
		failed(record.OpenRefused, 1)(r)
		return r
	})
	for chosen, want := range map[bool]Confidence{false: Proven, true: Possible} {
		list := findingsOf(t, "refused", &Context{MSL: record.DefaultMSL, Conns: 3, Chosen: chosen}, records...)
		if len(list) != 1 || list[0].Confidence != want {
			t.Errorf("chosen %v: %+v", chosen, list)
		}
	}
}

// Many systems leave timestamps out of RSTs: that alone does not speak of something on the way.
func TestOddResets(t *testing.T) {
	x := &resets{odd: [4]uint64{0, 0, 3}}
	if text := x.oddly(); text != "" {
		t.Errorf("timestamps alone: %q", text)
	}
	x.odd[1] = 2
	if text := x.oddly(); !strings.Contains(text, "2 RSTs with an IP-ID unlike") {
		t.Errorf("IP-IDs: %q", text)
	}
}
