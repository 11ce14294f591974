package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// finMayComeAgain reports whether the last FIN may come again after 2MSL: its
// repeats are so far apart (Linux: up to 120 s; each pause is twice the one
// before). How long a TIME-WAIT lasts is guessed; a FIN that comes later belongs
// to this connection all the same: only a SYN begins another.
func (c *conn) finMayComeAgain() bool {
	for e := record.Orig; e <= record.Resp; e++ {
		if c.ends[e].state == record.TimeWait && c.ends[e.Peer()].has&hasSlowFIN != 0 {
			return true
		}
	}
	return false
}

// repeatsClose reports whether a segment repeats the last FIN of a connection
// whose TIME-WAIT has passed, or answers that.
func (c *conn) repeatsClose(s *capture.Segment) bool {
	if c.class != classTimeWait || s.Flags.Has(capture.SYN) {
		return false
	}
	from := c.from(&s.Src)
	e, p := &c.ends[from], &c.ends[from.Peer()]
	seq := reassembly.Seq(s.Seq)
	if s.Flags.Has(capture.FIN) {
		return e.finSeen && e.fin == seq.Add(s.Len)
	}
	return seq == e.sndNxt() && (!s.Flags.Has(capture.ACK) || reassembly.Seq(s.Ack) == p.sndNxt())
}
