package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// states are the states of both ends, Unknown where it is not known who closed first.
func (c *conn) states() (s [2]record.State) {
	s = [2]record.State{c.ends[record.Orig].state, c.ends[record.Resp].state}
	if c.finMayHavePassed() {
		for e := range s {
			if afterFIN.has(s[e]) {
				s[e] = record.Unknown
			}
		}
	}
	return s
}

// openStep begins a row of the ladder. What was noted since the last row
// (that the connection took the place of another) belongs to this one.
func (t *Tracker) openStep(c *conn, from record.End, s *capture.Segment) {
	st := c.details.step
	st.Segment, st.Quote, st.Time, st.From = s, nil, s.Time, from
	st.Untimed = c.capture.stamps.untimed > 0
	if c.capture.stamps.at != 0 {
		st.Time = c.last // without steps of the clock and what nobody captured
	}
	st.Before = c.states()
	st.RelSeq, st.RelAck = 0, 0
	if c.is(isMidstream) && c.ends[from].packets == 1 && c.ends[from.Peer()].packets == 0 {
		st.Moments = append(st.Moments, record.Moment{Kind: record.MomentMidstream, End: from})
	}
}

// closeStep completes the row and hands it out.
func (t *Tracker) closeStep(c *conn) {
	st := c.details.step
	st.After = c.states()
	for e := record.Orig; e <= record.Resp; e++ {
		if i := c.before(e, len(c.trans)); i >= 0 {
			st.AfterBasis[e] = c.trans[i].Basis
		}
	}
	if s := st.Segment; s != nil {
		st.RelSeq = c.ends[st.From].relative(s.Seq)
		if s.Flags.Has(capture.ACK) {
			st.RelAck = c.ends[st.From.Peer()].relative(s.Ack)
		}
	}
	t.sink.Step(st)
	st.Moments = st.Moments[:0]
}

// relative is a number counted from the SYN's, or from one before the first seen.
func (e *endpoint) relative(n uint32) uint32 {
	if e.synSeen {
		return uint32(reassembly.Seq(n) - e.isn)
	}
	if e.stream.Started() {
		return uint32(reassembly.Seq(n)-e.stream.Base()) + 1
	}
	return 0
}

// tell hands out the live events that a segment caused.
func (t *Tracker) tell(c *conn, s *capture.Segment) { t.tellAt(c, s.Time, s.Packet) }

func (t *Tracker) tellAt(c *conn, now int64, packet uint64) {
	if c.flags&isOpenTold == 0 && (c.is(isOpen) || c.is(isMidstream)) {
		c.flags |= isOpenTold
		t.event(c, record.EventOpened, now, packet)
	}
	if c.is(isEndTold) {
		return
	}
	switch {
	case c.details.openKind != record.OpenUnknown && !c.is(isOpen):
		c.flags |= isEndTold
		t.event(c, record.EventFailed, now, packet)
	case c.is(isReset) && !c.closed():
		c.flags |= isEndTold
		t.event(c, record.EventReset, now, packet)
	case c.closed():
		c.flags |= isEndTold
		t.event(c, record.EventClosed, now, packet)
	}
}

func (t *Tracker) event(c *conn, k record.EventKind, now int64, packet uint64) {
	t.fill(&t.record, c)
	t.sink.Event(&record.Event{Kind: k, Time: now, Packet: packet, Record: &t.record})
}

// Follow has the packets of a connection handed to Sink.Step from now on, those of another no
// more; with 0 those of none. It reports whether the connection is held.
func (t *Tracker) Follow(id uint64) bool {
	if t.followed.id == id {
		return id != 0 && t.holds(t.followed)
	}
	if t.holds(t.followed) {
		t.stateOf(t.followed.entry).own().step = nil
	}
	t.followed = followed{}
	if id == 0 {
		return false
	}
	for i := uint32(1); i < t.entries.Next; i++ {
		if x := t.entries.At(i); x.ID == id && x.Class != table.Gone {
			c := t.stateOf(i)
			c.own().step = &record.Step{Conn: c.id, Orig: c.ends[record.Orig].addr, Resp: c.ends[record.Resp].addr}
			t.followed = followed{id: id, entry: i}
			return true
		}
	}
	return false
}

// Followed hands f an interim record of the connection that is followed, while it is held.
func (t *Tracker) Followed(f func(r *record.Record)) {
	if t.holds(t.followed) {
		t.show(t.followed.entry, func(r *record.Record, _ *table.Rest) { f(r) })
	}
}

// followed is the connection that Follow chose.
type followed struct {
	id    uint64 // 0 for none
	entry uint32
}

func (t *Tracker) holds(x followed) bool {
	if x.id == 0 {
		return false
	}
	e := t.entries.At(x.entry)
	return e.ID == x.id && e.Class != table.Gone
}

// looking is how far a walk over the connections has come.
type looking struct {
	pass uint16 // of the walk; 0: none yet
	next uint32 // the entry that comes next
}

// awake is a walk over the connections that are not at rest.
type awake struct {
	looking
	atRest uint64 // how many were left out
}

// Look hands f an interim record of connections held, at most n of them, and goes on where the
// Look of the same pass ended; it reports whether all were gone through. pass is at least 1, and
// greater by one in each walk. Connections that begin meanwhile may be handed out or not, but none
// twice; what has finished when a walk ends is handed to the Sink before that. The record is borrowed,
// and so is what f may note of the connection for the next time.
//
// It goes in the order of memory: Snapshot, which sorts, costs a cache miss for each.
func (t *Tracker) Look(pass uint16, n int, f func(r *record.Record, x *table.Rest)) (done bool) {
	if t.looking.pass != pass {
		t.expireAll()
		t.looking = looking{pass: pass, next: 1}
	}
	t.rests.Grow(t.entries.Next)
	for ; n > 0 && t.looking.next < t.entries.Next; t.looking.next++ {
		i := t.looking.next
		x := t.entries.At(i)
		if x.Class == table.Gone || x.ID == 0 {
			continue
		}
		n--
		x.Looked = pass
		t.show(i, f)
	}
	if t.looking.next < t.entries.Next {
		return false
	}
	t.flush()
	return true
}

// LookAwake is a Look at the connections but for those that are Resting and that the sum of a number
// counts, or none. When it is done it tells how many the sum counts of those. Its passes are apart from
// those of Look.
func (t *Tracker) LookAwake(pass uint16, n int, base uint8, f func(r *record.Record, x *table.Rest)) (atRest uint64, done bool) {
	w := &t.awake
	if w.pass != pass {
		t.expireAll()
		w.looking, w.atRest = looking{pass: pass, next: 1}, 0
	}
	t.rests.Grow(t.entries.Next)
	for ; n > 0 && w.next < t.entries.Next; w.next++ {
		x, rest := t.entries.At(w.next), &t.rests[w.next]
		switch {
		case x.Class == table.Gone || x.ID == 0:
		case rest.Resting && rest.In(base):
			w.atRest++
		case rest.Resting && rest.Aside:
		default:
			n--
			rest.Pass = pass
			t.show(w.next, f)
		}
	}
	if w.next < t.entries.Next {
		return 0, false
	}
	t.flush()
	return w.atRest, true
}

// Leaving is what Look and LookAwake have noted of the connection that is being handed to Sink.Conn:
// the pass of Look in which it was handed out last, 0 for none.
func (t *Tracker) Leaving() (looked uint16, x table.Rest) {
	return t.entries.At(t.leaving).Looked, t.rests.Of(t.leaving)
}

// show hands f an interim record of a connection, which is packed afterwards if it was before.
func (t *Tracker) show(i uint32, f func(r *record.Record, x *table.Rest)) {
	x := t.entries.At(i)
	packed := x.State == 0
	alone := packed && !x.Behind && x.Prev == 0 // it can stay packed
	var c *conn
	if alone {
		c = t.load(i)
	} else {
		c = t.stateOf(i)
	}
	c.silent, c.vague = t.clock.silence(x.Stamp)
	t.fill(&t.record, c)
	t.record.Interim = true
	var rest *table.Rest // nil where only who looks once is told
	if int(i) < len(t.rests) {
		rest = &t.rests[i]
	}
	f(&t.record, rest)
	switch {
	case alone:
		t.give(c)
	case packed && x.Behind:
		t.packAlone(c)
	case packed:
		t.pack(c)
	}
}
