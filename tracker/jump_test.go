package tracker

import (
	"fmt"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/record"
)

const opening = `
	0.000 > S  0:0(0) | - -
	0.010 < S. 0:0(0) ack 1 | - -`

// What was not captured is a jump: it counts when the other end or the next
// segment goes on from there.
func TestJumps(t *testing.T) {
	ack := `
	0.020 > . 1:1(0) ack 1 | - -`
	for _, c := range []struct {
		name, lines   string
		orig, missing uint64
		unknown       bool // Bytes and MissingBytes of the originator
		states        [2]record.State
		close         record.CloseKind
	}{
		{"SYN and FIN only, 3 GB apart", opening + `
			9.000 > F. 3000000001:3000000001(0) ack 1 | - -
			9.010 < F. 1:1(0) ack 3000000002 | - -
			9.020 > . 3000000002:3000000002(0) ack 2 | - -`, 0, 0, true, [2]record.State{record.TimeWait, record.Closed}, record.CloseNormal},
		{"SYN and FIN only, 1.9 GB apart", opening + `
			9.000 > F. 1900000001:1900000001(0) ack 1 | - -
			9.010 < F. 1:1(0) ack 1900000002 | - -
			9.020 > . 1900000002:1900000002(0) ack 2 | - -`, 1900000000, 1900000000, false, [2]record.State{record.TimeWait, record.Closed}, record.CloseNormal},
		{"the other end acknowledges what lies behind a hole of 200 kB", opening + ack + `
			1.000 > .P 200001:200101(100) ack 1 | - -
			1.010 < . 1:1(0) ack 200101 | - -`, 200100, 200000, false, [2]record.State{record.Established, record.Established}, record.CloseOpen},
		{"the next segment goes on behind a hole of 200 kB", opening + ack + `
			1.000 > .P 200001:200101(100) ack 1 | - -
			1.001 > .P 200101:200201(100) ack 1 | - -`, 200200, 0, false, [2]record.State{record.Established, record.Established}, record.CloseOpen},
		{"ACKs go on behind a hole of 200 kB", opening + ack + `
			1.000 < . 1:1(0) ack 200001 | - -
			1.001 < . 1:1(0) ack 200501 | - -`, 200500, 200500, false, [2]record.State{record.Established, record.Established}, record.CloseOpen},
		{"both ends jump", opening + ack + `
			1.000 > .P 200001:200101(100) ack 300001 | - -
			1.010 < . 300001:300001(0) ack 200101 | - -`, 200100, 200000, false, [2]record.State{record.Established, record.Established}, record.CloseOpen},
		{"the same stray twice", opening + ack + `
			1.000 > .P 200001:200101(100) ack 1 | - -
			1.100 > .P 200001:200101(100) ack 1 id 99 | - -
			1.200 > .P 1:11(10) ack 1 | - -
			1.300 < . 1:1(0) ack 11 | - -`, 10, 0, false, [2]record.State{record.Established, record.Established}, record.CloseOpen},
		{"a FIN behind a hole, and nothing after it", opening + `
			9.000 > F. 200001:200001(0) ack 1 | - -`, 200000, 0, false, [2]record.State{record.FinWait1, record.Established}, record.CloseUnackedFIN},
	} {
		r := recordOf(t, c.lines)
		x := &r.Ends[record.Orig]
		if c.unknown != x.SpanUnknown || c.unknown == x.Bytes.OK || x.Bytes.V != c.orig || x.MissingBytes != c.missing {
			t.Errorf("%s: bytes %v, missing %d, unknown %v", c.name, x.Bytes, x.MissingBytes, x.SpanUnknown)
		}
		if r.States != c.states || r.Close.Kind != c.close {
			t.Errorf("%s: %v, closed %v", c.name, r.States, r.Close.Kind)
		}
	}
}

// An ACK that was borne out took data that the capture has not: so it misses as much of that end at
// once, and the last segment, which jumps no farther, counts: what its own ACK took is missing too.
func TestLastJumpOfEitherEnd(t *testing.T) {
	for _, c := range []struct {
		name           string
		took           int // of the originator's, by the ACK that was borne out
		bytes, missing [2]uint64
	}{
		{"no farther than what was missed before", 1401, [2]uint64{1500, 1750}, [2]uint64{1440, 1730}},
		{"farther", 41, [2]uint64{80, 1620}, [2]uint64{80, 0}},
	} {
		r := recordOf(t, opening+fmt.Sprintf(`
			0.020 > . 1:1(0) ack 1 win 30000 | - -
			1.000 < .P 1:21(20) ack 1 win 30000 | - -
			1.010 < . 1621:1621(0) ack %d win 30000 | - -
			1.011 < . 1621:1621(0) ack %d win 30000 | - -
			1.020 > . 1501:1501(0) ack 1751 win 30000 | - -`, c.took, c.took+40))
		for e := range r.Ends {
			if x := &r.Ends[e]; x.Bytes.V != c.bytes[e] || x.MissingBytes != c.missing[e] {
				t.Errorf("%s: %v: %v bytes, %d missing", c.name, record.End(e), x.Bytes, x.MissingBytes)
			}
		}
	}
}

// Spans past 2^31 and 2^32 are followed by small steps of ACKs, one way and behind a handshake.
func TestACKsOfGigabytes(t *testing.T) {
	racetest.TooSlow(t)
	for begin, seq := range map[string]int{"0.000 < . 5:5(0) ack 1 | - -\n": 5, opened: 1} {
		for _, total := range []uint64{2_147_400_000, 3e9, 12e9} {
			for _, step := range []uint64{100_000, 1e6} {
				var b strings.Builder
				b.WriteString(begin + "\n")
				for n := step; n <= total; n += step {
					fmt.Fprintf(&b, "%f < . %d:%d(0) ack %d | - -\n", 1+float64(n)/1e9, seq, seq, uint32(n+1))
				}
				if c := recordOf(t, b.String()).Capture; c.MissingBytes != total/step*step {
					t.Errorf("%s: %d bytes missing, want %d in steps of %d", begin, c.MissingBytes, total, step)
				}
			}
		}
	}
}

// A stray inside the window is taken for what follows a hole, until its sender
// goes on from the old number.
func TestStrayInsideTheWindow(t *testing.T) {
	for name, stray := range map[string]string{
		"FIN":  `0.100 > F. 501:501(0) ack 1 | - -`,
		"data": `0.100 > .P 501:521(20) ack 1 | - -`,
		"ACK":  `0.100 < . 1:1(0) ack 501 | - -`,
	} {
		r := recordOf(t, opening+`
			0.020 > . 1:1(0) ack 1 | - -
			`+stray+`
			0.200 > .P 1:101(100) ack 1 | - -
			0.300 > F. 101:101(0) ack 1 | - -
			0.310 < F. 1:1(0) ack 102 | - -
			0.320 > . 102:102(0) ack 2 | - -`)
		if r.Close.Kind != record.CloseNormal || r.Close.First != record.Orig || r.States != [2]record.State{record.TimeWait, record.Closed} || r.Ends[record.Orig].Bytes.V != 100 || r.Ends[record.Orig].SeenBytes != 100 || r.Ends[record.Orig].MissingBytes != 0 {
			t.Errorf("%s: %v, first %v, %v, %v bytes, %d missing", name, r.Close.Kind, r.Close.First, r.States, r.Ends[record.Orig].Bytes, r.Ends[record.Orig].MissingBytes)
		}
		if name == "FIN" && r.Ends[record.Orig].Retx != 0 {
			t.Errorf("%s: %d repeats", name, r.Ends[record.Orig].Retx)
		}
	}
	// Data behind the number of a FIN that never was.
	r := recordOf(t, opening+`
		0.020 > . 1:1(0) ack 1 | - -
		0.100 > F. 51:51(0) ack 1 | - -
		0.200 > .P 1:101(100) ack 1 | - -
		0.300 < . 1:1(0) ack 101 | - -`)
	if r.States != [2]record.State{record.Established, record.Established} || r.Ends[record.Orig].Bytes.V != 100 || r.Close.First != record.NoEnd {
		t.Errorf("%v, %v bytes, first %v", r.States, r.Ends[record.Orig].Bytes, r.Close.First)
	}
}

// From SYN-SENT an ACK of anything but the SYN is a challenge ACK of an older
// connection: it starts no stream, and the RST that answers it ends nothing.
func TestChallengeACKOfUnseenConnection(t *testing.T) {
	_, rec, tr := play(t, plainWire, parseExchange(t, `
		0.000 > S 0:0(0) | - -
		0.010 < . 70000:70000(0) ack 900000 | - -
		0.011 > R 900000:900000(0) | - -
		1.000 > S 0:0(0) | - -
		1.010 < S. 0:0(0) ack 1 | - -
		1.020 > . 1:1(0) ack 1 | - -
		1.030 < .P 1:401(400) ack 1 | - -`), -1, -1)
	r := &rec.records[0]
	if n := tr.Stats().Anomalies; len(n) != 0 {
		t.Errorf("anomalies %v", n)
	}
	for i, want := range map[int]record.MomentKind{1: record.MomentOldAnswer, 2: record.MomentOldReset} {
		if m := rec.steps[i].Moments; len(m) != 1 || m[0].Kind != want {
			t.Errorf("line %d: moments %v, want %v", i+1, m, want)
		}
	}
	if r.Close.RSTs[record.Orig] != 1 || r.Close.RSTsIgnored != 0 || r.Close.Ignored.Packet != 0 {
		t.Errorf("%d RSTs ignored, packet %d", r.Close.RSTsIgnored, r.Close.Ignored.Packet)
	}
	if !r.Open.OldUnseen || !r.Open.OldReset || r.Open.Kind != record.OpenHandshake || r.Ends[record.Resp].Bytes.V != 400 || r.Capture.MissingBytes != 0 {
		t.Errorf("old %v %v, %v, %v bytes, %d missing", r.Open.OldUnseen, r.Open.OldReset, r.Open.Kind, r.Ends[record.Resp].Bytes, r.Capture.MissingBytes)
	}
}

// A filter of SYN, FIN and RST leaves the third ACK out: a FIN that acknowledges
// data of the opener shows that the connection opened.
func TestFINThatAcknowledgesDataOpened(t *testing.T) {
	r := recordOf(t, opening+`
		0.500 < F. 501:501(0) ack 101 | - -
		0.520 > R  101:101(0) | - -`)
	if r.Open.Kind != record.OpenHandshake || r.Open.Felt.OK || r.Close.ResetIn == record.SynSent || r.Close.ResetBy != record.Orig {
		t.Errorf("%v felt %v, RST in %v by %v", r.Open.Kind, r.Open.Felt, r.Close.ResetIn, r.Close.ResetBy)
	}
	// The SYN's number alone is acknowledged by a FIN out of SYN-RECEIVED too.
	if r := recordOf(t, opening+`
		0.500 < F. 1:1(0) ack 1 | - -
		0.520 > R  1:1(0) | - -`); r.Open.Kind == record.OpenHandshake {
		t.Error("a FIN that acknowledges nothing but the SYN proves no handshake")
	}
}

// Where only SYNs were captured the numbers of a RST prove how far both ends were.
func TestRSTProvesESTABLISHED(t *testing.T) {
	r := recordOf(t, opening+`
		0.500 < R. 501:501(0) ack 101 | - -`)
	if r.Open.Kind != record.OpenHandshake || r.Close.Kind != record.CloseReset || r.Close.ResetIn != record.Established || r.Ends[record.Orig].MissingBytes != 100 || r.Ends[record.Resp].Bytes.V != 500 {
		t.Errorf("%v, %v in %v, %d missing, %v bytes", r.Open.Kind, r.Close.Kind, r.Close.ResetIn, r.Ends[record.Orig].MissingBytes, r.Ends[record.Resp].Bytes)
	}
	if r := recordOf(t, opening+`
		0.020 > . 1:1(0) ack 1 | - -
		0.500 < R. 501:501(0) ack 101 | - -`); r.Close.RSTsIgnored != 1 {
		t.Error("a blind RST is taken though RCV.NXT was captured (RFC 5961 section 3.2)")
	}
}

// How long a connection was silent is not known where the clock jumped behind its
// last packet: time that other recordings cover, put into one file, is no silence of it.
func TestSilenceAcrossAJump(t *testing.T) {
	const year = 365 * 86400
	rec := &recorder{}
	tr := New(Options{}, rec)
	hosts := func(last byte) wire {
		return wire{[2]capture.Endpoint{endpointAt(last, 40000), endpointAt(2, 80)}, [2]uint32{1, 1}}
	}
	early, other, late := hosts(1), hosts(3), hosts(4)
	for i, x := range []struct {
		w  wire
		at float64
	}{{early, 1}, {other, 3}, {late, 9 * year}, {late, 9*year + 40}, {late, 19 * year}, {late, 19*year + 50}} {
		tr.Observe(x.w.segment(line{at: x.at, flags: capture.SYN}, uint64(i+1)))
	}
	tr.Finish()
	for i, want := range []struct {
		silent int64
		vague  bool
	}{{2e9, true}, {0, true}, {0, false}} {
		if r := &rec.records[i]; r.Silent != want.silent || r.Vague != want.vague {
			t.Errorf("connection %d: silent for %d ns, vague %v", i, r.Silent, r.Vague)
		}
	}
}
