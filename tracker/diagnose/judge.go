package diagnose

import (
	"tcpwatch/tracker/record"
)

// retryAfter is how long a SYN or SYN/ACK waits for its answer before it is
// sent again (RFC 6298 section 2.1).
const retryAfter = second

// triesToFail is how many SYNs or SYN/ACKs must have gone unanswered for an
// attempt to count as failed though the last of them still waits.
const triesToFail = 3

// Waits tells that the input ended while the last of tries could still be
// answered in time, and so few were made that it is likely. The second may be late: some hosts
// repeat a SYN after 1.1 s only. While the input goes on two are enough, once the answer to the
// second is late too: more is known soon.
func Waits(r *record.Record, tries uint32) bool {
	if !r.Unfinished || tries >= triesToFail || r.Close.ResetBy != record.NoEnd {
		return false
	}
	switch {
	case tries <= 1:
		return r.Silent < retryAfter*3/2
	case r.Interim:
		return r.Silent < retryAfter/4
	}
	return r.Silent < retryAfter
}

// answersWithin is how long after a third ACK a RST may answer it: far longer
// than any round trip.
const answersWithin = 10 * second

// RefusedLate tells that the server answered the third ACK with a RST. Where a filter left out
// all but SYN, FIN and RST nothing tells what a RST answers.
func RefusedLate(r *record.Record) bool {
	if OnlyFlagged(r) {
		return false
	}
	if at, acked := r.Close.ResetTime, r.Open.ThirdACK; at.OK && acked.OK && at.V-acked.V > answersWithin {
		return false
	}
	return r.Close.ResetBy == record.Resp && r.Close.ResetIn == record.SynReceived && r.Close.ResetCause != record.ResetRefused
}

const (
	millisecond = int64(1e6)
	second      = int64(1e9)
)
