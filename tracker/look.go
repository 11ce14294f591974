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
// twice; what has finished when a walk ends is handed to the Sink before that. The record is borrowed.
//
// It goes in the order of memory: Snapshot, which sorts, costs a cache miss for each.
func (t *Tracker) Look(pass uint16, n int, f func(r *record.Record)) (done bool) {
	if t.looking.pass != pass {
		t.expireAll()
		t.looking = looking{pass: pass, next: 1}
	}
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

// Looked is the pass in which Look handed out the connection that is being handed to Sink.Conn;
// 0 for none.
func (t *Tracker) Looked() uint16 { return t.lookedAt }

// show hands f an interim record of a connection, which is packed afterwards if it was before.
func (t *Tracker) show(i uint32, f func(r *record.Record)) {
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
	f(&t.record)
	switch {
	case alone:
		t.give(c)
	case packed && x.Behind:
		t.packAlone(c)
	case packed:
		t.pack(c)
	}
}
