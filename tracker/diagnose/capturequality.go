package diagnose

import (
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// quality is what the capture hides, over all connections: a Set always keeps it,
// for what weakens every judgement must not depend on which detectors are chosen.
type quality struct {
	bytes     uint64 // of payload, captured or acknowledged
	packets   uint64
	conns     uint64 // with both directions
	beyond    uint64 // with more than SYNs and SYN/ACKs
	missing   tally  // connections with bytes acknowledged that were never captured
	lost      uint64
	astray    uint64            // of those, bytes that segments of the same ends may hold whose numbers fit nothing
	strays    uint64            // connections of which nothing but a packet or two of one end was seen, with data
	strayed   uint64            // bytes of those
	strayAt   fold.Range[int64] // when those came
	bursts    uint64            // of the missing ones, those that lost much of a fast burst
	long      uint64            // of the missing ones, those with segments longer than the wire allows, of which as much is missing
	openings  uint64            // of the missing ones, those of which only segments with SYN, FIN or RST were captured
	oneWay    tally
	holed     uint64    // of those, connections with bytes missing in the direction that was captured
	oneData   uint64    // their segments with data
	onePlain  uint64    // and their other segments
	unseen    uint64    // segments of the other ends at least that are absent of them
	onHost    uint64    // of those, connections captured on the host that sent, as segments show that its card was to cut
	inside    uint64    // of those, connections of the loopback interface
	heard     [2]uint64 // of those, connections of which the opener was captured, the listener
	lone      uint64    // others of which one end alone was captured, in the middle of things, and nothing shows what the other one sent
	beside    [2]uint64 // connections with both directions captured beside the opener, beside the listener
	all       uint64    // connections
	within    uint64    // of all, those that leave no host
	copies    tally
	copied    uint64 // packets
	doubled   uint64 // segments that came again too soon to be repeats
	cut       tally
	offload   tally
	midstream tally
	single    uint64 // connections of which too little was seen to call them that: see tooLittle
	backwards tally
	twoWay    uint64 // connections of which packets of both ends were captured
	data      uint64 // segments with data, of connections with both directions
	pure      uint64 // and those without data, SYN, FIN and RST
	owed      uint64 // connections in which an end sent several segments with data for each that it got: the other owed it ACKs
	back      uint64 // packets
}

func (q *quality) add(r *record.Record) {
	c := &r.Capture
	q.all++
	if withinLoopback(r) || oneHost(r) {
		q.within++
	}
	if !c.OneWay {
		q.conns++
	}
	a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]
	if a.Packets > 0 && b.Packets > 0 {
		q.twoWay++
		switch c.Tap {
		case record.TapOrig:
			q.beside[record.Orig]++
		case record.TapResp:
			q.beside[record.Resp]++
		}
		q.data += uint64(a.DataSegments) + uint64(b.DataSegments)
		q.pure += uint64(a.PureACKs) + uint64(b.PureACKs)
		if owesACKs(a, b) || owesACKs(b, a) {
			q.owed++
		}
	}
	q.bytes += a.SeenBytes + b.SeenBytes
	q.packets += a.Packets + b.Packets
	if a.Packets+b.Packets > uint64(r.Open.SYNs)+uint64(r.Open.SYNACKs)+uint64(c.Duplicates) || r.Close.ResetBy != record.NoEnd {
		q.beyond++
	}
	if min(a.Packets, b.Packets) == 0 && r.Open.Kind == record.OpenMidstream && !OneWay(r) {
		q.lone++
	}
	if stray(r) {
		q.strays++
		q.strayed += a.WireBytes + b.WireBytes
		q.strayAt.Widen(r.Start, r.End)
	}
	switch {
	case OneWay(r):
		ack := r.FirstPacket // of what began before, or of a SYN/ACK
		if r.Open.SYNs > 0 {
			ack = r.Evidence.ThirdACK
		}
		q.oneWay.hitAt(r, ack)
		if withinLoopback(r) {
			q.inside++
		}
		x, absent := a, record.Resp
		if b.Packets > 0 {
			x, absent = b, record.Orig
			q.heard[record.Resp]++
		} else {
			q.heard[record.Orig]++
		}
		if x.Bytes.V > x.SeenBytes {
			q.holed++
		}
		q.unseen += unseenAtLeast(r, absent)
		if c.Offload {
			q.onHost++
		}
		q.oneData += uint64(x.DataSegments)
		q.onePlain += x.Packets - min(uint64(x.DataSegments), x.Packets)
	case !c.OneWay && c.MissingBytes > c.WildBytes && !c.Forgotten:
		q.missing.hitAt(r, r.Evidence.Missing)
		q.lost += c.MissingBytes - c.WildBytes
		q.astray += c.AstrayBytes
		q.bytes += c.MissingBytes - c.WildBytes
		if OnlyFlagged(r) {
			q.openings++
		}
		if c.Offload && missesLong(a, b) && missesLong(b, a) {
			q.long++
		}
		if missedBurst(a) || missedBurst(b) {
			q.bursts++
		}
	}
	var doubled, hasty uint64
	for _, e := range sides() {
		// Told that its segments are too big, a sender sends them again at once.
		if x := &r.Path[e]; x.Doubled > 0 && x.TooBig.N == 0 {
			doubled += uint64(x.Doubled)
			hasty = earlier(hasty, r.Evidence.Ends[e].Doubled)
		}
	}
	if c.Duplicates > 0 && c.Twice <= record.TwiceCopied || doubled >= leastDoubled {
		if doubled < leastDoubled {
			hasty = 0
		}
		q.copies.hitAt(r, earlier(r.Evidence.Duplicate, hasty))
		q.copied += uint64(c.Duplicates)
		q.doubled += doubled
	}
	if c.TimeWentBack > 0 {
		q.backwards.hitAt(r, r.Evidence.WentBack)
		q.back += uint64(c.TimeWentBack)
	}
	if c.Truncated {
		q.cut.hitAt(r, r.Evidence.Truncated)
	}
	if c.Offload {
		q.offload.hitAt(r, r.Evidence.Offload)
	}
	switch {
	case !c.Midstream || c.Forgotten:
	case tooLittle(r):
		q.single++
	default:
		q.midstream.hitAt(r, r.FirstPacket)
	}
}

// A program that captures loses packets when they fill its buffer before it reads them. tcpdump's and
// dumpcap's hold 2 MiB; what comes faster than 100 Mbit/s may overtake a slow host or mirror port sooner.
const (
	leastBuffer = 2 << 20
	aBurst      = 64 << 10
	fastBytes   = 12_500_000 // a second
	headers     = 100        // that a packet takes beside its payload, about
)

// missedBurst tells that much of what an end sent fast was not captured.
func missedBurst(x *record.EndRecord) bool {
	return x.MissingBytes >= aBurst && x.Sending > 0 && float64(x.MissingBytes)*float64(second)/float64(x.Sending) >= fastBytes
}

// missesLong tells that what is missing of an end's data, if anything is, may be segments longer than the wire allows, of more
// than the other end's MSS.
func missesLong(from, to *record.EndRecord) bool {
	return from.MissingBytes == 0 || to.MSS.OK && from.MissingBytes > uint64(to.MSS.V)
}

// fitsBuffer tells that all that is known to have passed, captured or not, fits into the least buffer, and
// none of it came in a fast burst: that the capturing host could not keep up is no likely cause.
func (q *quality) fitsBuffer() bool {
	return q.bursts == 0 && q.bytes+headers*q.packets < leastBuffer
}

// OnlyFlagged tells that every captured segment of a connection has SYN, FIN or
// RST: a filter took the others out.
func OnlyFlagged(r *record.Record) bool {
	flagged := uint64(r.Open.SYNs) + uint64(r.Open.SYNACKs)
	for _, e := range sides() {
		flagged += uint64(r.Close.FINs[e]) + uint64(r.Close.RSTs[e])
	}
	return flagged >= r.Ends[record.Orig].Packets+r.Ends[record.Resp].Packets
}

// bulk is how many segments in one direction for each in the other are no questions and answers.
const bulk = 4

// owesACKs tells that an end sent several new segments with data for each that it got: their
// receiver acknowledges every second one at least, without data where it has none to send (RFC 5681 section 4.2).
func owesACKs(from, to *record.EndRecord) bool {
	return from.DataSegments-min(from.Retx, from.DataSegments) >= bulk*(1+to.DataSegments)
}

// lacksACKs tells that no ACK without data is in the whole capture, though some were due: data is
// absent, or was acknowledged by none. Whether a filter took them is another matter.
func (q *quality) lacksACKs() bool {
	return q.pure == 0 && (q.data > 1 && (q.missing.n > 0 || q.owed > 0) || q.filtered())
}

// acksLeast is how many segments with data must be in a capture without any ACK that has none for
// that to be no chance: about every third or fourth packet of a TCP connection is such an ACK, and
// of 20 packets picked at random (3/4)^20, or 0.3 %, hold none.
const acksLeast = 20

// takesACKs tells that a filter left out all ACKs without data, by so many others that chance did not.
func (q *quality) takesACKs() bool { return q.lacksACKs() && q.data >= acksLeast }

// oneWayPicked tells that what was captured of one direction is not all that passed there: most of the
// connections lack bytes of it, or all of them hold segments with data alone.
func (q *quality) oneWayPicked() bool {
	return q.holed*2 > q.oneWay.n || q.onePlain == 0 && q.oneData >= acksLeast
}

// besideThem tells that the capture stood beside the ends of which one direction alone was captured, as far as
// the others show: what is absent came to that place.
func (q *quality) besideThem() bool {
	for _, e := range sides() {
		if q.heard[e] == q.oneWay.n && q.beside[e] > 0 && q.beside[e.Peer()] == 0 {
			return true
		}
	}
	return false
}

// unseenAtLeast is how many segments at least an end sent of which none was captured. An ACK without
// data answers one, the bytes that were acknowledged took as many full ones, and an end sends little without any answer.
func unseenAtLeast(r *record.Record, e record.End) uint64 {
	x, y := &r.Ends[e.Peer()], &r.Ends[e]
	const full, inARow = 1460, 3
	n := max(uint64(x.PureACKs), (y.Bytes.V+full-1)/full, x.Packets/inARow, 1)
	if r.Open.Kind != record.OpenMidstream {
		n++ // its SYN or SYN/ACK
	}
	if r.Close.FINAcked[e].OK {
		n++
	}
	return n
}

// stray tells that of a connection nothing but a packet or two of one end was seen, with data.
func stray(r *record.Record) bool {
	a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]
	return r.Open.Kind == record.OpenMidstream && min(a.Packets, b.Packets) == 0 && a.Packets+b.Packets < oneWayLeast && a.WireBytes+b.WireBytes > 0
}

// readdressed tells that lone packets hold about as many bytes as are missing: they may be those, with
// addresses that were damaged or rewritten.
func (q *quality) readdressed() bool {
	near := q.strayAt.Least <= q.missing.when.Most+second && q.missing.when.Least <= q.strayAt.Most+second
	return q.lost > 0 && q.strayed*2 >= q.lost && near
}

// renumbered tells that data of the same ends whose numbers fit nothing holds about as many bytes as are missing: it
// may be those, with numbers that were damaged or edited.
func (q *quality) renumbered() bool { return q.astray > 0 && q.astray*2 >= q.lost }

// onlySYNs tells that the capture holds nothing but SYNs and SYN/ACKs: a filter left the
// rest out, or nobody answered.
func (q *quality) onlySYNs() bool { return q != nil && q.beyond == 0 }

// filtered tells that a filter on flags, not a loss, explains what is missing.
func (q *quality) filtered() bool { return q.missing.n > 0 && q.openings == q.missing.n }

// leastDoubled is how many segments of a connection must have come twice within
// less than a round trip: now and then a path doubles one.
const leastDoubled = 5

// Fields walks over what is counted.
func (q *quality) Fields(w *fold.Walk) {
	fold.Sum(w, &q.bytes, &q.packets, &q.conns, &q.beyond, &q.strays, &q.strayed, &q.lost, &q.astray, &q.openings, &q.bursts, &q.long, &q.copied, &q.doubled, &q.back, &q.data, &q.pure, &q.owed, &q.inside, &q.unseen, &q.onHost, &q.holed, &q.oneData, &q.onePlain, &q.all, &q.within, &q.twoWay, &q.lone, &q.single)
	fold.Sums(w, q.heard[:])
	fold.Sums(w, q.beside[:])
	q.strayAt.Fields(w)
	for _, t := range [...]*tally{&q.missing, &q.oneWay, &q.copies, &q.cut, &q.offload, &q.midstream, &q.backwards} {
		t.Fields(w)
	}
}

// lossyShare is from how many per cent of the bytes, and of the connections, with
// bytes acknowledged but never captured on a capture counts as one that drops packets.
const lossyShare = 1

// lossy tells that the capture lost packets in such numbers that nothing read
// from what is absent can be more than possible.
func (q *quality) lossy() bool {
	return q.lost > 0 && q.lost*100 >= q.bytes*lossyShare && q.missing.n*100 >= q.conns*lossyShare
}

// fromQuality is the Fold of a detector that judges the capture as a whole.
type fromQuality struct {
	readsNone
	tell func(c *Context, q *quality) (Finding, *tally)
}

// readsNone is of a Fold that gathers nothing of records: others keep what is needed.
type readsNone struct{}

// Add does nothing.
func (readsNone) Add(*record.Record) {}

// Fields has none to walk over.
func (readsNone) Fields(*fold.Walk) {}

// Findings judges the capture.
func (f fromQuality) Findings(c *Context) []Finding {
	x, what := f.tell(c, c.quality)
	if what == nil || what.n == 0 {
		return nil
	}
	x.Subject = Subject{Kind: SubjectCapture}
	what.into(&x)
	return []Finding{x}
}
