package tracker

import (
	"fmt"
	"testing"

	"tcpwatch/tracker/record"
)

func TestResetCauses(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		cause       record.ResetCause
		by          record.End
	}{
		{"close with unread data", opened + `
			1.0 > .P 1:11(10) ack 1 | - -
			1.1 < .  1:1(0) ack 11 | - -
			1.2 < R. 1:1(0) ack 11 | - -`, record.ResetUnreadData, record.Resp},
		{"data to a closed socket", opened + `
			1.0 < F. 1:1(0) ack 1 | - -
			1.1 > .  1:1(0) ack 2 | - -
			1.2 > .P 1:11(10) ack 2 | - -
			1.3 < R  2:2(0) | - -`, record.ResetLateData, record.Resp},
		{"data after its FIN, taken and answered as Windows does", opened + `
			1.0 > F. 1:1(0) ack 1 | - -
			1.1 < .P 1:11(10) ack 2 | - -
			1.2 > R. 2:2(0) ack 11 | - -`, record.ResetLateData, record.Orig},
		{"a FIN after its FIN, answered so", opened + `
			1.0 > F. 1:1(0) ack 1 | - -
			1.1 < F. 1:1(0) ack 2 | - -
			1.2 > R. 2:2(0) ack 2 | - -`, record.ResetLateData, record.Orig},
		{"abort after its FIN, nothing came", opened + `
			1.0 > F. 1:1(0) ack 1 | - -
			1.1 < .  1:1(0) ack 2 | - -
			1.2 > R. 2:2(0) ack 1 | - -`, record.ResetAbort, record.Orig},
		{"abort after its FIN, what came had been acknowledged", opened + `
			1.0 > F. 1:1(0) ack 1 | - -
			1.1 < .P 1:11(10) ack 2 | - -
			1.2 > .  2:2(0) ack 11 | - -
			5.0 > R. 2:2(0) ack 11 | - -`, record.ResetAbort, record.Orig},
		{"a lone FIN that meets no connection", `
			0.0 > F  1:1(0) | - -
			0.1 < R. 2:2(0) ack 2 | - -`, record.ResetUnknown, record.Resp},
		{"as what opened the connection, its data another way", `
			0.000 > S  0:0(0) ttl 251          | - -
			0.010 < S. 0:0(0) ack 1            | - -
			0.020 > .  1:1(0) ack 1 ttl 251    | - -
			0.021 > P. 1:101(100) ack 1 ttl 52 | - -
			0.031 < P. 1:101(100) ack 101      | - -
			9.000 > R. 101:101(0) ack 101 ttl 251 | - -`, record.ResetMiddlebox, record.Orig},
		{"as its data, what opened the connection another way", `
			0.000 > S  0:0(0) ttl 251          | - -
			0.010 < S. 0:0(0) ack 1            | - -
			0.020 > .  1:1(0) ack 1 ttl 251    | - -
			0.021 > P. 1:101(100) ack 1 ttl 52 | - -
			0.031 < P. 1:101(100) ack 101      | - -
			9.000 > R. 101:101(0) ack 101 ttl 52 | - -`, record.ResetAbort, record.Orig},
		{"its data a hop farther: a route that changed", `
			0.000 > S  0:0(0) ttl 53           | - -
			0.010 < S. 0:0(0) ack 1            | - -
			0.020 > .  1:1(0) ack 1 ttl 53     | - -
			0.021 > P. 1:101(100) ack 1 ttl 52 | - -
			0.031 < P. 1:101(100) ack 101      | - -
			9.000 > R. 101:101(0) ack 101 ttl 53 | - -`, record.ResetAbort, record.Orig},
		{"another TTL than the host's own", opened + `
			1.0 < R. 1:1(0) ack 1 ttl 57 | - -`, record.ResetMiddlebox, record.Resp},
		{"giving up before the answer", `
			0.0 > S  0:0(0) | - -
			1.0 > R  1:1(0) | - -`, record.ResetAbort, record.Orig},
		{"nothing else was seen", `0.0 < R. 1:1(0) ack 1 | - -`, record.ResetUnknown, record.Resp},
		{"midstream, bare", `
			0.0 > .P 1:2(1) ack 1 | - -
			1.0 < R  1:1(0) | - -`, record.ResetUnknown, record.Resp},
	} {
		rec, tr := run(t, Options{}, plainWire, c.lines)
		tr.Finish()
		if r := rec.records[0]; r.Close.ResetCause != c.cause || r.Close.ResetBy != c.by {
			t.Errorf("%s: %s by %v, want %s by %v", c.name, r.Close.ResetCause, r.Close.ResetBy, c.cause, c.by)
		}
	}
}

// A RST,ACK tells by its own numbers whether the FIN before it had come: where it does not acknowledge it, both crossed.
func TestResetCrossesTheFIN(t *testing.T) {
	for ack, want := range map[int]record.State{1: record.Established, 2: record.CloseWait} {
		rec, tr := run(t, Options{}, plainWire, opened+fmt.Sprintf(`
			1.0000 > F. 1:1(0) ack 1 | - -
			1.0001 < R. 1:1(0) ack %d | - -`, ack))
		tr.Finish()
		if r := rec.records[0]; r.Close.ResetBy != record.Resp || r.Close.ResetIn != want {
			t.Errorf("ack %d: by %v in %v, want %v", ack, r.Close.ResetBy, r.Close.ResetIn, want)
		}
	}
}

// What was under way when a RST,ACK was sent is what it does not acknowledge, sent before or after
// it: a request that came whole is not.
func TestCrossedTheRST(t *testing.T) {
	const talk = `
		0.000 > S  0:0(0)             | - -
		0.010 < S. 0:0(0) ack 1       | - -
		0.020 > .  1:1(0) ack 1       | - -
		0.030 > P. 1:101(100) ack 1   | - -
		0.040 < .  1:1(0) ack 101     | - -
		0.060 > P. 101:201(100) ack 1 | - -
		0.061 < %s                    | - -
	`
	for _, x := range []struct {
		rst, after string
		want       bool
	}{
		{"R. 1:1(0) ack 201", "", false},
		{"R. 1:1(0) ack 101", "", true},
		{"R. 1:1(0) ack 201", "0.062 > P. 201:251(50) ack 1 | - -\n", true},
		{"R 1:1(0)", "", false},
	} {
		rec, tr := run(t, Options{}, plainWire, fmt.Sprintf(talk, x.rst)+x.after)
		tr.Finish()
		if r := &rec.records[0]; r.Close.Crossed != x.want {
			t.Errorf("%s: %v, want %v", x.rst, r.Close.Crossed, x.want)
		}
	}
}

// A RST without ACK that came another way than its sender's other segments, be
// it by one hop, was sent by something on the way; a route that changes by a hop
// is none.
func TestBareResetWithAnotherTTL(t *testing.T) {
	const talk = `
		0.000 > S  0:0(0)             | - -
		0.010 < S. 0:0(0) ack 1 ttl 63 | - -
		0.020 > .  1:1(0) ack 1       | - -
		0.030 > P. 1:101(100) ack 1   | - -
		0.040 < .  1:1(0) ack 101 ttl 63 | - -
		0.050 < P. 1:1001(1000) ack 101 ttl %s | - -
		0.060 > P. 101:201(100) ack 1001 | - -
		0.061 < %s 1001:1001(0) %s ttl %s | - -
	`
	for _, x := range []struct {
		name, usual, flags, ack, ttl string
		want                         record.ResetCause
	}{
		{"one hop", "63", "R", "", "64", record.ResetMiddlebox},
		{"the same", "63", "R", "", "63", record.ResetUnknown},
		{"the others vary", "64", "R", "", "64", record.ResetUnknown},
		{"with ACK", "63", "R.", "ack 101", "64", record.ResetUnreadData},
		{"with ACK, two hops", "63", "R.", "ack 101", "61", record.ResetMiddlebox},
	} {
		rec, tr := run(t, Options{}, plainWire, fmt.Sprintf(talk, x.usual, x.flags, x.ack, x.ttl))
		tr.Finish()
		if r := &rec.records[0]; r.Close.ResetCause != x.want || r.Close.ResetOdd.Has(record.OddTTL) != (x.want == record.ResetMiddlebox) {
			t.Errorf("%s: %v, signs %v, want %v", x.name, r.Close.ResetCause, r.Close.ResetOdd, x.want)
		}
	}
}
