package schema

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker"
	"tcpwatch/tracker/record"
)

// kept is a Sink that keeps records.
type kept struct{ records []*record.Record }

func (s *kept) Conn(r *record.Record) {
	x := *r
	s.records = append(s.records, &x)
}
func (s *kept) Event(*record.Event) {}
func (s *kept) Step(*record.Step)   {}

// tracked is the record of an exchange: a segment a line, as tcpdump prints it,
// but for marks of the capture at the end.
//
//	time direction flags seq:length ack [ws] [cut] [offload]
func tracked(t *testing.T, lines string) *record.Record {
	t.Helper()
	var s kept
	tr := tracker.New(tracker.Options{}, &s)
	ends := [2]capture.Endpoint{recordtest.Endpoint("10.0.0.1:40000"), recordtest.Endpoint("10.0.0.2:80")}
	packet := uint64(0)
	for _, l := range strings.Split(strings.TrimSpace(lines), "\n") {
		f := strings.Fields(l)
		packet++
		x := &capture.Segment{Packet: packet, FileNumber: packet, Src: ends[0], Dst: ends[1], Window: 1000, TTL: 64, IPID: uint16(packet)}
		if f[1] == "<" {
			x.Src, x.Dst = x.Dst, x.Src
		}
		for _, c := range f[2] {
			x.Flags |= map[rune]capture.Flags{'S': capture.SYN, 'F': capture.FIN, '.': capture.ACK}[c]
		}
		var at float64
		if _, err := fmt.Sscanf(f[0]+" "+f[3]+" "+f[4], "%f %d:%d %d", &at, &x.Seq, &x.Len, &x.Ack); err != nil {
			t.Fatalf("%v in %q", err, l)
		}
		x.Time = recordtest.Start + int64(at*1e9)
		x.Captured = x.Len
		for _, mark := range f[5:] {
			switch mark {
			case "ws":
				x.Options, x.WScale = x.Options|capture.OptWScale, 7
			case "cut":
				x.Marks |= capture.MarkTruncated
			case "offload":
				x.Marks |= capture.MarkOffload
			case "again":
				x.IPID--
			}
		}
		tr.Observe(x)
	}
	tr.Finish()
	if len(s.records) != 1 {
		t.Fatalf("%d records", len(s.records))
	}
	return s.records[0]
}

// whole is an exchange of which everything is known.
const whole = `
	0.00 > S  100:0   0   ws
	0.01 < S. 500:0   101 ws
	0.02 > .  101:0   501
	0.03 > .  101:100 501
	0.04 < .  501:100 201
	0.05 > .  201:0   601`

func TestUnknownFieldsAreAbsent(t *testing.T) {
	without := func(lines ...int) string {
		all := strings.Split(strings.TrimSpace(whole), "\n")
		for i := len(lines) - 1; i >= 0; i-- {
			all = slices.Delete(all, lines[i]-1, lines[i])
		}
		return strings.Join(all, "\n")
	}
	_, all := flatten(t, lineOf(Options{}, tracked(t, whole)))
	hiders := map[string]hidden{}
	details := map[string]bool{} // which are absent when there is nothing to tell, too
	for _, f := range Fields() {
		details[f.Name] = f.Detail()
		hiders[f.Name] = f.hidden
	}
	for _, c := range []struct {
		name, lines string
		want        string // capture.unknown
		absent      string // fields that must not be there, though whole has them
		words       []string
	}{
		{"nothing", whole, "", "", nil},
		{"one direction, its handshake seen", without(2, 5), "one-way syn-unseen window-scale",
			"resp.retx resp.sack resp.seen_bytes orig.rtt_n orig.retx_spurious orig.window_full orig.sender_limited_s exchanges.n open.resp_s",
			[]string{"what the other end did (its states are a guess), round trips, spurious retransmissions (only one direction was captured)"}},
		{"midstream", without(1, 2, 3), "midstream syn-unseen window-scale",
			"open.felt_s open.resp_s open.orig_s orig.first_byte_s orig.wscale resp.sack orig.window_full resp.window_limited_s resp.silly_windows",
			[]string{"connect times, which end opened it (began before the capture)",
				"the options that a SYN offers (the SYNs were not captured)",
				"windows in bytes (the SYN was not captured, so neither was its window scale)"}},
		{"the SYN/ACK missed", without(2), "syn-unseen window-scale", "resp.wscale resp.sack open.resp_s orig.window_full",
			[]string{"the options that a SYN offers (the SYN/ACK of the server was not captured)",
				"windows in bytes (the SYN was not captured, so neither was its window scale)"}},
		{"the SYN/ACK missed, but the SYN offers no scale: there is none (RFC 7323 section 2.2)", strings.Replace(without(2), "ws", "", 1), "syn-unseen", "resp.wscale resp.sack",
			[]string{"the options that a SYN offers (the SYN/ACK of the server was not captured)"}},
		{"cut", strings.Replace(whole, "101:100 501", "101:100 501 cut", 1), "truncated", "",
			[]string{"names and payload after the cut (the snaplen cut packets short)"}},
		{"offload", strings.Replace(whole, "101:100 501", "101:100 501 offload", 1), "offload", "",
			[]string{"how many packets were on the wire (offload: segments longer than on the wire were captured)"}},
		{"twice", whole + "\n0.0501 > . 201:0 601 again", "duplicates", "",
			[]string{"how many packets were sent, without copies (1 packet captured twice)"}},
		{"data missed", without(4), "missing-bytes", "orig.wire_bytes",
			[]string{"bytes sent, with retransmissions (100 B not captured)"}},
		{"the clock in the handshake", strings.Replace(whole, "0.02 >", "0.005 >", 1), "time-went-back", "open.felt_s open.resp_s open.orig_s",
			[]string{"times across that step, connect times if it was in the handshake (time went back 1 time)"}},
		{"the clock later on", strings.Replace(whole, "0.04 <", "0.025 <", 1), "time-went-back", "",
			[]string{"times across that step, connect times if it was in the handshake (time went back 1 time)"}},
	} {
		r := tracked(t, c.lines)
		_, got := flatten(t, lineOf(Options{}, r))
		if got["capture.unknown"] != c.want {
			t.Errorf("%s: unknown %q, want %q", c.name, got["capture.unknown"], c.want)
		}
		flaws := flawsOf(r)
		may := func(name string) bool {
			h := hiders[name]
			return flaws&(h.by|h.perhaps) != 0
		}
		for _, f := range strings.Fields(c.absent) {
			if v, ok := got[f]; ok {
				t.Errorf("%s: %s = %s, which can't be known", c.name, f, v)
			}
			if _, ok := all[f]; !ok {
				t.Errorf("%s: %s is not known of the whole exchange", c.name, f)
			}
		}
		for f := range all {
			if _, ok := got[f]; !ok && !may(f) && !strings.Contains(f, "time_in.") && !details[f] {
				t.Errorf("%s: %s is absent, and no reason says so", c.name, f)
			}
		}
		if words := UnknownOf(r); !slices.Equal(words, c.words) {
			t.Errorf("%s: %q, want %q", c.name, words, c.words)
		}
	}
}

// Probes whose answers went another way are neither answered nor unanswered.
func TestKeepaliveOfOneDirection(t *testing.T) {
	lines := "0 > . 101:100 501\n1 > . 201:0 501\n"
	for i := range 12 {
		lines += fmt.Sprintf("%d > . 200:0 501\n", 100*(i+1))
	}
	_, got := flatten(t, lineOf(Options{}, tracked(t, lines)))
	if got["keepalive.orig.probes"] != "12" || got["keepalive.outcome"] != "unknown" {
		t.Errorf("%s probes: %s", got["keepalive.orig.probes"], got["keepalive.outcome"])
	}
	for _, f := range []string{"answered", "unanswered"} {
		if v, ok := got["keepalive.orig."+f]; ok {
			t.Errorf("%s %s", v, f)
		}
	}
}

// Where gaps were forgotten while they were open, a segment that filled one can't be
// told from a repeat: what was missing, sent again or out of order is absent.
func TestGivenUpIsAbsent(t *testing.T) {
	r := recordtest.MadeUp(7, "10.0.0.1:50000", "10.0.0.2:443")
	r.Capture.GivenUpBytes = 100
	names, got := flatten(t, lineOf(Options{}, r))
	for _, n := range []string{"orig.out_of_order", "orig.retx", "orig.retx_fast", "resp.missing_bytes", "capture.missing_bytes", "orig.lost_after_tap"} {
		if slices.Contains(names, n) {
			t.Errorf("%s is %s", n, got[n])
		}
	}
	if !slices.Contains(names, "orig.wire_bytes") || got["capture.unknown"] != "given-up" {
		t.Errorf("unknown is %q", got["capture.unknown"])
	}
}
