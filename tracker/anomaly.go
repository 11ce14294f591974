package tracker

import "tcpwatch/tracker/record"

// anomaly is a kind of segment that no legal path explains.
type anomaly uint8

const (
	anomalyAckAhead anomaly = iota // acknowledges far more than was ever sent
	anomalyDataPastFIN
	anomalyAfterClose // data or a FIN from an end that has closed
	anomalyFINMoved   // a second FIN with another number
	anomalySYNACK     // answers a SYN that was never sent
	anomalyFlags      // SYN with FIN or RST, or no flags at all
	anomalyIllegal    // no path leads to a state that could send this
	anomalyOutside    // outside the receiver's window, or acknowledges what was never sent
	anomalySYN        // a SYN in a connection that goes on from its own numbers
	costGaps          // not of a segment: bytes in gaps forgotten because of reassembly.MaxGaps
	costFlight        // segments in flight without an entry of their own because of reassembly.MaxFlight
	costTransitions   // edges not remembered because of maxTransitions
	costZeroWindows   // episodes not remembered because of maxZeroWindows
	nAnomalies
)

// String is the kind as the summary names it.
func (a anomaly) String() string {
	return [...]string{"ack ahead of data", "data past FIN", "segment after close", "FIN moved",
		"SYN/ACK without a SYN", "contradicting flags", "illegal in its state", "out of window", "SYN in a live connection",
		"gap bytes forgotten", "segments in flight taken together", "transitions forgotten", "zero-window episodes forgotten"}[a]
}

// cost counts what the limits cost a connection that is over (law 6).
func (t *Tracker) cost(c *conn) {
	t.anomalies[costTransitions] += uint64(c.dropped)
	for i := range c.ends {
		t.anomalies[costGaps] += c.ends[i].stream.Forgotten() + c.ends[i].stream.GivenUp()
		if x := c.ends[i].sender; x != nil {
			t.anomalies[costFlight] += uint64(x.flight.Merged())
		}
		if l := c.ends[i].zero.list; l != nil {
			t.anomalies[costZeroWindows] += uint64(l.dropped)
		}
	}
}

func (t *Tracker) anomaly(c *conn, a anomaly) {
	t.anomalies[a]++
	c.note(record.Moment{Kind: record.MomentUnknownSegment, Cause: a.String()})
}
