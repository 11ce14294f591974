package tracker

import "tcpwatch/tracker/record"

// class is what a connection waits for: its timeout, and its worth when the
// table is full.
type class uint8

const (
	classStray       class = iota // RSTs of a connection that was never seen
	classClosed                   // a tombstone: closed or reset, waiting for stragglers
	classAttempt                  // SYNs without an answer
	classHalfOpen                 // SYN/ACK without its ACK
	classLone                     // one segment, not a SYN, and nothing else
	classLoneFIN                  // a FIN, and nothing of the other end
	classTimeWait                 // 2MSL
	classOneSided                 // several segments, all of one end
	classClosing                  // a FIN that is not acknowledged
	classEstablished              // anything else
	classCarrying                 // its opening was seen, and data both ways
	nClasses
	classGone = nClasses // in no list
)

// String says in words for people what the table gave up with a connection.
func (k class) String() string {
	return [...]string{"RSTs of unseen connections", "closed", "attempts without an answer", "half-open", "single segments",
		"FINs of one end only", "TIME-WAIT", "segments of one end only", "closing", "established", "established with data both ways", "gone"}[k]
}

const second = int64(1e9)

// timeouts in nanoseconds of packet time since the connection's last packet
// (classTimeWait: since 2MSL last began; it is 2MSL there).
var timeouts = [nClasses]int64{
	// A host that answers a peer whose segments are not captured goes on for
	// as long as that peer tries.
	classStray: 3600 * second,
	// Stragglers after a RST or the ACK of the last FIN: as long as a segment
	// can live in the network (RFC 9293 section 3.4.2, MSL).
	classClosed: 120 * second,
	// Linux's longest pause between SYNs is 64 s and it gives up at 131 s
	// (tcp_syn_retries 6); half as much again for other systems.
	classAttempt: 200 * second,
	// SYN/ACKs come up to 32 s apart, and end at 63 s (tcp_synack_retries 5).
	classHalfOpen: 200 * second,
	// An unacknowledged FIN is repeated for tcp_retries2, about 924 s, at most
	// 120 s apart.
	classClosing: 1000 * second,
	classLoneFIN: 1000 * second,
	// nf_conntrack's limit for established connections; keepalive begins after
	// 2 h (RFC 9293 section 3.8.4).
	classLone:        432000 * second,
	classOneSided:    432000 * second,
	classEstablished: 432000 * second,
	classCarrying:    432000 * second,
}

// worths are the classes in the order in which a full table gives them up; of
// one worth the oldest goes first. What anybody can have made with one packet
// and a forged address goes before what took both ends to make. Attempts and
// half-open ones are worth the same: of a flood that a server answers, all are
// half-open, and a new attempt may be a real one.
var worths = [...][]class{
	{classStray}, {classClosed}, {classAttempt, classHalfOpen, classLone, classLoneFIN}, {classTimeWait},
	{classOneSided}, {classClosing}, {classEstablished}, {classCarrying},
}

func (c *conn) classify() class {
	x, y := &c.ends[record.Orig], &c.ends[record.Resp]
	switch a, b := x.state, y.state; {
	case x.packets+y.packets == uint64(x.rsts)+uint64(y.rsts):
		return classStray
	case c.finMayComeAgain():
		return classClosing
	case a == record.TimeWait || b == record.TimeWait:
		return classTimeWait
	case (a == record.Closed || a == record.Unknown) && (b == record.Closed || b == record.Unknown || c.is(isReset)), b == record.Closed && c.is(isReset):
		return classClosed
	case b == record.Unknown && a == record.SynSent, a == record.Unknown && b == record.SynSent:
		return classAttempt
	case b == record.SynReceived || a == record.SynReceived || a == record.SynSent:
		return classHalfOpen
	case x.finSeen && !x.finAcked, y.finSeen && !y.finAcked:
		if x.packets == 0 || y.packets == 0 {
			return classLoneFIN
		}
		return classClosing
	case x.has&y.has&hasSentData != 0 && !c.is(isMidstream):
		return classCarrying
	case x.packets+y.packets == 1:
		return classLone
	case x.packets == 0 || y.packets == 0:
		return classOneSided
	}
	return classEstablished
}
