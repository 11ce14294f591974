package tracker

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
	"tcpwatch/tracker/zeek"
)

// What a connection waits for before it is given up, and why so long.
func TestTimeouts(t *testing.T) {
	tr := New(Options{MSL: 7 * second}, &recorder{})
	want := map[table.Class]struct {
		seconds int64
		why     string
	}{
		table.Stray:       {3600, "a host answers for as long as its unseen peer tries"},
		table.Closed:      {120, "RFC 9293 section 3.4.2: MSL is 2 minutes; stragglers come for that long"},
		table.Attempt:     {200, "Linux gives up at 131 s (tcp_syn_retries 6), SYNs are up to 64 s apart"},
		table.TimeWait:    {14, "2MSL, here of 7 s (RFC 9293 section 3.6.1)"},
		table.HalfOpen:    {200, "SYN/ACKs end at 63 s (tcp_synack_retries 5), the opener at 131 s"},
		table.Closing:     {1000, "a FIN is repeated for tcp_retries2, about 924 s"},
		table.LoneFIN:     {1000, "the same: a FIN of one end only"},
		table.Lone:        {432000, "the least that may be of a connection that lives"},
		table.OneSided:    {432000, "the same"},
		table.Established: {432000, "nf_conntrack_tcp_timeout_established: 5 days"},
		table.Carrying:    {432000, "the same"},
	}
	for k, c := range want {
		if got := tr.timeout(k); got != c.seconds*second {
			t.Errorf("%s: %d s, want %d s: %s", k, got/second, c.seconds, c.why)
		}
	}
	for k := range table.NClasses {
		if _, ok := want[k]; !ok {
			t.Errorf("%s: its timeout is not in the table above", k)
		}
	}
}

// An attempt goes on for as long as its opener tries: the longest pauses of
// Linux (64 s between SYNs, tcp_syn_retries 6), of a SYN/ACK (32 s), of a FIN
// (120 s, the longest RTO) do not split a connection.
func TestLongestPausesDoNotSplit(t *testing.T) {
	for name, lines := range map[string]string{
		"SYNs of Linux before 6.5": `
			0 > S 0:0(0) | - -
			1 > S 0:0(0) | - -
			3 > S 0:0(0) | - -
			7 > S 0:0(0) | - -
			15 > S 0:0(0) | - -
			31 > S 0:0(0) | - -
			63 > S 0:0(0) | - -
			127 > S 0:0(0) | - -`,
		"SYN/ACKs of Linux": `
			0 > S 0:0(0) | - -
			0.01 < S. 0:0(0) ack 1 | - -
			1 < S. 0:0(0) ack 1 | - -
			3 < S. 0:0(0) ack 1 | - -
			7 < S. 0:0(0) ack 1 | - -
			15 < S. 0:0(0) ack 1 | - -
			31 < S. 0:0(0) ack 1 | - -`,
		"a FIN that nobody acknowledges": opened + `
			1 > F. 1:1(0) ack 1 | - -
			100 > F. 1:1(0) ack 1 | - -
			220 > F. 1:1(0) ack 1 | - -
			340 > F. 1:1(0) ack 1 | - -`,
		"a keepalive after two hours": opened + `
			7200 > . 0:0(0) ack 1 | - -
			7200.01 < . 1:1(0) ack 1 | - -`,
		"a straggler 100 s after a RST": opened + `
			1 > R. 1:1(0) ack 1 | - -
			101 < . 1:1(0) ack 1 | - -`,
	} {
		rec, tr := run(t, Options{}, plainWire, lines)
		tr.Finish()
		if len(rec.records) != 1 {
			t.Errorf("%s: %d connections", name, len(rec.records))
		}
	}
}

// A connection is dropped once its timeout has passed since its last packet,
// to the second, and not before.
func TestDroppedWhenTheTimeoutHasPassed(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		last        int64 // milliseconds
		class       table.Class
	}{
		{"a RST alone", `0 > R 0:0(0) | - -`, 0, table.Stray},
		{"reset", opened + `1 > R. 1:1(0) ack 1 | - -`, 1000, table.Closed},
		{"an attempt", `0 > S 0:0(0) | - -`, 0, table.Attempt},
		{"in TIME-WAIT", closedByOrig, 1020, table.TimeWait},
		{"half-open", `
			0 > S 0:0(0) | - -
			0.01 < S. 0:0(0) ack 1 | - -`, 10, table.HalfOpen},
		{"closing", opened + `1 > F. 1:1(0) ack 1 | - -`, 1000, table.Closing},
		{"one segment", `0 > . 1:1(0) ack 1 | - -`, 0, table.Lone},
		{"a FIN of one end", `0 > F. 1:1(0) ack 1 | - -`, 0, table.LoneFIN},
		{"one end only", `
			0 > .P 1:11(10) ack 1 | - -
			0.1 > .P 11:21(10) ack 1 | - -`, 100, table.OneSided},
		{"established", opened, 20, table.Established},
		{"with data both ways", opened + `
			0.1 > .P 1:11(10) ack 1 | - -
			0.2 < .P 1:11(10) ack 11 | - -
			0.3 > .  11:11(0) ack 11 | - -`, 300, table.Carrying},
	} {
		rec, tr := run(t, Options{}, plainWire, c.lines)
		if got := tr.entries.At(1).Class; got != c.class {
			t.Errorf("%s: filed as %s", c.name, got)
		}
		ends := began + c.last*1e6 + tr.timeout(c.class)
		// In steps that are no jump of the clock.
		for now := began; now < ends-second; now = min(now+maxStep/2, ends-second) {
			tr.Tick(now)
		}
		tr.Tick(ends - second/1000)
		if len(rec.records) != 0 {
			t.Errorf("%s: dropped too early", c.name)
		}
		tr.Tick(ends + second)
		if len(rec.records) != 1 {
			t.Errorf("%s: not dropped in time", c.name)
		}
	}
}

// Numbers that documents or the kernel's source set, each with where it stands.
func TestConstants(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want int64
		why       string
	}{
		{"DefaultMSL", record.DefaultMSL, 30e9, "TIME-WAIT lasts 60 s on Linux (TCP_TIMEWAIT_LEN)"},
		{"NShards", record.NShards, 256, "results do not depend on the number of workers"},
		{"MinMaxConns", MinMaxConns, record.NShards, "one for each shard"},
		{"MinMaxBytes", MinMaxBytes, 64 << 20, "less holds no table worth having"},
		{"DefaultMaxConns", DefaultMaxConns, 2097152, "2^21, as the manual says"},
		{"timedOutAfter", timedOutAfter, 60e9, "silence after repeats: longer than they are apart at first"},
		{"probeIdle", probeIdle, 200e6, "shorter than Linux's shortest keepalive time, 1 s; longer than a round trip"},
		{"keepaliveCount", keepaliveCount, 8, "macOS and FreeBSD: the smallest default (Linux 9, Windows 10)"},
		{"again", int64(resentMin), 100e6, "half of Linux's TCP_RTO_MIN, 200 ms"},
		{"minRTO", int64(minRTO), 190e6, "Linux's TCP_RTO_MIN, 200 ms, less a timer's jitter"},
		{"duplicateWindow", duplicateWindow, 5000, "us: copies of a mirror port"},
		{"maxSYNsAgain", record.MaxSYNsAgain, 10, "Linux since 6.5 repeats a SYN ten times"},
		{"maxStep", maxStep, 3 * 3600e9, "longer than keepalive's two hours; what is longer expires nothing"},
		{"atOnceSlack", atOnceSlack, 50e6, "more than a busy host takes, a queue on the way included"},
		{"answersWithin", answersWithin, 10e9, "longer than any queue holds a packet"},
		{"longestProbePause", longestProbePause, 55e9, "below BSD's longest pause between probes, 60 s (Linux 120 s)"},
		{"stampsAge", stampsAge, 24 * 86400e9, "RFC 7323 section 5.5: timestamps count for 24 days"},
		{"flightTime", flightTime, 1e9, "RFC 6298 section 2.4: the least retransmission timeout"},
		{"maxIDBack", maxIDBack, 4096, "what a host sends to others while one segment is overtaken"},
		{"maxIDStep", maxIDStep, 128, "what it sends to others between two of its segments"},
		{"stallSlack", int64(stallSlack), 5e6, "what was held back lies in the socket already"},
		{"stuckMin", stuckMin, 500, "RFC 1122 section 3.3.3: every host takes 576 bytes, headers of 40 and options among them"},
		{"maxSkip", maxSkip, 1 << 20, "some windows"},
		{"longestGoodbye", longestGoodbye, 80, "QUIT, an LDAP unbind, an SMB logoff of 72 bytes"},
		{"restful", idleMin, 30e9, "a rest: no timer of a transfer is that long at first"},
		{"longestRest", idleMax, 30 * 86400e9, "what is longer is a stepped clock"},
		{"wellKnown", zeek.WellKnown, 1024, "IANA: system ports"},
		{"maxHistory", zeek.MaxHistory, 20, "Zeek's scales of 1, 10, 100 ..."},
	} {
		if c.got != c.want {
			t.Errorf("%s is %d, want %d: %s", c.name, c.got, c.want, c.why)
		}
	}
}

// An end's TIME-WAIT is no longer and no shorter than the option says.
func TestMSLIsTheOption(t *testing.T) {
	for _, msl := range []int64{second, 30 * second, 120 * second} {
		rec, tr := run(t, Options{MSL: msl}, plainWire, closedByOrig)
		tr.Observe(mirroredWire.segment(line{at: 2, flags: capture.SYN, ttl: 64}, 9))
		tr.Finish()
		for _, r := range rec.records {
			if r.ID != 1 {
				continue
			}
			if got := r.TimeWait.Until - (began + 1020e6); got < 2*msl-1000 || got > 2*msl+1000 {
				t.Errorf("MSL %d s: TIME-WAIT lasts %d ns", msl/second, got)
			}
		}
	}
}
