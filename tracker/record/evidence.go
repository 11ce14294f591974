package record

// EvidenceRecord are the packets that show what a record tells: each the first of
// its kind, 0 where there is none.
type EvidenceRecord struct {
	Duplicate, WentBack, Truncated, Offload, Missing uint64 // see CaptureRecord: Duplicates, TimeWentBack, Truncated, Offload, MissingBytes
	SYNACK, ThirdACK, OldAnswer                      uint64 // of the handshake; OldAnswer is an older connection's answer to the SYN
	Ends                                             [2]EndEvidence
}

// EndEvidence are those of one end.
type EndEvidence struct {
	Data        uint64 // the first with data
	DataTime    int64  // when it came; 0 where that is not known
	RepeatTime  int64  // when Repeat came; likewise
	Repeat      uint64 // data sent again, but for what was needless at first sight or came too soon for a loss
	Needless    uint64 // shows that a repeat was needless: that, or the ACK that tells
	Doubled     uint64 // data that came again sooner than a loss can be known
	Late        uint64 // a segment that came out of order
	WindowFull  uint64 // used the other end's window up
	Silly       uint64 // offered a silly window
	Probe       uint64 // keepalive probe
	Unanswered  uint64 // the first of the probes that were not answered any more
	OldStamp    uint64 // data that the other end threw away for its timestamp
	Conflict    uint64 // data that is not what was sent before under the same numbers
	Strange     uint64 // data in its name that something else seems to have sent
	BadChecksum uint64 // data with a wrong TCP checksum
	OpenProbe   uint64 // probe of a window that the other end had opened again
	Unmarked    uint64 // data without ECN mark after both agreed on ECN
}
