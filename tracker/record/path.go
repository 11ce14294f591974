package record

import "tcpwatch/capture"

// PathRecord is what the path, and what stands on it, did to the data of an end.
type PathRecord struct {
	Stuck        StuckRecord
	TooBig       TooBigRecord
	Nagle        NagleRecord
	FINsAgain    uint32 // times that its FIN was sent again, copies on the way or in the capture left out
	FINsAcked    uint32 // those of them that came after an ACK of it had passed
	FINsShort    uint32 // ACKs of the other end that came after the FIN had been sent again, and do not cover it
	Doubled      uint32 // repeats that came sooner than a loss can be known: something on the way, or the capture, doubled them
	Unscaled     UnscaledRecord
	Long         LongRecord
	NoneTaken    bool   // it sent data, the capture has both SYNs, and no byte of it was ever acknowledged
	Passed       uint32 // with a stuck segment, a hole or a loss beyond the unscaled window: payload of the largest one that was acknowledged; 0 when unknown
	Hole         uint32 // payload missing at the head of what is not acknowledged, never seen here; 0 for none
	Waited       int64  // how long the end went on sending without filling it
	Unacked      int64  // when it first sent the oldest data that nobody had acknowledged when it last sent; 0 for none
	UnackedTimes uint16 // how often it had sent that
	ECT          bool   // a data segment of it carried an ECN-capable codepoint (RFC 3168 section 5)
	CE           bool   // one carried the mark of congestion
}

// StuckRecord is the segment that an end sent again and again to no avail, or
// until it was made smaller.
type StuckRecord struct {
	Bytes  uint32 // its payload; 0 for none
	Times  uint32 // repeats
	Shrunk uint32 // payload with which it was sent at last; 0 when it was not made smaller
	Passed bool   // that was acknowledged
	Heard  bool   // meanwhile the other end went on sending: it was not gone
	Since  int64  // first repeat
	Packet uint64 // of the first repeat
}

// TooBigRecord is what routers told an end of segments that do not fit.
type TooBigRecord struct {
	N      uint32       // ICMP errors
	Again  uint32       // repeats of what they told of
	Joined uint32       // those of the errors whose segment is longer than it was sent: something on the way had joined several
	MTU    uint32       // the least that they named; 0 for none
	Packet uint64       // the first of them
	From   capture.Addr // its sender
}

// UnscaledRecord compares segments of new data that reach beyond the other end's window
// as it stands in the header, without the scale that was agreed on, with those that do not;
// zero where none does.
type UnscaledRecord struct {
	Within, WithinLost uint32 // segments, and of those such as were lost behind the capture point
	Beyond, BeyondLost uint32
	Least              uint32 // payload of the smallest that was lost beyond
	Packet             uint64 // the first repeat of one of those
}

// LongRecord compares segments with data that are longer than the other end takes, as several that
// were joined are, with those that are not; zero where there are none.
type LongRecord struct {
	Sent, Lost uint32 // every time that one was sent, and of those how often it was lost behind the capture point
	ShortLost  uint32 // of the others, those that were lost there when they were sent first
	Least      uint32 // payload of the smallest that was lost
	Packet     uint64 // the first repeat of one of those
}

// NagleRecord is how often an end held a small segment back until a delayed
// ACK came.
type NagleRecord struct {
	N        uint32
	Full     uint32 // full segments that it held back likewise: Nagle's algorithm holds back none
	Total    int64  // nanoseconds that the ACKs took
	Min, Max int64
	Packet   uint64 // the first segment that was held back
}
