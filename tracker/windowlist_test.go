package tracker

import (
	"fmt"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

func TestZeroWindowList(t *testing.T) {
	const ms = 1000000
	start := int64(1700000000e9)
	for _, c := range []struct {
		name, lines string
		total       int64 // ms
		want        []record.ZeroWindowEpisode
	}{
		{"opened by a window update, and closed again until the input ends", `
			1.000 > .P 1:11(10) ack 1 | - -
			1.010 < .  1:1(0) ack 11 win 0 | - -
			1.210 > .  10:10(0) ack 1 | - -
			1.220 < .  1:1(0) ack 11 win 0 | - -
			1.620 > .  10:10(0) ack 1 | - -
			1.630 < .  1:1(0) ack 11 win 500 | - -
			2.000 < .  1:1(0) ack 11 win 0 | - -
			2.300 > .  10:10(0) ack 1 | - -`, 620 + 300, []record.ZeroWindowEpisode{
			{Start: 1010 * ms, Packet: 5, End: 1630 * ms, EndPacket: 9, Probes: 2, EndedBy: record.ZeroWindowUpdate},
			{Start: 2000 * ms, Packet: 10, Probes: 1, EndedBy: record.ZeroWindowInputEnd}}},
		{"opened by a FIN", `
			1.000 > .P 1:11(10) ack 1 | - -
			1.010 < .  1:1(0) ack 11 win 0 | - -
			1.500 < F. 1:1(0) ack 11 win 9 | - -`, 490, []record.ZeroWindowEpisode{
			{Start: 1010 * ms, Packet: 5, End: 1500 * ms, EndPacket: 6, EndedBy: record.ZeroWindowUpdate}}},
		{"ended by a RST", `
			1.000 > .P 1:11(10) ack 1 | - -
			1.010 < .  1:1(0) ack 11 win 0 | - -
			1.500 < R. 1:1(0) ack 11 win 0 | - -
			1.600 > .P 11:21(10) ack 1 | - -`, 490, []record.ZeroWindowEpisode{
			{Start: 1010 * ms, Packet: 5, End: 1500 * ms, EndPacket: 6, EndedBy: record.ZeroWindowReset}}},
		{"the connection's end", `
			1.000 > .P 1:11(10) ack 1 | - -
			1.010 < .  1:1(0) ack 11 win 0 | - -
			1.200 > F. 11:11(0) ack 1 | - -
			1.500 < F. 1:1(0) ack 12 win 0 | - -
			1.510 > .  12:12(0) ack 2 | - -`, 500, []record.ZeroWindowEpisode{
			{Start: 1010 * ms, Packet: 5, End: 1510 * ms, EndPacket: 8, EndedBy: record.ZeroWindowConnEnd}}},
		{"closed once the other end's FIN was taken: nobody waits", `
			1.000 > F. 1:1(0) ack 1 | - -
			1.010 < .  1:1(0) ack 2 win 0 | - -
			1.500 < F. 1:1(0) ack 2 win 0 | - -
			1.510 > .  2:2(0) ack 2 | - -`, 0, []record.ZeroWindowEpisode{
			{Start: 1010 * ms, Packet: 5, End: 1010 * ms, EndPacket: 5, EndedBy: record.ZeroWindowConnEnd}}},
		{"closed before the other end's FIN was taken: it waits", `
			1.000 > .P 1:11(10) ack 1 | - -
			1.005 > F. 11:11(0) ack 1 | - -
			1.010 < .  1:1(0) ack 6 win 0 | - -
			1.500 < .  1:1(0) ack 6 win 9 | - -`, 490, []record.ZeroWindowEpisode{
			{Start: 1010 * ms, Packet: 6, End: 1500 * ms, EndPacket: 7, EndedBy: record.ZeroWindowUpdate}}},
	} {
		rec, tr := run(t, Options{}, plainWire, opened+c.lines)
		tr.Finish()
		r := &rec.records[0].Ends[record.Resp]
		for i := range c.want {
			x := &c.want[i]
			if x.Start += start; x.End != 0 {
				x.End += start
			}
		}
		// A time given in seconds is off by a fraction of a microsecond.
		if fmt.Sprint(rounded(r.ZeroWindowList)) != fmt.Sprint(c.want) || (r.ZeroWindow+ms/2)/ms != c.total {
			t.Errorf("%s: %+v in %d ms, want %+v in %d ms", c.name, rounded(r.ZeroWindowList), r.ZeroWindow/ms, c.want, c.total)
		}
		if len(rec.records[0].Ends[record.Orig].ZeroWindowList) != 0 {
			t.Errorf("%s: episodes of the end that waited", c.name)
		}
	}
}

func rounded(all []record.ZeroWindowEpisode) (to []record.ZeroWindowEpisode) {
	for _, x := range all {
		x.Start = (x.Start + 5e5) / 1e6 * 1e6
		x.End = (x.End + 5e5) / 1e6 * 1e6
		to = append(to, x)
	}
	return to
}

// Of many episodes the first ones and the last are told, the rest is counted,
// and the list costs nothing for each packet.
func TestZeroWindowListIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(opened)
	const n = 40
	for i := range n {
		fmt.Fprintf(&b, "%d.0 < . 1:1(0) ack 1 win 0 | - -\n%d.5 < . 1:1(0) ack 1 win 9 | - -\n", i+1, i+1)
	}
	rec, tr := run(t, Options{}, plainWire, b.String())
	tr.Finish()
	r := &rec.records[0].Ends[record.Resp]
	if len(r.ZeroWindowList) != maxZeroWindows || r.ZeroWindows != n || r.ZeroWindowList[maxZeroWindows-1].EndPacket != 3+2*n {
		t.Errorf("%d episodes, %+v", r.ZeroWindows, r.ZeroWindowList)
	}
	if got := tr.Stats().Limits[costZeroWindows.String()]; got != n-maxZeroWindows {
		t.Errorf("%d counted as forgotten", got)
	}
	tr = New(Options{}, &recorder{})
	for i, l := range parseExchange(t, opened) {
		tr.Observe(plainWire.segment(l, uint64(i+1)))
	}
	s := plainWire.segment(line{from: record.Resp, flags: capture.ACK, seq: 1, ack: 1, ttl: 64}, 4)
	if n := testing.AllocsPerRun(1000, func() {
		s.Window, s.IPID = 9-s.Window, s.IPID+1
		s.Packet, s.Time = s.Packet+1, s.Time+1e6
		tr.Observe(s)
	}); n != 0 {
		t.Errorf("%v allocations a segment", n)
	}
}

// Probes that go on with doubling pauses after the window was opened are of a sender
// that did not take the update; keepalive probes come at one interval.
func TestProbesOfAnOpenWindow(t *testing.T) {
	const closed = `
		0.000 > S  0:0(0) val 1000            | - -
		0.001 < S. 0:0(0) ack 1 val 5000 ecr 1000 | - -
		0.002 > .  1:1(0) ack 1 val 1002 ecr 5000 | - -
		1.000 > .P 1:11(10) ack 1 val 2000 ecr 5000 | - -
		1.001 < .  1:1(0) ack 11 win 0 val 6000 ecr 2000 | - -
		1.211 > .  10:10(0) ack 1 val 2211 ecr 6000 | - -
		1.212 < .  1:1(0) ack 11 win 0 val 6212 ecr 2000 | - -
		1.631 > .  10:10(0) ack 1 val 2631 ecr 6212 | - -
		1.632 < .  1:1(0) ack 11 win 0 val 6632 ecr 2000 | - -
		2.400 < .  1:1(0) ack 11 win 500 val 7400 ecr 2000 | - -`
	for _, x := range []struct {
		name, lines   string
		probes, alive uint32
		probing       int64 // ms
		echoed        bool
	}{
		{"it does not take the update", `
			2.471 > .  10:10(0) ack 1 val 3471 ecr 7400 | - -
			2.472 < .  1:1(0) ack 11 win 500 val 7472 ecr 2000 | - -
			4.151 > .  10:10(0) ack 1 val 5151 ecr 7472 | - -
			4.152 < .  1:1(0) ack 11 win 500 val 9152 ecr 2000 | - -`, 2, 0, 1751, true},
		{"the update is lost: the answer to a probe tells it", `
			2.471 > .  10:10(0) ack 1 val 3471 ecr 6632 | - -
			2.472 < .  1:1(0) ack 11 win 500 val 7472 ecr 2000 | - -
			2.473 > .P 11:21(10) ack 1 val 3473 ecr 7472 | - -
			2.474 < .  1:1(0) ack 21 win 500 val 7474 ecr 3473 | - -
			4.151 > .  20:20(0) ack 1 val 5151 ecr 7474 | - -`, 1, 1, 71, false},
		{"keepalive", `
			9.000 > .  10:10(0) ack 1 val 10000 ecr 7400 | - -
			9.001 < .  1:1(0) ack 11 win 500 val 14001 ecr 2000 | - -
			16.000 > .  10:10(0) ack 1 val 17000 ecr 14001 | - -
			16.001 < .  1:1(0) ack 11 win 500 val 21001 ecr 2000 | - -`, 0, 2, 0, false},
	} {
		rec, tr := run(t, Options{}, plainWire, closed+x.lines)
		tr.Finish()
		r := &rec.records[0]
		e, ms := &r.Ends[record.Orig], (r.Ends[record.Orig].OpenProbing+500_000)/1_000_000
		if e.OpenProbes != x.probes || ms != x.probing || e.OpenEchoed != x.echoed || r.Keepalive[record.Orig].Probes != x.alive || e.WindowProbes != 2 {
			t.Errorf("%s: %d probes of the open window for %d ms, echoed %t, %d of keepalive, %d of the closed window",
				x.name, e.OpenProbes, ms, e.OpenEchoed, r.Keepalive[record.Orig].Probes, e.WindowProbes)
		}
	}
}
