package tracker

import (
	"slices"

	"tcpwatch/tracker/record"
)

// A connection at rest is packed: of some 4 kB it leaves 150 to 300 bytes,
// which lie outside the garbage collector's work. It is at rest when no packet
// came for a whole tick of the input (4,096 packets of any connection): so
// those in use stay few, and stay in the processor's cache.

const (
	// idle is what Tracker.touched has for a body that nobody uses.
	idle = 1<<32 - 1
	// maxPacked is how many segments in flight an end may have to be packed.
	maxPacked = 64
)

// packIdle packs what has not been used since the tick before the last. It
// depends on the input alone, not on who else's connections are held here.
func (t *Tracker) packIdle() {
	for i, at := range t.touched {
		if at == idle || t.ticks-at < 2 {
			continue
		}
		if c := t.bodies[i]; c.class == classGone || !t.pack(c) {
			t.touched[i] = t.ticks // not to be tried again at once
		}
	}
	t.latest = latest{}
}

// pack puts a connection away and takes its body back, and with it an older one
// on its endpoints, to which it points; false where either holds what cannot be
// packed, or a newer one points to it.
func (t *Tracker) pack(c *conn) bool {
	x := t.slots.at(c.slot)
	if x.behind || c.prev != nil && (c.prev.prev != nil || !t.packAlone(c.prev)) {
		return false
	}
	c.prev = nil
	if !t.packAlone(c) {
		c.prev = t.bodyOf(x.prev)
		return false
	}
	return true
}

// packAlone packs a connection to which nobody points.
func (t *Tracker) packAlone(c *conn) bool {
	x := t.slots.at(c.slot)
	if c.step != nil {
		return false
	}
	// Copies that the capture made of a packet lie within duplicateWindow.
	if (t.clock.now-x.stamp)/1000 < duplicateWindow {
		return false
	}
	for i := range c.ends {
		if s := c.ends[i].sender; s != nil && s.flight.Len() > maxPacked || c.ends[i].stream.Crowded() {
			return false
		}
	}
	w := &t.saver
	n := w.conn(t, c)
	if n > maxWords-8 {
		return false
	}
	b := t.code.pack(&w.v, n)
	if len(b) > arenaLimit {
		return false
	}
	x.packed, x.size = t.arena.put(b), uint16(units(len(b)))
	x.body, x.kept = 0, uint16(min((c.kept+keptUnit-1)/keptUnit, 1<<16-1))
	t.bytes += x.bytes() - bodyBytes - int64(c.more)
	t.give(c)
	return true
}

// unpack gives a packed connection a body again.
func (t *Tracker) unpack(i uint32) {
	x := t.slots.at(i)
	c := t.take()
	c.id, c.slot, c.class, c.kept = x.id, i, x.class, uint32(x.kept)*keptUnit
	t.code.unpack(&t.loader.v, t.arena.at(x.packed)[:int(x.size)*arenaUnit])
	c.share(&t.shards[ShardOf(x.key.hash())].room)
	t.loader.conn(t, c)
	t.arena.drop(x.packed)
	if x.class != classGone {
		t.bytes += bodyBytes - x.bytes()
	}
	x.packed, x.size, x.kept, x.body = 0, 0, 0, c.body
	c.prev = t.bodyOf(x.prev)
}

// The parts of a connection that are left out where they hold nothing, from
// bit 20 of its first number on. What the kinds before it say is in the lower bits.
const (
	connOrig = 1 << (20 + iota) // what is known of either end
	connResp
	connTurns
	connSYNACK
	connThirdACK
	connMoved // numbers and times that are mostly the same
	connEcho  // the SYN/ACK is not the responder's first, or echoes another SYN
	connPath  // where it was captured
	connReset
	connTrouble // of the capture
	connOpening // that was no common one
	connDetails
	connStrain
	connAsides
	connStamps
)

// conn walks over a connection and returns how many numbers it has. Its
// identity is in its slot; recent segments are too old to be of use. Saving
// changes nothing: what turns out too long stays as it is.
func (w *words[W]) conn(t *Tracker, c *conn) (n int) {
	k := &t.slots.at(c.slot).key
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	const turned = 1 << 16
	head := uint64(0)
	if !w.loads() {
		head = uint64(c.flags) | bit(a.addr != k.a)*turned | c.parts()
	}
	n = num(w, n, &head)
	if w.loads() {
		c.flags = connFlags(head)
		a.addr, b.addr = k.a, k.b
		if head&turned != 0 {
			a.addr, b.addr = k.b, k.a
		}
	}
	n = w.span(n, &c.start, t.clock.first)
	n = from(w, n, &c.lastPacket, c.id)
	n = w.span(n, &c.last, c.start)
	if w.loads() {
		c.firstPacket, c.filePacket, c.interimAt = c.id, c.id, c.start
	}
	if head&connMoved != 0 {
		n = from(w, n, &c.firstPacket, c.id)
		n = from(w, n, &c.filePacket, c.id)
		n = w.span(n, &c.interimAt, c.start)
		n = num(w, n, &c.mark)
	}
	if head&connPath != 0 {
		n = num(w, n, &c.file)
		n = num(w, n, &c.iface)
		n = num(w, n, &c.tunnel)
		n = num(w, n, &c.tunnelID)
		n = w.flag(n, &c.tunnelPart)
		n = w.joined(n, &c.joined)
		n = num(w, n, &c.nVLAN)
		n = num(w, n, &c.vlan[0])
		n = num(w, n, &c.vlan[1])
	}
	if head&connTrouble != 0 {
		n = num(w, n, &c.duplicates)
		n = w.copies(n, c)
		n = num(w, n, &c.timeWentBack)
		n = num(w, n, &c.dropped)
		n = w.proofs(n, c)
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
	if head&connStrain != 0 {
		n = w.strain(n, c)
	}
	if head&connAsides != 0 {
		n = w.asides(n, t, c)
	}
	if head&connStamps != 0 {
		n = w.stamps(n, c)
	}
	return n
}

// parts says which parts of c hold anything.
func (c *conn) parts() uint64 {
	x := &c.turns
	return bit(c.ends[record.Orig].known())*connOrig | bit(c.ends[record.Resp].known())*connResp |
		bit(c.firstPacket != c.id || c.filePacket != c.id || c.interimAt != c.start || c.mark != 0 ||
			c.timeWaitUntil != c.longestWait())*connMoved |
		bit(c.firstSYNACK != c.ends[record.Resp].firstSYN || c.synAckAt != c.ends[record.Resp].firstSYNPacket || c.synAckEcho != c.ends[record.Orig].firstSYNVal)*connEcho |
		bit(c.file|c.iface|uint16(c.tunnel)|uint16(c.nVLAN)|c.vlan[0]|c.vlan[1] != 0 || c.tunnelID != 0 || c.tunnelPart || c.joined != joined{})*connPath |
		bit(c.duplicates|c.timeWentBack|c.dropped != 0 || c.copies != [2]copies{} || c.proof != proofs{})*connTrouble |
		bit(c.synAckAt != 0 || c.firstSYNACK != 0 || c.synAckEcho != 0)*connSYNACK |
		bit(c.thirdACKAt != 0 || c.thirdACK != 0 || c.thirdEcho != 0)*connThirdACK |
		bit(c.synAckLost != 0 || c.oldAnswer|c.oldConn|c.answeredAt != 0 || c.answered != 0 || c.openKind != record.OpenUnknown ||
			c.answer != record.Answer{Kind: c.answer.Kind})*connOpening |
		bit(c.resetBy != record.NoEnd || c.rstsIgnored != 0 || c.ignored != ignoredRST{})*connReset |
		bit(*x != turnarounds{spread: x.spread})*connTurns |
		bit(c.details != details{})*connDetails | bit(c.strain != nil)*connStrain | bit(c.asides != nil)*connAsides |
		bit(c.stamps != stamps{})*connStamps
}

func (w *words[W]) opening(n int, c *conn, head uint64) int {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	if head&connSYNACK != 0 && w.loads() {
		c.firstSYNACK, c.synAckAt, c.synAckEcho = b.firstSYN, b.firstSYNPacket, a.firstSYNVal
	}
	if head&(connSYNACK|connEcho) == connSYNACK|connEcho {
		n = w.span(n, &c.firstSYNACK, b.firstSYN)
		n = w.packet(n, &c.synAckAt, b.firstSYNPacket)
		n = from(w, n, &c.synAckEcho, a.firstSYNVal)
	}
	if head&connThirdACK != 0 {
		n = w.span(n, &c.thirdACK, c.firstSYNACK)
		n = w.packet(n, &c.thirdACKAt, c.synAckAt)
		n = from(w, n, &c.thirdEcho, b.firstSYNVal)
	}
	if head&connOpening == 0 {
		return n
	}
	n = num(w, n, &c.synAckLost)
	n = w.packet(n, &c.oldAnswer, c.id)
	n = w.packet(n, &c.oldConn, c.id)
	n = num(w, n, &c.answer.Type)
	n = num(w, n, &c.answer.Code)
	for i := range c.answer.From {
		n = num(w, n, &c.answer.From[i])
	}
	n = w.time(n, &c.answered, c.start)
	n = w.packet(n, &c.answeredAt, c.id)
	return num(w, n, &c.openKind)
}

func (w *words[W]) closing(n int, c *conn, head uint64) int {
	x := uint64(c.answer.Kind) | uint64(c.first^record.NoEnd)<<8 | uint64(c.segments)<<16 | uint64(c.resetBy^record.NoEnd)<<24
	n = num(w, n, &x)
	if w.loads() {
		c.answer.Kind, c.first, c.segments, c.resetBy = record.AnswerKind(x), record.End(x>>8)^record.NoEnd, uint8(x>>16), record.End(x>>24)^record.NoEnd
	}
	n = num(w, n, &c.bytesAfterFIN)
	if head&connMoved != 0 {
		n = w.span(n, &c.timeWaitUntil, c.longestWait())
	} else if w.loads() {
		c.timeWaitUntil = c.longestWait()
	}
	if head&connReset == 0 {
		return n
	}
	n = num(w, n, &c.resetIn)
	n = num(w, n, &c.resetCause)
	n = w.packet(n, &c.resetPacket, c.lastPacket)
	n = num(w, n, &c.resetTTL)
	n = w.time(n, &c.resetTime, c.last)
	n = num(w, n, &c.rstsIgnored)
	return w.ignored(n, c)
}

func (w *words[W]) stamps(n int, c *conn) int {
	x := &c.stamps
	n = w.span(n, &x.stepped[0], 0)
	n = w.span(n, &x.stepped[1], x.stepped[0])
	n = w.span(n, &x.uncovered[0], 0)
	n = w.span(n, &x.uncovered[1], x.uncovered[0])
	n = w.time(n, &x.at, c.last)
	n = w.time(n, &x.end, c.last)
	n = num(w, n, &x.untimed)
	n = w.flag(n, &x.startless)
	return w.flag(n, &x.endless)
}

// longestWait is until when the end waits that is longer in TIME-WAIT.
func (c *conn) longestWait() int64 {
	return max(c.ends[record.Orig].timeWaitUntil, c.ends[record.Resp].timeWaitUntil)
}

func (w *words[W]) transitions(n int, c *conn) int {
	count := uint8(len(c.trans))
	n = num(w, n, &count)
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
			x = uint64(tr.End) | uint64(tr.Basis)<<1 | uint64(tr.To)<<3 | bit(tr.Time != at)*moved |
				bit(tr.From != led[tr.End])*odd | off(tr.Packet, packet)<<packets
		}
		n = num(w, n, &x)
		if w.loads() {
			tr.Time, tr.Packet, tr.End, tr.Basis, tr.To = at, packetAt(packet, x>>packets), record.End(x&1), record.Basis(x>>1&3), record.State(x>>3&15)
			tr.From = led[tr.End]
		}
		if x&moved != 0 {
			n = w.span(n, &tr.Time, at)
			at = tr.Time
		}
		if x&odd != 0 {
			n = num(w, n, &tr.From)
		}
		packet, led[tr.End] = max(packet, tr.Packet), tr.To
	}
	return n
}
