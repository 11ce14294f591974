package tracker

import (
	"fmt"
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// Where a filter let nothing through but SYN, FIN and RST a connection that opened is one that
// opened, however much it carried, and whichever segments end it.
func TestOnlyFlagged(t *testing.T) {
	for _, size := range []struct{ asked, answered uint32 }{{100, 500}, {500, 70_000}, {200_000, 400}, {500, 3_000_000}, {5_000_000, 5_000_000}, {100, 900_000_000}, {0, 700}, {77, 0}} {
		for _, c := range []struct {
			ends, lines string
			close       record.CloseKind
		}{
			{"two FINs", `3.00 > F. A:A(0) ack B | - -; 3.02 < F. B:B(0) ack A+1 | - -`, record.CloseUnknown},
			{"RST,ACK of the client", `3.00 > R. A:A(0) ack B | - -`, record.CloseReset},
			{"RST,ACK of the server", `3.00 < R. B:B(0) ack A | - -`, record.CloseReset},
			{"RST of the client", `3.00 > R A:A(0) | - -`, record.CloseReset},
			{"RST of the server", `3.00 < R B:B(0) | - -`, record.CloseReset},
			{"two RSTs of the server", `3.00 < R B:B(0) | - -; 3.01 < R B:B(0) | - -`, record.CloseReset},
			{"FIN, answered by RST,ACK", `3.00 > F. A:A(0) ack B | - -; 3.02 < R. B:B(0) ack A+1 | - -`, record.CloseReset},
			{"FIN, answered by RST,ACK that does not take it", `3.00 > F. A:A(0) ack B | - -; 3.02 < R. B:B(0) ack A | - -`, record.CloseReset},
			{"FIN, answered by RST", `3.00 > F. A:A(0) ack B | - -; 3.02 < R B:B(0) | - -`, record.CloseReset},
			{"FIN, then RST", `3.00 > F. A:A(0) ack B | - -; 3.02 > R A+1:A+1(0) | - -`, record.CloseReset},
			{"FIN of the server, answered by RST", `3.00 < F. B:B(0) ack A | - -; 3.02 > R A:A(0) | - -`, record.CloseReset},
			{"FIN of the server, answered by RST,ACK", `3.00 < F. B:B(0) ack A | - -; 3.02 > R. A:A(0) ack B+1 | - -`, record.CloseReset},
		} {
			a, b := size.asked+1, size.answered+1
			if b == 1 && strings.HasPrefix(c.ends, "RST of the server") || b == 1 && strings.HasPrefix(c.ends, "two RSTs") || a == 1 && c.ends == "RST of the client" {
				continue // no number shows that anything was sent
			}
			lines := strings.NewReplacer("A+1", fmt.Sprint(a+1), "B+1", fmt.Sprint(b+1), "A", fmt.Sprint(a), "B", fmt.Sprint(b), ";", "\n").Replace(c.lines)
			r := recordOf(t, "0.00 > S 0:0(0) win 64240 | - -\n0.01 < S. 0:0(0) ack 1 win 64240 | - -\n"+lines)
			if r.Open.Kind != record.OpenHandshake || r.Close.Kind != c.close || r.Close.RSTsIgnored != 0 || r.Close.Ignored.Packet != 0 {
				t.Errorf("%d and %d bytes, %s: opened %v, closed %v, %d RSTs ignored", size.asked, size.answered, c.ends, r.Open.Kind, r.Close.Kind, r.Close.RSTsIgnored)
			}
			if size.answered > 0 && r.Close.Kind == record.CloseReset && r.Close.ResetIn < record.Established {
				t.Errorf("%d and %d bytes, %s: reset in %v", size.asked, size.answered, c.ends, r.Close.ResetIn)
			}
		}
	}
}

// A RST far ahead of a connection of which only the SYNs were captured until then counts for
// nothing once the connection goes on.
func TestRSTAheadOfACaptureThatGoesOn(t *testing.T) {
	for name, rst := range map[string]string{
		"of the server": `0.015 < R 70001:70001(0) | - -`, "of the client": `0.015 > R 900000001:900000001(0) | - -`,
		"after a FIN": "0.014 > F. 70001:70001(0) ack 1 | - -\n0.015 > R 70002:70002(0) | - -",
	} {
		r := recordOf(t, `
			0.000 > S 0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			`+rst+`
			0.020 > . 1:1(0) ack 1 | - -
			0.030 > .P 1:101(100) ack 1 | - -
			0.040 < .P 1:301(300) ack 101 | - -
			0.050 > F. 101:101(0) ack 301 | - -
			0.060 < F. 301:301(0) ack 102 | - -
			0.070 > . 102:102(0) ack 302 | - -`)
		if r.Close.Kind != record.CloseNormal || r.Close.First != record.Orig || r.Ends[record.Orig].Bytes.V != 100 || r.Ends[record.Resp].Bytes.V != 300 || r.Close.RSTsIgnored != 1 || r.Close.Ignored.Packet == 0 {
			t.Errorf("%s: %v, first %v, %v and %v bytes, %d RSTs ignored", name, r.Close.Kind, r.Close.First, r.Ends[record.Orig].Bytes, r.Ends[record.Resp].Bytes, r.Close.RSTsIgnored)
		}
	}
}

// What denies a RST far ahead, or is another's, leaves it ignored, each one counted.
func TestRSTThatStaysIgnored(t *testing.T) {
	const asked = `
		0.00 > S 0:0(0) | - -
		0.01 < S. 0:0(0) ack 1 | - -
		`
	for _, c := range []struct {
		name, lines string
		open        record.OpenKind
		ignored     uint32
	}{
		{"FINs below it", asked + `1.0 < R 70001:70001(0) | - -
			1.1 < R 70001:70001(0) id 9 | - -
			2.0 > F. 201:201(0) ack 2001 | - -
			2.1 < F. 2001:2001(0) ack 202 | - -`, record.OpenHandshake, 2},
		{"the opener gives up", asked + `0.015 < R 70001:70001(0) | - -
			0.020 > R 1:1(0) | - -`, record.OpenAborted, 1},
		{"another number after it", asked + `1.0 < R 70001:70001(0) | - -
			1.1 < R 90001:90001(0) | - -`, record.OpenHandshake, 1},
		{"it came another way", asked + `1.0 < R 70001:70001(0) ttl 30 | - -`, record.OpenHalfOpen, 1},
		{"2 GB ahead", asked + `1.0 < R 2000000001:2000000001(0) | - -`, record.OpenHalfOpen, 1},
	} {
		if r := recordOf(t, c.lines); r.Open.Kind != c.open || r.Close.RSTsIgnored != c.ignored {
			t.Errorf("%s: opened %v, %d RSTs ignored, want %v and %d", c.name, r.Open.Kind, r.Close.RSTsIgnored, c.open, c.ignored)
		}
	}
}

// A FIN that acknowledges what was never sent is borne out by a RST,ACK with both its numbers, by no
// other: who has no such connection answers it by the number that it carries.
func TestRSTThatBearsOutAFIN(t *testing.T) {
	for _, c := range []struct {
		rst  string
		want record.End
	}{
		{"R. 70001:70001(0) ack 2", record.Orig}, {"R. 70001:70001(0) ack 1", record.Orig},
		{"R 70001:70001(0)", record.NoEnd}, {"R. 70001:70001(0) ack 0", record.NoEnd}, {"R. 69001:69001(0) ack 2", record.NoEnd},
	} {
		if r := recordOf(t, opened+`
			1.00 > F. 1:1(0) ack 70001 | - -
			1.01 < `+c.rst+` | - -`); r.Close.First != c.want {
			t.Errorf("%s: closed first by %v, want %v", c.rst, r.Close.First, c.want)
		}
	}
}

// Data of the client does not show that the server took the handshake's final ACK: a RST without ACK
// that answers it comes out of SYN-RECEIVED.
func TestRSTThatAnswersDataOfTheHandshake(t *testing.T) {
	if r := recordOf(t, opened+`
		0.10 > .P 1:101(100) ack 1 | - -
		0.11 < R 1:1(0) | - -`); r.Close.ResetIn != record.SynReceived {
		t.Errorf("reset in %v", r.Close.ResetIn)
	}
}
