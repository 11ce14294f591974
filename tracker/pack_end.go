package tracker

import (
	"encoding/binary"

	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/zeek"
)

// The parts of an end that are left out where they hold nothing, from bit 48
// of its first number on. What else is in that are yeses and noes, and what is
// a byte or two of every end.
const (
	endSYN = 1 << (48 + iota) // later than the connection's first packet
	endFIN
	endSender
	endTimeWait
	endWaited // not for 2MSL only
	endFirst  // its SYN is the connection's first packet
	endAgain  // and was sent again
	endBytes  // that are not those of its stream
	endCounts // of segments, that are 16 or more
	endPast   // data behind its FIN, or before it that is missing
	endOwn    // details
	endStamp  // the latest timestamp that counts is not that of its SYN
	endID     // its SYN has an identification
)

// known reports whether an end ever sent, or somebody told its numbers.
func (e *endpoint) known() bool {
	return e.packets != 0 || e.stream.Started() || e.synSeen || e.finSeen || e.state != record.Unknown || e.has != 0
}

// parts says which parts of e hold anything.
func (e *endpoint) parts(t *Tracker, c *conn) uint64 {
	isFirst := e.firstSYN == c.start && e.firstSYNPacket == c.id
	return asBit(isFirst)*endFirst | asBit(!isFirst && (e.firstSYN != 0 || e.firstSYNPacket != 0))*endSYN |
		asBit(e.lastSYN != e.firstSYN || e.lastSYNVal != e.firstSYNVal)*endAgain |
		asBit(e.finTime|e.finAckedTime != 0 || e.finPacket|e.finAckedBy != 0 || e.fin != 0)*endFIN | asBit(e.fin != e.stream.Next())*endPast |
		asBit(e.sender != nil)*endSender |
		asBit(e.timeWaitSince != 0)*endTimeWait | asBit(e.timeWaitUntil != e.waitsUntil(t) || e.restarts != 0 || e.timeWaitEnd != record.TimeWaitLasts)*endWaited |
		asBit(e.seenBytes != e.stream.Span() || e.wireBytes != e.seenBytes)*endBytes |
		asBit(e.syns|e.synAcks|e.fins|e.rsts >= 16)*endCounts |
		asBit(e.details != &noEndDetails)*endOwn | asBit(e.tsRecent != e.firstSYNVal)*endStamp |
		asBit(e.synID != 0)*endID
}

// waitsUntil is until when an end waits for 2MSL, 0 for one that does not.
func (e *endpoint) waitsUntil(t *Tracker) int64 {
	if e.timeWaitSince == 0 {
		return 0
	}
	return e.timeWaitSince + 2*t.opt.MSL
}

// endpoint walks over one end.
func (w *packer[W]) endpoint(n int, t *Tracker, c *conn, e *endpoint) int {
	id := &e.recent.id
	head := uint64(0)
	if !w.loads() {
		head = asBit(e.synSeen) | asBit(e.finSeen)<<1 | asBit(e.finAcked)<<2 | asBit(e.finImplied)<<3 | asBit(e.tailUnseen)<<4 | asBit(e.ackedAny)<<5 |
			asBit(id.counts)<<6 | asBit(id.stamped)<<7 | uint64(e.state)<<8 | uint64(e.has>>16)<<12 | uint64(e.has&0xffff)<<16 | uint64(e.wscale)<<32 | uint64(e.order)<<36 | uint64(e.ttl)<<40 | e.parts(t, c)
	}
	n = number(w, n, &head)
	if w.loads() {
		e.synSeen, e.finSeen, e.finAcked, e.finImplied = head&1 != 0, head&2 != 0, head&4 != 0, head&8 != 0
		e.tailUnseen, e.ackedAny, id.counts, id.stamped = head&16 != 0, head&32 != 0, head&64 != 0, head&128 != 0
		e.state, e.has, e.wscale, e.ttl = record.State(head>>8&15), endFlags(head>>16&0xffff|head>>12&15<<16), uint8(head>>32)&15, uint8(head>>40)
		e.order = capture.OptionOrder(head>>36) & 15
	}
	x := uint64(e.isn) | uint64(e.firstSYNVal)<<32
	n = number(w, n, &x)
	if w.loads() {
		e.isn, e.firstSYNVal = reassembly.Seq(x), uint32(x>>32)
	}
	n = w.stored(n, &e.stream, e.isn)
	n = number(w, n, &e.packets)
	n = number(w, n, &e.dataSegments)
	n = number(w, n, &e.pureACKs)
	if w.loads() {
		e.seenBytes = e.stream.Span()
		e.wireBytes = e.seenBytes
	}
	if head&endBytes != 0 {
		n = distance(w, n, &e.seenBytes, e.stream.Span())
		n = distance(w, n, &e.wireBytes, e.seenBytes)
	}
	n = w.counts(n, e, head)
	n = number(w, n, &e.widest)
	if head&endSYN != 0 {
		n = w.span(n, &e.firstSYN, c.start)
		n = w.packet(n, &e.firstSYNPacket, c.id)
	} else if w.loads() && head&endFirst != 0 {
		e.firstSYN, e.firstSYNPacket = c.start, c.id
	}
	if head&endAgain != 0 {
		n = w.span(n, &e.lastSYN, e.firstSYN)
		n = distance(w, n, &e.lastSYNVal, e.firstSYNVal)
	} else if w.loads() {
		e.lastSYN, e.lastSYNVal = e.firstSYN, e.firstSYNVal
	}
	if w.loads() {
		e.tsRecent = e.firstSYNVal
	}
	if head&endStamp != 0 {
		n = distance(w, n, &e.tsRecent, e.firstSYNVal)
	}
	if head&endID != 0 {
		behind := id.id - e.synID // mostly as many as its segments since
		if n = number(w, n, &behind); w.loads() {
			e.synID = id.id - behind
		}
	}
	n = w.time(n, &e.lastSend, c.last)
	n = w.time(n, &e.lastData, e.lastSend)
	n = w.time(n, &e.firstByte, e.lastData)
	n = w.packet(n, &e.firstData, c.id)
	if head&endFIN != 0 {
		if w.loads() {
			e.fin = e.stream.Next()
		}
		if head&endPast != 0 {
			n = w.seq(n, &e.fin, e.stream.Next())
		}
		n = w.time(n, &e.finTime, c.last)
		n = w.time(n, &e.finAckedTime, e.finTime)
		n = w.packet(n, &e.finPacket, c.lastPacket)
		n = w.packet(n, &e.finAckedBy, e.finPacket)
	}
	if head&endTimeWait != 0 {
		n = w.time(n, &e.timeWaitSince, c.last)
	}
	if w.loads() {
		e.timeWaitUntil = e.waitsUntil(t)
	}
	if head&endWaited != 0 {
		n = w.span(n, &e.timeWaitUntil, e.waitsUntil(t))
		n = number(w, n, &e.timeWaitEnd)
		n = number(w, n, &e.restarts)
	}
	if head&endOwn != 0 {
		n = w.endDetails(n, t, e, c)
	}
	if head&endSender != 0 {
		n = w.sender(n, t.sends(e), e, c)
	}
	return n
}

// endDetails walks over what most ends have nothing of.
func (w *packer[W]) endDetails(n int, t *Tracker, e *endpoint, c *conn) int {
	x := e.details
	if w.loads() {
		x = e.own()
	}
	n = number(w, n, &x.retx)
	n = number(w, n, &x.retxBytes)
	n = number(w, n, &x.outOfOrder)
	n = number(w, n, &x.dupAcks)
	n = number(w, n, &x.synData)
	probed, closed := x.probe != prober{}, x.zero != zeroWindow{}
	if n = w.flag(n, &probed); probed {
		n = w.prober(n, &x.probe, c)
	}
	if n = w.flag(n, &closed); closed {
		n = w.zeroWindow(n, t, &x.zero, c)
	}
	return n
}

// counts walks over what an end offers, how often it sent SYN, FIN and RST, and
// the identification of its last segment.
func (w *packer[W]) counts(n int, e *endpoint, head uint64) int {
	x := uint64(e.window) | uint64(e.mss)<<16 | uint64(e.recent.id.id)<<48
	if head&endCounts == 0 {
		x |= uint64(e.syns)<<32 | uint64(e.synAcks)<<36 | uint64(e.fins)<<40 | uint64(e.rsts)<<44
	}
	n = number(w, n, &x)
	if w.loads() {
		e.window, e.mss, e.recent.id.id = uint16(x), uint16(x>>16), uint16(x>>48)
		e.syns, e.synAcks, e.fins, e.rsts = uint32(x>>32&15), uint32(x>>36&15), uint32(x>>40&15), uint32(x>>44&15)
	}
	if head&endCounts != 0 {
		n = number(w, n, &e.syns)
		n = number(w, n, &e.synAcks)
		n = number(w, n, &e.fins)
		n = number(w, n, &e.rsts)
	}
	return n
}

func (w *packer[W]) prober(n int, k *prober, c *conn) int {
	n = number(w, n, &k.probes)
	n = number(w, n, &k.answered)
	n = number(w, n, &k.pending)
	n = w.packet(n, &k.first, c.lastPacket)
	n = w.packet(n, &k.unanswered, c.lastPacket)
	n = w.flag(n, &k.hasIdle)
	n = w.span(n, &k.idle, 0)
	n = w.time(n, &k.last, c.last)
	n = w.span(n, &k.answeredGap, 0)
	return w.span(n, &k.unansweredGap, 0)
}

func (w *packer[W]) zeroWindow(n int, t *Tracker, z *zeroWindow, c *conn) int {
	n = number(w, n, &z.silly)
	n = w.packet(n, &z.sillyAt, c.lastPacket)
	n = w.flag(n, &z.closed)
	n = number(w, n, &z.episodes)
	n = w.time(n, &z.since, c.last)
	n = w.span(n, &z.total, 0)
	n = number(w, n, &z.probes)
	n = w.time(n, &z.lastAt, c.last)
	n = w.span(n, &z.lastGap, 0)
	list := z.list != nil
	if n = w.flag(n, &list); list {
		n = w.zeroWindowEpisodes(n, t, z, c)
	}
	return n
}

// zeek walks over Zeek's view of a connection.
func (w *packer[W]) zeek(n int, c *conn) int {
	z := &c.z
	head := uint64(z.NLetters) | uint64(z.Seen[record.Orig])<<8 | uint64(z.Seen[record.Resp])<<16 | asBit(z.Partial)<<24
	n = number(w, n, &head)
	if w.loads() {
		z.NLetters, z.Seen[record.Orig], z.Seen[record.Resp], z.Partial = uint8(head), zeek.Seen(head>>8), zeek.Seen(head>>16), head>>24 != 0
	}
	n = w.letters(n, z.Letters[:8])
	if z.NLetters > 8 {
		n = w.letters(n, z.Letters[8:16])
	}
	if z.NLetters > 16 {
		n = w.letters(n, z.Letters[zeek.MaxHistory-8:])
	}
	n = w.zeekEnd(n, &z.Ends[record.Orig], &c.ends[record.Orig])
	return w.zeekEnd(n, &z.Ends[record.Resp], &c.ends[record.Resp])
}

// letters are eight letters in one number.
func (w *packer[W]) letters(n int, text []byte) int {
	if x := w.at(n); w.loads() {
		binary.LittleEndian.PutUint64(text, *x)
	} else {
		*x = binary.LittleEndian.Uint64(text)
	}
	return n + 1
}

func (w *packer[W]) zeekEnd(n int, z *zeek.Endpoint, e *endpoint) int {
	const (
		more = 1 << (16 + iota)
		fin
		wide  // numbers apart
		start // not its isn
		odd
	)
	head, near := uint64(0), e.stream.Next()-reassembly.Seq(z.Start)
	if !w.loads() && z.Started() {
		head = uint64(z.State) | uint64(z.Was)<<8 | more | asBit(z.FIN != 0)*fin | asBit(z.Start != uint32(e.isn))*start |
			asBit(z.LastTurns|z.AckTurns != 0 || z.RST != 0 || z.Stream.Holes())*odd
		last, ack, next := apart(z.Last, near), apart(z.Ack, z.Last), apart(z.Stream.Next, z.Last)
		end := apart(z.FIN, z.Last) * uint32(asBit(z.FIN != 0))
		if last|ack|next|end < 1<<8 {
			head |= uint64(last)<<32 | uint64(ack)<<40 | uint64(next)<<48 | uint64(end)<<56
		} else {
			head |= wide
		}
	}
	if n = number(w, n, &head); head == 0 {
		return n
	}
	if w.loads() {
		z.State, z.Was, z.Start = zeek.State(head), zeek.State(head>>8), uint32(e.isn)
	}
	if head&start != 0 {
		n = number(w, n, &z.Start)
	}
	if w.loads() {
		near = e.stream.Next() - reassembly.Seq(z.Start)
		z.Last = beside(near, uint32(head>>32&0xff))
		z.Ack, z.Stream.Next = beside(z.Last, uint32(head>>40&0xff)), beside(z.Last, uint32(head>>48&0xff))
		if head&fin != 0 {
			z.FIN = beside(z.Last, uint32(head>>56))
		}
	}
	if head&wide != 0 {
		n = w.seq(n, &z.Last, near)
		n = w.seq(n, &z.Ack, z.Last)
		n = w.seq(n, &z.Stream.Next, z.Last)
		n = number(w, n, &z.FIN)
	}
	counts := uint64(z.Counts[0]) | uint64(z.Counts[1])<<16 | uint64(z.Counts[2])<<32
	n = number(w, n, &counts)
	if w.loads() {
		z.Counts = [zeek.NCounts]uint16{uint16(counts), uint16(counts >> 16), uint16(counts >> 32)}
	}
	if head&odd == 0 {
		return n
	}
	n = number(w, n, &z.LastTurns)
	n = number(w, n, &z.AckTurns)
	n = number(w, n, &z.RST)
	for i := range z.Stream.Above {
		n = number(w, n, &z.Stream.Above[i].From)
		n = number(w, n, &z.Stream.Above[i].To)
	}
	return n
}
