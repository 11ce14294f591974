package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

// quality is what the capture hides, over all connections: a Set always keeps it,
// for what weakens every judgement must not depend on which detectors are chosen.
type quality struct {
	bytes     uint64 // of payload, captured or acknowledged
	packets   uint64
	conns     uint64 // with both directions
	missing   tally  // connections with bytes acknowledged that were never captured
	lost      uint64
	openings  uint64 // of the missing ones, those of which only segments with SYN, FIN or RST were captured
	oneWay    tally
	copies    tally
	copied    uint64 // packets
	doubled   uint64 // segments that came again too soon to be repeats
	cut       tally
	offload   tally
	midstream tally
	backwards tally
	back      uint64 // packets
}

func (q *quality) add(r *record.Record) {
	c := &r.Capture
	if !c.OneWay {
		q.conns++
	}
	a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]
	q.bytes += a.SeenBytes + b.SeenBytes
	q.packets += a.Packets + b.Packets
	switch {
	case OneWay(r):
		ack := r.FirstPacket // of what began before, or of a SYN/ACK
		if r.Open.SYNs > 0 {
			ack = r.Evidence.ThirdACK
		}
		q.oneWay.hitAt(r, ack)
	case !c.OneWay && c.MissingBytes > c.WildBytes && !c.Forgotten:
		q.missing.hitAt(r, r.Evidence.Unseen)
		q.lost += c.MissingBytes - c.WildBytes
		q.bytes += c.MissingBytes - c.WildBytes
		if onlyFlagged(r) {
			q.openings++
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
	if c.Duplicates > 0 || doubled >= leastDoubled {
		if doubled < leastDoubled {
			hasty = 0
		}
		q.copies.hitAt(r, earlier(r.Evidence.Copy, hasty))
		q.copied += uint64(c.Duplicates)
		q.doubled += doubled
	}
	if c.TimeWentBack > 0 {
		q.backwards.hitAt(r, r.Evidence.Back)
		q.back += uint64(c.TimeWentBack)
	}
	if c.Truncated {
		q.cut.hitAt(r, r.Evidence.Cut)
	}
	if c.Offload {
		q.offload.hitAt(r, r.Evidence.Long)
	}
	if c.Midstream && !c.Forgotten {
		q.midstream.hitAt(r, r.FirstPacket)
	}
}

// onlyFlagged tells that every captured segment of a connection has SYN, FIN or
// RST: a filter took the others out.
func onlyFlagged(r *record.Record) bool {
	flagged := uint64(r.Open.SYNs) + uint64(r.Open.SYNACKs)
	for _, e := range sides() {
		flagged += uint64(r.Close.FINs[e]) + uint64(r.Close.RSTs[e])
	}
	return flagged >= r.Ends[record.Orig].Packets+r.Ends[record.Resp].Packets
}

// filtered tells that a filter on flags, not a loss, explains what is missing.
func (q *quality) filtered() bool { return q.missing.n > 0 && q.openings == q.missing.n }

// leastDoubled is how many segments of a connection must have come twice within
// less than a round trip: now and then a path doubles one.
const leastDoubled = 5

func (q *quality) merge(o *quality) {
	q.bytes += o.bytes
	q.packets += o.packets
	q.conns += o.conns
	q.lost += o.lost
	q.openings += o.openings
	q.copied += o.copied
	q.doubled += o.doubled
	q.back += o.back
	q.missing.Merge(&o.missing)
	q.oneWay.Merge(&o.oneWay)
	q.copies.Merge(&o.copies)
	q.cut.Merge(&o.cut)
	q.offload.Merge(&o.offload)
	q.midstream.Merge(&o.midstream)
	q.backwards.Merge(&o.backwards)
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
	tell func(c *Context, q *quality) (Finding, *tally)
}

// Add does nothing: the Set keeps what is needed.
func (fromQuality) Add(*record.Record) {}

// Merge does nothing either.
func (fromQuality) Merge(Fold) {}

// Findings judges the capture.
func (f fromQuality) Findings(c *Context) []Finding {
	x, what := f.tell(c, c.quality)
	if what == nil {
		return nil
	}
	x.Subject = Subject{Kind: SubjectCapture}
	what.into(&x)
	return []Finding{x}
}

func captureDrops() Detector {
	return Detector{
		Name: "capture-drops", Group: GroupCapture, needs: signNone,
		Doc: `The capture itself lost packets: what is absent from it may have been there.

Rule: an ACK for bytes that were never captured proves that they were sent and arrived,
so the capture missed them (RFC 9293 section 3.10.7.4: nobody acknowledges what did not come);
an ACK beyond every window seen, which no data bears out, is taken for a stray;
where only segments with SYN, FIN or RST were captured, a filter left the data out;
bytes that packets which could not be decoded may hold, at most 9,000 each, are told as that;
live, the kernel counts what it could not hand over. One per cent of the bytes and of the
connections, or any drop that the kernel counted, makes it a warning, and then no other finding is more than
possible. Losses "before the capture point" may be such drops. One-way captures are
counted apart: see capture-one-way.`,
		New: func(*Options) Fold {
			return fromQuality{func(c *Context, q *quality) (Finding, *tally) {
				dropped := c.Drops.OK && c.Drops.V > 0
				if !dropped && q.missing.n == 0 {
					return Finding{}, nil
				}
				f := Finding{
					Severity: Info, Confidence: Proven,
					Title:       fmt.Sprintf("the capture lost packets: %s of %s never seen", Plural(q.lost, "acknowledged byte"), Plural(q.missing.n, "connection")),
					Explanation: "ACKs for bytes that were never captured prove that they arrived (RFC 9293 section 3.10.7.4): the capture missed them, not the receiver.",
					Causes: []string{"the capturing host could not keep up: buffer too small, disk too slow", "a mirror port that carries more than its own rate drops the rest",
						"a capture that began or was filtered in the middle of things"},
					Advice: []string{"Capture with a larger buffer and shorter packets: `tcpdump -B 65536 -s 128 -w FILE`, and a filter that takes only what matters.",
						"`ethtool -S eth0` (the capturing interface's own name) shows what the card itself dropped."},
				}
				if share := percentOf(q.lost, q.bytes); share != "0%" {
					f.Explanation = fmt.Sprintf("That is %s of all bytes. %s", share, f.Explanation)
				}
				if dropped {
					f.counted = true
					f.Title = fmt.Sprintf("the capture lost packets: the kernel counted %s dropped", Thousands(c.Drops.V))
				}
				if !dropped && q.filtered() {
					f.Title = fmt.Sprintf("only segments with SYN, FIN or RST were captured of %s: the data between is left out", Plural(q.missing.n, "connection"))
					f.Explanation = fmt.Sprintf("Their sequence numbers prove %s that the capture does not hold. No other finding is given as more than possible.", Plural(q.lost, "byte"))
					f.Causes = []string{"a capture filter on the flags, such as `tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0`"}
					f.Advice = []string{"For loss, round trips and windows capture all segments: `tcpdump -s 128 -w FILE` keeps the file small."}
				} else if !dropped && c.unread(q.lost) {
					f.Confidence = Possible
					f.Title = fmt.Sprintf("%s of %s were not read: %s could not be decoded", Plural(q.lost, "acknowledged byte"), Plural(q.missing.n, "connection"), Plural(c.Undecoded, "packet"))
					f.Explanation = "They may be in packets that were captured and not decoded: encrypted, compressed, in fragments or of an unknown kind (`skipped` in the statistics)."
					f.Causes = []string{"a tunnel whose content is not decoded", f.Causes[0]}
				} else if dropped || q.lossy() {
					f.Severity = Warning
					f.Explanation += " No other finding is given as more than possible."
				}
				if q.missing.n == 0 {
					return f, &tally{n: c.Conns, since: c.Start, until: c.End}
				}
				return f, &q.missing
			}}
		},
	}
}

func captureOneWay() Detector {
	return Detector{
		Name: "capture-one-way", Group: GroupCapture, needs: signNone,
		Doc: `Only one direction was captured of many connections.

Rule: what is seen acknowledges data of the other end (RFC 9293 section 3.10.7.4) of
which not one packet was captured, by three packets or more, or with data for a second,
and its ACK numbers rise, or it goes on after its SYN: the other end sent in the time
that was captured. The way back does not pass here (asymmetric
routing), the mirror port copies one direction, or a filter names one address only.
From a fifth of all connections on it is a warning, and no other finding is more than
possible; below that those connections alone are left out of judgements that need
both directions. One or two among others may be a hole of the capture: they are
only possible.`,
		New: func(*Options) Fold {
			return fromQuality{func(c *Context, q *quality) (Finding, *tally) {
				if q.oneWay.n == 0 {
					return Finding{}, nil
				}
				f := Finding{
					Severity: Info, Confidence: Proven,
					Title:       fmt.Sprintf("only one direction was captured of %s", outOf(q.oneWay.n, max(c.Conns, q.oneWay.n), "connection")),
					Explanation: "Their ACKs are for data of an end that was never seen (RFC 9293 section 3.10.7.4): what it did can't be known.",
					Causes: []string{"the way back does not pass the capture point (asymmetric routing)", "the mirror port copies one direction only",
						"the capture filter names source or destination alone"},
					Advice: []string{"Mirror both directions of the port, or capture on the host itself: `tcpdump -i any -w FILE host 192.0.2.1` (its own address)."},
				}
				if c.OneWay*100 >= c.Conns*oneWayShare {
					f.Severity = Warning
				}
				if q.oneWay.n < oneWayFew && q.conns > 0 {
					f.Severity, f.Confidence = Info, Possible
					f.Causes = append([]string{"the capture missed the other end's packets"}, f.Causes...)
				}
				return f, &q.oneWay
			}}
		},
	}
}

func captureCopies() Detector {
	return Detector{
		Name: "capture-copies", Group: GroupCapture, needs: signNone,
		Doc: `The capture holds packets twice: they were counted once.

Rule: two copies of a packet with the same IPv4 identification and bytes, within 5 ms and
with at most one hop between them, are one packet that the capture saw twice: a mirror port that
copies both where it comes in and where it goes out, the any device, a bridge. TCP itself
waits before it repeats (RFC 6298 section 2.4: a second, Linux 200 ms). Other tools call these
retransmissions. They are taken out before anything is judged. Told as well: data that came
again within less than a round trip, sooner than its sender can know of a loss.`,
		New: func(*Options) Fold {
			return fromQuality{func(_ *Context, q *quality) (Finding, *tally) {
				if q.copies.n == 0 {
					return Finding{}, nil
				}
				f := Finding{
					Severity: Info, Confidence: Likely,
					Title:       fmt.Sprintf("%s of the packets are copies, on %s: they were captured, or on the way, twice", percentOf(q.copied+q.doubled, q.packets), Plural(q.copies.n, "connection")),
					Explanation: "They came within 5 ms with the same identification and bytes, which no TCP sender does (RFC 6298 section 2.4 wants a timeout of a second, Linux 200 ms); they are not judged.",
					Causes:      []string{"a mirror port that copies packets where they come in and where they go out", "a capture on all interfaces of a router, bridge or container host", "the path itself delivers packets twice"},
					Advice:      []string{"Mirror one direction of each port, or capture on one interface."},
				}
				if q.doubled > 0 {
					f.Explanation += fmt.Sprintf(" %s more came again within less than a round trip, with other marks: sooner than their sender could know of a loss.", Thousands(q.doubled))
					f.Causes = append([]string{"both sides of a proxy, NAT or router with other TTLs or identifications are in the capture"}, f.Causes...)
				}
				return f, &q.copies
			}}
		},
	}
}
