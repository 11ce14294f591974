package tracker

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// What the capture does not show is told of no end: what came before it, what
// went by in a longer TIME-WAIT, what an ACK did not answer.

func TestPayloadOnSYNACK(t *testing.T) {
	rec, tr := run(t, Options{}, plainWire, `
		0.000 > S  0:18(18)          | - -
		0.010 < S. 0:19(19) ack 19   | - -
		0.011 > .  19:19(0) ack 20   | - -
		0.021 < P. 20:520(500) ack 19 | - -
		0.022 > .  19:19(0) ack 520  | - -
	`)
	tr.Finish()
	if r := &rec.records[0]; r.Capture.MissingBytes != 0 || r.Ends[record.Resp].Bytes.V != 519 || r.Ends[record.Resp].SeenBytes != 519 || r.Open.Kind != record.OpenHandshake {
		t.Errorf("%d bytes missing, %v of %v seen", r.Capture.MissingBytes, r.Ends[record.Resp].SeenBytes, r.Ends[record.Resp].Bytes)
	}
}

func TestPayloadOnSYNACKOnceMore(t *testing.T) {
	rec, tr := run(t, Options{}, plainWire, `
		0.000 > S  0:0(0)            | - -
		0.010 < S. 0:19(19) ack 1    | - -
		1.010 < S. 0:19(19) ack 1    | - -
		1.011 > .  1:1(0) ack 20     | - -
	`)
	tr.Finish()
	if r := &rec.records[0]; r.Capture.MissingBytes != 0 || r.Ends[record.Resp].SeenBytes != 19 || r.Ends[record.Resp].WireBytes != 38 {
		t.Errorf("%+v", r.Ends[record.Resp])
	}
}

// Linux takes no data with a SYN/ACK: it comes again, and is no retransmission.
// Padding that looks like payload is not sent again.
func TestPayloadOnSYNACKNotTaken(t *testing.T) {
	for name, then := range map[string]string{"again": "0.030 < P. 1:20(19) ack 1 | - -", "other data": "0.030 < P. 1:501(500) ack 1 | - -"} {
		rec, tr := run(t, Options{}, plainWire, `
			0.000 > S  0:0(0)            | - -
			0.010 < S. 0:19(19) ack 1    | - -
			0.020 > .  1:1(0) ack 1      | - -
			`+then)
		tr.Finish()
		if x := &rec.records[0].Ends[record.Resp]; x.Retx != 0 || x.SeenBytes != x.Bytes.V || x.Bytes.V < 19 {
			t.Errorf("%s: %d retransmissions, %v of %v seen", name, x.Retx, x.SeenBytes, x.Bytes)
		}
	}
}

func TestBeginsAtSYNACK(t *testing.T) {
	rec := &recorder{}
	tr := New(Options{Mark: func(uint64, capture.Endpoint, capture.Endpoint) bool { return true }}, rec)
	for i, l := range parseExchange(t, `
		0.000 < S. 0:0(0) ack 1     | - -
		0.010 > .  1:1(0) ack 1     | - -
		0.020 > P. 1:11(10) ack 1   | - -
	`) {
		tr.Observe(plainWire.segment(l, uint64(i+1)))
	}
	tr.Finish()
	r := &rec.records[0]
	if r.Open.Felt.OK || r.Open.LastSYN.OK || r.Open.Resp.OK || r.Open.Waited.OK || r.Ends[record.Orig].RTT.N != 0 || r.Ends[record.Orig].TimeIn[record.SynSent].OK {
		t.Errorf("times that rest on a SYN nobody saw: %+v, %+v, in SYN-SENT %v", r.Open, r.Ends[record.Orig].RTT, r.Ends[record.Orig].TimeIn[record.SynSent])
	}
	wantSpan(t, "client half", r.Open.Orig, 10)
	for _, s := range rec.steps {
		for _, m := range s.Moments {
			if m.Kind == record.MomentEstablished && m.Span != 0 {
				t.Errorf("established after %d ns", m.Span)
			}
		}
	}
}

// Only an answer at once that stays where it was is a challenge ACK (RFC 5961).
func TestChallengeACK(t *testing.T) {
	const ignored = opened + `
		0.100 > P. 1:101(100) ack 1  | - -
		0.110 < .  1:1(0) ack 101    | - -
		1.000 > R  3000:3000(0)      | - -
	`
	for _, x := range []struct {
		name, then string
		want       int
	}{
		{"at once, where it was", `1.010 < .  1:1(0) ack 101 | - -`, 1},
		{"of new data", `
			1.005 > P. 101:201(100) ack 1 | - -
			1.015 < .  1:1(0) ack 201    | - -`, 0},
		{"of new data on its way, then one where it was", `
			1.001 > P. 101:201(100) ack 1 | - -
			1.010 < .  1:1(0) ack 201    | - -
			1.011 < .  1:1(0) ack 201    | - -`, 1},
		{"seconds later, of new data", `
			6.000 > P. 101:201(100) ack 1 | - -
			6.010 < .  1:1(0) ack 201    | - -`, 0},
		{"seconds later, where it was", `6.000 < .  1:1(0) ack 101 | - -`, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			rec := &recorder{}
			tr := New(Options{Mark: func(uint64, capture.Endpoint, capture.Endpoint) bool { return true }}, rec)
			for i, l := range parseExchange(t, ignored+x.then) {
				tr.Observe(plainWire.segment(l, uint64(i+1)))
			}
			tr.Finish()
			n := 0
			for _, s := range rec.steps {
				for _, m := range s.Moments {
					if m.Kind == record.MomentChallengeACK {
						n++
					}
				}
			}
			if n != x.want {
				t.Errorf("%d challenge ACKs, want %d", n, x.want)
			}
		})
	}
}

// A FIN that comes again after 2MSL, as long as that is guessed to be, is the
// last FIN of the same connection, answered or not; a SYN begins another.
func TestFINAgainAfterTimeWait(t *testing.T) {
	for _, x := range []struct {
		name, lines string
		records     int
	}{
		{"never acknowledged", opened + `
			10.0 < F. 1:1(0) ack 1   | - -
			10.1 > .  1:1(0) ack 2   | - -
			10.2 > F. 1:1(0) ack 2   | - -
			34.0 > F. 1:1(0) ack 2   | - -
			82.0 > F. 1:1(0) ack 2   | - -
			147  > F. 1:1(0) ack 2   | - -
			267  > F. 1:1(0) ack 2   | - -
		`, 1},
		{"acknowledged, the ACK lost behind the tap", opened + `
			10.0 < F. 1:1(0) ack 1   | - -
			10.1 > F. 1:1(0) ack 2   | - -
			10.2 < .  2:2(0) ack 2   | - -
			10.3 > F. 1:1(0) ack 2   | - -
			10.4 < .  2:2(0) ack 2   | - -
			80.0 > F. 1:1(0) ack 2   | - -
			80.1 < .  2:2(0) ack 2   | - -
			199  > F. 1:1(0) ack 2   | - -
		`, 1},
		{"once only, the pauses between not seen", closedByOrig + `
			70.0 < F. 1:1(0) ack 2   | - -
			70.1 > .  2:2(0) ack 2   | - -
			199  < F. 1:1(0) ack 2   | - -
			199.1 > R 2:2(0)         | - -
		`, 1},
		{"a SYN", opened + `
			10.0 < F. 1:1(0) ack 1   | - -
			10.1 > F. 1:1(0) ack 2   | - -
			10.3 > F. 1:1(0) ack 2   | - -
			80.0 > S  9000:9000(0)   | - -
			80.1 < S. 90000:90000(0) ack 9001 | - -
			80.2 > .  9001:9001(0) ack 90001 | - -
		`, 2},
	} {
		t.Run(x.name, func(t *testing.T) {
			rec, tr := run(t, Options{}, plainWire, x.lines)
			tr.Finish()
			if len(rec.records) != x.records {
				t.Fatalf("%d connections, want %d", len(rec.records), x.records)
			}
			for _, r := range rec.records {
				if r.Open.Kind != record.OpenHandshake || r.Capture.Midstream {
					t.Errorf("opened %v", r.Open.Kind)
				}
			}
		})
	}
}

// More gaps than a stream remembers on its own are usual on fast paths: those
// given up are not what the capture lost.
func TestManyGapsAtOnce(t *testing.T) {
	for _, x := range []struct {
		name    string
		holes   uint32
		fill    bool
		missing uint64
		givenUp bool
	}{
		{"70, all filled", 70, true, 0, false},
		{"4,000, all filled", 4000, true, 0, false},
		{"4,000, acknowledged and never filled", 4000, false, 4000 * 100, false},
		{"9,000, all filled", 9000, true, 0, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			rec, tr := run(t, Options{}, plainWire, opened)
			at, packet := 1.0, uint64(3)
			send := func(l line) {
				at += 1e-5
				packet++
				l.at, l.win, l.ttl, l.id = at, 65535, 64, uint16(packet)
				tr.Observe(plainWire.segment(l, packet))
			}
			for i := range x.holes {
				send(line{flags: capture.ACK, seq: 1 + i*200 + 100, n: 100, ack: 1})
				if !x.fill {
					send(line{from: record.Resp, flags: capture.ACK, seq: 1, ack: 1 + i*200 + 200})
				}
			}
			for i := range x.holes {
				if x.fill {
					send(line{flags: capture.ACK, seq: 1 + i*200, n: 100, ack: 1})
					send(line{from: record.Resp, flags: capture.ACK, seq: 1, ack: 1 + i*200 + 200})
				}
			}
			tr.Finish()
			r := &rec.records[0]
			if r.Capture.MissingBytes != x.missing || (r.Capture.GivenUpBytes > 0) != x.givenUp {
				t.Errorf("%d bytes missing, want %d; %d given up", r.Capture.MissingBytes, x.missing, r.Capture.GivenUpBytes)
			}
		})
	}
}
