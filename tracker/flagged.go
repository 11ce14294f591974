package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// A filter such as tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0 leaves out what shows
// how far both ends are: the numbers of a FIN and of a RST alone tell it.

// onlyFlagged reports whether every captured segment of both ends has SYN, FIN or
// RST: a filter on the flags left the others out, ACKs too.
func (c *conn) onlyFlagged() bool {
	for e := range c.ends {
		x, y := &c.ends[e], &c.copies[e]
		if x.packets == 0 || x.packets > uint64(x.syns)+uint64(x.synAcks)+uint64(x.fins)+uint64(x.rsts)+uint64(y.syns)+uint64(y.synAcks)+uint64(y.fins) {
			return false
		}
	}
	return true
}

// onlySYNs reports whether nothing but SYNs and RSTs was captured: so nothing tells what the
// receiver of a RST expects next (RCV.NXT).
func (c *conn) onlySYNs() bool {
	return c.thirdACKAt == 0 && c.ends[record.Orig].fins+c.ends[record.Resp].fins == 0 && c.onlyFlagged()
}

// sentBeyondSYN reports whether an end sent data, which the capture need not hold: it was
// open then (RFC 9293 section 3.10.2).
func (e *endpoint) sentBeyondSYN() bool {
	first := e.isn.Add(1).Add(e.synData)
	return e.synSeen && (first.Less(e.stream.Next()) || e.finSeen && first.Less(e.fin))
}

// keepRST keeps a RST that its receiver must ignore by all that was captured, where that is
// nothing but SYN, FIN and RST: it may stand behind data that a filter left out.
func (t *Tracker) keepRST(c *conn, from record.End, s *capture.Segment, now int64) {
	e, seq := &c.ends[from], reassembly.Seq(s.Seq)
	if d := seq.Sub(e.sndNxt()); !c.onlyFlagged() || !e.synSeen || d <= 0 {
		return
	}
	t.hasAsides(c)
	x := &c.asides.rst
	if x.packet == 0 {
		x.keep(s, jumpSeq, now)
		c.asides.rstFrom = from
	}
	if c.asides.rstFrom == from && x.seq == seq {
		c.asides.rsts++
	}
}

// lastRST lets such a RST count, of a connection that is over, where nothing but SYNs tells
// how far its sender was, or the FINs that were captured too have its number.
func (t *Tracker) lastRST(c *conn) {
	x, from := &c.asides.rst, c.asides.rstFrom
	if x.packet == 0 || !c.onlyFlagged() || c.is(isReset) {
		return
	}
	s := t.again(c, from, x)
	if !c.onlySYNs() && !c.acceptsRST(from.Peer(), s) {
		return
	}
	c.rstsIgnored -= c.asides.rsts
	if c.ignored.Packet == x.packet {
		c.ignored = record.IgnoredRST{}
	}
	t.takeRSTOf(c, from, s, x.at, true)
}
