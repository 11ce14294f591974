package tracker

import "tcpwatch/reassembly"

// A connection at rest is packed: of some 4 kB it leaves 200 to 400 bytes,
// which lie outside the garbage collector's work. It is at rest when no packet
// came for a whole tick of the input (4,096 packets of any connection): so
// those in use stay few, and stay in the processor's cache.

// idle is what Tracker.touched has for a body that nobody uses.
const idle = 1<<32 - 1

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

// pack puts a connection away and takes its body back; false where it holds
// what cannot be packed.
func (t *Tracker) pack(c *conn) bool {
	x := t.slots.at(c.slot)
	if x.prev != 0 || x.behind || c.step != nil {
		return false
	}
	// Copies that the capture made of a packet lie within duplicateWindow.
	if (t.clock.now-x.stamp)/1000 < duplicateWindow {
		return false
	}
	w := &t.words
	w.v, w.n, w.load = w.v[:0], 0, false
	t.words.conn(t, c)
	if len(w.v) > maxWords {
		return false
	}
	b := w.bytes()
	if len(b) > arenaLimit {
		return false
	}
	x.packed = t.arena.put(b)
	x.body = 0
	t.give(c)
	return true
}

// unpack gives a packed connection a body again.
func (t *Tracker) unpack(i uint32) {
	x := t.slots.at(i)
	c := t.take()
	c.id, c.slot, c.class = x.id, i, x.class
	n := t.words.unpack(t.arena.at(x.packed))
	t.words.conn(t, c)
	t.arena.drop(x.packed, n)
	x.packed, x.body = 0, c.body
}

// conn walks over a connection. Its identity is in its slot; recent segments
// are too old to be of use.
//
// Without load it changes nothing: what turns out too long stays as it is.
func (w *words) conn(t *Tracker, c *conn) {
	k := &t.slots.at(c.slot).key
	w.id = c.id
	start := uint64(c.start)
	num(w, &start)
	c.start, w.time = int64(start), int64(start)
	high := !w.load && c.ends[Orig].addr == k.high
	w.flag(&high)
	if w.load {
		c.ends[Orig].addr, c.ends[Resp].addr = k.low, k.high
		if high {
			c.ends[Orig].addr, c.ends[Resp].addr = k.high, k.low
		}
	}
	w.packet(&c.firstPacket)
	w.packet(&c.lastPacket)
	w.packet(&c.filePacket)
	num(w, &c.file)
	num(w, &c.iface)
	w.at(&c.last)
	w.at(&c.interimAt)
	w.at(&c.timeWaitUntil)
	num(w, &c.tunnel)
	num(w, &c.tunnelID)
	w.flag(&c.tunnelPart)
	num(w, &c.nVLAN)
	num(w, &c.vlan[0])
	num(w, &c.vlan[1])
	num(w, &c.flags)
	w.opening(c)
	w.closing(c)
	num(w, &c.duplicates)
	num(w, &c.timeWentBack)
	num(w, &c.dropped)
	num(w, &c.mark)
	for e := range c.ends {
		w.endpoint(t, &c.ends[e])
	}
	w.transitions(c)
	w.zeek(&c.z, c)
	w.turns(&c.turns)
}

func (w *words) opening(c *conn) {
	w.at(&c.thirdACK)
	w.packet(&c.thirdACKAt)
	num(w, &c.synAckLost)
	w.at(&c.firstSYNACK)
	w.packet(&c.synAckAt)
	num(w, &c.synAckEcho)
	num(w, &c.thirdEcho)
	w.packet(&c.oldAnswer)
	w.packet(&c.oldConn)
	num(w, &c.answer.Kind)
	num(w, &c.answer.Type)
	num(w, &c.answer.Code)
	if w.has(c.answer.Kind >= AnswerICMP) {
		for i := range c.answer.From {
			num(w, &c.answer.From[i])
		}
	}
	w.at(&c.answered)
	w.packet(&c.answeredAt)
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
	num(w, &c.first)
	num(w, &c.segments)
	num(w, &c.bytesAfterFIN)
	num(w, &c.resetBy)
	if w.has(c.resetBy != NoEnd) {
		num(w, &c.resetIn)
		w.text(&c.resetCause, resetCauses[:])
		w.packet(&c.resetPacket)
		num(w, &c.resetTTL)
		w.at(&c.resetTime)
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
	for i := range c.trans {
		tr := &c.trans[i]
		w.at(&tr.Time)
		w.packet(&tr.Packet)
		x := uint16(tr.End) | uint16(tr.From)<<2 | uint16(tr.To)<<6 | uint16(tr.Proof)<<10
		num(w, &x)
		tr.End, tr.From, tr.To, tr.Proof = End(x&3), State(x>>2&15), State(x>>6&15), Proof(x>>10)
	}
}

func (w *words) turns(x *turnarounds) {
	num(w, &x.n)
	if !w.has(*x != turnarounds{spread: x.spread}) {
		return
	}
	num(w, &x.timed)
	num(w, &x.repeated)
	w.flag(&x.waiting)
	w.flag(&x.again)
	w.flag(&x.early)
	w.at(&x.request)
	num(w, &x.requestEnd)
	num(w, &x.answerFrom)
	w.at(&x.answered)
	w.span(&x.first)
	w.span(&x.min)
	w.span(&x.max)
	w.span(&x.sum)
	w.span(&x.think)
	if x.timed > 1 {
		if x.spread == nil {
			x.spread = new(reassembly.Histogram)
		}
		w.histogram(x.spread)
	}
}

func (w *words) histogram(h *reassembly.Histogram) {
	if w.load {
		rest := h.Load(w.v[w.n:])
		w.n = len(w.v) - len(rest)
		return
	}
	w.v = h.Save(w.v)
}
