package record

import (
	"slices"

	"tcpwatch/capture"
)

// Sink takes what a Tracker tells. What it is handed is borrowed until it returns.
type Sink interface {
	// Conn takes the record of a finished connection (or an interim one).
	Conn(r *Record)
	// Event takes a live event; only called when Options.Events is set.
	Event(e *Event)
	// Step takes a packet of a connection that Options.Mark chose.
	Step(s *Step)
}

// Marker is a Sink that keeps something of each connection by its Placement.Mark.
type Marker interface {
	// Attach puts it on an interim record, as it is now: the record is handed
	// out later, without its Mark.
	Attach(r *Record)
}

// EventKind says what happened to a connection.
type EventKind uint8

const (
	EventOpened   EventKind = iota // the third ACK passed (or the first segments of a midstream connection)
	EventFailed                    // the attempt ended without a connection
	EventClosed                    // both FINs acknowledged
	EventReset                     // a RST ended it
	EventTimedOut                  // silence ended it
)

// Event is something that a person watching live wants a line about.
type Event struct {
	Kind   EventKind
	Time   int64
	Packet uint64
	Record *Record // the connection as it is now
}

// MomentKind names a noteworthy moment in a connection.
type MomentKind uint8

const (
	MomentNone              MomentKind = iota
	MomentSYNAgain                     // SYN repeated. N: which repeat, Since, Ref: the first SYN; M: the packet by which an older connection answered it, To: CLOSED when the opener reset that one
	MomentSYNACKAgain                  // SYN/ACK repeated. N, Since; ThirdACKSeen says which half was lost
	MomentEstablished                  // completing ACK. Span: felt time, 0 when it is not known; N: SYNs, M: SYN/ACKs sent
	MomentSimultaneousOpen             // both sent SYNs
	MomentFastOpen                     // data on the SYN was accepted. N: bytes
	MomentRefused                      // RST answered the SYN
	MomentUnreachable                  // an ICMP error quoted the SYN. N: type, M: code
	MomentICMP                         // an ICMP error quoted a later segment. N: type, M: code
	MomentMidstream                    // first packet seen is not a SYN: states inferred
	MomentFIN                          // End sent its FIN (active close when it is the first). M: 1 when the other may have passed before the capture began
	MomentFINAcked                     // End's FIN was acknowledged. M: as above
	MomentFINAgain                     // FIN repeated. N, Since; M: 1 when an ACK of it was captured
	MomentLastACKLost                  // FIN repeated towards a TIME-WAIT: the last ACK was lost; 2MSL starts again
	MomentTimeWait                     // End entered TIME-WAIT. Span: 2MSL
	MomentTimeWaitRestart              // 2MSL starts again
	MomentTimeWaitReuse                // a new SYN ended the TIME-WAIT
	MomentSimultaneousClose            // both FINs crossed
	MomentClosed                       // both FINs acknowledged: closed. Span: first FIN -> last ACK; N: segments
	MomentHalfCloseData                // data after the other end's FIN was acknowledged. N: bytes
	MomentReset                        // RST that ends the connection. Reset; M: 1 when End answers as one that no longer knows the connection
	MomentResetIgnored                 // RST outside what the receiver accepts (RFC 5961). M: 1 for one at the number expected, #Ref, that was not obeyed; 2 for a damaged segment that is none; 3 for both
	MomentResetHarmless                // RST after both FINs were acknowledged
	MomentChallengeACK                 // answer to an in-window SYN or RST (RFC 5961)
	MomentKeepalive                    // probe. N: which since the last answer, Span: idle before it
	MomentKeepaliveAnswer              // Span: probe -> answer
	MomentKeepaliveDead                // the prober gave up. N: probes unanswered
	MomentZeroWindow                   // End closed its window
	MomentZeroWindowEnd                // End opened its window again. Span: how long
	MomentWindowProbe                  // probe of a closed window. N
	MomentRetransmission               // data repeated. N: bytes
	MomentOutOfOrder                   // a late segment filled a gap
	MomentGap                          // bytes skipped: not seen (yet). N: bytes
	MomentAckedUnseen                  // ACK for bytes that the capture never saw. N: bytes
	MomentRetracted                    // an expected edge was taken back. From, To
	MomentUnknownSegment               // nothing explains this segment: an anomaly
	MomentDuplicate                    // the capture saw the packet twice (mirror port, any). M: 1 when it is of a file that was captured at another place, 2 when its sender may have sent it twice
	MomentDataRefused                  // the other end threw End's data away. N: bytes, 0 for all of a segment; M: 1 for an old timestamp, 2 for a wrong checksum
	MomentOldAnswer                    // End's older connection on these addresses and ports, not captured, answers the SYN by an ACK
	MomentOldReset                     // End resets that older connection, which it does not know; this one goes on
	MomentConflict                     // End's data is not what was sent before under the same number, in packet Ref
	MomentReusedTuple                  // a SYN with another number: a new connection on the same addresses and ports
)

// Moment is a noteworthy moment; which fields are set depends on the kind.
type Moment struct {
	Kind         MomentKind
	End          End    // who did it
	N, M         uint64 // counts, see the kind
	Since        int64  // ns: how long after the first of its kind; 0 when that makes no sense
	Span         int64  // ns
	Ref          uint64 // the packet it refers to (the first SYN, the FIN that is repeated), 0 for none
	From         State
	To           State
	Reset        ResetCause // of a RST: why it came
	Cause        string     // of a repeat: why its sender sent it, as the classes of repeats are called
	ThirdACKSeen bool
}

// Step is one packet of a marked connection with what it did: a row of the ladder.
type Step struct {
	Conn       uint64 // its ID
	Orig, Resp capture.Endpoint
	Segment    *capture.Segment // nil for an ICMP quote and for time-driven edges
	Quote      *capture.Quote
	Time       int64
	Untimed    bool     // its time is not known
	From       End      // who sent it
	RelSeq     uint32   // relative to the sender's ISN
	RelAck     uint32   // relative to the peer's ISN
	Before     [2]State // by End
	After      [2]State
	AfterBasis [2]Basis // of the edge into After
	Moments    []Moment // in order; borrowed
}

// Copy is a copy that borrows nothing.
func (s *Step) Copy() *Step {
	c := *s
	if s.Segment != nil {
		segment := *s.Segment
		c.Segment = &segment
	}
	if s.Quote != nil {
		quote := *s.Quote
		c.Quote = &quote
	}
	c.Moments = slices.Clone(s.Moments)
	return &c
}
