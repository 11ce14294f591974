package tracker

// A connection at rest is packed: of some 4 kB it leaves 200 to 350 bytes,
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
		if s := c.ends[i].sender; s != nil && s.flight.Len() > maxPacked {
			return false
		}
	}
	w := &t.words
	w.n, w.load, w.bad = 0, false, false
	w.conn(t, c)
	if w.bad || w.n > maxWords-8 {
		return false
	}
	b := w.bytes()
	if len(b) > arenaLimit {
		return false
	}
	x.packed, x.size = t.arena.put(b), uint16(units(len(b)))
	x.body = 0
	t.shards[ShardOf(x.key.hash())].bytes += x.bytes() - bodyBytes
	t.give(c)
	return true
}

// unpack gives a packed connection a body again.
func (t *Tracker) unpack(i uint32) {
	x := t.slots.at(i)
	c := t.take()
	c.id, c.slot, c.class = x.id, i, x.class
	t.words.unpack(t.arena.at(x.packed))
	t.words.conn(t, c)
	t.arena.drop(x.packed)
	if x.class != classGone {
		t.shards[ShardOf(x.key.hash())].bytes += bodyBytes - x.bytes()
	}
	x.packed, x.size, x.body = 0, 0, c.body
	c.prev = t.bodyOf(x.prev)
}

// conn walks over a connection. Its identity is in its slot; recent segments
// are too old to be of use. Without load it changes nothing: what turns out too
// long stays as it is.
func (w *words) conn(t *Tracker, c *conn) {
	k := &t.slots.at(c.slot).key
	w.span(&c.start, t.clock.first)
	turned := w.has(c.ends[Orig].addr != k.a)
	if w.load {
		c.ends[Orig].addr, c.ends[Resp].addr = k.a, k.b
		if turned {
			c.ends[Orig].addr, c.ends[Resp].addr = k.b, k.a
		}
	}
	from(w, &c.firstPacket, c.id)
	from(w, &c.lastPacket, c.firstPacket)
	from(w, &c.filePacket, c.firstPacket)
	w.span(&c.last, c.start)
	w.span(&c.interimAt, c.start)
	num(w, &c.flags)
	num(w, &c.mark)
	if w.has(c.file != 0 || c.iface != 0 || c.tunnel != 0 || c.tunnelID != 0 || c.tunnelPart || c.nVLAN != 0 || c.vlan != [2]uint16{}) {
		num(w, &c.file)
		num(w, &c.iface)
		num(w, &c.tunnel)
		num(w, &c.tunnelID)
		c.tunnelPart = w.has(c.tunnelPart)
		num(w, &c.nVLAN)
		num(w, &c.vlan[0])
		num(w, &c.vlan[1])
	}
	if w.has(c.duplicates != 0 || c.timeWentBack != 0 || c.dropped != 0 || c.proof != proofs{}) {
		num(w, &c.duplicates)
		num(w, &c.timeWentBack)
		num(w, &c.dropped)
		w.proofs(c)
	}
	for e := range c.ends {
		w.endpoint(t, c, &c.ends[e])
	}
	w.opening(c)
	w.closing(c)
	w.transitions(c)
	w.zeek(c)
	w.turns(c)
	w.facts(c)
	w.strain(c)
}

func (w *words) opening(c *conn) {
	a, b := &c.ends[Orig], &c.ends[Resp]
	if w.has(c.synAckAt != 0 || c.firstSYNACK != 0 || c.synAckEcho != 0) {
		w.span(&c.firstSYNACK, b.firstSYN)
		w.packet(&c.synAckAt, b.firstSYNPacket)
		from(w, &c.synAckEcho, a.firstSYNVal)
	}
	if w.has(c.thirdACKAt != 0 || c.thirdACK != 0 || c.thirdEcho != 0) {
		w.span(&c.thirdACK, c.firstSYNACK)
		w.packet(&c.thirdACKAt, c.synAckAt)
		from(w, &c.thirdEcho, b.firstSYNVal)
	}
	num(w, &c.answer.Kind)
	if !w.has(c.synAckLost != 0 || c.oldAnswer != 0 || c.oldConn != 0 || c.answered != 0 || c.answeredAt != 0 || c.openKind != "" || c.answer != Answer{Kind: c.answer.Kind}) {
		return
	}
	num(w, &c.synAckLost)
	w.packet(&c.oldAnswer, c.id)
	w.packet(&c.oldConn, c.id)
	num(w, &c.answer.Type)
	num(w, &c.answer.Code)
	for i := range c.answer.From {
		num(w, &c.answer.From[i])
	}
	w.at(&c.answered, c.start)
	w.packet(&c.answeredAt, c.id)
	w.text(&c.openKind, openKinds[:])
}

// The texts that a connection may hold.
var (
	openKinds   = [...]string{"", OpenRefused, OpenUnreachable, OpenAborted}
	resetCauses = [...]string{"", ResetRefused, ResetAbort, ResetUnreadData, ResetLateData, ResetAfterClose,
		ResetKeepaliveDead, ResetMiddlebox, ResetUnknown}
	timeWaitEnds = [...]string{"", TimeWait2MSL, TimeWaitReuse, TimeWaitReset, TimeWaitInputEnd}
)

func (w *words) closing(c *conn) {
	from(w, &c.first, NoEnd)
	num(w, &c.segments)
	num(w, &c.bytesAfterFIN)
	w.at(&c.timeWaitUntil, max(c.ends[Orig].timeWaitUntil, c.ends[Resp].timeWaitUntil))
	from(w, &c.resetBy, NoEnd)
	if w.has(c.resetBy != NoEnd || c.rstsIgnored != 0) {
		num(w, &c.resetIn)
		w.text(&c.resetCause, resetCauses[:])
		w.packet(&c.resetPacket, c.lastPacket)
		num(w, &c.resetTTL)
		w.at(&c.resetTime, c.last)
		num(w, &c.rstsIgnored)
	}
}

func (w *words) transitions(c *conn) {
	n := uint8(len(c.trans))
	num(w, &n)
	if w.load {
		c.trans = c.trans[:0]
		for range n {
			c.trans = append(c.trans, Transition{})
		}
	}
	at, packet, led := c.start, c.id, [2]State{}
	for i := range c.trans {
		tr := &c.trans[i]
		w.span(&tr.Time, at)
		w.packet(&tr.Packet, packet)
		// An end's edge begins where its last one led.
		x := uint16(tr.End) | uint16(tr.Proof)<<1 | uint16(tr.To)<<3 | uint16(tr.From^led[tr.End&1])<<7
		num(w, &x)
		tr.End, tr.Proof, tr.To = End(x&1), Proof(x>>1&3), State(x>>3&15)
		tr.From = State(x>>7) ^ led[tr.End]
		at, packet, led[tr.End] = tr.Time, max(packet, tr.Packet), tr.To
	}
}
