package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

// backoff is how a system repeats a SYN that nobody answers.
type backoff struct {
	system string
	at     []int64 // milliseconds from the first SYN to each repeat
	least  int     // repeats after which some of these systems give up; 0 where all use the whole schedule
	tick   int64   // milliseconds between two looks at its timers: a repeat may come so much early
}

// backoffs are the known schedules. Only the first two repeats must be there
// for a match.
func backoffs() []backoff {
	return []backoff{
		// tcp_syn_linear_timeouts (4) since Linux 6.5; BSD's tcp_syn_backoff table is the same.
		{"Linux since 6.5, macOS or FreeBSD", []int64{1000, 2000, 3000, 4000, 5000, 7000, 11000, 19000, 35000, 67000}, 0, 50},
		// RFC 6298 section 5.5 from 1 s on.
		{"Linux before 6.5, or Windows with a first timeout of 1 s", []int64{1000, 3000, 7000, 15000, 31000, 63000}, 0, 50},
		// RFC 1122 section 4.2.3.1: 3 s at first. Windows XP repeats a SYN twice (TcpMaxConnectRetransmissions).
		{"Windows with a first timeout of 3 s, or an old system", []int64{3000, 9000, 21000, 45000}, 2, 150},
		// 4.4BSD's tcp_backoff from 6 s on, by its clock of 500 ms; it gives up after 75 s.
		{"an old BSD system", []int64{6000, 18000, 42000}, 0, 500},
	}
}

// nBackoffs is how many they are.
const nBackoffs = 4

// schedule finds the system whose back-off the repeats of a SYN follow, and its place.
func schedule(f *record.OpenRecord) (at int, b backoff, ok bool) {
	n := int(f.NSYNsAgain)
	if n < 2 {
		return 0, b, false
	}
next:
	for at, b := range backoffs() {
		if n > len(b.at) {
			continue
		}
		for i, want := range b.at[:n] {
			// Timers run late by up to a tenth; early only by what is left of the clock tick in which they were set.
			if got := int64(f.SYNsAgain[i]); got < want-b.tick || got > want+want/10+100 {
				continue next
			}
		}
		return at, b, true
	}
	return 0, b, false
}

// ending says who ended an attempt that nobody answered.
type ending uint8

const (
	endUnknown ending = iota // the input ended before that could be seen
	endSystem                // the system used up its repeats
	endUser                  // the application did not wait so long
	nEndings
)

// gaveUp tells whose timeout ended an attempt that nobody answered, and after
// how long, at least and at most.
func gaveUp(r *record.Record) (e ending, from, to int64) {
	f := &r.Open
	quiet := r.End + r.Silent - f.LastSYNAt
	from = f.LastSYNAt - r.Start
	_, b, known := schedule(f)
	switch n := int(f.NSYNsAgain); {
	case r.Open.SYNs == 0:
		return endUnknown, 0, 0
	case known && n >= len(b.at):
		return endSystem, from, from
	case n == 0, n == 1 && !usualFirst(f), b.least > 0 && n >= b.least:
		return endUnknown, from, from // a probe, a capture that lacks the rest, or a system's whole set
	case known:
		to = b.at[n] * millisecond
	default:
		to = from + 2*max(from, second)
	}
	if quiet+from < to+to/10+second {
		return endUnknown, from, to
	}
	return endUser, from, to
}

// betweenWords is "between 1s and 3s".
func betweenWords(from, to int64) string {
	return fmt.Sprintf("between %s and %s", span(from), span(to))
}

// usualFirst tells that the first repeat of a SYN came after an initial timeout that systems have: then they
// repeat it again. What repeats it once, at another time, may give up by itself.
func usualFirst(f *record.OpenRecord) bool {
	first := int64(f.SYNsAgain[0]) * millisecond
	for _, timeout := range [...]int64{second, 3 * second} {
		if first >= timeout-timeout/20 && first <= timeout+timeout/10 {
			return true
		}
	}
	return false
}
