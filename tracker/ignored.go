package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// ignoredRST is the first RST of a connection that its receiver had to ignore
// (RFC 5961 section 3.2): it changed nothing, so close.reset_* tell nothing of it.
type ignoredRST struct {
	by     record.End // valid when packet is not 0
	packet uint64     // 0 for none
	ttl    uint8
	odd    record.ResetSigns
	late   bool // its sender had sent its FIN before: it may answer what was under way
	done   bool // both FINs had been acknowledged
}

// ignoreRST takes a RST that its receiver must ignore.
func (t *Tracker) ignoreRST(c *conn, from record.End, s *capture.Segment, cause record.ResetCause, now int64) {
	e := &c.ends[from]
	c.rstsIgnored++
	if c.ignored.packet == 0 {
		c.ignored = ignoredRST{by: from, packet: s.Packet, ttl: s.TTL, odd: e.signsOf(s), late: e.finSeen || c.closed(), done: c.closed()}
	}
	c.challenge(from.Peer(), now)
	c.note(record.Moment{Kind: record.MomentResetIgnored, End: from, Reset: cause})
}

// ignored walks over it.
func (w *packer[W]) ignored(n int, c *conn) int {
	x := &c.ignored
	n = number(w, n, &x.by)
	n = w.packet(n, &x.packet, c.lastPacket)
	n = number(w, n, &x.ttl)
	n = number(w, n, &x.odd)
	n = w.flag(n, &x.late)
	return w.flag(n, &x.done)
}

func (c *conn) fillIgnored(r *record.CloseRecord) {
	r.RSTsIgnored = c.rstsIgnored
	r.Ignored = record.IgnoredRST{By: c.ignored.by, Packet: c.ignored.packet, TTL: c.ignored.ttl, Odd: c.ignored.odd, Late: c.ignored.late, Done: c.ignored.done}
}
