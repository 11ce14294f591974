package record

import "tcpwatch/capture"

// Opt is a value that may be unknown; its zero value is unknown. What can't
// be known is absent from every output, never 0 or -1.
type Opt[T any] struct {
	V  T
	OK bool
}

// Some is a known value.
func Some[T any](v T) Opt[T] { return Opt[T]{v, true} }

// Record is the connection record, the one public schema: every report and
// format prints from it. Times are nanoseconds since 1970-01-01 UTC, spans
// nanoseconds; the outputs print them as RFC 3339 and seconds.
type Record struct {
	ID          uint64 // number of its first packet in the input
	Orig, Resp  capture.Endpoint
	FirstPacket uint64
	LastPacket  uint64
	File        int    // index of the input file of the first packet
	FilePacket  uint64 // number of the first packet in that file
	Interface   int    // index of the interface of the first packet
	Start, End  int64
	States      [2]State // after the connection's last packet; Unknown is absent
	Proven      [2]State // the last of each end's states that is not only expected; Unknown when none is
	Unfinished  bool     // the input ended while it was still held: what is missing may have come later
	Silent      int64    // from its last packet to when it was handed out or the clock jumped, nanoseconds of packet time
	Vague       bool     // the input's clock jumped meanwhile: it was silent for at least so long
	Ended       int64    // when it was over, on the tracker's clock: with ID, the order in which records come; 0 for interim ones
	Tunnel      capture.TunnelKind
	TunnelID    uint32
	TunnelPart  bool // TunnelID is part of the identity (VXLAN and Geneve VNI, GRE key)
	// Joined tells that the capture holds the connection in two networks, one
	// for each direction: that of the first packet, above, and this, which is
	// TunnelNone where it has no identifier.
	Joined       bool
	JoinedTunnel capture.TunnelKind
	JoinedID     uint32
	VLANs        [2]uint16
	NVLAN        uint8
	Interim      bool   // an interim record of a long connection: "final": false
	Revision     uint32 // number of the record among those of the connection, from 1: the last one counts; 0 where it is the only one
	Input        *Input // nil when nothing is known of it; not to be changed
	UID          UID    // as it was read back; see Unique
	ConnState    string // Zeek's
	History      string // Zeek's

	Open             OpenRecord
	Close            CloseRecord
	TimeWait         TimeWaitRecord
	Keepalive        [2]KeepaliveRecord // what that end probed
	KeepaliveOutcome KeepaliveOutcome   // KeepaliveNone without probes
	Ends             [2]EndRecord       // what that end sent
	Exchanges        ExchangesRecord
	Mark             uint32       // see Placement.Mark
	Names            *NamesRecord // nil when nothing is known; set by what reads payload, on the way to the outputs
	Idle             IdleRecord
	Evidence         EvidenceRecord
	Path             [2]PathRecord // of what that end sent
	Capture          CaptureRecord
	Transitions      []Transition // borrowed
}

// OpenRecord tells how the connection opened.
type OpenRecord struct {
	Kind     OpenKind // OpenUnknown where a full table dropped the attempt before its answer could come, or a lone SYN/ACK was captured
	FastOpen bool     // data rode on the SYN and was accepted (RFC 7413)
	SYNs     uint32   // sent, repeats included, copies that the capture made left out
	SYNACKs  uint32
	// Copies that the capture made of SYNs and of SYN/ACKs.
	SYNCopies, SYNACKCopies uint32
	Felt                    Opt[int64] // first SYN -> completing ACK
	LastSYN                 Opt[int64] // last SYN -> completing ACK
	Resp                    Opt[int64] // SYN -> SYN/ACK, the server half
	Orig                    Opt[int64] // SYN/ACK -> ACK, the client half
	Waited                  Opt[int64] // an attempt that failed: first SYN -> the answer that ended it, or the last packet
	OldConn                 uint64     // ID of an older connection on the same endpoints that answered the SYN; 0 for none
	Answer                  Answer
	OpenDetail
}

// AnswerKind says what answered the SYN.
type AnswerKind uint8

const (
	AnswerNone AnswerKind = iota
	AnswerSYNACK
	AnswerRST
	AnswerICMP
	AnswerICMPv6
)

// Answer is what answered the SYN.
type Answer struct {
	Kind       AnswerKind
	Type, Code uint8        // of an ICMP answer
	From       capture.Addr // who sent an ICMP answer
}

// CloseRecord tells how the connection closed.
type CloseRecord struct {
	Kind          CloseKind
	First         End        // sender of the first FIN; NoEnd without one
	Segments      uint8      // 3 or 4; 0 when unknown
	HalfClose     Opt[int64] // the first FIN's ACK -> the second FIN
	BytesAfterFIN Opt[uint64]
	ResetBy       End   // sender of the first RST that its receiver did not have to ignore; NoEnd without one
	ResetIn       State // the sender's state before its RST
	ResetCause    ResetCause
	ResetPacket   uint64
	ResetTTL      Opt[uint8] // of that RST, to compare with the TTL of its sender's other segments
	FINs          [2]uint32  // copies that the capture made left out
	FINCopies     [2]uint32  // those
	RSTs          [2]uint32
	RSTsIgnored   uint32
	Ignored       IgnoredRST    // the first of those
	FINTime       [2]Opt[int64] // first FIN of each end
	FINAcked      [2]Opt[int64] // when that FIN was acknowledged
	FINPacket     [2]uint64     // 0 where the capture missed the FIN
	// Quiet is how long the sender of the first FIN had been quiet before it, in
	// nanoseconds: from the last data that it sent or took in; unknown where it sent none.
	Quiet Opt[int64]
	ResetDetail
}

// TimeWaitRecord tells who held TIME-WAIT, and when.
type TimeWaitRecord struct {
	Holder   End   // NoEnd when nobody did
	Since    int64 // first entry
	Until    int64 // it ended, or would end
	EndedBy  TimeWaitEnd
	Restarts uint32 // 2MSL begun again
}

// KeepaliveRecord is what one end probed (RFC 9293 section 3.8.4).
type KeepaliveRecord struct {
	Probes     uint32
	Answered   uint32
	Unanswered uint32     // not answered, in all
	Idle       Opt[int64] // last exchange -> first probe (the keepalive time)
	Interval   Opt[int64] // between unanswered probes; between answered ones when none went unanswered
	Last       int64      // time of the last probe
}

// EndRecord is what one end sent.
type EndRecord struct {
	Packets                                      uint64
	DataSegments                                 uint32      // of those, segments with data, copies that the capture made left out
	PureACKs                                     uint32      // and those without data, SYN, FIN and RST
	Bytes                                        Opt[uint64] // sequence span of the payload, gaps included
	SeenBytes                                    uint64      // captured, each byte once
	WireBytes                                    uint64      // as sent, repeats included
	MissingBytes                                 uint64
	SpanUnknown                                  bool   // the capture missed more than a window at once: Bytes and MissingBytes are known modulo 2^32 only, so absent
	Retx, RetxRTO, RetxFast, RetxTLP, RetxOther  uint32 // data; SYN and FIN apart
	RetxBytes                                    uint64
	RetxSpurious                                 uint32
	OutOfOrder                                   uint32
	DupAcks                                      uint32
	ZeroWindows                                  uint32              // episodes it caused
	ZeroWindow                                   int64               // nanoseconds in them
	ZeroWindowList                               []ZeroWindowEpisode // borrowed; of more than 16 episodes the first 15 and the last
	SillyWindows                                 uint32              // times that it offered less than a segment and half its window (RFC 9293 section 3.8.6.2.2)
	WindowProbes                                 uint32
	OpenProbes                                   uint32 // probes that went on, with doubling pauses, after the other end had opened its window again
	OpenProbing                                  int64  // for how long, from the window update to the last of them, ns
	OpenEchoed                                   bool   // one of them echoes the timestamp of the update: it had come in
	DSACKs                                       uint32 // duplicates that the other end reported (RFC 2883)
	SACKBlocks, SACKOutOfRange                   uint32 // SACK blocks that it sent; those of numbers that the other end never sent
	SACKAllCame                                  uint32 // of the latter, those in ACKs of all that the other end had sent: they tell what came twice
	PAWSRefused                                  uint32 // its data segments that the other end threw away for an old timestamp (RFC 7323 section 5.3), as its ACK at once shows
	RetxRefused                                  uint32 // repeats of data that was thrown away before, for its timestamp or checksum: they show no loss
	Strange                                      uint32 // data segments in its name that came another way, two hops or more, and without the timestamps that its own have; at most 255
	ConflictsOwn                                 uint32 // of Conflicts, segments with its own TTL and the IP identifications that follow its others
	Conflicts                                    uint32 // its data segments with other bytes than those sent before under the same number, both with a right checksum
	BadChecksums                                 uint32 // its data packets with a wrong TCP checksum, of those that were verified: the other end throws them away
	BadSegments                                  uint32 // different segments among those; copies of one in a row count once
	LostBeforeTap                                uint32 // its segments lost between it and the capture point
	LostAfterTap                                 uint32 // and behind the capture point
	LostAgain                                    uint32 // of those, segments that had been sent again before: one loss that lasts, not several
	ReorderMax                                   int64  // the longest that a segment came late, ns
	WindowFull                                   uint32 // times that it used up the other end's window
	WindowUsed                                   uint32 // the largest of those windows, bytes
	SenderLimited, NetworkLimited, WindowLimited int64  // ns: it had nothing to send, the network carried, the window was full
	Sending                                      int64  // ns from its first data until all that it sent was acknowledged, or the last packet: those three but for what follows
	RTT                                          RTTRecord
	MSS                                          Opt[uint16]
	WScale                                       Opt[uint8]
	SACK                                         Opt[bool]
	Timestamps                                   Opt[bool]
	ECN                                          Opt[bool] // it set up ECN in its SYN (RFC 3168)
	TTL                                          Opt[uint8]
	DataTTL                                      Opt[uint8]          // of its first data, where that differs by two hops or more: what opened the connection came another way
	Order                                        capture.OptionOrder // of the options in its SYN or SYN/ACK
	Stood                                        int64               // ns for which nothing came from either end before it sent again, after a timeout, what had been lost
	FirstByte                                    Opt[int64]          // open -> its first payload byte
	LastSent                                     int64               // when its last segment passed, ns since 1970; 0 where there is none, or no time
	TimeIn                                       [NStates]Opt[int64]
	Numbers                                      Opt[Numbers]
	Key                                          KeyRecord
}

// KeyRecord is by what an end's part of a connection is known again where another capture point sees
// other addresses and ports of it, as behind a NAT.
type KeyRecord struct {
	ISN Opt[uint32] // initial sequence number: that of its SYN or SYN/ACK, or by what the other end acknowledged of that
	// Digest is FNV-1a in 64 bits of its first 64 bytes of payload, or of all where it sent fewer; unknown where one
	// of them was not captured, and where no Output asked for it (Needs.Digests).
	Digest Opt[uint64]
	IPID   Opt[uint16] // IPv4 identification of its SYN or SYN/ACK, the first that was captured; unknown where that is 0, as many senders have it
}

// Numbers are the sequence numbers that an end used, as they are on the wire: from
// its SYN's or, where that was not captured, the first known, to the next one due.
type Numbers struct{ First, Next uint32 }

// Has tells that a number is one of those, or the next one.
func (n Numbers) Has(seq uint32) bool { return seq-n.First <= n.Next-n.First }

// RTTError is the part of P50 and P95 of a RTTRecord by which they may be off.
const RTTError = 1. / 16

// RTTRecord is the time from an end's segments to the other end's ACK, as the
// tap sees it, in nanoseconds; held-back ACKs are left out.
type RTTRecord struct {
	N                  uint32
	Min, P50, P95, Max int64  // P50 and P95 are off by RTTError at most
	MinFlying          uint32 // bytes under way when the ACK of the shortest came; 0 where that is the first of all
	MaxFlying          uint32 // the most under way when the ACK of any but the first came
	Smoothed           int64  // RFC 6298 section 2
	Delayed            uint32 // samples left out because the ACK was held back
	Source             RTTSource
}

// CaptureRecord says what the capture may hide.
type CaptureRecord struct {
	Tap          Tap // where the capture point stands
	Midstream    bool
	Forgotten    bool // it began without a SYN after the table had dropped connections: it may be one of those
	OneWay       bool // nothing was captured of one end
	OneWayShown  bool // and that end sent something in the time that was captured
	Truncated    bool
	Duplicates   uint32
	Twice        Twice // whether files of two places hold it
	TwiceFile    int   // number of the other file then, from 1
	HopsLost     uint8 // of those, the most hops that one had lost since it passed the capture point first; 0 for none
	WrongIP      bool  // the IPv4 header of each of its packets had a wrong checksum
	MissingBytes uint64
	WildBytes    uint64 // of those: what only an ACK beyond every window seen, or numbers of a damaged segment, claim
	AstrayBytes  uint64 // of the others: as many as data of the same end holds whose numbers fit nothing captured
	GivenUpBytes uint64 // in gaps that were forgotten while they were open: more at once than are remembered; whether they were captured later is not known
	Offload      bool
	TimeWentBack uint32
	Stepped      int64   // by which the clock was stepped between its packets, ns: no time of the record has it in it
	Uncovered    int64   // for which nobody captured between its packets, ns; likewise
	SteppedAt    int64   // of the last packet before the latest of these: times after it are stamped so much later
	Untimed      uint32  // packets without a time; from the first of them on all spans are 0 or unknown
	Startless    bool    // its first packet is one of them
	Endless      bool    // and its last
	LastTimed    int64   // of the last packet that has a time, where some have none
	SYNUnseen    [2]bool // by end: its SYN or SYN/ACK, and so the options in it, was not captured
	ScaleUnknown bool    // windows can't be told in bytes (RFC 7323 section 2.2)
}

// Own makes r the owner of what it borrows from the tracker.
func (r *Record) Own() {
	r.Transitions = append([]Transition(nil), r.Transitions...)
	for e := range r.Ends {
		r.Ends[e].OwnZeroWindows()
	}
}

// OwnZeroWindows makes r the owner of its list of episodes, which it borrows.
func (r *EndRecord) OwnZeroWindows() {
	r.ZeroWindowList = append([]ZeroWindowEpisode(nil), r.ZeroWindowList...)
}
