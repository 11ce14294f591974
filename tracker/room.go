package tracker

import (
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// candidate is the least valuable connection of one list, of one tracker of a table.
type candidate struct {
	filed   int64
	id      uint64
	tracker int
	entry   uint32
	shard   uint8
	class   table.Class
}

// before reports whether a goes before b when both are worth the same.
func (a *candidate) before(b *candidate) bool {
	if a.filed != b.filed {
		return a.filed < b.filed
	}
	return a.id < b.id
}

// MakeRoom drops what is too much for the table that all these trackers hold
// together: by worth, then by when they were filed, then by number, so that
// neither who holds a connection nor which shard it is in decides. Between Tracker.Advance and
// Tracker.HandOut, when no other goroutine uses any of them. What Options allow
// is read from the first.
func MakeRoom(all ...*Tracker) {
	o := &all[0].opt
	held, bytes := 0, int64(0)
	for _, t := range all {
		held += t.held
		bytes += t.bytes
	}
	full := func() bool { return held > o.MaxConns || o.MaxBytes > 0 && bytes > o.MaxBytes && held > 0 }
	if !full() {
		return
	}
	for _, t := range all {
		t.forgot = true
	}
	q := all[0].candidates[:0]
	for _, same := range worths {
		q = q[:0]
		for n, t := range all {
			for s := range t.shards {
				for _, k := range same {
					if i := t.shards[s].lists[k].Oldest; i != 0 {
						x := t.entries.At(i)
						q = append(q, candidate{x.Filed, x.ID, n, i, uint8(s), k})
					}
				}
			}
		}
		for i := len(q)/2 - 1; i >= 0; i-- {
			sink(q, i)
		}
		for len(q) > 0 && full() {
			c := &q[0]
			t := all[c.tracker]
			sh := &t.shards[c.shard]
			sh.evicted[c.class]++
			bytes -= t.weight(t.entries.At(c.entry))
			held--
			t.drop(sh, c.entry, endEvicted, t.clock.now)
			if next := sh.lists[c.class].Oldest; next != 0 {
				x := t.entries.At(next)
				c.filed, c.id, c.entry = x.Filed, x.ID, next
			} else {
				q[0] = q[len(q)-1]
				q = q[:len(q)-1]
			}
			sink(q, 0)
		}
		if !full() {
			break
		}
	}
	all[0].candidates = q[:0]
}

// sink moves candidate i of a heap down to its place: the first to go is on top.
func sink(q []candidate, i int) {
	for {
		k := 2*i + 1
		if k >= len(q) {
			return
		}
		if k+1 < len(q) && q[k+1].before(&q[k]) {
			k++
		}
		if !q[k].before(&q[i]) {
			return
		}
		q[i], q[k] = q[k], q[i]
		i = k
	}
}

const second = int64(1e9)

// timeouts in nanoseconds of packet time since the connection's last packet
// (table.TimeWait: since 2MSL last began; it is 2MSL there).
var timeouts = [table.NClasses]int64{
	// A host that answers a peer whose segments are not captured goes on for
	// as long as that peer tries.
	table.Stray: 3600 * second,
	// Stragglers after a RST or the ACK of the last FIN: as long as a segment
	// can live in the network (RFC 9293 section 3.4.2, MSL).
	table.Closed: 120 * second,
	// Linux's longest pause between SYNs is 64 s and it gives up at 131 s
	// (tcp_syn_retries 6); half as much again for other systems.
	table.Attempt: 200 * second,
	// SYN/ACKs come up to 32 s apart, and end at 63 s (tcp_synack_retries 5).
	table.HalfOpen: 200 * second,
	// An unacknowledged FIN is repeated for tcp_retries2, about 924 s, at most
	// 120 s apart.
	table.Closing: 1000 * second,
	table.LoneFIN: 1000 * second,
	// nf_conntrack's limit for established connections; keepalive begins after
	// 2 h (RFC 9293 section 3.8.4).
	table.Lone:        432000 * second,
	table.OneSided:    432000 * second,
	table.Established: 432000 * second,
	table.Carrying:    432000 * second,
}

// worths are the classes in the order in which a full table gives them up; of
// one worth the oldest goes first. What anybody can have made with one packet
// and a forged address goes before what took both ends to make. Attempts and
// half-open ones are worth the same: of a flood that a server answers, all are
// half-open, and a new attempt may be a real one.
var worths = [...][]table.Class{
	{table.Stray}, {table.Closed}, {table.Attempt, table.HalfOpen, table.Lone, table.LoneFIN}, {table.TimeWait},
	{table.OneSided}, {table.Closing}, {table.Established}, {table.Carrying},
}

func (c *conn) classify() table.Class {
	x, y := &c.ends[record.Orig], &c.ends[record.Resp]
	switch a, b := x.state, y.state; {
	case x.packets+y.packets == uint64(x.rsts)+uint64(y.rsts):
		return table.Stray
	case c.finMayComeAgain():
		return table.Closing
	case a == record.TimeWait || b == record.TimeWait:
		return table.TimeWait
	case (a == record.Closed || a == record.Unknown) && (b == record.Closed || b == record.Unknown || c.is(isReset)), b == record.Closed && c.is(isReset):
		return table.Closed
	case b == record.Unknown && a == record.SynSent, a == record.Unknown && b == record.SynSent:
		return table.Attempt
	case b == record.SynReceived || a == record.SynReceived || a == record.SynSent:
		return table.HalfOpen
	case x.finSeen && !x.finAcked, y.finSeen && !y.finAcked:
		if x.packets == 0 || y.packets == 0 {
			return table.LoneFIN
		}
		return table.Closing
	case x.has&y.has&hasSentData != 0 && !c.is(isMidstream):
		return table.Carrying
	case x.packets+y.packets == 1:
		return table.Lone
	case x.packets == 0 || y.packets == 0:
		return table.OneSided
	}
	return table.Established
}

// What connections take in memory is booked only under Options.MaxBytes. It
// depends on the connections alone, never on what storage they were lent, so
// that the same are dropped whoever holds them.

// What a connection takes in bytes (TestMemory, TestWeight): its entry, its buckets
// in the index and among those that are handed out; and the rest of it, while it
// is not packed, with two ends that sent no data and few transitions.
const (
	slotBytes = 112 + 32
	bodyBytes = 1536

	bodyTransitions = 16 // that are in bodyBytes
	senderBytes     = 304
	lossesBytes     = 328
	answersBytes    = 288
	detailsBytes    = 448
	capturedBytes   = 224
	endPartBytes    = 176
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
	if isEmbryo(x) {
		return embryoBytes
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
	if c.details != &noDetails {
		n += detailsBytes
	}
	if c.capture != &nothingCaptured {
		n += capturedBytes
	}
	if c.details.trouble != nil {
		n += strainBytes
	}
	if c.details.asides != nil {
		n += asidesBytes
	}
	if c.turns.spread != nil {
		n += histogramBytes
	}
	for i := range c.ends {
		e := &c.ends[i]
		// A slice that grows is up to twice as long as it need be, half as much again on average.
		n += 2 * rangeBytes * uint32(len(e.stream.Gaps()))
		if e.details != &noEndDetails {
			n += endPartBytes
		}
		if e.details.zero.list != nil {
			n += episodesBytes
		}
		if s := e.sender; s != nil {
			// Of what is acknowledged some are kept for a while.
			n += senderBytes + 3*segmentBytes/2*(uint32(s.flight.Most())+uint32(min(e.packets, reassembly.KeepAcked)))
			if s.loss != &noLosses {
				n += lossesBytes
			}
			if s.loss.answers != nil {
				n += answersBytes
			}
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
