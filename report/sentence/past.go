package sentence

import (
	"cmp"
	"fmt"

	"slices"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// Past is a packet of a connection that is over, as its record remembers it: what it changed,
// and what it was.
type Past struct {
	Packet uint64 // 0: time drove the change, no packet
	Time   record.Opt[int64]
	Edges  []record.Transition
	Words  []string // none twice
}

// Past tells the packets that a record remembers, in their order: those that changed a state,
// and the first of each kind of trouble; and those of which there are notes.
func (p Phrases) Past(r *record.Record, notes map[uint64][]string) []Past {
	h := pasts{}
	for i := range r.Transitions {
		t := &r.Transitions[i]
		x := h.add(t.Packet, record.Some(t.Time), edgeWords(r, t))
		x.Edges = append(x.Edges, *t)
	}
	o := &r.Open
	if o.SYNAgainAt != 0 {
		at := record.Opt[int64]{}
		if o.NSYNsAgain > 0 {
			at = record.Some(r.Start + int64(o.SYNsAgain[0])*1e6)
		}
		words := "SYN retransmission"
		if o.SYNs > 2 {
			words += fmt.Sprintf(", the first of %s", say.Thousands(uint64(o.SYNs-1)))
		}
		h.add(o.SYNAgainAt, at, words)
	}
	h.add(o.SYNACKAgainAt, record.Opt[int64]{}, "SYN/ACK retransmission")
	h.add(o.ACKIgnoredAt, record.Opt[int64]{V: o.ThirdACK.V + o.ACKIgnored.V, OK: o.ThirdACK.OK && o.ACKIgnored.OK}, "SYN/ACK retransmission after the handshake's final ACK")
	h.add(r.Evidence.OldAnswer, record.Opt[int64]{}, "an older connection answers the SYN")
	h.add(r.Evidence.Missing, record.Opt[int64]{}, "an ACK of bytes that the capture missed")
	if r.Idle.Gap > 0 {
		h.add(r.Idle.Packet, record.Some(r.Idle.Woke), "the first packet after "+p.Span(r.Idle.Gap)+" of idle time")
	}
	if c := &r.Close; c.ResetBy <= record.Resp {
		h.add(c.ResetPacket, c.ResetTime, "the "+Who(c.ResetBy)+"'s RST"+because(ResetCause(c.ResetCause)))
	}
	for e := range r.Ends {
		h.trouble(r, record.End(e))
	}
	for packet, words := range notes {
		for _, w := range words {
			h.add(packet, record.Opt[int64]{}, w)
		}
	}
	slices.SortStableFunc(h, func(a, b Past) int { return cmp.Compare(a.Packet-1, b.Packet-1) }) // 0 comes last
	return h
}

// pasts are packets in the order in which they were added.
type pasts []Past

// add adds what a packet was; nothing for a packet that is not known. What is added of a packet
// again joins it.
func (h *pasts) add(packet uint64, at record.Opt[int64], words string) *Past {
	i := slices.IndexFunc(*h, func(x Past) bool { return x.Packet == packet && (packet != 0 || x.Time == at) })
	if i < 0 {
		if packet == 0 && !at.OK {
			return &Past{}
		}
		i, *h = len(*h), append(*h, Past{Packet: packet})
	}
	x := &(*h)[i]
	if !x.Time.OK {
		x.Time = at
	}
	if words != "" && !slices.Contains(x.Words, words) {
		x.Words = append(x.Words, words)
	}
	return x
}

// trouble adds the first data of an end, and the first packet of each kind of trouble of it.
func (h *pasts) trouble(r *record.Record, e record.End) {
	x, who := &r.Evidence.Ends[e], "the "+Who(e)
	data := "the first data of " + who
	if r.Capture.Midstream {
		data += " in the capture"
	}
	h.add(x.Data, known(x.DataTime), data)
	h.add(x.Repeat, known(x.RepeatTime), "the first retransmission of data of "+who)
	for _, y := range []struct {
		packet uint64
		words  string
	}{
		{x.Needless, "the first sign of a needless retransmission of " + who},
		{x.Late, "the first segment of " + who + " out of order"},
		{x.Silly, who + " offers a window of less than a segment"},
		{x.Probe, "the first keepalive probe of " + who},
		{x.Unanswered, "the first keepalive probe of " + who + " without an answer"},
		{x.OldStamp, "data of " + who + " thrown away for its timestamp"},
		{x.BadChecksum, "data of " + who + " with a wrong checksum"},
	} {
		h.add(y.packet, record.Opt[int64]{}, y.words)
	}
	for _, z := range r.Ends[e].ZeroWindowList {
		h.add(z.Packet, record.Some(z.Start), who+" closes its window")
		if z.EndedBy == record.ZeroWindowUpdate {
			h.add(z.EndPacket, record.Some(z.End), who+" opens its window again")
		}
	}
}

// known is a time of which 0 stands for none.
func known(at int64) record.Opt[int64] { return record.Opt[int64]{V: at, OK: at != 0} }

// edgeWords is the packet that moves an end along an edge; "" for one that is not known.
func edgeWords(r *record.Record, t *record.Transition) string {
	who, peer := "the "+Who(t.End), "the "+Who(t.End.Peer())
	switch {
	case t.Basis == record.Retracted:
		return who + " was not in " + t.From.String() + " after all"
	case t.From == record.Unknown && r.Open.Kind == record.OpenMidstream:
		return "the capture began after the connection did"
	case t.Basis == record.Implied:
		return "a packet that was not captured"
	}
	switch t.To {
	case record.SynSent:
		return who + "'s SYN"
	case record.SynReceived:
		if t.From == record.SynSent {
			return peer + "'s SYN"
		}
		return who + "'s SYN/ACK"
	case record.Established:
		if t.From == record.SynSent {
			return peer + "'s SYN/ACK"
		}
		return "the handshake's final ACK"
	case record.FinWait1, record.LastAck:
		return who + "'s FIN"
	case record.CloseWait, record.Closing:
		return peer + "'s FIN"
	case record.FinWait2:
		return "the ACK of " + who + "'s FIN"
	case record.TimeWait:
		if t.From == record.FinWait2 {
			return peer + "'s FIN"
		}
		return "the ACK of " + who + "'s FIN"
	case record.Closed:
		return closedWords(r, t, who)
	}
	return ""
}

// closedWords is what closes an end.
func closedWords(r *record.Record, t *record.Transition, who string) string {
	switch {
	case t.From == record.TimeWait && t.Packet == 0:
		return "2MSL has passed"
	case t.From == record.TimeWait:
		return "TIME-WAIT is ended early"
	case r.Close.ResetBy != record.NoEnd && t.Packet == r.Close.ResetPacket:
		return "" // told as that RST
	case t.From == record.LastAck:
		return "the ACK of " + who + "'s FIN"
	case t.Packet != 0 && t.Packet == r.Open.AnswerPacket && r.Open.Kind == record.OpenUnreachable:
		return "an ICMP error answers the SYN"
	}
	return ""
}

// Basis is a state with the sign of how sure it is, as the ladder has it: (STATE) is expected, STATE* implied.
func Basis(s record.State, b record.Basis) string {
	if s == record.Unknown || s >= record.NStates {
		return ""
	}
	switch b {
	case record.Expected:
		return "(" + s.String() + ")"
	case record.Implied:
		return s.String() + "*"
	}
	return s.String()
}
