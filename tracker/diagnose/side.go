package diagnose

import (
	"fmt"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// sideOf is one end of a connection as a subject: a listener as such, an opener
// by what it talks to, without its port, which changes with every connection.
func sideOf(r *record.Record, e record.End) Subject {
	if e == record.Orig {
		return towards(r.Orig.Addr, r.Resp)
	}
	return listener(r.Resp)
}

// service is the listening endpoint of a side.
func (s Subject) service() capture.Endpoint {
	if s.Kind == SubjectPair {
		return s.B
	}
	return s.A
}

// ss is the filter of ss(8) that picks the sockets of a side, on its own host.
func (s Subject) ss() string {
	if s.Kind == SubjectPair {
		return fmt.Sprintf("'( dport = :%d )'", s.B.Port)
	}
	return fmt.Sprintf("'( sport = :%d )'", s.A.Port)
}

// who is a side's host, with what it talks to for an opener.
func (s Subject) who() string {
	if s.Kind == SubjectPair {
		return s.A.Addr.String() + " (towards " + name(s.B) + ")"
	}
	return name(s.A)
}

// ofThose says how many of a side's connections.
func (s Subject) ofThose(n uint64, all whole) string {
	if s.Kind == SubjectPair {
		return all.of(n)
	}
	return all.toIt(n)
}

// sides are both ends.
func sides() [2]record.End { return [...]record.End{record.Orig, record.Resp} }

// lasted is how long something has gone on since, as far as the input reaches.
func lasted(r *record.Record, since int64) int64 { return r.End + r.Silent - since }
