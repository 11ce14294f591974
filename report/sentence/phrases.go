package sentence

import (
	"strconv"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// Phrases says times, spans and counts as people read them.
type Phrases struct {
	say.Clock
	ASCII bool
	MSL   int64 // nanoseconds
	// Running tells that packets go on coming: what is open, or held, is so now and not at the end.
	Running bool
}

// Span is a duration with at most four digits: 320 µs, 12.3 ms, 1.003 s, 2 min 5 s.
func (p Phrases) Span(ns int64) string { return say.Duration(ns, p.ASCII) }

// About is a duration that is known but for a part of it, and lies between two that are known: with no
// more digits than that allows.
func (p Phrases) About(ns, least, most int64, part float64) string {
	if ns == least || ns == most {
		return p.Span(ns)
	}
	return p.Span(min(max(say.About(ns, part), least), most))
}

func comma(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

// Who names an end for people.
func Who(e record.End) string {
	return [...]string{"client", "server", "both ends", ""}[min(e, record.NoEnd)]
}

// The is Who with its article: "the client", "both ends".
func The(e record.End) string {
	if e <= record.Resp {
		return "the " + Who(e)
	}
	return Who(e)
}

// State is the name of a state, or "an unknown state".
func State(s record.State) string {
	if s == record.Unknown || s >= record.NStates {
		return "an unknown state"
	}
	return s.String()
}

// refusedLateCause is why a server resets a connection out of SYN-RECEIVED after
// the third ACK.
const refusedLateCause = "it refused after the handshake's final ACK: its accept queue is full with tcp_abort_on_overflow set, or it accepted and closed at once (on Linux ss -ltn shows which)"

// ResetCause says in words what one of record.Reset* means; "" where the packets of the
// connection do not show why. A finding may know more than they do.
func ResetCause(cause record.ResetCause) string {
	switch cause {
	case record.ResetRefused:
		return "no program listens on that port, or a firewall rejects it"
	case record.ResetAbort:
		return "its program aborted: it closed with SO_LINGER 0, or with unread data"
	case record.ResetUnreadData:
		return "in answer to data, not read or aborted"
	case record.ResetLateData:
		return "something came after its program had closed the socket"
	case record.ResetAfterClose:
		return "after the close: harmless"
	case record.ResetKeepaliveDead:
		return "its keepalive probes went unanswered"
	case record.ResetMiddlebox:
		return "a middlebox sent it"
	case record.ResetMPTCP:
		return "it closed the whole MPTCP connection, of which this is one path (MP_FASTCLOSE)"
	}
	return ""
}

// because is a cause behind a colon; "" for none.
func because(cause string) string {
	if cause == "" {
		return ""
	}
	return ": " + cause
}

// Arrow stands between the two ends where both are named; a row of a table breaks there.
const Arrow = " -> "

// ID is a connection's id as reports print it.
func ID(id uint64) string { return "#" + strconv.FormatUint(id, 10) }
