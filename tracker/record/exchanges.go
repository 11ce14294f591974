package record

// ExchangesRecord is how long the responder took to answer: each exchange is a
// request by the originator, from its first byte after the responder's last,
// and the responder's first byte after it. A turn-around runs from the last
// byte of the request to the first of the answer, as the tap saw them; the
// way between tap and responder is in it.
type ExchangesRecord struct {
	N        uint32 // requests that were answered
	Timed    uint32 // of those, without anything missed by the capture between the two
	Repeated uint32 // of the timed, with the request sent again before the answer came
	// Nanoseconds; meaningless when Timed is 0.
	First, Min, P50, P95, Max int64
	Sum                       int64
	Server                    Opt[int64] // P50 without the shortest round trip between tap and responder; unknown where half of the requests or more were sent again
	Think                     int64      // sum of the originator's pauses: last byte of an answer to the next request
	// Left is how long after the last byte of its last request the originator closed, by FIN
	// or RST, when nothing of an answer had come; unknown when it had, or the responder closed first.
	Left Opt[int64]
}
