package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// disobeyed takes a RST back that stood at the number expected, once its receiver
// acknowledges what came after it: that end did not obey it (it was not signed as it had
// to be, RFC 5925 section 7.2; it was dropped after the capture point), and who sent what
// came after did not send it, or is not closed. An ACK of what had been sent before the
// RST may have crossed it on the wire, and proves nothing.
func (t *Tracker) disobeyed(c *conn, from record.End, s *capture.Segment, now int64) {
	by := from.Peer()
	e, p, ack := &c.ends[from], &c.ends[by], reassembly.Seq(s.Ack)
	if c.thirdACKAt == 0 && !c.is(isMidstream) || e.state != record.Closed || !c.expected(from) ||
		!reassembly.Seq(c.details.resetNxt).Less(ack) || p.sndNxt().Less(ack) {
		return
	}
	i := c.before(from, len(c.trans))
	if x := &c.trans[i]; x.Packet != c.resetPacket || x.From < record.Established || x.From == record.TimeWait {
		return
	}
	c.reopen(from, now, s.Packet)
	if i := c.before(by, len(c.trans)); i >= 0 && p.state == record.Closed && c.trans[i].Packet == c.resetPacket {
		c.reopen(by, now, s.Packet)
	}
	c.rstsIgnored++
	if c.ignored.Packet == 0 {
		c.ignored = record.IgnoredRST{By: by, Packet: c.resetPacket, Odd: c.details.odd, WentOn: true}
	}
	c.note(record.Moment{Kind: record.MomentResetIgnored, End: by, Reset: c.resetCause, M: 1, Ref: c.resetPacket})
	c.flags &^= isReset
	c.resetBy, c.resetIn, c.resetCause, c.resetPacket, c.resetTTL, c.resetTime = record.NoEnd, record.Unknown, record.ResetNone, 0, 0, 0
	f := &c.details
	f.odd, f.resetQuiet, f.resetAfter, f.resetNxt, f.resetAlso = 0, 0, 0, 0, false
}

// reopen takes the last edge of an end back, whatever it was based on.
func (c *conn) reopen(e record.End, now int64, packet uint64) {
	x := &c.trans[c.before(e, len(c.trans))]
	x.Basis = record.Expected
	c.retract(e, 1<<x.From, now, packet)
}
