package record

// ZeroWindowEnd says how an episode with a closed window ended.
type ZeroWindowEnd uint8

const (
	ZeroWindowOpen     ZeroWindowEnd = iota // not yet, when the record was made: an interim one, or of a connection that a full table dropped
	ZeroWindowUpdate                        // the window opened again (RFC 9293 section 3.8.6)
	ZeroWindowReset                         // a RST ended the connection
	ZeroWindowConnEnd                       // the connection ended, or was given up, with the window closed
	ZeroWindowInputEnd                      // the input ended first

	NZeroWindowEnds
)

// String is the word that the record has for it; "" for ZeroWindowOpen.
func (z ZeroWindowEnd) String() string {
	return [...]string{"", "update", "reset", "conn-end", "input-end"}[min(z, ZeroWindowInputEnd)]
}

// ZeroWindowEpisode is a time in which an end offered no window. Times are
// nanoseconds since 1970-01-01 UTC.
type ZeroWindowEpisode struct {
	Start     int64
	Packet    uint64 `fold:"packet"` // the packet that closed the window
	End       int64  // 0 when nothing seen ended it
	EndPacket uint64 `fold:"packet"` // the packet that ended it
	Probes    uint32 // of the other end, in it
	EndedBy   ZeroWindowEnd
}
