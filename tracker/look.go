package tracker

import (
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// looking is how far a walk over the connections has come.
type looking struct {
	pass uint16 // of the walk; 0: none yet
	next uint32 // the entry that comes next
}

// Look hands f an interim record of connections held, at most n of them, and goes on where the
// Look of the same pass ended; it reports whether all were gone through. pass is at least 1, and
// greater by one in each walk. Connections that begin meanwhile may be handed out or not, but none
// twice; what has finished is handed to the Sink before the walk and after it. The record is borrowed.
//
// It goes in the order of memory: Snapshot, which sorts, costs a cache miss for each.
func (t *Tracker) Look(pass uint16, n int, f func(r *record.Record)) (done bool) {
	if t.looking.pass != pass {
		t.expireAll()
		t.flush()
		t.looking = looking{pass: pass, next: 1}
	}
	for ; n > 0 && t.looking.next < t.entries.Next; t.looking.next++ {
		i := t.looking.next
		x := t.entries.At(i)
		if x.Class == table.Gone || x.ID == 0 || x.Looked == pass {
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

// Looked is the pass in which Look handed out the connection that is being handed to Sink.Conn;
// 0 for none.
func (t *Tracker) Looked() uint16 { return t.lookedAt }

// show hands f an interim record of a connection, which is packed afterwards if it was before.
func (t *Tracker) show(i uint32, f func(r *record.Record)) {
	x := t.entries.At(i)
	packed := x.State == 0
	c := t.stateOf(i)
	c.silent, c.vague = t.clock.silence(x.Stamp)
	t.fill(&t.record, c)
	t.record.Interim = true
	f(&t.record)
	switch {
	case packed && x.Behind:
		t.packAlone(c)
	case packed:
		t.pack(c)
	}
}

// Follow has the packets of a connection handed to Sink.Step from now on, those of another no
// more; with 0 those of none. It reports whether the connection is held.
func (t *Tracker) Follow(id uint64) bool {
	if t.followed.id == id {
		return id != 0 && t.holds(t.followed)
	}
	if t.holds(t.followed) {
		t.stateOf(t.followed.entry).step = nil
	}
	t.followed = followed{}
	if id == 0 {
		return false
	}
	for i := uint32(1); i < t.entries.Next; i++ {
		if x := t.entries.At(i); x.ID == id && x.Class != table.Gone {
			c := t.stateOf(i)
			c.step = &record.Step{Conn: c.id, Orig: c.ends[record.Orig].addr, Resp: c.ends[record.Resp].addr}
			t.followed = followed{id: id, entry: i}
			return true
		}
	}
	return false
}

// Followed hands f an interim record of the connection that is followed, while it is held.
func (t *Tracker) Followed(f func(r *record.Record)) {
	if t.holds(t.followed) {
		t.show(t.followed.entry, f)
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
