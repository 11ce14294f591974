package tracker

import (
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// placeData notes what new or repeated payload of an end was to its stream.
func (t *Tracker) placeData(c *conn, from record.End, seq reassembly.Seq, a reassembly.Added, now int64) {
	if a.New+a.Filled > 0 {
		s := &c.ends[from].stream
		t.placed.New, t.placed.Offset = true, int64(s.Span())-int64(uint32(s.Next()-seq))
	}
	c.turns.take(c, from, a, now)
}
