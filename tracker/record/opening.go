package record

// MaxSYNsAgain is how many repeats of a SYN are remembered with their times:
// Linux sends six or ten, then gives up.
const MaxSYNsAgain = 10

// OpenDetail is what an opening with trouble has to tell besides.
type OpenDetail struct {
	SYNsAgain     [MaxSYNsAgain]uint32 // milliseconds from the first SYN to each repeat
	NSYNsAgain    uint8                // how many of those are set
	SYNAgainAt    uint64               // packet of the first repeat; 0 for none
	SYNAnswered   bool                 // a SYN/ACK had passed before that: the SYN was not lost
	SYNsOther     uint8                // SYNs with the number of the first that carry other data or more options than it: no repeats, but attempts of their own
	NextConn      uint64               // ID of the attempt by which the opener replaced one that had not opened, on the same endpoints; 0 for none
	NextAfter     int64                // its last packet -> the SYN of that, nanoseconds
	SYNHeard      bool                 // the SYN/ACK echoes the timestamp of a SYN before the last (RFC 7323 section 3.2): that had arrived
	NSYNACKsAgain uint8                // SYN/ACKs sent again
	SYNACKsOther  uint8                // SYN/ACKs with another initial sequence number behind the one that opened it: each answers a SYN
	SYNACKsUnseen uint8                // SYN/ACKs, none of them captured, that the opener's ACKs echo by their timestamps; 0 for one
	SYNACKAgainAt uint64               // packet of the first of those
	SYNACKAfter   int64                // first SYN/ACK -> the last repeat
	SmallLink     bool                 // the SYNs were captured on a link whose own MTU is small (ARCNET, SLIP)
	SYNUnheard    bool                 // a SYN came 100 ms or more after a SYN/ACK had passed: that had not reached the opener by then
	SYNACKLate    int64                // first SYN/ACK -> third ACK, where that or what follows shows that the SYN/ACKs arrived late and were not lost; 0 where nothing does
	ACKsIgnored   uint8                // SYN/ACKs repeated after the third ACK was seen
	ACKIgnoredAt  uint64               // packet of the first of those
	ACKIgnored    Opt[int64]           // third ACK -> the first of those
	OldState      State                // of the older connection's end that answered the SYN; see OpenRecord.OldConn
	OldUnseen     bool                 // an older connection that was not captured answered the SYN: its challenge ACK acknowledges none of it
	OldSeq        uint32               // sequence number of that ACK, which is the older connection's
	OldAck        uint32               // and the number that it acknowledges: the next one of the older connection's opener
	OldWentOn     uint32               // data segments by which that opener went on from there after this connection had opened: it lives as well
	OldWentOnAt   uint64               // packet of the first of those
	RivalAgain    uint64               // packet of a SYN that repeats one of another opener behind this address and port, while this connection lived; 0 for none
	OldReset      bool                 // the opener reset that connection: it did not know it
	RefusedFirst  bool                 // a RST answered the SYN, which was sent again
	ThirdACK      Opt[int64]           // time of the ACK that completed the handshake
	AnswerPacket  uint64               // what ended an attempt that failed; 0 for none
	LastSYNAt     int64                // time of the last SYN
	TSVal         Opt[uint32]          // timestamp on the opener's first SYN (RFC 7323); unknown without one
	TSRecent      Opt[uint32]          // the newest timestamp that the listener took of the opener (RFC 7323: TS.Recent); unknown for none
	HeldConn      uint64               // ID of an older connection on the same endpoints that the responder had not closed when the SYN came, by what was seen; 0 for none
	HeldState     State                // the state in which the responder held that
	FastOpenAsked bool                 // the SYN asked for a fast-open cookie, or carried one or data (RFC 7413)
	SYNData       bool                 // the first SYN carried data
	Signed        bool                 // the first SYN was signed: TCP MD5 (RFC 2385) or TCP-AO (RFC 5925)
}
