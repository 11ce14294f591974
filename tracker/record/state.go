package record

// State is the state of one end of a connection (RFC 9293 section 3.3.2).
type State uint8

const (
	Unknown State = iota // nothing seen that tells
	Closed
	Listen
	SynSent
	SynReceived
	Established
	FinWait1
	FinWait2
	CloseWait
	Closing
	LastAck
	TimeWait
	NStates
)

var stateNames = [NStates]string{"", "CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED",
	"FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"}

// String is the RFC's name; "" for Unknown.
func (s State) String() string { return stateNames[s] }

// Basis says how sure a transition is.
type Basis uint8

const (
	Seen      Basis = iota // the end sent what only that edge allows, or its peer acted on it
	Implied                // packets are missing: the shortest legal path to what was seen
	Expected               // a segment passed the tap that will cause it at the receiver
	Retracted              // takes the edge before it back: a later packet contradicted it

	NBases
)

// String is the basis as records name it.
func (p Basis) String() string { return [NBases]string{"seen", "implied", "expected", "retracted"}[p] }

// End is one of the two ends of a connection.
type End uint8

const (
	Orig End = iota // sent the SYN, or is guessed to have
	Resp
	Both // only where a field may name both ends
	NoEnd

	NEnds
)

// Peer is the other end.
func (e End) Peer() End { return e ^ 1 }

// String is "orig", "resp", "both" or "".
func (e End) String() string { return [NEnds]string{"orig", "resp", "both", ""}[e] }

// Transition is one edge of one end. Time-driven edges have Packet 0.
type Transition struct {
	Time     int64
	Packet   uint64 `fold:"packet"`
	End      End
	From, To State
	Basis    Basis
}
