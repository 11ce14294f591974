package host

import (
	"errors"
	"net/netip"
)

// ErrUnsupported is returned where the system has no sock_diag.
var ErrUnsupported = errors.New("the kernel's socket table can be read on Linux only")

// State is a TCP state as the Linux kernel numbers it (include/net/tcp_states.h).
type State uint8

// The states; NewSynReceived is a request socket, which sock_diag reports as SynReceived.
const (
	Established State = iota + 1
	SynSent
	SynReceived
	FinWait1
	FinWait2
	TimeWait
	Closed
	CloseWait
	LastAck
	Listen
	Closing
	NewSynReceived
)

// String is the name RFC 9293 section 3.3.2 gives the state; "" for a number
// that is none.
func (s State) String() string {
	names := [...]string{"", "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT",
		"CLOSED", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING", "SYN-RECEIVED"}
	if int(s) < len(names) {
		return names[s]
	}
	return ""
}

// StateSet is a set of states.
type StateSet uint32

// AllStates asks for every socket, listeners, request sockets and TIME-WAIT included.
const AllStates StateSet = 1<<(NewSynReceived+1) - 1

// States is the set of the states named.
func States(states ...State) StateSet {
	var set StateSet
	for _, s := range states {
		set |= 1 << s
	}
	return set
}

// Timer is the timer that a socket waits for, by sock_diag's number: 0 for none, 1
// retransmission, early retransmit or tail loss probe, 2 keepalive or the SYN/ACK of a
// request socket, 3 TimerTimeWait, 4 zero-window probe.
type Timer uint8

// TimerTimeWait runs until the end of a TIME-WAIT, or of an orphan's FIN-WAIT-2.
const TimerTimeWait Timer = 3

// Socket is one TCP socket of the host.
type Socket struct {
	Local, Remote netip.AddrPort
	State         State
	Timer         Timer
	Cookie        uint64 // tells sockets apart, also when one follows another on the same addresses and ports
}

// Limits are the sysctls that bound how many connections a host may open. They belong to
// the network namespace of the calling thread. A value that could not be read is 0.
type Limits struct {
	PortLow, PortHigh uint16 // ip_local_port_range: ports a client gets, both included
}

// Ports is how many ports a client may use towards one destination.
func (l Limits) Ports() int {
	if l.PortHigh < l.PortLow || l.PortHigh == 0 {
		return 0
	}
	return int(l.PortHigh) - int(l.PortLow) + 1
}
