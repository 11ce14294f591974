package tracker

import (
	"slices"

	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// A connection at rest is packed: of some 2 kB it leaves 150 to 300 bytes,
// which lie outside the garbage collector's work. It is at rest when no packet
// came for a whole tick of the input (4,096 packets of any connection): so
// those in use stay few, and stay in the processor's cache.

const (
	// unused is what Tracker.touched has for a state that nobody uses.
	unused = 1<<32 - 1
	// maxPacked is how many segments in flight an end may have to be packed.
	maxPacked = 64
)

// packIdle packs what has not been used since the tick before the last. It
// depends on the input alone, not on who else's connections are held here.
func (t *Tracker) packIdle() {
	for i, at := range t.touched {
		if at == unused || t.ticks-at < 2 {
			continue
		}
		if c := t.states[i]; c.class == table.Gone || !t.pack(c) {
			t.touched[i] = t.ticks // not to be tried again at once
		}
	}
	t.latest = latest{}
}

// pack puts a connection away and takes its state back, and with it an older one
// on its endpoints, to which it points; false where either holds what cannot be
// packed, or a newer one points to it.
func (t *Tracker) pack(c *conn) bool {
	x := t.entries.At(c.entry)
	if x.Behind || c.prev != nil && (c.prev.prev != nil || !t.packAlone(c.prev)) {
		return false
	}
	c.prev = nil
	if !t.packAlone(c) {
		c.prev = t.stateOf(x.Prev)
		return false
	}
	return true
}

// packAlone packs a connection to which nobody points.
func (t *Tracker) packAlone(c *conn) bool {
	x := t.entries.At(c.entry)
	if c.details.step != nil {
		return false
	}
	// Copies that the capture made of a packet lie within duplicateWindow.
	if (t.clock.now-x.Stamp)/1000 < duplicateWindow {
		return false
	}
	for i := range c.ends {
		if s := c.ends[i].sender; s != nil && s.flight.Len() > maxPacked || c.ends[i].stream.Crowded() {
			return false
		}
	}
	w := &t.saver
	n := w.conn(t, c)
	if n > table.MaxNumbers-8 {
		return false
	}
	b := t.code.Pack(&w.v, n)
	if len(b) > table.ArenaLimit {
		return false
	}
	x.Packed, x.Size = t.arena.Put(b), uint16(table.Units(len(b)))
	x.State, x.Kept = 0, uint16(min((c.kept+keptUnit-1)/keptUnit, 1<<16-1))
	t.bytes += stateBytes(x) - bodyBytes - int64(c.more)
	t.give(c)
	return true
}

// load makes a state of a packed connection, which stays packed.
func (t *Tracker) load(i uint32) *conn {
	x := t.entries.At(i)
	c := t.take()
	c.id, c.entry, c.class, c.kept = x.ID, i, x.Class, uint32(x.Kept)*keptUnit
	if isEmbryo(x) {
		c.share(&t.shards[record.ShardOf(x.Key.Hash())].room)
		t.grow(i, c)
		return c
	}
	t.code.Unpack(&t.loader.v, t.arena.At(x.Packed)[:int(x.Size)*table.ArenaUnit])
	c.share(&t.shards[record.ShardOf(x.Key.Hash())].room)
	t.loader.conn(t, c)
	return c
}

// unpack gives a packed connection a state again.
func (t *Tracker) unpack(i uint32) {
	x, c := t.entries.At(i), t.load(i)
	if x.Size == 0 {
		t.embryos.Put(uint32(x.Packed))
	} else {
		t.arena.Drop(x.Packed)
	}
	if x.Class != table.Gone {
		t.bytes += bodyBytes - stateBytes(x)
	}
	x.Packed, x.Size, x.Kept, x.State = 0, 0, 0, c.index
	c.prev = t.stateOf(x.Prev)
}

// The parts of a connection that are left out where they hold nothing, from
// bit 20 of its first number on. What the kinds before it say is in the lower bits.
const (
	connOrig = 1 << (20 + iota) // what is known of either end
	connResp
	connTurns
	connSYNACK
	connThirdACK
	connMoved   // numbers and times that are mostly the same
	connEcho    // the SYN/ACK is not the responder's first, or echoes another SYN
	connPath    // where it was captured
	connCapture // of the capture
	connDetails
	connTrouble
	connAsides
)

// conn walks over a connection and returns how many numbers it has. Its
// identity is in its entry; recent segments are too old to be of use. Saving
// changes nothing: what turns out too long stays as it is.
func (w *packer[W]) conn(t *Tracker, c *conn) (n int) {
	k := &t.entries.At(c.entry).Key
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	const turned = 1 << 18
	head := uint64(0)
	if !w.loads() {
		head = uint64(c.flags) | asBit(a.addr != k.A)*turned | c.parts()
	}
	n = number(w, n, &head)
	if w.loads() {
		c.flags = connFlags(head & (turned - 1))
		a.addr, b.addr = k.A, k.B
		if head&turned != 0 {
			a.addr, b.addr = k.B, k.A
		}
	}
	n = w.span(n, &c.start, t.clock.first)
	n = distance(w, n, &c.lastPacket, c.id)
	n = w.span(n, &c.last, c.start)
	if w.loads() {
		c.filePacket = c.id
	}
	if head&connMoved != 0 {
		n = distance(w, n, &c.filePacket, c.id)
		n = number(w, n, &c.mark)
	}
	if head&connPath != 0 {
		n = number(w, n, &c.file)
		n = number(w, n, &c.iface)
		n = number(w, n, &c.nVLAN)
		n = number(w, n, &c.vlan[0])
		n = number(w, n, &c.vlan[1])
	}
	if head&connCapture != 0 {
		n = w.captured(n, c)
	}
	if head&connOrig != 0 {
		n = w.endpoint(n, t, c, a)
	}
	if head&connResp != 0 {
		n = w.endpoint(n, t, c, b)
	}
	n = w.opening(n, c, head)
	n = w.closing(n, c, head)
	n = w.transitions(n, c)
	n = w.zeek(n, c)
	if head&connTurns != 0 {
		n = w.turns(n, c)
	}
	if head&connDetails != 0 {
		n = w.details(n, c)
	}
	if head&connTrouble != 0 {
		n = w.trouble(n, c)
	}
	if head&connAsides != 0 {
		n = w.asides(n, t, c)
	}
	return n
}

// parts says which parts of c hold anything.
func (c *conn) parts() uint64 {
	x := &c.turns
	return asBit(c.ends[record.Orig].known())*connOrig | asBit(c.ends[record.Resp].known())*connResp |
		asBit(c.filePacket != c.id || c.mark != 0 ||
			c.timeWaitUntil != c.longestWait())*connMoved |
		asBit(c.firstSYNACK != c.ends[record.Resp].firstSYN || c.synAckAt != c.ends[record.Resp].firstSYNPacket || c.synAckEcho != c.ends[record.Orig].firstSYNVal)*connEcho |
		asBit(c.file|c.iface|uint16(c.nVLAN)|c.vlan[0]|c.vlan[1] != 0)*connPath |
		asBit(c.capture != &nothingCaptured)*connCapture |
		asBit(c.synAckAt != 0 || c.firstSYNACK != 0 || c.synAckEcho != 0)*connSYNACK |
		asBit(c.thirdACKAt != 0 || c.thirdACK != 0 || c.thirdEcho != 0)*connThirdACK |
		asBit(*x != turnarounds{spread: x.spread})*connTurns |
		asBit(c.details != &noDetails)*connDetails | asBit(c.details.trouble != nil)*connTrouble | asBit(c.details.asides != nil)*connAsides
}

func (w *packer[W]) opening(n int, c *conn, head uint64) int {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	if head&connSYNACK != 0 && w.loads() {
		c.firstSYNACK, c.synAckAt, c.synAckEcho = b.firstSYN, b.firstSYNPacket, a.firstSYNVal
	}
	if head&(connSYNACK|connEcho) == connSYNACK|connEcho {
		n = w.span(n, &c.firstSYNACK, b.firstSYN)
		n = w.packet(n, &c.synAckAt, b.firstSYNPacket)
		n = distance(w, n, &c.synAckEcho, a.firstSYNVal)
	}
	if head&connThirdACK != 0 {
		n = w.span(n, &c.thirdACK, c.firstSYNACK)
		n = w.packet(n, &c.thirdACKAt, c.synAckAt)
		n = distance(w, n, &c.thirdEcho, b.firstSYNVal)
	}
	return n
}

func (w *packer[W]) closing(n int, c *conn, head uint64) int {
	x := uint64(c.first^record.NoEnd) | uint64(c.segments)<<8 | uint64(c.resetBy^record.NoEnd)<<16
	n = number(w, n, &x)
	if w.loads() {
		c.first, c.segments, c.resetBy = record.End(x)^record.NoEnd, uint8(x>>8), record.End(x>>16)^record.NoEnd
	}
	if head&connMoved != 0 {
		n = w.span(n, &c.timeWaitUntil, c.longestWait())
	} else if w.loads() {
		c.timeWaitUntil = c.longestWait()
	}
	return n
}

// captured walks over how a connection was captured.
func (w *packer[W]) captured(n int, c *conn) int {
	x := c.capture
	if w.loads() {
		x = c.caught()
	}
	n = number(w, n, &x.tunnel)
	n = number(w, n, &x.tunnelID)
	n = w.flag(n, &x.tunnelPart)
	n = w.joined(n, &x.joined)
	n = number(w, n, &x.duplicates)
	n = number(w, n, &x.astray[0])
	n = number(w, n, &x.astray[1])
	n = number(w, n, &x.faint.bare)
	n = number(w, n, &x.faint.data)
	n = w.copies(n, c)
	n = w.places(n, c)
	n = number(w, n, &x.timeWentBack)
	n = number(w, n, &x.dropped)
	n = w.evidence(n, c)
	return w.stamps(n, &x.stamps, c)
}

func (w *packer[W]) stamps(n int, x *stamps, c *conn) int {
	n = w.span(n, &x.stepped[0], 0)
	n = w.span(n, &x.stepped[1], x.stepped[0])
	n = w.span(n, &x.uncovered[0], 0)
	n = w.span(n, &x.uncovered[1], x.uncovered[0])
	n = w.time(n, &x.at, c.last)
	n = w.time(n, &x.end, c.last)
	n = number(w, n, &x.untimed)
	n = w.flag(n, &x.startless)
	return w.flag(n, &x.endless)
}

// longestWait is until when the end waits that is longer in TIME-WAIT; 0 when neither does. Before 1970
// times are less than that.
func (c *conn) longestWait() int64 {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	switch {
	case a.timeWaitUntil == 0:
		return b.timeWaitUntil
	case b.timeWaitUntil == 0:
		return a.timeWaitUntil
	}
	return max(a.timeWaitUntil, b.timeWaitUntil)
}

func (w *packer[W]) transitions(n int, c *conn) int {
	count := uint8(len(c.trans))
	n = number(w, n, &count)
	if w.loads() {
		c.trans = slices.Grow(c.trans[:0], int(count))[:count]
	}
	at, packet, led := c.start, c.id, [2]record.State{}
	for i := range c.trans {
		tr := &c.trans[i]
		// An end's edge begins where its last one led, and is often of the same
		// packet as the one before.
		const moved, odd, packets = 1 << 7, 1 << 8, 9
		x := uint64(0)
		if !w.loads() {
			x = uint64(tr.End) | uint64(tr.Basis)<<1 | uint64(tr.To)<<3 | asBit(tr.Time != at)*moved |
				asBit(tr.From != led[tr.End])*odd | off(tr.Packet, packet)<<packets
		}
		n = number(w, n, &x)
		if w.loads() {
			tr.Time, tr.Packet, tr.End, tr.Basis, tr.To = at, packetAt(packet, x>>packets), record.End(x&1), record.Basis(x>>1&3), record.State(x>>3&15)
			tr.From = led[tr.End]
		}
		if x&moved != 0 {
			n = w.span(n, &tr.Time, at)
			at = tr.Time
		}
		if x&odd != 0 {
			n = number(w, n, &tr.From)
		}
		packet, led[tr.End] = max(packet, tr.Packet), tr.To
	}
	return n
}
