package record

// IdleRecord tells of the idle times of a connection: at least 30 s in which nothing
// was sent, with nothing under way.
type IdleRecord struct {
	Longest  Opt[int64]  // after which the other end answered
	Answered uint64      // by which packet; 0 without one
	Outcome  IdleOutcome // of the last one; IdleAnswered when all were answered
	Gap      int64       // its length
	By       End         // who ended it
	Woke     int64       // when
	Packet   uint64      // by which packet
	Tries    uint32      // that many times it asked for an answer
}
