package tracker

import (
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
