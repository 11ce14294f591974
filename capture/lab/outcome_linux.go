package lab

import (
	"fmt"
	"strings"
)

// Outcome is what must be seen: the paths through which the kernel takes the
// connections of a scenario, and how many take each. A path is the states of the
// originator and of the responder; "?" marks one that may be missing, where two
// timers of the kernel run side by side.
type Outcome map[string]int

// Paths that many scenarios take.
const (
	closedByClient = "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT | SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"
	closedByServer = "SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED | SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT"
	closedAtOnce   = "SYN-SENT ESTABLISHED FIN-WAIT-1 CLOSING TIME-WAIT | SYN-RECEIVED ESTABLISHED FIN-WAIT-1 CLOSING TIME-WAIT"
	halfClosed     = "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 | SYN-RECEIVED ESTABLISHED CLOSE-WAIT"
	clientGone     = "SYN-SENT ESTABLISHED CLOSED | SYN-RECEIVED ESTABLISHED"
	bothReset      = "SYN-SENT ESTABLISHED CLOSED | SYN-RECEIVED ESTABLISHED CLOSED"
	failed         = "SYN-SENT CLOSED |"
)

// path is that of a connection.
func (c *TruthConn) path() string {
	var ends [2]string
	for i, states := range [...][]StateAt{c.Orig, c.Resp} {
		for _, s := range states {
			ends[i] += s.State + " "
		}
	}
	return strings.TrimSpace(ends[0] + "| " + ends[1])
}

// takes reports whether a wanted path allows one that was taken.
func takes(wanted, taken string) bool {
	if before, after, ok := strings.Cut(wanted, " CLOSED?"); ok {
		return takes(before+after, taken) || takes(before+" CLOSED"+after, taken)
	}
	return wanted == taken
}

// Unmet says what must be seen and is not, by what the kernel says; "" for nothing.
func (sc *Scenario) Unmet(t *Truth) string {
	if !t.Tracing {
		return "" // edges are missing
	}
	wants := sc.Wants
	if wants == nil {
		wants = Outcome{closedByClient: 1}
	}
	taken := map[string]int{}
	for i := range t.Conns {
		if c := &t.Conns[i]; len(c.Orig) > 0 { // else its SYN was forged
			taken[c.path()]++
		}
	}
	var unmet []string
	for path, n := range wants {
		got := 0
		for other, n := range taken {
			if takes(path, other) {
				got += n
				delete(taken, other)
			}
		}
		if got != n {
			unmet = append(unmet, fmt.Sprintf("%d of %s, want %d", got, path, n))
		}
	}
	for path, n := range taken {
		unmet = append(unmet, fmt.Sprintf("%d of %s, want none", n, path))
	}
	if end, counter, ok := strings.Cut(sc.Shows, " "); ok && !t.counted(end, counter) {
		unmet = append(unmet, fmt.Sprintf("the kernel of %s counts no %s", end, counter))
	}
	return strings.Join(unmet, "; ")
}

// counted reports whether an end's kernel counted something of a transfer.
func (t *Truth) counted(end, counter string) bool {
	for _, c := range t.Counts {
		if c.End == end {
			return c.Namespace[counter] > 0
		}
	}
	return false
}
