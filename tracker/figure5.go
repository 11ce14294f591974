package tracker

import "tcpwatch/tracker/record"

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
