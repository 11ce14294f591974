package tracker

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// A SYN/ACK that is sent again was lost, or came late: what the opener answers tells.
func TestSYNACKLate(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		late        int64 // ms
	}{
		{"the third ACK echoes the first SYN/ACK", `
			0.000 > S  0:0(0) val 100             | - -
			0.001 < S. 0:0(0) ack 1 val 700 ecr 100 | - -
			1.000 > S  0:0(0) val 1100            | - -
			1.001 < S. 0:0(0) ack 1 val 1700 ecr 100 | - -
			1.300 > .  1:1(0) ack 1 val 1400 ecr 700 | - -
			1.400 > .P 1:11(10) ack 1 val 1500 ecr 700 | - -`, 1299},
		{"it echoes the second: the first was lost", `
			0.000 > S  0:0(0) val 100             | - -
			0.001 < S. 0:0(0) ack 1 val 700 ecr 100 | - -
			1.000 > S  0:0(0) val 1100            | - -
			1.001 < S. 0:0(0) ack 1 val 1700 ecr 1100 | - -
			1.010 > .  1:1(0) ack 1 val 1110 ecr 1700 | - -
			1.400 > .P 1:11(10) ack 1 val 1500 ecr 1700 | - -`, 0},
		{"its ACK was lost before the tap: the SYN does not come again", `
			0.000 > S  0:0(0) val 100             | - -
			0.001 < S. 0:0(0) ack 1 val 700 ecr 100 | - -
			1.001 < S. 0:0(0) ack 1 val 1700 ecr 100 | - -
			1.010 > .  1:1(0) ack 1 val 1110 ecr 700 | - -
			1.400 > .P 1:11(10) ack 1 val 1500 ecr 700 | - -`, 0},
		{"the third ACK comes before another SYN/ACK", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			2.000 > S  0:0(0) | - -
			2.002 > .  1:1(0) ack 1 | - -
			2.003 > .P 1:11(10) ack 1 | - -
			2.010 < S. 0:0(0) ack 1 id 77 | - -`, 1992},
		{"each SYN/ACK draws its ACK", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			1.000 > S  0:0(0) id 21 | - -
			1.010 < S. 0:0(0) ack 1 id 22 | - -
			1.020 > .  1:1(0) ack 1 id 23 | - -
			1.021 > .P 1:11(10) ack 1 id 24 | - -
			1.031 < .  1:1(0) ack 11 | - -
			2.000 > .  11:11(0) ack 1 id 25 | - -`, 1010},
		{"only the last one draws an ACK", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			1.000 > S  0:0(0) id 21 | - -
			1.010 < S. 0:0(0) ack 1 id 22 | - -
			1.020 > .  1:1(0) ack 1 id 23 | - -
			1.021 > .P 1:11(10) ack 1 id 24 | - -
			1.031 < .P 1:11(10) ack 11 | - -
			1.040 > .  11:11(0) ack 11 id 25 | - -`, 0},
	} {
		r := recordOf(t, c.lines)
		if got := (r.Open.SYNACKLate + 5e5) / 1e6; got != c.late || r.Open.Kind != record.OpenHandshake {
			t.Errorf("%s: late by %d ms, want %d; %v", c.name, got, c.late, r.Open.Kind)
		}
	}
}

// Where no SYN/ACK was captured the opener's ACKs tell by their timestamps how many came.
func TestSYNACKsUnseen(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		unseen      uint8
	}{
		{"three SYNs, three answers", `
			0.000 > S  0:0(0) val 100             | - -
			0.112 > S  0:0(0) val 212             | - -
			0.213 > S  0:0(0) val 313             | - -
			0.214 > .  1:1(0) ack 1 val 316 ecr 53 | - -
			0.215 > .  1:1(0) ack 1 val 316 ecr 64 | - -
			0.216 > .  1:1(0) ack 1 val 316 ecr 74 | - -
			0.224 > .P 1:22(21) ack 1 val 325 ecr 74 | - -`, 3},
		{"three SYNs, one answer", `
			0.000 > S  0:0(0) val 100             | - -
			1.000 > S  0:0(0) val 1100            | - -
			3.000 > S  0:0(0) val 3100            | - -
			3.020 > .  1:1(0) ack 1 val 3120 ecr 53 | - -
			3.021 > .P 1:22(21) ack 1 val 3121 ecr 53 | - -`, 0},
		{"an ACK that comes again", `
			0.000 > S  0:0(0) val 100             | - -
			1.000 > S  0:0(0) val 1100            | - -
			1.020 > .  1:1(0) ack 1 val 1120 ecr 53 | - -
			1.030 > .  1:1(0) ack 1 val 1130 ecr 53 | - -`, 0},
		{"a SYN/ACK was captured", `
			0.000 > S  0:0(0) val 100             | - -
			0.001 < S. 0:0(0) ack 1 val 53 ecr 100 | - -
			1.000 > S  0:0(0) val 1100            | - -
			1.020 > .  1:1(0) ack 1 val 1120 ecr 53 | - -
			1.030 > .  1:1(0) ack 1 val 1130 ecr 64 | - -`, 0},
	} {
		if got := recordOf(t, c.lines).Open.SYNACKsUnseen; got != c.unseen {
			t.Errorf("%s: %d, want %d", c.name, got, c.unseen)
		}
	}
}

// A sender whose data is not acknowledged any more gives up with a RST,ACK that its
// receiver cannot take, for it stands behind that data.
func TestGivesUp(t *testing.T) {
	const into = opened + `
		1.000 < .  1:101(100) ack 1 | - -
		1.010 > .  1:1(0) ack 101 | - -
		1.100 < .  101:201(100) ack 1 | - -
		1.100 < .  201:301(100) ack 1 | - -`
	const repeats = `
		1.400 < .  101:201(100) ack 1 | - -
		2.000 < .  101:201(100) ack 1 | - -
		3.200 < .  101:201(100) ack 1 | - -`
	for _, c := range []struct {
		name, lines string
		gaveUp      bool
		kind        record.CloseKind
	}{
		{"after repeats", into + repeats + `
			5.600 < R. 201:201(0) ack 1 | - -`, true, record.CloseTimedOut},
		{"a bare RST is nobody's who gives up", into + repeats + `
			5.600 < R 201:201(0) | - -`, false, record.CloseOpen},
		{"nothing was repeated", into + `
			1.200 < R. 201:201(0) ack 1 | - -`, false, record.CloseOpen},
	} {
		r := recordOf(t, c.lines)
		if r.Close.Ignored.GaveUp != c.gaveUp || r.Close.Kind != c.kind || r.Close.RSTsIgnored != 1 {
			t.Errorf("%s: gave up %v, %v, %d ignored", c.name, r.Close.Ignored.GaveUp, r.Close.Kind, r.Close.RSTsIgnored)
		}
	}
}

// What is sent again was not lost where the receiver has told that it had arrived.
func TestArrivedBefore(t *testing.T) {
	const flight = `
		1.000 > .  1:11(10) ack 1 | - -
		1.001 > .  11:21(10) ack 1 | - -
		1.002 > .  21:31(10) ack 1 | - -`
	const again = `
		1.500 > .  1:11(10) ack 1 | - -
		1.520 < .  1:1(0) ack 11 | - -
		1.521 > .  11:21(10) ack 1 | - -
		1.540 < .  1:1(0) ack 21 | - -
		1.541 > .  21:31(10) ack 1 | - -
		1.560 < .  1:1(0) ack 31 | - -`
	for _, c := range []struct {
		name, lines    string
		lost, spurious uint32
	}{
		{"a duplicate ACK for each of the others", opened + flight + `
			1.010 < .  1:1(0) ack 1 | - -
			1.020 < .  1:1(0) ack 1 | - -` + again, 1, 0},
		{"one less: which of them was lost is not known", opened + flight + `
			1.010 < .  1:1(0) ack 1 | - -` + again, 3, 0},
		{"SACK tells that one is there", sackOpened + flight + `
			1.010 < .  1:1(0) ack 1 sack 11-21 | - -` + again, 2, 1},
	} {
		r := recordOf(t, c.lines)
		if x := &r.Ends[record.Orig]; x.LostAfterTap != c.lost || x.RetxSpurious != c.spurious || x.Retx != 3 {
			t.Errorf("%s: %d lost, %d needless of %d", c.name, x.LostAfterTap, x.RetxSpurious, x.Retx)
		}
	}
}

// Whether a timer or an ACK set a repeat off is told by the way to the sender, where
// that is known, and by nothing where no ACK was captured.
func TestWhyUnknown(t *testing.T) {
	for _, c := range []struct {
		name, lines       string
		rto, fast, others uint32
	}{
		{"one way: no ACK was captured", `
			0.000 > .  1:11(10) ack 1 | - -
			0.180 > .  1:11(10) ack 1 | - -
			0.580 > .  1:11(10) ack 1 | - -`, 0, 0, 2},
		{"from far off, a round trip after a duplicate ACK", `
			0.000 < .  1:11(10) ack 1 | - -
			0.000 > .  1:1(0) ack 11 | - -
			0.400 < .  21:31(10) ack 1 | - -
			0.401 > .  1:1(0) ack 11 | - -
			0.402 > .  1:1(0) ack 11 | - -
			0.800 < .  11:21(10) ack 1 | - -
			0.801 > .  1:1(0) ack 31 | - -`, 0, 1, 0},
		{"from far off, after two seconds of silence", `
			0.000 < .  1:11(10) ack 1 | - -
			0.000 > .  1:1(0) ack 11 | - -
			0.400 < .  11:21(10) ack 1 | - -
			2.400 < .  11:21(10) ack 1 | - -
			2.401 > .  1:1(0) ack 21 | - -`, 1, 0, 0},
	} {
		r := recordOf(t, c.lines)
		rto, fast, others := uint32(0), uint32(0), uint32(0)
		for _, e := range []record.End{record.Orig, record.Resp} {
			x := &r.Ends[e]
			rto, fast, others = rto+x.RetxRTO, fast+x.RetxFast, others+x.RetxOther
		}
		if rto != c.rto || fast != c.fast || others != c.others {
			t.Errorf("%s: %d by timeout, %d fast, %d other", c.name, rto, fast, others)
		}
	}
}

// Segments that a box joined, and could not send on, were not lost; an ICMP error for one
// as it was sent tells of a link that is too small.
func TestJoinedOnTheWay(t *testing.T) {
	for _, c := range []struct {
		name                string
		quoted              uint32
		joined, again, lost uint32
	}{
		{"as long as both", 20, 1, 2, 0},
		{"as long as the first", 10, 0, 1, 1},
		{"length not known", 0, 0, 0, 2},
	} {
		rec := &recorder{}
		tr := New(Options{}, rec)
		for i, l := range parseExchange(t, opened+`
			1.000 > .  1:11(10) ack 1 | - -
			1.001 > .P 11:21(10) ack 1 | - -
			1.400 > .  1:11(10) ack 1 | - -
			1.410 < .  1:1(0) ack 11 | - -
			1.800 > .P 11:21(10) ack 1 | - -
			1.810 < .  1:1(0) ack 21 | - -`) {
			s := plainWire.segment(l, uint64(i+1))
			if i == 5 {
				tr.Quoted(&capture.Quote{Packet: 5, Time: s.Time, From: s.Dst.Addr, Src: s.Src, Dst: s.Dst, Seq: plainWire.isn[0] + 1, Type: 3, Code: 4, MTU: 1500, Len: c.quoted})
			}
			tr.Observe(s)
		}
		tr.Finish()
		r := &rec.records[0]
		if x := &r.Path[record.Orig].TooBig; x.N != 1 || x.Joined != c.joined || x.Again != c.again || r.Ends[record.Orig].LostAfterTap != c.lost {
			t.Errorf("%s: %+v, %d lost", c.name, *x, r.Ends[record.Orig].LostAfterTap)
		}
	}
}

// A SYN after the SYN/ACK shows that that did not arrive; data of which no byte was ever
// acknowledged, that nothing but the handshake passes.
func TestWhatPasses(t *testing.T) {
	if r := recordOf(t, `
		0.000 > S  0:0(0) | - -
		1.000 > S  0:0(0) | - -
		1.010 < S. 0:0(0) ack 1 | - -`); r.Open.SYNUnheard {
		t.Error("no SYN came after the SYN/ACK")
	}
	if r := recordOf(t, `
		0.000 > S  0:0(0) | - -
		0.010 < S. 0:0(0) ack 1 | - -
		1.000 > S  0:0(0) | - -
		1.010 < S. 0:0(0) ack 1 | - -`); !r.Open.SYNUnheard {
		t.Error("a SYN came after the SYN/ACK")
	}
	const request = opened + `
		1.000 > .P 1:11(10) ack 1 | - -
		1.300 > .P 1:11(10) ack 1 | - -
		1.900 > .P 1:11(10) ack 1 | - -`
	if !recordOf(t, request).Path[record.Orig].NoneTaken {
		t.Error("no byte was acknowledged")
	}
	if recordOf(t, request+`
		2.000 < .  1:1(0) ack 6 | - -`).Path[record.Orig].NoneTaken {
		t.Error("bytes were acknowledged")
	}
}

// What is acknowledged in the first second of a connection that began before the capture
// may have been sent before, though its sender shows nothing but RSTs.
func TestAcknowledgedAtFirst(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		missing     uint64
	}{
		{"at once", `
			0.000 > .  1:1(0) ack 1 | - -
			0.050 > .P 1:11(10) ack 2301 | - -
			3.000 > .P 1:11(10) ack 2301 | - -
			3.001 < R 2301:2301(0) | - -`, 0},
		{"later: it was sent while the capture ran", `
			0.000 > .  1:1(0) ack 1 | - -
			2.000 > .P 1:11(10) ack 2301 | - -
			3.000 > .P 1:11(10) ack 2301 | - -
			3.001 < R 2301:2301(0) | - -`, 2300},
	} {
		if r := recordOf(t, c.lines); r.Capture.MissingBytes != c.missing {
			t.Errorf("%s: %d bytes missing, want %d", c.name, r.Capture.MissingBytes, c.missing)
		}
	}
}
