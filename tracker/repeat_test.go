package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// sackOpened is a handshake over a path of 20 ms in which both permit SACK.
const sackOpened = `
	0.000 > S  0:0(0) sackok 1 mss 100      | - -
	0.010 < S. 0:0(0) ack 1 sackok 1 mss 100 | - -
	0.020 > .  1:1(0) ack 1                 | - -
`

func TestRepeatClasses(t *testing.T) {
	type counts struct{ rto, fast, tlp, other, spurious, reordered, before, after uint32 }
	for _, c := range []struct {
		name, open, lines string
		want              counts
	}{
		{"timeouts, doubled (RFC 6298 section 5.5)", opened, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.200 > .P 1:101(100) ack 1 | - -
			1.600 > .P 1:101(100) ack 1 | - -
			2.400 > .P 1:101(100) ack 1 | - -
			2.410 < .  1:1(0) ack 101 | - -`, counts{rto: 3, after: 3}},
		{"a tail loss probe, answered (RFC 8985 section 7)", sackOpened, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.210 > .P 1:101(100) ack 1 | - -
			1.220 < .  1:1(0) ack 101 | - -`, counts{tlp: 1, after: 1}},
		{"a tail loss probe, then timeouts", sackOpened, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.205 > .P 1:101(100) ack 1 | - -
			1.410 > .P 1:101(100) ack 1 | - -
			1.820 > .P 1:101(100) ack 1 | - -
			1.830 < .  1:1(0) ack 101 | - -`, counts{tlp: 1, rto: 2, after: 3}},
		{"what looked like a probe was a timeout: the pause doubled", sackOpened, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.200 > .P 1:101(100) ack 1 | - -
			1.600 > .P 1:101(100) ack 1 | - -
			1.610 < .  1:1(0) ack 101 | - -`, counts{rto: 2, after: 2}},
		{"three duplicate ACKs (RFC 5681 section 3.2)", opened, `
			1.000 > .  1:101(100) ack 1 | - -
			1.001 > .  101:201(100) ack 1 | - -
			1.002 > .  201:301(100) ack 1 | - -
			1.003 > .  301:401(100) ack 1 | - -
			1.010 < .  1:1(0) ack 1 | - -
			1.011 < .  1:1(0) ack 1 | - -
			1.012 < .  1:1(0) ack 1 | - -
			1.013 > .  1:101(100) ack 1 | - -
			1.023 < .  1:1(0) ack 401 | - -`, counts{fast: 1, after: 1}},
		{"SACK (RFC 6675), two holes", sackOpened, `
			1.000 > .  1:101(100) ack 1 | - -
			1.001 > .  101:201(100) ack 1 | - -
			1.002 > .  201:301(100) ack 1 | - -
			1.003 > .  301:401(100) ack 1 | - -
			1.010 < .  1:1(0) ack 1 sack 101-201 | - -
			1.011 < .  1:1(0) ack 1 sack 301-401,101-201 | - -
			1.012 > .  1:101(100) ack 1 | - -
			1.013 > .  201:301(100) ack 1 | - -
			1.023 < .  1:1(0) ack 401 | - -`, counts{fast: 2, after: 2}},
		{"a timeout, and what it left behind", opened, `
			1.000 > .  1:101(100) ack 1 | - -
			1.001 > .  101:201(100) ack 1 | - -
			1.002 > .  201:301(100) ack 1 | - -
			1.250 > .  1:101(100) ack 1 | - -
			1.260 < .  1:1(0) ack 101 | - -
			1.261 > .  101:201(100) ack 1 | - -
			1.262 > .  201:301(100) ack 1 | - -
			1.272 < .  1:1(0) ack 301 | - -`, counts{rto: 1, other: 2, after: 3}},
		{"acknowledged before it was sent again", opened, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.010 < .  1:1(0) ack 101 | - -
			1.300 > .P 1:101(100) ack 1 | - -`, counts{rto: 1, spurious: 1}},
		{"D-SACK tells (RFC 2883)", sackOpened, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.210 > .P 1:101(100) ack 1 | - -
			1.230 < .  1:1(0) ack 101 | - -
			1.240 < .  1:1(0) ack 101 sack 1-101 | - -`, counts{tlp: 1, spurious: 1, after: 1}},
		{"a block of one segment that this ACK covers for the first time", sackOpened, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.210 > .P 1:101(100) ack 1 | - -
			1.230 < .  1:1(0) ack 101 sack 1-101 | - -`, counts{tlp: 1, spurious: 1, after: 1}},
		{"the first of several that it covers, their ACKs were lost", sackOpened, `
			1.000 > .  1:101(100) ack 1 | - -
			1.001 > .P 101:201(100) ack 1 | - -
			1.810 > .  1:101(100) ack 1 | - -
			1.830 < .  1:1(0) ack 201 sack 1-101 | - -`, counts{rto: 1, spurious: 1, after: 1}},
		{"a run of segments that this ACK covers for the first time", sackOpened, `
			1.000 > .  1:101(100) ack 1 | - -
			1.001 > .P 101:201(100) ack 1 | - -
			1.011 < .  1:1(0) ack 1 sack 101-201 | - -
			1.210 > .  1:101(100) ack 1 | - -
			1.230 < .  1:1(0) ack 201 sack 1-201 | - -`, counts{rto: 1, after: 1}},
		{"the timestamp echoed is older than the repeat (RFC 3522)", opened, `
			1.000 > .P 1:101(100) ack 1 val 1000 ecr 5 | - -
			1.210 > .P 1:101(100) ack 1 val 1210 ecr 5 | - -
			1.230 < .  1:1(0) ack 101 val 50 ecr 1000 | - -`, counts{rto: 1, spurious: 1, after: 1}},
		{"the timestamp echoed is the repeat's", opened, `
			1.000 > .P 1:101(100) ack 1 val 1000 ecr 5 | - -
			1.210 > .P 1:101(100) ack 1 val 1210 ecr 5 | - -
			1.230 < .  1:1(0) ack 101 val 50 ecr 1210 | - -`, counts{rto: 1, after: 1}},
		{"neither SACK nor timestamps: each ACK answers one segment, a repeat by a duplicate ACK", opened, `
			1.000 > .  1:101(100) ack 1 | - -
			1.001 > .  101:201(100) ack 1 | - -
			1.500 > .  1:101(100) ack 1 | - -
			1.600 < .  1:1(0) ack 101 | - -
			1.601 > .  101:201(100) ack 1 | - -
			1.700 < .  1:1(0) ack 201 | - -
			1.701 > .  201:301(100) ack 1 | - -
			1.800 < .  1:1(0) ack 201 | - -
			1.900 < .  1:1(0) ack 201 | - -
			2.400 > .  201:301(100) ack 1 | - -
			2.401 < .  1:1(0) ack 301 | - -
			2.500 < .  1:1(0) ack 301 | - -
			2.600 > .  301:401(100) ack 1 | - -
			2.700 < .  1:1(0) ack 401 | - -`, counts{rto: 2, other: 1, spurious: 3}},
		{"the same, but SACK, of which nothing came, would tell", sackOpened, `
			1.000 > .  1:101(100) ack 1 | - -
			1.001 > .  101:201(100) ack 1 | - -
			1.500 > .  1:101(100) ack 1 | - -
			1.600 < .  1:1(0) ack 101 | - -
			1.601 > .  101:201(100) ack 1 | - -
			1.700 < .  1:1(0) ack 201 | - -
			1.701 > .  201:301(100) ack 1 | - -
			1.800 < .  1:1(0) ack 201 | - -
			1.900 < .  1:1(0) ack 201 | - -
			2.400 > .  201:301(100) ack 1 | - -
			2.401 < .  1:1(0) ack 301 | - -
			2.500 < .  1:1(0) ack 301 | - -
			2.600 > .  301:401(100) ack 1 | - -
			2.700 < .  1:1(0) ack 401 | - -`, counts{rto: 1, tlp: 1, other: 1, after: 3}},
		{"what was lost drew no duplicate ACK when it came again", opened, `
			1.000 > .  1:101(100) ack 1 | - -
			1.001 > .  101:201(100) ack 1 | - -
			1.500 > .  1:101(100) ack 1 | - -
			1.600 < .  1:1(0) ack 101 | - -
			1.601 > .  101:201(100) ack 1 | - -
			1.700 < .  1:1(0) ack 201 | - -
			1.701 > .  201:301(100) ack 1 | - -
			1.702 > .  301:401(100) ack 1 | - -
			1.800 < .  1:1(0) ack 401 | - -
			2.000 > .  401:501(100) ack 1 | - -
			2.600 > .  401:501(100) ack 1 | - -
			2.700 < .  1:1(0) ack 501 | - -`, counts{rto: 2, other: 1, after: 3}},
		{"overtaken: an older IP identification", opened, `
			1.000 > .  1:101(100) ack 1 id 100 | - -
			1.001 > .  201:301(100) ack 1 id 102 | - -
			1.300 > .  101:201(100) ack 1 id 101 | - -
			1.310 < .  1:1(0) ack 301 | - -`, counts{reordered: 1}},
		{"lost before the tap: a newer IP identification", opened, `
			1.000 > .  1:101(100) ack 1 id 100 | - -
			1.001 > .  201:301(100) ack 1 id 102 | - -
			1.010 < .  1:1(0) ack 101 | - -
			1.011 < .  1:1(0) ack 101 | - -
			1.012 > .  101:201(100) ack 1 id 103 | - -
			1.020 < .  1:1(0) ack 301 | - -`, counts{fast: 1, before: 1}},
		{"lost before the tap: an identification for all connections, which came round since", opened, `
			1.000 > .  1:101(100) ack 1 id 32500 | - -
			1.001 > .  201:301(100) ack 1 id 32576 | - -
			1.351 < .  1:1(0) ack 101 | - -
			1.352 > .  301:401(100) ack 1 id 3139 | - -
			2.099 > .  101:201(100) ack 1 id 4707 | - -
			2.110 < .  1:1(0) ack 401 | - -`, counts{rto: 1, before: 1}},
		{"overtaken by two: older than both, newer than the one before it", opened, `
			1.000 > .  1:101(100) ack 1 id 100 | - -
			1.001 > .  301:401(100) ack 1 id 103 | - -
			1.002 > .  101:201(100) ack 1 id 101 | - -
			1.003 > .  201:301(100) ack 1 id 102 | - -
			1.013 < .  1:1(0) ack 401 | - -`, counts{reordered: 2}},
		{"lost before the tap: an ACK without data stood behind it", opened, `
			1.000 > .  1:101(100) ack 1 id 100 | - -
			1.001 > .  201:201(0) ack 1 id 102 | - -
			1.300 > .  101:201(100) ack 1 id 103 | - -
			1.310 < .  1:1(0) ack 201 | - -`, counts{rto: 1, before: 1}},
		{"the same packet, routed past the tap again after 12 ms", opened, `
			1.000 > .P 1:101(100) ack 1 id 100 | - -
			1.005 > .P 101:201(100) ack 1 id 101 | - -
			1.012 > .P 1:101(100) ack 1 id 100 ttl 63 | - -
			1.017 > .P 101:201(100) ack 1 id 101 ttl 63 | - -
			1.022 < .  1:1(0) ack 201 | - -`, counts{}},
		{"a timeout; a host may keep the identification (RFC 1122 section 3.2.1.5)", opened, `
			1.000 > .P 1:101(100) ack 1 id 100 | - -
			1.300 > .P 1:101(100) ack 1 id 100 | - -
			1.310 < .  1:1(0) ack 101 | - -`, counts{rto: 1, after: 1}},
		{"captured behind its ACK", opened, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.010 < .  1:1(0) ack 101 | - -
			1.020 < .  1:1(0) ack 201 | - -
			1.021 > .P 101:201(100) ack 1 | - -
			1.031 < .  1:1(0) ack 251 | - -
			1.032 > .P 201:301(100) ack 1 | - -
			1.042 < .  1:1(0) ack 301 | - -`, counts{reordered: 2}},
		{"not captured, then sent again though it had arrived", opened, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.010 < .  1:1(0) ack 101 | - -
			1.300 < .  1:1(0) ack 201 | - -
			1.310 > .P 101:201(100) ack 1 | - -`, counts{fast: 1, spurious: 1}},
		{"BSD's window probe: its byte, refused, is sent when the window opens", opened, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.010 < .  1:1(0) ack 101 win 0 | - -
			6.000 > .  101:102(1) ack 1 | - -
			6.010 < .  1:1(0) ack 101 win 0 | - -
			9.000 < .  1:1(0) ack 101 win 900 | - -
			9.010 > .  101:102(1) ack 1 | - -
			9.020 < .  1:1(0) ack 102 win 899 | - -`, counts{}},
		{"and after that it is a repeat like any other", opened, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.010 < .  1:1(0) ack 101 win 0 | - -
			6.000 > .  101:102(1) ack 1 | - -
			6.010 < .  1:1(0) ack 101 win 0 | - -
			9.000 < .  1:1(0) ack 101 win 900 | - -
			9.010 > .  101:102(1) ack 1 | - -
			9.310 > .  101:102(1) ack 1 | - -
			9.320 < .  1:1(0) ack 102 win 899 | - -`, counts{rto: 1, after: 1}},
		{"a FIN sent again is no repeat of data", opened, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.010 < .  1:1(0) ack 101 | - -
			1.020 > F. 101:101(0) ack 1 | - -
			1.300 > F. 101:101(0) ack 1 | - -
			1.310 < .  1:1(0) ack 102 | - -`, counts{}},
		{"a SYN/ACK with another number: what follows it is new", `
			0.000 > S  0:0(0)       | - -
			0.010 < S. 900:900(0) ack 1 | - -
			0.300 < S. 0:0(0) ack 1 | - -
			0.310 > .  1:1(0) ack 1 | - -`, `
			1.000 > .P 1:101(100) ack 1 | - -
			1.010 < .P 1:101(100) ack 101 | - -
			1.020 > .  101:101(0) ack 101 | - -`, counts{}},
	} {
		for name, w := range map[string]wire{"plain": plainWire, "mirrored": mirroredWire} {
			rec, tr := run(t, Options{}, w, c.open+c.lines)
			tr.Finish()
			e := rec.records[0].Ends[record.Orig]
			got := counts{e.RetxRTO, e.RetxFast, e.RetxTLP, e.RetxOther, e.RetxSpurious, e.OutOfOrder, e.LostBeforeTap, e.LostAfterTap}
			if got != c.want {
				t.Errorf("%s, %s: %+v, want %+v", c.name, name, got, c.want)
			}
			if sum := e.RetxRTO + e.RetxFast + e.RetxTLP + e.RetxOther; sum != e.Retx {
				t.Errorf("%s: %d repeats, classes add up to %d", c.name, e.Retx, sum)
			}
		}
	}
}

func TestRoundTrips(t *testing.T) {
	// Both handshake halves are 10 ms.
	for _, c := range []struct {
		name, lines string
		want        record.RTTRecord
	}{
		{"nothing but the handshake", "", record.RTTRecord{N: 1, Min: 10e6, Max: 10e6, Smoothed: 10e6, Source: record.RTTHandshake}},
		{"data and its ACKs", `
			1.000 > .P 1:101(100) ack 1 | - -
			1.020 < .  1:1(0) ack 101 | - -
			2.000 > .P 101:201(100) ack 1 | - -
			2.028 < .  1:1(0) ack 201 | - -`, record.RTTRecord{N: 2, Min: 20e6, Max: 28e6, MaxFlying: 100, Smoothed: 21e6, Source: record.RTTData}},
		{"a repeated segment is no sample (RFC 6298 section 3)", `
			1.000 > .P 1:101(100) ack 1 | - -
			1.020 < .  1:1(0) ack 101 | - -
			2.000 > .P 101:201(100) ack 1 | - -
			2.200 > .P 101:201(100) ack 1 | - -
			2.210 < .  1:1(0) ack 201 | - -`, record.RTTRecord{N: 1, Min: 20e6, Max: 20e6, Smoothed: 20e6, Source: record.RTTData}},
		{"an ACK of what came twice, once unseen (RFC 2883): which one it answers is not known", `
			1.000 > .P 1:101(100) ack 1 | - -
			4.200 < .  1:1(0) ack 101 sack 1-101 | - -`, record.RTTRecord{N: 1, Min: 10e6, Max: 10e6, Smoothed: 10e6, Source: record.RTTHandshake}},
		{"a D-SACK of what was acknowledged before leaves the new sample", `
			1.000 > .P 1:101(100) ack 1 | - -
			1.020 < .  1:1(0) ack 101 | - -
			2.000 > .P 101:201(100) ack 1 | - -
			2.020 < .  1:1(0) ack 201 sack 1-101 | - -`, record.RTTRecord{N: 2, Min: 20e6, Max: 20e6, MaxFlying: 100, Smoothed: 20e6, Source: record.RTTData}},
		{"a held-back ACK is no path delay", `
			1.000 > .P 1:101(100) ack 1 | - -
			1.020 < .  1:1(0) ack 101 | - -
			2.000 > .P 101:201(100) ack 1 | - -
			2.062 < .  1:1(0) ack 201 | - -`, record.RTTRecord{N: 1, Min: 20e6, Max: 20e6, Smoothed: 20e6, Delayed: 1, Source: record.RTTData}},
		{"every segment repeated: timestamps tell (RFC 7323 section 4)", `
			1.000 > .P 1:101(100) ack 1 val 1000 ecr 5  | - -
			1.200 > .P 1:101(100) ack 1 val 1200 ecr 5  | - -
			1.215 < .  1:1(0) ack 101 val 9 ecr 1200    | - -`, record.RTTRecord{N: 1, Min: 15e6, Max: 15e6, Smoothed: 15e6, Source: record.RTTTimestamps}},
		{"data tells better than timestamps", `
			1.000 > .P 1:101(100) ack 1 val 1000 ecr 5   | - -
			1.200 > .P 1:101(100) ack 1 val 1200 ecr 5   | - -
			1.215 < .  1:1(0) ack 101 val 9 ecr 1200     | - -
			2.000 > .P 101:201(100) ack 1 val 2000 ecr 9 | - -
			2.015 < .  1:1(0) ack 201 val 10 ecr 2000    | - -`, record.RTTRecord{N: 1, Min: 15e6, Max: 15e6, Smoothed: 15e6, Source: record.RTTData}},
		{"an ACK of several counts for the newest", `
			1.000 > .  1:1001(1000) ack 1 | - -
			1.010 > .P 1001:2001(1000) ack 1 | - -
			1.030 < .  1:1(0) ack 2001 | - -`, record.RTTRecord{N: 1, Min: 20e6, Max: 20e6, Smoothed: 20e6, Source: record.RTTData}},
	} {
		rec, tr := run(t, Options{}, plainWire, opened+c.lines)
		tr.Finish()
		got := rec.records[0].Ends[record.Orig].RTT
		if got.P50 < got.Min || got.P50 > got.P95 || got.P95 > got.Max {
			t.Errorf("%s: quantiles out of order: %+v", c.name, got)
		}
		got.P50, got.P95 = 0, 0
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	rec, tr := run(t, Options{}, plainWire, opened+`
		1.000 > .P 1:101(100) ack 1       | - -
		1.020 < .  1:1(0) ack 101 win 600 | - -
		2.000 > .  101:601(500) ack 1     | - -
		2.500 < .  1:1(0) ack 601 win 600 | - -
		3.000 < .P 1:2(1) ack 601 win 600 | - -
	`)
	tr.Finish()
	e := rec.records[0].Ends[record.Orig]
	// 100 bytes were left of the window of 600, less than a segment of 536.
	if e.WindowFull != 1 || e.WindowLimited != 500e6 {
		t.Errorf("window: %d moments, %d ns", e.WindowFull, e.WindowLimited)
	}
	if e.NetworkLimited != 20e6 || e.SenderLimited != 980e6+500e6 {
		t.Errorf("network %d ns, sender %d ns", e.NetworkLimited, e.SenderLimited)
	}
	// From 1.000 to the ACK of the last data; the largest window that was used up.
	if e.Sending != 1500e6 || e.WindowUsed != 600 {
		t.Errorf("sending for %d ns, window of %d bytes", e.Sending, e.WindowUsed)
	}
}

func TestSillyWindows(t *testing.T) {
	rec, tr := run(t, Options{}, plainWire, sackOpened+`
		1.000 > .P 1:101(100) ack 1        | - -
		1.010 < .  1:1(0) ack 101 win 1000 | - -
		1.020 < .  1:1(0) ack 101 win 60   | - -
		1.030 < .  1:1(0) ack 101 win 70   | - -
		1.040 < .  1:1(0) ack 101 win 0    | - -
		1.050 < .  1:1(0) ack 101 win 99   | - -
		1.060 < .  1:1(0) ack 101 win 100  | - -
	`)
	tr.Finish()
	if n := rec.records[0].Ends[record.Resp].SillyWindows; n != 2 {
		t.Errorf("%d silly windows, want 2", n)
	}
}

func TestTap(t *testing.T) {
	for want, lines := range map[record.Tap]string{
		record.TapOrig: `
			0.0000 > S  0:0(0)       | - -
			0.0200 < S. 0:0(0) ack 1 | - -
			0.0201 > .  1:1(0) ack 1 | - -`,
		record.TapResp: `
			0.0000 > S  0:0(0)       | - -
			0.0001 < S. 0:0(0) ack 1 | - -
			0.0200 > .  1:1(0) ack 1 | - -`,
		record.TapBetween: `
			0.0000 > S  0:0(0)       | - -
			0.0200 < S. 0:0(0) ack 1 | - -
			0.0300 > .  1:1(0) ack 1 | - -`,
		record.TapUnknown: `
			0.0000 > S  0:0(0)       | - -
			0.0200 < S. 0:0(0) ack 1 | - -`,
	} {
		rec, tr := run(t, Options{}, plainWire, lines)
		tr.Finish()
		if got := rec.records[0].Capture.Tap; got != want {
			t.Errorf("tap %v, want %v", got, want)
		}
	}
}

// Data under way when the input ends is still being sent; with a second piece after a
// pause, the pause is part of the transfer, what follows the last ACK is not.
func TestSending(t *testing.T) {
	for _, c := range []struct {
		name, lines  string
		want, sender int64
	}{
		{"not acknowledged", `
			1.000 > .P 1:101(100) ack 1 | - -
			3.000 < .P 1:2(1) ack 1     | - -
		`, 2000e6, 0},
		{"two pieces", `
			1.000 > .P 1:101(100) ack 1   | - -
			1.100 < .  1:1(0) ack 101     | - -
			5.000 > .P 101:201(100) ack 1 | - -
			5.100 < .  1:1(0) ack 201     | - -
			9.000 < .P 1:2(1) ack 201     | - -
		`, 4100e6, 3900e6},
	} {
		rec, tr := run(t, Options{}, plainWire, opened+c.lines)
		tr.Finish()
		r := rec.records[0]
		x, ok := r.Transfer(record.Orig)
		if !ok || x.Time != record.Some(c.want) || x.Sender != record.Some(c.sender) || r.Ends[record.Orig].Sending != c.want {
			t.Errorf("%s: %+v", c.name, x)
		}
	}
}
