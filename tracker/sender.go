package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// sender is what one end knows of the data it sent, rebuilt at the tap: what
// is in flight, what is missing at the receiver, and why it repeats. An end
// that never sends data has none.
type sender struct {
	flight  reassembly.Flight
	rtt     roundTrips
	base    int64 // the handshake's round trip, 0 when it is not known
	hasBase bool

	// what was sent latest, by its own marks
	hasTS    bool
	hasID    bool
	idRun    uint8 // segments whose identification came next after the one before
	idOdd    uint8 // and whose did not
	newestID uint16
	newestTS uint32

	passed  uint32 // payload of the largest segment acknowledged
	long    uint32 // segments longer than the other end takes, repeats too
	dupAcks uint32 // duplicate ACKs in a row
	heard   int64  // when SND.UNA last moved, or a duplicate ACK came
	news    int64  // when SND.UNA last moved, or SACK told of more: what a tail loss probe waits from

	limits
	unscaled unscaled
	loss     *losses // see losing
	pool     *spares[losses]
}

// losses is what a sender has of which anything was lost, sent again, out of order, refused or
// missed by the capture.
type losses struct {
	// recovery
	recover  reassembly.Seq
	mode     recovery
	probeGap int64 // pause before the tail loss probe that may have been a timeout; 0 for none
	probeAt  int64
	provable bool              // the last timeout may be proven spurious by what arrives (RFC 5682)
	proved   [8]reassembly.Seq // ends of repeats known needless that no D-SACK told of yet
	nProved  uint8
	eifelTo  reassembly.Seq // end of the last repeat, for the Eifel test
	eifelVal uint32         // its TSval
	eifelSet bool

	// reordering
	gapAt    int64 // the segment that opened the latest gap
	gapIPID  uint16
	gapTS    bool
	gapTSVal uint32

	refused    refusals
	leap       leap
	answers    *reassembly.Answers // since the last timeout; nil before the first
	classes    [nRepeatClasses]uint32
	spurious   uint32
	dsacks     uint32
	sackBlocks uint32 // that the other end sent
	sacksOut   uint32 // of those, of numbers that were never sent
	sacksDone  uint32 // of those, in ACKs of all that had been sent
	lostBefore uint32
	lostAfter  uint32
	lostAgain  uint32 // repeats of what had been sent again before
	stood      int64  // ns: nothing came from either end before a timeout repaired a loss
	standing   int64  // the same, before repeats that nobody has acknowledged yet
	late       int64  // ns: the longest that a segment came after what it should precede

	conflicts    uint32 // segments whose bytes are not those sent before under the same numbers
	conflictsOwn uint32 // of those, segments with its TTL and the next IP identifications

	repeatAt, needlessAt, lateAt, conflictAt uint64 // see record.EndEvidence
	repeatTime                               int64  // of repeatAt
}

// noLosses are those of a sender that has none of its own; as noDetails.
var noLosses losses

// losing is x.loss to be written to.
func (x *sender) losing() *losses {
	if x.loss == &noLosses {
		x.loss = x.pool.take()
	}
	return x.loss
}

// recovery is what a sender is doing about loss (Linux's CA states).
type recovery uint8

const (
	recoverNone recovery = iota
	recoverFast          // RFC 6675
	recoverLoss          // after a timeout (RFC 5681 section 3.1)
)

// sends returns the sender of an end, made at its first data.
func (t *Tracker) sends(e *endpoint) *sender {
	if e.sender == nil {
		if n := len(t.senders); n > 0 {
			e.sender = t.senders[n-1]
			t.senders = t.senders[:n-1]
		} else {
			e.sender = &sender{loss: &noLosses, pool: &t.parts.losses}
		}
	}
	return e.sender
}

// keepSenders takes back the senders of a connection that is over.
func (t *Tracker) keepSenders(c *conn) {
	for i := range c.ends {
		x := c.ends[i].sender
		if x != nil && x.loss != &noLosses {
			if x.loss.answers != nil {
				t.parts.answers.give(x.loss.answers)
			}
			x.pool.give(x.loss)
		}
		if x != nil && len(t.senders) < t.spareSenders() {
			flight, spans := x.flight, x.rtt.spans
			flight.Reset(maxSpareSegments)
			if spans != nil {
				spans.Clear()
			}
			*x = sender{} // with fields it would be made elsewhere and copied
			x.flight, x.rtt.spans, x.loss, x.pool = flight, spans, &noLosses, &t.parts.losses
			t.senders = append(t.senders, x)
		}
		c.ends[i].sender = nil
		t.keepZeroWindowList(&c.ends[i].details.zero)
	}
}

// sentNew notes data above everything seen; gap says that it left one.
func (x *sender) sentNew(from, to reassembly.Seq, gap bool, s *capture.Segment, now int64) {
	x.rtt.sent(s, now)
	sent := x.flight.Send(from, to, now, s.Packet, s.IPID)
	if s.Head != 0 && from == reassembly.Seq(s.Seq) {
		if sum, ok := s.PayloadSum(); ok {
			sent.Head, sent.Sum = s.Head, sum
		}
	}
	x.loss.answers.Send(ends(s, to), 0)
	if gap {
		x.gapBefore(s, now)
	}
}

// mark notes the marks of a segment that was sent later than all before.
func (x *sender) mark(s *capture.Segment) {
	if s.Options&capture.OptTimestamps != 0 && (!x.hasTS || int32(s.TSVal-x.newestTS) > 0) {
		x.newestTS, x.hasTS = s.TSVal, true
	}
	if s.IPID == 0 {
		return
	}
	if x.hasID {
		if d := s.IPID - x.newestID; d > 0 && d < maxIDStep {
			x.idRun = min(x.idRun, 250) + 1
		} else if x.idOdd++; x.idOdd > 250 {
			x.idOdd /= 2
		}
	}
	x.newestID, x.hasID = s.IPID, true
}

// ownCount reports whether the IP identification of the segment at hand goes on where its end's
// segments are: whoever sent them sent it.
func (x *sender) ownCount(s *capture.Segment) bool {
	d := s.IPID - x.newestID
	return s.IPID != 0 && x.idRun >= 3 && x.idOdd <= x.idRun/8 && d > 0 && d < maxIDStep
}

// maxIDStep is how far apart the IP identifications of two segments of one end
// may lie where they are counted up, for the connection (Linux) or the host; less
// than the 256 by which a little-endian count seems to go.
const maxIDStep = 128

// stale reports whether a segment was sent before others already seen: it was
// overtaken, or doubled on the path. It is no repeat of its sender.
func (x *sender) stale(s *capture.Segment, now int64) bool {
	counted := x.idRun >= 3 && x.idOdd <= x.idRun/8
	if s.IPID == 0 || !counted {
		return s.Options&capture.OptTimestamps != 0 && x.hasTS && int32(s.TSVal-x.newestTS) < 0 && !x.loss.refused.setBack(reassembly.Seq(s.Seq))
	}
	if was := x.flight.Find(reassembly.Seq(s.Seq)); was != nil && was.ID != 0 {
		if s.IPID == was.ID { // a host may repeat it (RFC 1122 section 3.2.1.5)
			return now-was.Last < minRTO
		}
		return int16(s.IPID-was.ID) < 0
	}
	return int16(s.IPID-x.newestID) <= 0
}

// gapBefore notes the segment that showed a gap before it.
func (x *sender) gapBefore(s *capture.Segment, now int64) {
	x.losing().gapAt, x.losing().gapIPID, x.losing().gapTSVal = now, s.IPID, s.TSVal
	x.losing().gapTS = s.Options&capture.OptTimestamps != 0
}

// maxIDBack is how far apart the IP identifications of what was overtaken and of what overtook it
// may lie: a host that counts for all its connections comes round within seconds, at 2^15 or 2^16.
const maxIDBack = 1 << 12

// overtaken reports whether a segment that fills a gap was overtaken on its
// way to the tap, rather than sent again because it was lost before the tap.
func (x *sender) overtaken(s *capture.Segment, now int64) bool {
	if s.Options&capture.OptTimestamps != 0 && x.loss.gapTS && s.TSVal != x.loss.gapTSVal {
		return int32(s.TSVal-x.loss.gapTSVal) < 0
	}
	if d := int16(s.IPID - x.loss.gapIPID); s.IPID != 0 && x.loss.gapIPID != 0 && d != 0 && d > -maxIDBack && d < maxIDBack {
		return d < 0 // counted up for each connection (Linux), or for the host
	}
	// A repeat has a cause: duplicate ACKs, SACK, or a timeout.
	return x.dupAcks == 0 && !x.flight.SACKedAbove(reassembly.Seq(s.Seq)) && now-x.loss.gapAt < minRTO
}

// seenLate reports whether a segment that fills a gap, its data acknowledged
// before, is their first transmission, which the capture put behind its ACK.
// They were sent no sooner than what came before them: less than two round trips
// ago (the pause before a tail loss probe, RFC 8985 section 7.2) nothing but
// duplicate ACKs sets a repeat off. before is where everything seen ended.
func (c *conn) seenLate(from record.End, s *capture.Segment, before reassembly.Seq, now int64) bool {
	e := &c.ends[from]
	una, since := e.stream.Una(), e.lastData
	if since == 0 {
		since = e.lastSend
	}
	seq := reassembly.Seq(s.Seq)
	return seq.Less(una) && before == una && una.LessEq(seq.Add(s.Len)) && since != 0 &&
		e.sender.dupAcks == 0 && e.sender.loss.mode == recoverNone && now-since < min(minRTO, 2*c.pathTime())
}

// acked takes an ACK for what an end of c sent: before SND.UNA is una.
func (x *sender) acked(c *conn, of record.End, s *capture.Segment, una reassembly.Seq, advanced uint32, dup bool, now int64) {
	e := &c.ends[of]
	if !x.hasBase && c.thirdACKAt != 0 {
		x.base, x.hasBase = c.handshakeTime(of), true
	}
	base := x.base
	a := x.flight.Ack(una)
	if a.Newest != nil {
		x.passed = max(x.passed, a.Newest.Len())
	}
	if advanced > 0 {
		x.dupAcks, x.heard, x.news = 0, now, now
		if x.loss.standing != 0 {
			x.losing().stood += x.loss.standing
			x.losing().standing = 0
		}
		if x.loss.mode != recoverNone && x.loss.recover.LessEq(una) {
			x.losing().mode = recoverNone
		}
		if x.loss.probeGap != 0 {
			x.losing().probeGap = 0
		}
		x.original(a.Original, a.First)
		if a.Segments > 0 && a.Karn && !a.Newest.SACKed && c.timed(a.Newest.First, s) && !cameTwice(s, una, a.Newest) {
			full, flying := fullPayload(&c.ends[of.Peer()], s), e.flying()
			x.rtt.add(now-a.Newest.First, base, a.Segments == 1 && a.Bytes+flying < 2*full, a.Bytes+flying)
			if a.Bytes >= full || flying > 0 {
				x.rtt.held = 0 // no small segment that was alone under way
			}
		}
		if c.timed(x.rtt.stampAt, s) {
			x.rtt.echoed(s, now)
		}
		x.eifel(s, una)
	} else if dup {
		x.dupAcks++
		x.heard = now
	}
	if x.loss.answers.Follows() {
		x.answered(s)
	}
	x.sacks(c, e, s, una, firstTold{una.Add(-advanced), a.Newest}, base, now)
	if dup && x.loss.provable && x.loss.recover.Less(e.stream.Next()) {
		x.losing().provable = false // an ACK that tells of nothing new, though new data went out: RFC 5682 section 2.1, step 3a
	}
}

// sacks takes the SACK blocks of an ACK.
func (x *sender) sacks(c *conn, e *endpoint, s *capture.Segment, una reassembly.Seq, told firstTold, base int64, now int64) {
	for i := range int(s.NSACK) {
		left, right := reassembly.Seq(s.SACK[i].Left), reassembly.Seq(s.SACK[i].Right)
		x.losing().sackBlocks++
		if e.neverSent(left, right) {
			x.losing().sacksOut++
			if una == e.stream.Next() {
				x.losing().sacksDone++
			}
			continue
		}
		if i == 0 && (right.LessEq(una) || s.NSACK > 1 && inBlock(s.SACK[1], left, right)) {
			if right.LessEq(una) && (told.onlyCame(left, right, una) || una.Less(e.stream.Una())) {
				continue
			}
			// RFC 2883 section 4: the first block tells what came twice.
			x.losing().dsacks++
			x.needless(right, true, s.Packet)
			continue
		}
		if n, first, last := x.flight.SACK(left, right); n > 0 {
			x.heard, x.news = now, now
			x.passed = max(x.passed, uint32(last.To-last.From))
			x.original(first.Times == 1, first.To)
			if last.Times == 1 && c.timed(last.First, s) {
				x.rtt.add(now-last.First, base, false, e.flying())
			}
		}
	}
}

// cameTwice reports whether an ACK says by D-SACK that data which it acknowledges for the first
// time came twice (RFC 2883 section 4): a repeat went by unseen, and which of the two it answers
// nothing tells (Karn's rule, RFC 6298 section 3).
func cameTwice(s *capture.Segment, una reassembly.Seq, newest *reassembly.Sent) bool {
	if s.NSACK == 0 {
		return false
	}
	left, right := reassembly.Seq(s.SACK[0].Left), reassembly.Seq(s.SACK[0].Right)
	return left.Less(right) && right.LessEq(una) && newest.From.Less(right)
}

func inBlock(b capture.SACKBlock, left, right reassembly.Seq) bool {
	return reassembly.Seq(b.Left).LessEq(left) && right.LessEq(reassembly.Seq(b.Right))
}

// eifel: an ACK that echoes a time before the repeat answers the original: the
// repeat was needless (RFC 3522 section 3.2).
func (x *sender) eifel(s *capture.Segment, una reassembly.Seq) {
	if !x.loss.eifelSet || una.Less(x.loss.eifelTo) {
		return
	}
	x.losing().eifelSet = false
	if s.Options&capture.OptTimestamps != 0 && int32(s.TSEcr-x.loss.eifelVal) < 0 {
		x.needless(x.loss.eifelTo, false, s.Packet)
		if x.loss.provable && x.loss.mode == recoverLoss {
			x.losing().mode = recoverNone // the timeout was spurious (RFC 4015)
		}
	}
}

// original: after a timeout, data in flight that was never sent again arrived
// after all. The timeout was spurious: it is taken back, and what still is
// missing is found out by SACK (F-RTO, RFC 5682 section 3).
func (x *sender) original(seen bool, to reassembly.Seq) {
	if seen && x.loss.provable && x.loss.mode == recoverLoss && to.LessEq(x.loss.recover) {
		x.losing().mode = recoverNone
	}
}

// needless labels the repeat that ended at to as spurious, which a packet shows. A D-SACK proves anew
// what a timestamp or an acknowledgment may have proved before.
func (x *sender) needless(to reassembly.Seq, dsack bool, packet uint64) {
	for i := range x.loss.nProved {
		if x.loss.proved[i] == to {
			if dsack {
				x.losing().nProved--
				x.losing().proved[i] = x.loss.proved[x.loss.nProved]
			}
			return
		}
	}
	repeats := uint32(0)
	for _, n := range x.loss.classes {
		repeats += n
	}
	if x.loss.spurious >= repeats {
		return // what came twice without having been repeated was doubled on the path
	}
	x.losing().spurious++
	noteFirst(&x.losing().needlessAt, packet)
	if !dsack {
		if int(x.loss.nProved) == len(x.loss.proved) {
			x.losing().nProved = uint8(copy(x.losing().proved[:], x.losing().proved[1:]))
		}
		x.losing().proved[x.loss.nProved] = to
		x.losing().nProved++
	}
}
