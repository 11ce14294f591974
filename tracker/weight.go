package tracker

import (
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// What connections take in memory is booked only under Options.MaxBytes. It
// depends on the connections alone, never on what storage they were lent, so
// that the same are dropped whoever holds them.

// What a connection takes in bytes (TestMemory, TestWeight): its entry, its buckets
// in the index and among those that are handed out; and the rest of it, while it
// is not packed, with two ends that sent no data and few transitions.
const (
	slotBytes = 112 + 32
	bodyBytes = 2560

	bodyTransitions = 16 // that are in bodyBytes
	senderBytes     = 448
	histogramBytes  = 1024
	strainBytes     = 480
	asidesBytes     = 288
	episodesBytes   = 704
	segmentBytes    = 40
	rangeBytes      = 8
)

// What is kept for reuse is no larger, so that a burst of unusual connections
// leaves nothing behind.
const (
	maxSpareSegments = 256 // in a flight
	maxSpareRanges   = 64  // gaps of a stream
)

// What is kept for reuse at most; under Options.MaxBytes less.
const (
	maxSpareSenders = 4096
	maxSpareBodies  = 16384
	tightSenders    = 1024
	tightBodies     = 4096
)

// stateBytes is what the connection takes beside its entry, but for what a state holds
// besides: see weighBodies.
func stateBytes(x *table.Entry) int64 {
	if x.State != 0 {
		return bodyBytes
	}
	return int64(x.Size)*table.ArenaUnit + int64(x.Kept)*keptUnit
}

// keptUnit is what conn.kept is counted in while it is packed.
const keptUnit = 16

// weight is what the connection takes in all.
func (t *Tracker) weight(x *table.Entry) int64 {
	n := slotBytes + stateBytes(x)
	if x.State != 0 {
		n += int64(t.states[x.State].more)
	}
	return n
}

// weighBodies books what connections that are not packed hold besides.
func (t *Tracker) weighBodies() {
	for i, at := range t.touched {
		if at == unused {
			continue
		}
		if c := t.states[i]; c.class != table.Gone {
			n := c.besides()
			t.bytes += int64(n) - int64(c.more)
			c.more = n
		}
	}
}

// besides is what a connection that is not packed takes beyond bodyBytes.
func (c *conn) besides() uint32 {
	n := c.kept + 24*uint32(max(0, len(c.trans)-bodyTransitions))
	if c.trouble != nil {
		n += strainBytes
	}
	if c.asides != nil {
		n += asidesBytes
	}
	if c.turns.spread != nil {
		n += histogramBytes
	}
	for i := range c.ends {
		e := &c.ends[i]
		// A slice that grows is up to twice as long as it need be, half as much again on average.
		n += 2 * rangeBytes * uint32(len(e.stream.Gaps()))
		if e.zero.list != nil {
			n += episodesBytes
		}
		if s := e.sender; s != nil {
			// Of what is acknowledged some are kept for a while.
			n += senderBytes + 3*segmentBytes/2*(uint32(s.flight.Most())+uint32(min(e.packets, reassembly.KeepAcked)))
			if s.rtt.spans != nil {
				n += histogramBytes
			}
		}
	}
	return n
}

// fat reports whether a connection's storage is larger than what is kept for reuse.
func (c *conn) fat() bool {
	return cap(c.ends[record.Orig].stream.Gaps()) > maxSpareRanges || cap(c.ends[record.Resp].stream.Gaps()) > maxSpareRanges
}

// spareSenders and spareBodies are how many are kept for reuse.
func (t *Tracker) spareSenders() int {
	if t.opt.MaxBytes > 0 {
		return tightSenders
	}
	return maxSpareSenders
}

func (t *Tracker) spareBodies() int {
	if t.opt.MaxBytes > 0 {
		return tightBodies
	}
	return maxSpareBodies
}
