package record

// How a connection's last idle time ended, where the other end did not answer.
const (
	IdleUnanswered = "unanswered" // nothing came, as far as the capture reaches
	IdleReset      = "reset"      // a RST answered
	IdleEnded      = "ended"      // a RST ended the idle time
)

// IdleRecord tells of the idle times of a connection: at least 30 s in which nothing
// was sent, with nothing under way.
type IdleRecord struct {
	Longest Opt[int64] // after which the other end answered
	Outcome string     // of the last one, where it was not answered: one of Rest*; "" when all were
	Gap     int64      // its length
	By      End        // who ended it
	Woke    int64      // when
	Packet  uint64     // by which packet
	Tries   uint32     // that many times it asked for an answer
}
