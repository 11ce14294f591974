package tracker

import (
	"cmp"
	"slices"

	"tcpwatch/capture"
)

// class is what a connection waits for: its timeout, and its worth when the
// table is full.
type class uint8

const (
	classStray       class = iota // RSTs of a connection that was never seen
	classClosed                   // a tombstone: closed or reset, waiting for stragglers
	classAttempt                  // SYNs without an answer
	classTimeWait                 // 2MSL
	classHalfOpen                 // SYN/ACK without its ACK
	classClosing                  // a FIN that is not acknowledged
	classEstablished              // anything else
	nClasses
	classGone = nClasses // in no list
)

const second = int64(1e9)

// timeouts in nanoseconds of packet time since the connection's last packet
// (classTimeWait: since 2MSL last began; it is 2MSL there).
var timeouts = [nClasses]int64{
	// A host that answers a peer whose segments are not captured goes on for
	// as long as that peer tries.
	classStray: 3600 * second,
	// Stragglers after a RST or the ACK of the last FIN: as long as a segment
	// can live in the network (RFC 9293 section 3.4.2, MSL).
	classClosed: 120 * second,
	// Linux's longest pause between SYNs is 64 s and it gives up at 131 s
	// (tcp_syn_retries 6); half as much again for other systems.
	classAttempt: 200 * second,
	// SYN/ACKs come up to 32 s apart, and end at 63 s (tcp_synack_retries 5).
	classHalfOpen: 200 * second,
	// An unacknowledged FIN is repeated for tcp_retries2, about 924 s, at most
	// 120 s apart.
	classClosing: 1000 * second,
	// nf_conntrack's limit for established connections; keepalive begins after
	// 2 h (RFC 9293 section 3.8.4).
	classEstablished: 432000 * second,
}

// list is a list of the connections of one class, oldest stamp first.
type list struct {
	oldest, newest *conn
	n              int
}

func (l *list) push(c *conn) {
	c.older, c.newer = l.newest, nil
	if l.newest != nil {
		l.newest.newer = c
	} else {
		l.oldest = c
	}
	l.newest = c
	l.n++
}

func (l *list) remove(c *conn) {
	if c.older != nil {
		c.older.newer = c.newer
	} else {
		l.oldest = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		l.newest = c.older
	}
	c.older, c.newer = nil, nil
	l.n--
}

// finished is a record waiting for the next tick, in order of when it ended.
type finished struct {
	at int64
	c  *conn
}

// shard is one 256th of the connections, with its own clock, cap and lists.
type shard struct {
	table   map[key]*conn
	lists   [nClasses]list
	held    int
	done    []finished
	interim []Record
	free    []*conn
	stats   Stats
}

func (sh *shard) take() *conn {
	if n := len(sh.free); n > 0 {
		c := sh.free[n-1]
		sh.free = sh.free[:n-1]
		return c
	}
	c := &conn{}
	c.clear()
	return c
}

// timeout of a connection's class, in nanoseconds.
func (t *Tracker) timeout(k class) int64 {
	if k == classTimeWait {
		return 2 * t.opt.MSL
	}
	return timeouts[k]
}

func (t *Tracker) deadline(c *conn) int64 { return c.stamp + t.timeout(c.class) }

// touch files a connection under the class that its states call for.
func (t *Tracker) touch(sh *shard, c *conn) {
	k := c.classify()
	if k == classTimeWait {
		until := max(c.ends[Orig].timeWaitUntil, c.ends[Resp].timeWaitUntil)
		if c.class == k && c.timeWaitUntil == until {
			return // 2MSL was not begun again
		}
		c.timeWaitUntil = until
	}
	if c.class == k && c.stamp == t.clock.now {
		return
	}
	sh.lists[c.class].remove(c)
	c.class, c.stamp = k, t.clock.now
	sh.lists[k].push(c)
}

func (c *conn) classify() class {
	a, b := c.ends[Orig].state, c.ends[Resp].state
	switch x, y := &c.ends[Orig], &c.ends[Resp]; {
	case x.packets+y.packets == uint64(x.rsts)+uint64(y.rsts):
		return classStray
	case a == TimeWait || b == TimeWait:
		return classTimeWait
	case (a == Closed || a == Unknown) && (b == Closed || b == Unknown || c.is(isReset)), b == Closed && c.is(isReset):
		return classClosed
	case b == Unknown && a == SynSent, a == Unknown && b == SynSent:
		return classAttempt
	case b == SynReceived || a == SynReceived || a == SynSent:
		return classHalfOpen
	case c.ends[Orig].finSeen && !c.ends[Orig].finAcked, c.ends[Resp].finSeen && !c.ends[Resp].finAcked:
		return classClosing
	}
	return classEstablished
}

// insert begins a connection at a segment or makes room for it first.
func (t *Tracker) insert(sh *shard, k key, s *capture.Segment) *conn {
	if sh.held >= t.perShard {
		t.evict(sh)
	}
	c := sh.take()
	c.key = k
	c.id = s.Packet
	c.firstPacket, c.filePacket, c.file, c.iface = s.Packet, s.FileNumber, s.File, s.Interface
	c.start, c.last, c.interimAt = s.Time, s.Time, s.Time
	c.stamp = t.clock.now
	c.tunnel, c.tunnelID, c.tunnelPart = s.Tunnel, s.TunnelID, s.TunnelPart
	c.nVLAN, c.vlan = s.NVLAN, s.VLAN
	c.class = classAttempt
	sh.lists[c.class].push(c)
	sh.table[k] = c
	sh.held++
	sh.stats.Conns++
	return c
}

// evict drops the least valuable connection: lowest class first, oldest first.
func (t *Tracker) evict(sh *shard) {
	for k := range sh.lists {
		if c := sh.lists[k].oldest; c != nil {
			sh.stats.Evicted++
			t.drop(sh, c, endEvicted, t.clock.now)
			return
		}
	}
}

// drop takes a connection out of the table; its record is handed out at the next tick.
func (t *Tracker) drop(sh *shard, c *conn, why ending, at int64) {
	t.latest = latest{}
	c.endedBy, c.silent = why, t.clock.now-c.stamp
	sh.lists[c.class].remove(c)
	c.class = classGone
	sh.held--
	if top := sh.table[c.key]; top == c {
		if c.prev != nil {
			sh.table[c.key] = c.prev
		} else {
			delete(sh.table, c.key)
		}
	} else if top != nil && top.prev == c {
		top.prev = nil
	}
	c.prev = nil
	sh.done = append(sh.done, finished{at, c})
}

// expire drops the connections whose timeout has passed.
func (t *Tracker) expire(sh *shard) {
	for k := range sh.lists {
		for c := sh.lists[k].oldest; c != nil && t.deadline(c) <= t.clock.now; c = sh.lists[k].oldest {
			t.drop(sh, c, endTimeout, t.deadline(c))
		}
	}
}

// flush hands out what the shards have finished, in order of when it ended,
// ties by ID: the same order however the shards were worked on.
func (t *Tracker) flush() {
	t.done = t.done[:0]
	for i := range t.shards {
		sh := &t.shards[i]
		t.interim = append(t.interim, sh.interim...)
		sh.interim = sh.interim[:0]
		t.done = append(t.done, sh.done...)
		sh.done = sh.done[:0]
	}
	if len(t.interim) > 0 {
		slices.SortFunc(t.interim, func(a, b Record) int {
			return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.ID, b.ID))
		})
		for i := range t.interim {
			t.sink.Conn(&t.interim[i])
		}
		t.interim = t.interim[:0]
	}
	slices.SortFunc(t.done, func(a, b finished) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.c.id, b.c.id))
	})
	for _, f := range t.done {
		t.emit(f.c)
	}
}
