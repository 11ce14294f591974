package tracker

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
	nAnomalies
)

// String is the kind as the summary names it.
func (a anomaly) String() string {
	return [...]string{"ack ahead of data", "data past FIN", "segment after close", "FIN moved",
		"SYN/ACK without a SYN", "contradicting flags", "illegal in its state"}[a]
}

func (t *Tracker) anomaly(c *conn, a anomaly) {
	t.anomalies[a]++
	c.note(Moment{Kind: MomentUnknownSegment, Cause: a.String()})
}
