package tracker

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
	from State
	on   event
	to   State
	rfc  string // section
}

var figure5 = [...]edge{
	{Closed, passiveOpen, Listen, "3.10.1"},
	{Closed, sendSYN, SynSent, "3.10.1"},
	{Listen, sendSYNACK, SynReceived, "3.10.7.2"},
	{Listen, sendSYN, SynSent, "3.10.1"},
	{SynSent, rcvSYN, SynReceived, "3.10.7.3"},
	{SynSent, rcvSYNACK, Established, "3.10.7.3"},
	{SynReceived, rcvACKofSYN, Established, "3.10.7.4 fifth"},
	{SynReceived, sendFIN, FinWait1, "3.10.4"},
	{SynReceived, rcvFIN, CloseWait, "3.10.7.4 eighth"},
	{Established, sendFIN, FinWait1, "3.10.4"},
	{Established, rcvFIN, CloseWait, "3.10.7.4 eighth"},
	{CloseWait, sendFIN, LastAck, "3.10.4"},
	{FinWait1, rcvACKofFIN, FinWait2, "3.10.7.4 fifth"},
	{FinWait1, rcvFIN, Closing, "3.10.7.4 eighth"},
	{FinWait2, rcvFIN, TimeWait, "3.10.7.4 eighth"},
	{Closing, rcvACKofFIN, TimeWait, "3.10.7.4 fifth"},
	{LastAck, rcvACKofFIN, Closed, "3.10.7.4 fifth"},
	{TimeWait, timeout2MSL, Closed, "3.10.8"},
	{SynSent, sendRST, Closed, "3.10.5"},
	{SynReceived, sendRST, Closed, "3.10.5"},
	{Established, sendRST, Closed, "3.10.5"},
	{FinWait1, sendRST, Closed, "3.10.5"},
	{FinWait2, sendRST, Closed, "3.10.5"},
	{CloseWait, sendRST, Closed, "3.10.5"},
	{Closing, sendRST, Closed, "3.10.5"},
	{LastAck, sendRST, Closed, "3.10.5"},
	{TimeWait, sendRST, Closed, "3.10.5"},
	{SynSent, rcvRST, Closed, "3.10.7.3"},
	{SynReceived, rcvRST, Closed, "3.10.7.4 second"},
	{Established, rcvRST, Closed, "3.10.7.4 second"},
	{FinWait1, rcvRST, Closed, "3.10.7.4 second"},
	{FinWait2, rcvRST, Closed, "3.10.7.4 second"},
	{CloseWait, rcvRST, Closed, "3.10.7.4 second"},
	{Closing, rcvRST, Closed, "3.10.7.4 second"},
	{LastAck, rcvRST, Closed, "3.10.7.4 second"},
	{TimeWait, rcvRST, Closed, "3.10.7.4 second"},
	{SynSent, rcvUnreachable, Closed, "3.9.2.2"},
}

// grid is figure5 for look-up: the state that an event leads to, Unknown where it is not legal.
type grid [NStates][nEvents]State

// steps says the first hop of the shortest legal path from one state to another.
type steps [NStates][NStates]State

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
	for from := Closed; from < NStates; from++ {
		queue := []State{from}
		var seen [NStates]bool
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
func hops(from, to State) int {
	n := 0
	for from != to {
		from = firstHop[from][to]
		if from == Unknown {
			return -1
		}
		n++
	}
	return n
}
