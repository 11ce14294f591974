package report

import (
	"time"
	"unicode/utf8"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// phrases says times, spans and counts as people read them.
type phrases struct {
	ASCII    bool
	Location *time.Location // nil means UTC
	MSL      int64          // nanoseconds
}

func (p phrases) at(ns int64) time.Time {
	if p.Location == nil {
		return time.Unix(0, ns).UTC()
	}
	return time.Unix(0, ns).In(p.Location)
}

func (p phrases) clock(ns int64) string      { return p.at(ns).Format("15:04:05") }
func (p phrases) clockMilli(ns int64) string { return p.at(ns).Format("15:04:05.000") }

// span is a duration with at most four digits: 320 µs, 12.3 ms, 1.003 s, 2 min 5 s.
func (p phrases) span(ns int64) string { return say.Duration(ns, p.ASCII) }

func comma(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

// client names an end for people.
func client(e record.End) string {
	return [...]string{"client", "server", "both ends", ""}[min(e, record.NoEnd)]
}

// the is client with its article: "the client", "both ends".
func the(e record.End) string {
	if e <= record.Resp {
		return "the " + client(e)
	}
	return client(e)
}

// stateOr is the name of a state, or "an unknown state".
func stateOr(s record.State) string {
	if s == record.Unknown || s >= record.NStates {
		return "an unknown state"
	}
	return s.String()
}

// refusedLateCause is why a server resets a connection out of SYN-RECEIVED after
// the third ACK.
const refusedLateCause = "it refused after the third ACK: accept queue full with tcp_abort_on_overflow, or accepted and closed at once (ss -ltn tells)"

// resetCause says in words what one of record.Reset* means.
func resetCause(cause record.ResetCause) string {
	switch cause {
	case record.ResetRefused:
		return "nobody listens on that port, or a firewall says so"
	case record.ResetAbort:
		return "an abort: closed with linger 0, or with data unread"
	case record.ResetUnreadData:
		return "it closed with data that it had not read"
	case record.ResetLateData:
		return "data came for a socket that is gone"
	case record.ResetAfterClose:
		return "after the close: harmless"
	case record.ResetKeepaliveDead:
		return "its keepalive probes went unanswered"
	case record.ResetMiddlebox:
		return "something between the two ends sent it"
	}
	return "cause unknown"
}

func runes(s string) int { return utf8.RuneCountInString(s) }
