package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
	"tcpwatch/tracker/zeek"
)

// maxTransitions bounds the edges remembered of a connection; the first ones
// and the last ones tell the story, those dropped between are counted.
const maxTransitions = 64

// endpoint is one end of a connection: what it sent, and the state it is in. What each
// segment of an established connection touches comes first: see TestLayout.
type endpoint struct {
	addr                       capture.Endpoint
	state                      record.State
	synSeen, finSeen, finAcked bool
	finImplied                 bool // the capture missed it
	tailUnseen                 bool // one number after everything seen was sent unseen
	ackedAny                   bool // it sent an ACK: its view of the peer's numbers is known
	ttl                        uint8
	wscale                     uint8
	order                      capture.OptionOrder // of the options of its SYN
	mss                        uint16
	stream                     reassembly.Stream // its payload
	has                        endFlags
	isn                        reassembly.Seq
	fin                        reassembly.Seq // number of its FIN
	tsRecent                   uint32         // what the other end remembers of its timestamps (RFC 7323: TS.Recent); 0 for nothing
	window                     uint16         // last advertised
	widest                     uint32         // the largest window offered, bytes
	packets                    uint64
	lastSend                   int64       // time of its last segment
	lastData                   int64       // time of its last segment with payload
	sender                     *sender     // of data; nil until it sends any
	details                    *endDetails // see own
	dataSegments               uint32      // packets with data, but for copies and strays
	pureACKs                   uint32      // and those without data, SYN, FIN and RST
	seenBytes                  uint64
	wireBytes                  uint64
	recent                     recentSegments

	syns, synAcks, fins     uint32 // but for copies
	rsts                    uint32
	firstSYN, lastSYN       int64 // or SYN/ACK
	firstSYNVal, lastSYNVal uint32
	firstSYNPacket          uint64
	firstByte               int64  // time of its first payload byte
	firstData               uint64 // packet with that

	finTime, finAckedTime        int64
	finAckedBy                   uint64 // packet
	finPacket                    uint64
	timeWaitSince, timeWaitUntil int64
	timeWaitEnd                  record.TimeWaitEnd
	synID                        uint16 // IPv4 identification of its first SYN or SYN/ACK
	restarts                     uint32
	pool                         *parts
}

// endDetails is what most ends have nothing of.
type endDetails struct {
	retx, outOfOrder, dupAcks uint32
	synData                   uint32 // payload of its SYN or SYN/ACK
	retxBytes                 uint64
	probe                     prober
	zero                      zeroWindow
}

// endFlags are facts about an end that fit a bit each.
type endFlags uint32

const (
	hasMSS endFlags = 1 << iota
	hasWScale
	hasSACK
	hasTimestamps
	hasECN
	hasTTL
	hasFirstByte
	hasTimeWait
	isChallenged    // a SYN or RST reached it that it must answer by a challenge ACK (RFC 5961)
	hasSentData     // other than on its SYN
	hasECT          // its data carried an ECN-capable codepoint
	hasCE           // and the mark of congestion
	hasSlowFIN      // its FIN was repeated after so long that the next repeat may come after 2MSL
	hasOtherTTLs    // its segments did not all come with the same TTL
	hasRightSum     // the checksum of its SYN or SYN/ACK was verified and right
	hasRepeatedData // unacknowledged data was repeated and nothing came back since
	isLeaving       // its last data is the goodbye of its protocol
	isSilly         // the window that it offers is a silly one: see offer
	hasWrongStart   // its stream starts at numbers of data whose checksum is wrong: see noteWrongStart
)

// sndNxt is SND.NXT as far as seen, SYN and FIN counted.
func (e *endpoint) sndNxt() reassembly.Seq {
	n := e.stream.Next()
	if e.finSeen && n.LessEq(e.fin) {
		return e.fin.Add(1)
	}
	return n
}

// conn is one connection.
type conn struct {
	id          uint64
	entry       uint32      // where the table has it
	index       uint32      // its index in Tracker.states
	class       table.Class // as in its entry
	first       record.End  // sender of the first FIN
	segments    uint8
	resetBy     record.End
	flags       connFlags
	start, last int64
	lastPacket  uint64
	thirdACKAt  uint64 // packet of the ACK that completed it
	prev        *conn  // an older connection on the same endpoints that may still live

	// What most connections have nothing of: see own and caught.
	details *details
	capture *captured
	ends    [2]endpoint
	turns   turnarounds
	z       zeek.Conn

	trans         []record.Transition
	thirdACK      int64 // time of the ACK that completed it
	firstSYNACK   int64
	synAckAt      uint64 // its packet
	synAckEcho    uint32 // TSecr of the first SYN/ACK
	thirdEcho     uint32 // TSecr of the completing ACK
	timeWaitUntil int64  // the later one, when last filed
	filePacket    uint64
	file          uint16
	iface         uint16
	vlan          [2]uint16
	nVLAN         uint8
	endedBy       ending
	vague         bool   // see record.Record.Vague
	silent        int64  // ns from its last packet to when it was dropped, on the tracker's clock
	mark          uint32 // see Placement.Mark
	kept          uint32 // see Placement.Kept
	more          uint32 // bytes booked beyond bodyBytes
	pool          *parts // where details and captured are taken from
}

// captured is how a connection was captured, where that is not plain.
type captured struct {
	tunnel       capture.TunnelKind
	tunnelID     uint32
	tunnelPart   bool
	twice        record.Twice // files of two places hold it: see outOfPlace
	answerFile   uint16       // file of the responder's SYN/ACK and one, 0 where it is that of the connection
	joined       joined
	duplicates   uint32
	astray       [2]uint32 // bytes of each end's data that was set aside and explained by nothing since
	faint        faint     // of duplicates, those that their sender may have sent
	copies       [2]copies // of duplicates, by end
	timeWentBack uint32
	dropped      uint32    // transitions not remembered
	others       [2]uint16 // files of another place and one, whose packets are left out; 0 for none
	stamps       stamps
	evidence     evidence
}

// What a connection has that has no details, or was captured plainly. Nobody
// writes to them (TestMain): who has something to note takes a part
// of the connection's own, by own or caught.
var (
	noDetails       details
	nothingCaptured captured
	noEndDetails    endDetails
)

// parts are those that no connection has now.
type parts struct {
	details  spares[details]
	captured spares[captured]
	losses   spares[losses]
	answers  spares[reassembly.Answers]
	ends     spares[endDetails]
}

// spares are values for reuse.
type spares[T any] struct{ all []*T }

// maxSpareParts bounds what is kept for reuse of each kind.
const maxSpareParts = 1024

// take gives an empty one.
func (s *spares[T]) take() *T {
	if n := len(s.all); n > 0 {
		x := s.all[n-1]
		s.all = s.all[:n-1]
		return x
	}
	return new(T)
}

// give takes one back.
func (s *spares[T]) give(x *T) {
	if len(s.all) < maxSpareParts {
		var empty T
		*x = empty
		s.all = append(s.all, x)
	}
}

// own is c.details to be written to.
func (c *conn) own() *details {
	if c.details == &noDetails {
		c.details = c.pool.details.take()
	}
	return c.details
}

// own is e.details to be written to.
func (e *endpoint) own() *endDetails {
	if e.details == &noEndDetails {
		e.details = e.pool.ends.take()
	}
	return e.details
}

// caught is c.capture to be written to.
func (c *conn) caught() *captured {
	if c.capture == &nothingCaptured {
		c.capture = c.pool.captured.take()
	}
	return c.capture
}

// giveParts takes the parts of a connection back.
func (c *conn) giveParts() {
	for i := range c.ends {
		if e := &c.ends[i]; e.details != &noEndDetails {
			e.pool.ends.give(e.details)
			e.details = &noEndDetails
		}
	}
	if c.details != &noDetails {
		c.pool.details.give(c.details)
		c.details = &noDetails
	}
	if c.capture != &nothingCaptured {
		c.pool.captured.give(c.capture)
		c.capture = &nothingCaptured
	}
}

// interimAt is since when no interim record was made.
func (c *conn) interimAt() int64 {
	if c.details.interim != 0 {
		return c.details.interim
	}
	return c.start
}

// connFlags are facts about a connection that fit a bit each.
type connFlags uint32

const (
	isMidstream connFlags = 1 << iota
	isOpen                // the handshake completed, as far as seen
	isSimultaneousOpen
	isSimultaneousClose
	isFastOpen
	isTruncated
	isOffload
	isOpenTold // EventOpened was told
	isEndTold  // EventFailed, EventClosed or EventReset was told
	isReset    // a RST that its receiver accepts
	isHalfCloseSeen
	isOldReset     // the opener reset the older connection that answered its SYN
	isOpenUntimed  // the clock went back during the handshake: its times can't be known
	isThirdMissed  // the third ACK was not captured: what proves it came later
	isForgotten    // it began without a SYN after the table had dropped connections: it may be one of those
	isCloserUnseen // both FINs were sent unseen: which came first is not known
	isAnswered     // by a SYN/ACK, before any other answer
	isTwice        // files of two places hold it: see outOfPlace
)

// ending says why a connection was handed out.
type ending uint8

const (
	endNotYet  ending = iota // it was not: the record is an interim one
	endInput                 // the input ended
	endTimeout               // its class's timeout passed
	endReuse                 // a new connection took its endpoints
	endEvicted               // the table was full
)

func (c *conn) is(f connFlags) bool { return c.flags&f != 0 }

// from says which end sent a segment.
func (c *conn) from(src *capture.Endpoint) record.End {
	if src.Is(&c.ends[record.Orig].addr) {
		return record.Orig
	}
	return record.Resp
}

// note adds a moment to the packet's row of the ladder, when there is one.
func (c *conn) note(m record.Moment) {
	if c.details.step != nil {
		c.details.step.Moments = append(c.details.step.Moments, m)
	}
}

// clear readies a connection for use, its storage kept.
func (c *conn) clear() {
	c.giveParts()
	body, pool, trans, turns := c.index, c.pool, c.trans[:0], c.turns.cleared()
	a, b := c.ends[0].stream, c.ends[1].stream
	a.Reset()
	b.Reset()
	*c = conn{} // with fields it would be made elsewhere and copied
	c.index, c.pool, c.details, c.capture, c.trans, c.turns, c.first, c.resetBy = body, pool, &noDetails, &nothingCaptured, trans, turns, record.NoEnd, record.NoEnd
	c.ends[0].stream, c.ends[1].stream = a, b
	for i := range c.ends {
		c.ends[i].details, c.ends[i].pool = &noEndDetails, pool
	}
}
