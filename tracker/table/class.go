package table

// Class is what a connection waits for: its timeout, and its worth when the
// table is full.
type Class uint8

// The classes, least valuable first.
const (
	Stray       Class = iota // RSTs of a connection that was never seen
	Closed                   // a tombstone: closed or reset, waiting for stragglers
	Attempt                  // SYNs without an answer
	HalfOpen                 // SYN/ACK without its ACK
	Lone                     // one segment, not a SYN, and nothing else
	LoneFIN                  // a FIN, and nothing of the other end
	TimeWait                 // 2MSL
	OneSided                 // several segments, all of one end
	Closing                  // a FIN that is not acknowledged
	Established              // anything else
	Carrying                 // its opening was seen, and data both ways
	NClasses
	Gone = NClasses // in no list
)

// String says in words for people what the table gave up with a connection.
func (k Class) String() string {
	return [...]string{"RSTs of unseen connections", "closed", "attempts without an answer", "half-open", "single segments",
		"FINs of one end only", "TIME-WAIT", "segments of one end only", "closing", "established", "established with data both ways", "gone"}[k]
}
