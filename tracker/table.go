package tracker

import (
	"cmp"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
	"tcpwatch/tracker/zeek"
)

// finished is a connection whose record waits for the next tick, in order of
// when it ended.
type finished struct {
	at     int64
	vague  bool  // see record.Record.Vague
	silent int64 // ns from its last packet to when it was dropped, on the tracker's clock
	id     uint64
	entry  uint32
	why    ending
}

// shard is one 256th of the connections, with its own lists.
type shard struct {
	lists   [table.NClasses]table.List
	stats   record.Stats
	evicted [table.NClasses]uint64
	room    reassembly.Room   // for gaps of busy connections
	texts   map[uint64]string // by ID: what the RST of a connection says
}

// share lets both streams of a connection take room for more gaps.
func (c *conn) share(r *reassembly.Room) {
	c.ends[record.Orig].stream.Share(r)
	c.ends[record.Resp].stream.Share(r)
}

// take gives a connection's state that is ready for use.
func (t *Tracker) take() *conn {
	if n := len(t.spare); n > 0 {
		i := t.spare[n-1]
		t.spare = t.spare[:n-1]
		t.touched[i] = t.ticks
		if t.states[i] == nil {
			t.states[i] = newConn(i, &t.parts)
		}
		return t.states[i]
	}
	c := newConn(uint32(len(t.states)), &t.parts)
	t.states, t.touched = append(t.states, c), append(t.touched, t.ticks)
	return c
}

// newConn is one that was never used.
func newConn(i uint32, p *parts) *conn {
	c := &conn{pool: p, details: &noDetails, capture: &nothingCaptured}
	c.ends[0].details, c.ends[1].details = &noEndDetails, &noEndDetails
	c.clear()
	c.index = i
	return c
}

// give takes a state back.
func (t *Tracker) give(c *conn) {
	t.keepSenders(c)
	t.keepAsides(c)
	t.touched[c.index] = unused
	t.spare = append(t.spare, c.index)
	c.giveParts()
	if c.fat() || len(t.spare) > t.spareBodies() {
		t.states[c.index] = nil // its place is kept
		return
	}
	c.clear()
}

// stateOf is the state of a connection, unpacked where it was packed.
func (t *Tracker) stateOf(i uint32) *conn {
	if i == 0 {
		return nil
	}
	x := t.entries.At(i)
	if x.State == 0 {
		t.unpack(i)
	}
	t.touched[x.State] = t.ticks
	return t.states[x.State]
}

// timeout of a connection's class, in nanoseconds.
func (t *Tracker) timeout(k table.Class) int64 {
	if k == table.TimeWait {
		return 2 * t.opt.MSL
	}
	return timeouts[k]
}

func (t *Tracker) deadline(x *table.Entry) int64 { return x.Filed + t.timeout(x.Class) }

// touch files a connection under the class that its states call for.
//
// Where the timeout is minutes a connection is filed once a second at most, as
// of the end of that second: moving it costs its neighbours in the list, two
// cache misses, and a second later is early enough.
func (t *Tracker) touch(sh *shard, c *conn) {
	k := c.classify()
	x := t.entries.At(c.entry)
	now := t.clock.now
	x.Stamp = now
	t.rests.Wake(c.entry)
	switch k {
	case table.TimeWait:
		until := c.longestWait()
		if c.class == k && c.timeWaitUntil == until {
			return // 2MSL was not begun again
		}
		c.timeWaitUntil = until
	case table.Stray, table.Closed:
	default:
		if c.class == k && now <= x.Filed {
			return
		}
		now += second - 1 - (now+second-1)%second
	}
	if c.class == k && x.Filed == now {
		return
	}
	sh.lists[c.class].Remove(&t.entries, c.entry)
	c.class, x.Class, x.Filed = k, k, now
	sh.lists[k].Push(&t.entries, c.entry)
}

// insert begins a connection at a segment, in front of an older one on the
// same endpoints.
func (t *Tracker) insert(sh *shard, old *conn, k *table.Key, s *capture.Segment) *conn {
	t.bytes += slotBytes + bodyBytes
	was := uint32(0)
	if old != nil {
		was = old.entry
	}
	c, i := t.take(), t.enter(sh, was, k, s)
	t.entries.At(i).State = c.index
	c.id, c.entry, c.class, c.prev = s.Packet, i, table.Attempt, old
	c.share(&sh.room)
	t.startAt(c, s)
	return c
}

// enter makes the entry of a connection that begins at a segment, in front of that
// of an older one, was, on the same endpoints, 0 for none.
func (t *Tracker) enter(sh *shard, was uint32, k *table.Key, s *capture.Segment) uint32 {
	i := t.entries.Take()
	t.rests.Clear(i)
	x := t.entries.At(i)
	x.Key, x.ID, x.Class = *k, s.Packet, table.Attempt
	x.Stamp, x.Filed = t.clock.now, t.clock.now
	sh.lists[table.Attempt].Push(&t.entries, i)
	if was != 0 {
		x.Prev = was
		t.entries.At(was).Behind = true
	}
	t.index.Put(&t.entries, was, i)
	t.held++
	sh.stats.Conns++
	return i
}

// startAt notes what the first segment of a connection says of all of it.
func (t *Tracker) startAt(c *conn, s *capture.Segment) {
	c.filePacket, c.file, c.iface = s.FileNumber, s.File, s.Interface
	c.start, c.last = s.Time, s.Time
	if s.Stepped != 0 || s.Uncovered != 0 || s.Tunnel != capture.TunnelNone {
		x := c.caught()
		x.stamps.stepped, x.stamps.uncovered = [2]int64{s.Stepped, s.Stepped}, [2]int64{s.Uncovered, s.Uncovered}
		x.tunnel, x.tunnelID, x.tunnelPart = s.Tunnel, s.TunnelID, s.TunnelPart
	}
	c.nVLAN, c.vlan = s.NVLAN, s.VLAN
	sender := t.firstSender(s)
	if sender == record.Resp {
		c.z.Flipped()
	}
	if !s.Flags.Has(capture.SYN) {
		c.flags |= isMidstream
	}
	c.ends[sender].addr, c.ends[sender.Peer()].addr = s.Src, s.Dst
}

// firstSender says which end sent the first segment of a connection, by the strongest of these signs that
// it has: its SYN or SYN/ACK; what it carries, where only a client or only a server begins so; the
// ports, as Zeek takes them: a likely server's, a well-known one, the lower one.
func (t *Tracker) firstSender(s *capture.Segment) record.End {
	if !s.Flags.Has(capture.SYN) && s.Len > 0 && t.opt.Speaker != nil {
		if e := t.opt.Speaker(); e != record.NoEnd {
			return e
		}
	}
	if zeek.GuessOrig(s) {
		return record.Resp
	}
	return record.Orig
}

// drop takes a connection out of the table; its record is handed out at the next tick.
func (t *Tracker) drop(sh *shard, i uint32, why ending, at int64) {
	t.latest = latest{}
	x := t.entries.At(i)
	sh.lists[x.Class].Remove(&t.entries, i)
	t.held--
	t.bytes -= t.weight(x)
	t.unlink(i, x)
	t.leave(i, x, why, at)
}

// leave puts a connection that is over with those that are handed out at the next tick.
func (t *Tracker) leave(i uint32, x *table.Entry, why ending, at int64) {
	x.Class, x.Prev, x.Behind = table.Gone, 0, false
	if x.State != 0 {
		c := t.states[x.State]
		c.class, c.prev = table.Gone, nil
	}
	silent, vague := t.clock.silence(x.Stamp)
	t.done = append(t.done, finished{at: at, silent: silent, vague: vague, id: x.ID, entry: i, why: why})
}

// unlink takes a connection out of those on its endpoints.
func (t *Tracker) unlink(i uint32, x *table.Entry) {
	top, _ := t.index.Find(&t.entries, &x.Key)
	switch {
	case top == i && x.Prev != 0:
		t.index.Put(&t.entries, i, x.Prev)
		t.entries.At(x.Prev).Behind = false
	case top == i:
		t.index.Remove(&t.entries, i)
	default:
		y := t.entries.At(top)
		for y.Prev != i {
			y = t.entries.At(y.Prev)
		}
		y.Prev = x.Prev
		if y.State != 0 {
			t.states[y.State].prev = t.stateOf(y.Prev)
		}
	}
}

// expire drops the connections whose timeout has passed.
func (t *Tracker) expire(sh *shard) {
	for k := range sh.lists {
		for i := sh.lists[k].Oldest; i != 0; i = sh.lists[k].Oldest {
			at := t.deadline(t.entries.At(i))
			if at > t.clock.now {
				break
			}
			if !t.absorbChallenged(sh, i) {
				t.drop(sh, i, endTimeout, at)
			}
		}
	}
}

// flush hands out what has finished, in order of when it ended, ties by ID:
// the same order however the connections were divided.
func (t *Tracker) flush() {
	if len(t.interim) > 0 {
		slices.SortFunc(t.interim, func(a, b record.Record) int {
			return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.ID, b.ID))
		})
		for i := range t.interim {
			t.sink.Conn(&t.interim[i])
		}
		t.interim = t.interim[:0]
	}
	slices.SortFunc(t.done, func(a, b finished) int {
		if a.at != b.at {
			return cmp.Compare(a.at, b.at)
		}
		return cmp.Compare(a.id, b.id)
	})
	for i := range t.done {
		if i%fetched == 0 {
			t.fetch(t.done[i:min(i+fetched, len(t.done))])
		}
		t.emit(&t.done[i])
	}
	t.done = t.done[:0]
}

// fetched is how many connections are fetched at once.
const fetched = 16

// fetch touches what is kept of connections that are about to be unpacked, so that
// the processor waits for the memory of all at once, not of one after another
// (0.7 % of the time with 200,000 short connections, where it was 1.6).
func (t *Tracker) fetch(done []finished) {
	for i := range done {
		if x := t.entries.At(done[i].entry); x.State == 0 && !isEmbryo(x) {
			t.arena.Touch(x.Packed, x.Size)
		}
	}
}
