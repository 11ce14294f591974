package tracker

import (
	"tcpwatch/tracker/record"
)

// limits says what held a transfer up, as far as the tap can tell: for how long
// the receiver's window was full, for how long the sender had nothing in
// flight, and the rest, in which the network carried what it could.
type limits struct {
	at           int64 // until when the times below are counted
	state        limit
	times        [nLimits]int64 // ns
	done         int64          // since when nothing is in flight; of limitSender
	windowFull   uint32         // moments at which the window was used up
	windowUsed   uint32         // the largest window that was, in bytes
	windowFullAt uint64         // packet of the first
}

type limit uint8

const (
	limitNone    limit = iota // before the first data
	limitSender               // nothing in flight: the program had nothing to send
	limitNetwork              // data in flight, room in the window
	limitWindow               // the receiver's window is used up, or too small for a segment
	nLimits
)

// follow counts the time since the last packet to what it was spent in, and
// sees what holds the sender up now.
func (l *limits) follow(e, p *endpoint, packet uint64, now int64) {
	switch {
	case l.state == limitNone:
		l.at = now
	case now > l.at: // a segment that was set aside is taken after later ones
		l.times[l.state] += now - l.at
		l.at = now
	}
	flying := e.flying()
	window, known := p.scaledWindow(e)
	next := limitNetwork
	switch {
	case known && p.packets > 0 && (window == 0 || flying+fullSegment(p) > window && flying <= window):
		next = limitWindow
		if l.state != limitWindow && window > 0 {
			l.windowFull++
			l.windowUsed = max(l.windowUsed, window)
			noteFirst(&l.windowFullAt, packet)
		}
	case flying == 0:
		next = limitSender
		if l.state != limitSender {
			l.done = now
		}
	}
	l.state = next
}

// flying is how many bytes of what an end sent are not acknowledged.
func (e *endpoint) flying() uint32 {
	if una := e.stream.Una(); una.Less(e.stream.Next()) {
		return uint32(e.stream.Next() - una)
	}
	return 0
}

// scaledWindow is the window that an end last advertised, in bytes; false when
// its scale is not known.
func (e *endpoint) scaledWindow(p *endpoint) (uint32, bool) {
	shift, known := e.shift(p)
	return uint32(e.window) << shift, known || e.window == 0
}

// shift is the scale of an end's window: none but when both offered one (RFC
// 7323 section 2.2), so that one SYN without is enough to know; false when those
// not seen leave it open.
func (e *endpoint) shift(p *endpoint) (uint8, bool) {
	one, other := !e.synUncaptured(), !p.synUncaptured()
	switch {
	case one && other && e.has&p.has&hasWScale != 0:
		return e.wscale, true
	case !one && !other:
		return 0, false
	case one && e.has&hasWScale == 0, other && p.has&hasWScale == 0:
		return 0, true
	}
	return e.wscale, false
}

// synUncaptured reports whether what an end offers in its SYN can't be known.
func (e *endpoint) synUncaptured() bool { return e.syns+e.synAcks == 0 }

// fillUnseen says whose SYN the capture missed. An end that sent nothing but a
// RST, or nothing at all to what was not answered, sent none.
func (c *conn) fillUnseen(r *record.CaptureRecord) {
	for e := record.Orig; e <= record.Resp; e++ {
		x, y := &c.ends[e], &c.ends[e.Peer()]
		sent := x.packets > x.rstPackets() || y.ackedAny
		r.SYNUnseen[e] = sent && x.synUncaptured()
	}
	if r.SYNUnseen[record.Orig] || r.SYNUnseen[record.Resp] {
		_, known := c.ends[record.Orig].shift(&c.ends[record.Resp])
		r.ScaleUnknown = !known
	}
}

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

// cost counts what the limits cost a connection that is over: what a limit cost is never hidden.
func (t *Tracker) cost(c *conn) {
	t.anomalies[costTransitions] += uint64(c.capture.dropped)
	for i := range c.ends {
		t.anomalies[costGaps] += c.ends[i].stream.Forgotten() + c.ends[i].stream.GivenUp()
		if x := c.ends[i].sender; x != nil {
			t.anomalies[costFlight] += uint64(x.flight.Merged())
		}
		if l := c.ends[i].details.zero.list; l != nil {
			t.anomalies[costZeroWindows] += uint64(l.dropped)
		}
	}
}

func (t *Tracker) anomaly(c *conn, a anomaly) {
	t.anomalies[a]++
	c.note(record.Moment{Kind: record.MomentUnknownSegment})
}
