package diagnose

import (
	"tcpwatch/capture"
	"tcpwatch/internal/fold"
)

// SubjectKind says what a finding is about.
type SubjectKind uint8

const (
	SubjectCapture  SubjectKind = iota // the input as a whole
	SubjectHost                        // a host: A without port
	SubjectListener                    // address and port that connections are opened to: A
	SubjectPair                        // A, with or without port, towards B
	SubjectConn                        // one connection: A opened it to B
	SubjectHosts                       // several hosts, all towards B where that is given
)

func (k SubjectKind) String() string {
	return [...]string{"capture", "host", "listener", "pair", "connection", "hosts"}[k]
}

// Subject is whom or what a finding is about.
type Subject struct {
	Kind SubjectKind
	A, B capture.Endpoint
}

// host is a host as a subject.
func host(a capture.Addr) Subject {
	return Subject{Kind: SubjectHost, A: capture.Endpoint{Addr: a}}
}

// listener is a listening endpoint as a subject.
func listener(e capture.Endpoint) Subject { return Subject{Kind: SubjectListener, A: e} }

// towards is a host and the endpoint that it talks to.
func towards(a capture.Addr, b capture.Endpoint) Subject {
	return Subject{Kind: SubjectPair, A: capture.Endpoint{Addr: a}, B: b}
}

// Hash chooses which subjects are kept.
func (s Subject) Hash() uint64 {
	h := fold.Hash16(s.A.Addr, uint64(s.Kind)<<32|uint64(s.A.Port)<<16|uint64(s.B.Port))
	return fold.Hash16(s.B.Addr, h)
}

// String is 192.0.2.1, 192.0.2.2:80, or two of those with > between; "hosts" stands for several.
func (s Subject) String() string {
	switch s.Kind {
	case SubjectCapture:
		return "capture"
	case SubjectHost, SubjectListener:
		return name(s.A)
	case SubjectHosts:
		if s.B == (capture.Endpoint{}) {
			return "hosts"
		}
		return "hosts > " + name(s.B)
	}
	return name(s.A) + " > " + name(s.B)
}

// name is an endpoint, without a port of 0.
func name(e capture.Endpoint) string {
	if e.Port == 0 {
		return e.Addr.String()
	}
	return e.String()
}
