package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// A receiver drops what has a wrong TCP checksum, every copy of it: it looks lost
// and is not. Checksums are verified only where something was sent again (what was
// repeated is gone by then, so all that follows is), and of each SYN and SYN/ACK:
// where that is right the sender's card is not what fills them in behind the tap.

// verifySYN notes whether the checksum of an end's SYN or SYN/ACK is right.
func (t *Tracker) verifySYN(e *endpoint) {
	if t.opt.Verify != nil && t.opt.Verify() == capture.MarkChecksumOK {
		e.has |= hasRightSum
	}
}

// spoiled reports whether the receiver of data throws it away for its checksum.
func (t *Tracker) spoiled(e, p *endpoint, s *capture.Segment) bool {
	if e.sender == nil || s.Len == 0 || t.opt.Verify == nil || s.Flags.Any(capture.SYN|capture.RST) {
		return false
	}
	x := &e.sender.refused
	if !x.checking {
		if !reassembly.Seq(s.Seq).Less(e.stream.Next()) {
			return false
		}
		x.checking = true
	}
	full := uint32(1460) // Ethernet's, where no MSS is known
	if p.has&hasMSS != 0 {
		full = uint32(p.mss)
	}
	if s.Len > full {
		return false // merged by the card: no checksum is of all of it
	}
	switch t.opt.Verify() {
	case capture.MarkChecksumOK:
		x.right++
	case capture.MarkBadChecksum:
		x.wrong++
		noteFirst(&x.wrongAt, s.Packet)
		if seq := reassembly.Seq(s.Seq); x.segments == 0 || x.wrongSeq != seq {
			x.wrongSeq = seq
			x.segments++
		}
		x.alone = !reassembly.Seq(s.Seq).Less(e.stream.Next())
		return x.tellsWrong(e)
	}
	return false
}

// taken takes that the other end acknowledged everything before una. A segment
// of which only one copy was captured, with a wrong checksum, was not thrown away
// then: the capture was edited, or the card fills the checksums in.
func (x *refusals) taken(una reassembly.Seq) {
	x.asked, x.known = 0, false
	if x.alone && x.wrongSeq.Less(una) {
		x.alone, x.edited = false, true
	}
}

// tellsWrong reports whether the checksums that were wrong are so: where most
// are, the card of the sender fills them in behind the capture point (offload).
func (x *refusals) tellsWrong(e *endpoint) bool {
	right := x.right
	if e.has&hasRightSum != 0 {
		right++
	}
	return right > 0 && x.segments <= right && !x.edited
}

// takeSpoiled takes data whose checksum is wrong: it was sent, and changes nothing
// about its receiver.
func (t *Tracker) takeSpoiled(c *conn, from record.End, s *capture.Segment, now int64) {
	e := &c.ends[from]
	e.sender.refused.refuse(e, reassembly.Seq(s.Seq).Add(s.Len))
	t.takeData(c, from, s, now)
	t.placed.New = false // nobody read it
	c.note(record.Moment{Kind: record.MomentDataRefused, End: from, M: 2, N: uint64(s.Len)})
}
