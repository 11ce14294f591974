package tracker

import (
	"tcpwatch/tracker/record"
)

// set puts an end into a state and remembers the edge.
func (c *conn) set(e record.End, to record.State, p record.Basis, now int64, packet uint64) {
	x := &c.ends[e]
	if x.state == to {
		return
	}
	tr := c.remember()
	tr.Time, tr.Packet, tr.End, tr.From, tr.To, tr.Basis = now, packet, e, x.state, to, p
	x.state = to
}

// remember makes room for an edge, which the caller fills in: to copy one that
// was just put together takes longer.
func (c *conn) remember() *record.Transition {
	if len(c.trans) == maxTransitions {
		// The opening stays; the oldest edge after it goes.
		const keep = maxTransitions / 2
		copy(c.trans[keep:], c.trans[keep+1:])
		c.trans = c.trans[:maxTransitions-1]
		c.caught().dropped++
	}
	c.trans = append(c.trans, record.Transition{})
	return &c.trans[len(c.trans)-1]
}

// apply moves an end along an edge of figure 5 if there is one from its state.
func (c *conn) apply(e record.End, on event, p record.Basis, now int64, packet uint64) bool {
	to := nextState[c.ends[e].state][on]
	if to == record.Unknown {
		return false
	}
	c.set(e, to, p, now, packet)
	return true
}

// imply takes an end along the shortest legal path to the nearest of the
// wanted states: packets that the capture missed (a segment is evidence of
// what its sender must have done). From Unknown it jumps. It reports false, and
// changes nothing, where no path leads.
func (c *conn) imply(e record.End, wanted stateSet, now int64, packet uint64) bool {
	from := c.ends[e].state
	if wanted.has(from) {
		return true
	}
	best, n := record.Unknown, int(record.NStates)
	if from == record.Unknown && wanted.has(record.Established) {
		best, n = record.Established, 0
	}
	for s := record.Closed; s < record.NStates; s++ {
		if n == 0 || !wanted.has(s) {
			continue
		}
		if from == record.Unknown {
			best = s
			break
		}
		if h := hops(from, s); h > 0 && h < n {
			best, n = s, h
		}
	}
	if best == record.Unknown {
		return false
	}
	for c.ends[e].state != best {
		hop := best
		if at := c.ends[e].state; at != record.Unknown {
			hop = firstHop[at][best]
		}
		c.set(e, hop, record.Implied, now, packet)
	}
	return true
}

// drive applies a sender's event, implying what must have come before it.
func (c *conn) drive(e record.End, on event, from stateSet, p record.Basis, now int64, packet uint64) bool {
	if !from.has(c.ends[e].state) && !c.imply(e, from, now, packet) {
		return false
	}
	return c.apply(e, on, p, now, packet)
}

// before is the index of the last edge of an end below i that still stands
// (no later edge took it back), -1 where there is none.
func (c *conn) before(e record.End, i int) int {
	taken := 0
	for i--; i >= 0; i-- {
		switch t := &c.trans[i]; {
		case t.End != e:
		case t.Basis == record.Retracted:
			taken++
		case taken > 0:
			taken--
		default:
			return i
		}
	}
	return -1
}

// confirm marks the expected edges of an end as seen: it acted on them.
func (c *conn) confirm(e record.End) {
	for i := c.before(e, len(c.trans)); i >= 0 && c.trans[i].Basis == record.Expected; i = c.before(e, i) {
		c.trans[i].Basis = record.Seen
	}
}

// expected reports whether the state that an end is in is only expected.
func (c *conn) expected(e record.End) bool {
	i := c.before(e, len(c.trans))
	return i >= 0 && c.trans[i].Basis == record.Expected
}

// proven is the last state of an end that is not only expected.
func (c *conn) proven(e record.End) record.State {
	at := c.ends[e].state
	for i := c.before(e, len(c.trans)); i >= 0 && c.trans[i].Basis == record.Expected; i = c.before(e, i) {
		at = c.trans[i].From
	}
	return at
}

// retract takes back the expected edges of an end until it is in one of the
// wanted states: a later packet contradicted them (the receiver's side is
// expected until proven). Where that cannot be reached over expected edges alone it changes nothing and reports false.
func (c *conn) retract(e record.End, wanted stateSet, now int64, packet uint64) bool {
	at := c.ends[e].state
	for i := c.before(e, len(c.trans)); !wanted.has(at); i = c.before(e, i) {
		if i < 0 || c.trans[i].Basis != record.Expected {
			return false
		}
		at = c.trans[i].From
	}
	for c.ends[e].state != at {
		last := c.trans[c.before(e, len(c.trans))]
		c.note(record.Moment{Kind: record.MomentRetracted, End: e, From: last.To, To: last.From, Ref: last.Packet})
		*c.remember() = record.Transition{Time: now, Packet: packet, End: e, From: last.To, To: last.From, Basis: record.Retracted}
		c.ends[e].state = last.From
		if last.From != record.TimeWait && last.To == record.TimeWait {
			c.ends[e].forgetTimeWait()
		}
	}
	return true
}

// stateSet is a set of states, a bit each.
type stateSet uint16

func (s stateSet) has(x record.State) bool { return s&(1<<x) != 0 }

const (
	inSynSent     stateSet = 1 << record.SynSent
	inSynReceived stateSet = 1 << record.SynReceived
	inTimeWait    stateSet = 1 << record.TimeWait
	inClosed      stateSet = 1 << record.Closed

	// The states from which new data can be sent (RFC 9293 section 3.10.2).
	canSend stateSet = 1<<record.Established | 1<<record.CloseWait
	// The states from which a FIN can be sent for the first time (section 3.10.4).
	canFIN stateSet = canSend | 1<<record.SynReceived
	// The states in which an end has sent a FIN.
	hasFIN stateSet = 1<<record.FinWait1 | 1<<record.FinWait2 | 1<<record.Closing | 1<<record.LastAck | 1<<record.TimeWait
	// The states in which an end has received and taken a FIN.
	tookFIN stateSet = 1<<record.CloseWait | 1<<record.Closing | 1<<record.LastAck | 1<<record.TimeWait
	// The states in which an ACK can be sent.
	canACK stateSet = 1<<record.Established | 1<<record.FinWait1 | 1<<record.FinWait2 | 1<<record.CloseWait | 1<<record.Closing | 1<<record.LastAck | 1<<record.TimeWait
)

// event is something that moves one end from a state to another.
type event uint8

const (
	sendSYN     event = iota // active OPEN
	passiveOpen              // passive OPEN
	sendSYNACK               // answers a SYN
	rcvSYN                   // SYN without ACK, while in SYN-SENT: simultaneous open
	rcvSYNACK                // acceptable SYN,ACK
	rcvACKofSYN
	sendFIN // CLOSE
	rcvFIN  // in sequence
	rcvACKofFIN
	sendRST // ABORT
	rcvRST  // acceptable
	rcvUnreachable
	timeout2MSL
	nEvents
)

// edge is one arrow of RFC 9293 figure 5, or of the text where the figure is simplified.
type edge struct {
	from record.State
	on   event
	to   record.State
	rfc  string // section
}

var figure5 = [...]edge{
	{record.Closed, passiveOpen, record.Listen, "3.10.1"},
	{record.Closed, sendSYN, record.SynSent, "3.10.1"},
	{record.Listen, sendSYNACK, record.SynReceived, "3.10.7.2"},
	{record.Listen, sendSYN, record.SynSent, "3.10.1"},
	{record.SynSent, rcvSYN, record.SynReceived, "3.10.7.3"},
	{record.SynSent, rcvSYNACK, record.Established, "3.10.7.3"},
	{record.SynReceived, rcvACKofSYN, record.Established, "3.10.7.4 fifth"},
	{record.SynReceived, sendFIN, record.FinWait1, "3.10.4"},
	{record.SynReceived, rcvFIN, record.CloseWait, "3.10.7.4 eighth"},
	{record.Established, sendFIN, record.FinWait1, "3.10.4"},
	{record.Established, rcvFIN, record.CloseWait, "3.10.7.4 eighth"},
	{record.CloseWait, sendFIN, record.LastAck, "3.10.4"},
	{record.FinWait1, rcvACKofFIN, record.FinWait2, "3.10.7.4 fifth"},
	{record.FinWait1, rcvFIN, record.Closing, "3.10.7.4 eighth"},
	{record.FinWait2, rcvFIN, record.TimeWait, "3.10.7.4 eighth"},
	{record.Closing, rcvACKofFIN, record.TimeWait, "3.10.7.4 fifth"},
	{record.LastAck, rcvACKofFIN, record.Closed, "3.10.7.4 fifth"},
	{record.TimeWait, timeout2MSL, record.Closed, "3.10.8"},
	{record.SynSent, sendRST, record.Closed, "3.10.5"},
	{record.SynReceived, sendRST, record.Closed, "3.10.5"},
	{record.Established, sendRST, record.Closed, "3.10.5"},
	{record.FinWait1, sendRST, record.Closed, "3.10.5"},
	{record.FinWait2, sendRST, record.Closed, "3.10.5"},
	{record.CloseWait, sendRST, record.Closed, "3.10.5"},
	{record.Closing, sendRST, record.Closed, "3.10.5"},
	{record.LastAck, sendRST, record.Closed, "3.10.5"},
	{record.TimeWait, sendRST, record.Closed, "3.10.5"},
	{record.SynSent, rcvRST, record.Closed, "3.10.7.3"},
	{record.SynReceived, rcvRST, record.Closed, "3.10.7.4 second"},
	{record.Established, rcvRST, record.Closed, "3.10.7.4 second"},
	{record.FinWait1, rcvRST, record.Closed, "3.10.7.4 second"},
	{record.FinWait2, rcvRST, record.Closed, "3.10.7.4 second"},
	{record.CloseWait, rcvRST, record.Closed, "3.10.7.4 second"},
	{record.Closing, rcvRST, record.Closed, "3.10.7.4 second"},
	{record.LastAck, rcvRST, record.Closed, "3.10.7.4 second"},
	{record.TimeWait, rcvRST, record.Closed, "3.10.7.4 second"},
	{record.SynSent, rcvUnreachable, record.Closed, "3.9.2.2"},
}

// grid is figure5 for look-up: the state that an event leads to, Unknown where it is not legal.
type grid [record.NStates][nEvents]record.State

// steps says the first hop of the shortest legal path from one state to another.
type steps [record.NStates][record.NStates]record.State

var (
	nextState = makeGrid()
	firstHop  = makeSteps()
)

func makeGrid() (g grid) {
	for _, e := range figure5 {
		g[e.from][e.on] = e.to
	}
	return g
}

// makeSteps walks the figure breadth first from every state. Edges that end a
// connection by RST or ICMP are left out: they are never implied.
func makeSteps() (p steps) {
	for from := record.Closed; from < record.NStates; from++ {
		queue := []record.State{from}
		var seen [record.NStates]bool
		seen[from] = true
		for len(queue) > 0 {
			at := queue[0]
			queue = queue[1:]
			for _, e := range figure5 {
				if e.from != at || seen[e.to] || e.on == sendRST || e.on == rcvRST || e.on == rcvUnreachable {
					continue
				}
				seen[e.to] = true
				queue = append(queue, e.to)
				if at == from {
					p[from][e.to] = e.to
				} else {
					p[from][e.to] = p[from][at]
				}
			}
		}
	}
	return p
}

// hops is the length of the shortest legal path, -1 where there is none.
func hops(from, to record.State) int {
	n := 0
	for from != to {
		from = firstHop[from][to]
		if from == record.Unknown {
			return -1
		}
		n++
	}
	return n
}
