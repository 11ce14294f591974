package sentence

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

// What a record remembers of its packets is told once for each packet, in their order, with what
// time drove at the end.
func TestPast(t *testing.T) {
	r := recordtest.MadeUp(100, "10.0.0.1:40000", "10.0.0.2:80")
	at := r.Start
	edge := func(packet uint64, e record.End, from, to record.State, b record.Basis) record.Transition {
		at += 1e6
		return record.Transition{Time: at, Packet: packet, End: e, From: from, To: to, Basis: b}
	}
	r.Transitions = []record.Transition{
		edge(100, record.Orig, record.Closed, record.SynSent, record.Seen),
		edge(103, record.Resp, record.Listen, record.SynReceived, record.Seen),
		edge(103, record.Orig, record.SynSent, record.Established, record.Expected),
		edge(104, record.Resp, record.SynReceived, record.Established, record.Expected),
		edge(106, record.Resp, record.Established, record.SynReceived, record.Retracted),
		edge(107, record.Resp, record.SynReceived, record.Established, record.Implied),
		edge(110, record.Orig, record.Established, record.FinWait1, record.Seen),
		edge(110, record.Resp, record.Established, record.CloseWait, record.Seen),
		edge(111, record.Orig, record.FinWait1, record.FinWait2, record.Seen),
		edge(112, record.Resp, record.CloseWait, record.LastAck, record.Seen),
		edge(112, record.Orig, record.FinWait2, record.TimeWait, record.Seen),
		edge(113, record.Resp, record.LastAck, record.Closed, record.Seen),
		edge(0, record.Orig, record.TimeWait, record.Closed, record.Expected),
	}
	r.Open.SYNs, r.Open.SYNAgainAt, r.Open.NSYNsAgain, r.Open.SYNsAgain[0] = 3, 101, 1, 1004
	r.Evidence.Ends[record.Resp].Repeat = 108
	r.Evidence.Ends[record.Orig].Data, r.Evidence.Ends[record.Orig].DataTime = 105, at
	r.Evidence.Ends[record.Resp].WindowFull = 105 // where a segment is as long as a window it is full from the begin
	r.Ends[record.Orig].ZeroWindowList = []record.ZeroWindowEpisode{{Start: at, Packet: 109, End: at, EndPacket: 110, EndedBy: record.ZeroWindowUpdate}}
	var b strings.Builder
	for _, x := range (Phrases{ASCII: true}).Past(r, map[uint64][]string{101: {"a note"}}) {
		fmt.Fprintf(&b, "%d", x.Packet)
		for _, e := range x.Edges {
			fmt.Fprintf(&b, " %s=%s", Who(e.End), Basis(e.To, e.Basis))
		}
		fmt.Fprintf(&b, " %v: %s\n", x.Time.OK, strings.Join(x.Words, "; "))
	}
	const want = `100 client=SYN-SENT true: the client's SYN
101 true: SYN retransmission, the first of 2; a note
103 server=SYN-RECEIVED client=(ESTABLISHED) true: the server's SYN/ACK
104 server=(ESTABLISHED) true: the handshake's final ACK
105 true: the first data of the client
106 server=SYN-RECEIVED true: the server was not in ESTABLISHED after all
107 server=ESTABLISHED* true: a packet that was not captured
108 false: the first retransmission of data of the server
109 true: the client closes its window
110 client=FIN-WAIT-1 server=CLOSE-WAIT true: the client's FIN; the client opens its window again
111 client=FIN-WAIT-2 true: the ACK of the client's FIN
112 server=LAST-ACK client=TIME-WAIT true: the server's FIN
113 server=CLOSED true: the ACK of the server's FIN
0 client=(CLOSED) true: 2MSL has passed
`
	if b.String() != want {
		t.Error(b.String())
	}
	r.Open.Kind, r.Transitions = record.OpenMidstream, []record.Transition{{Packet: 90, From: record.Unknown, To: record.Established}}
	if all := (Phrases{}).Past(r, nil); !slices.Equal(all[0].Words, []string{"the capture began after the connection did"}) {
		t.Errorf("%+v", all[0])
	}
	reset := recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:80")
	reset.Transitions = []record.Transition{{Packet: 5, End: record.Orig, From: record.Established, To: record.Closed}, {Packet: 5, End: record.Resp, From: record.LastAck, To: record.Closed}}
	reset.Close.ResetBy, reset.Close.ResetPacket, reset.Close.ResetCause = record.Resp, 5, record.ResetAbort
	all := (Phrases{}).Past(reset, nil)
	if len(all) != 1 || len(all[0].Edges) != 2 || !slices.Equal(all[0].Words, []string{"the server's RST: its program aborted: it closed with SO_LINGER 0, or with unread data"}) {
		t.Errorf("%+v", all)
	}
}

// Where an end sent no data, what was acknowledged is its part of the handshake; the first retransmission of
// data has its time, and so has a SYN/ACK that came after the final ACK.
func TestHandshakeIsNoData(t *testing.T) {
	r := recordtest.MadeUp(100, "10.0.0.1:40000", "10.0.0.2:80")
	for e, want := range []string{", its SYN acknowledged after 5 ms", ", its SYN/ACK acknowledged after 5 ms"} {
		x := &r.Ends[e]
		x.RTT = record.RTTRecord{N: 1, Min: 5e6, P50: 5e6, Max: 5e6, Source: record.RTTHandshake}
		if got := (Phrases{}).EndSummary(r, record.End(e)); !strings.HasSuffix(got, want) {
			t.Error(got)
		}
		x.RTT.Source = record.RTTData
		if got := (Phrases{}).EndSummary(r, record.End(e)); !strings.HasSuffix(got, ", acknowledged after 5 ms (median of 1)") {
			t.Error(got)
		}
	}
	r.Transitions = nil
	r.Open.ThirdACK, r.Open.ACKIgnored, r.Open.ACKIgnoredAt = record.Some(r.Start+1e6), record.Some(int64(9e6)), 104
	r.Evidence.Ends[record.Orig].Repeat, r.Evidence.Ends[record.Orig].RepeatTime = 106, r.Start+30e6
	r.Capture.Midstream, r.Evidence.Ends[record.Orig].Data = true, 105
	var got []string
	for _, x := range (Phrases{}).Past(r, nil) {
		got = append(got, fmt.Sprint(x.Packet, " ", x.Time.OK, " ", (x.Time.V-r.Start)/1e6, " ", x.Words[0]))
	}
	for _, want := range []string{"104 true 10 SYN/ACK retransmission after the handshake's final ACK", "106 true 30 the first retransmission of data of the client"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if !slices.ContainsFunc(got, func(s string) bool { return strings.HasSuffix(s, " the first data of the client in the capture") }) {
		t.Errorf("%q", got)
	}
}
