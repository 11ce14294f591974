package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// Quoted takes an ICMP error that quotes a TCP header, in input order.
func (t *Tracker) Quoted(q *capture.Quote) {
	k := t.quoteKey(q)
	hash := k.Hash()
	sh := &t.shards[record.ShardOf(hash)]
	sh.stats.Quotes++
	i, others := t.index.Find(&t.entries, k)
	c := t.stateOf(i)
	for c != nil && !c.sent(q) {
		c = c.prev
	}
	if c == nil && others {
		c = t.quotedElsewhere(k, q)
	}
	if c == nil {
		sh.stats.Unmatched++
		return
	}
	t.rests.Wake(c.entry)
	from := c.from(&q.Src)
	e := &c.ends[from]
	now := max(q.Time-(q.Stepped-c.capture.stamps.stepped[0])-(q.Uncovered-c.capture.stamps.uncovered[0]), c.last)
	if q.Untimed || c.capture.stamps.untimed > 0 {
		now = c.last
	}
	if c.details.step != nil {
		*c.details.step = record.Step{Conn: c.id, Orig: c.ends[record.Orig].addr, Resp: c.ends[record.Resp].addr, Quote: q, Time: q.Time, From: from.Peer(),
			Before: c.states(), Moments: c.details.step.Moments[:0]}
	}
	kind := record.MomentICMP
	if e.state == record.SynSent {
		kind = record.MomentUnreachable
	}
	c.toldTooBig(from, q)
	c.note(record.Moment{Kind: kind, End: from, N: uint64(q.Type), M: uint64(q.Code), Span: now - e.firstSYN, Ref: c.id})
	if e.state == record.SynSent && endsConn(q) {
		f := c.own()
		f.answer = record.Answer{Kind: record.AnswerICMP, Type: q.Type, Code: q.Code, From: q.From}
		if q.V6 {
			f.answer.Kind = record.AnswerICMPv6
		}
		f.openKind, f.answered, f.answeredAt = record.OpenUnreachable, now, q.Packet
		// RFC 9293 section 3.9.2.2 lets hard errors abort; Linux ends SYN-SENT
		// at soft ones too (tcp_v4_err).
		c.apply(from, rcvUnreachable, record.Expected, now, q.Packet)
		t.touch(sh, c)
	}
	if c.details.step != nil {
		t.closeStep(c)
	}
	if t.opt.Events {
		t.tellAt(c, q.Time, q.Packet)
	}
}

// endsConn reports whether the error ends an attempt to connect: "fragmentation
// needed", "packet too big" and source quench only slow it down.
func endsConn(q *capture.Quote) bool {
	if q.V6 {
		return q.Type == 1 || q.Type == 3 || q.Type == 4
	}
	return q.Type == 3 && q.Code != 4 || q.Type == 11 || q.Type == 12
}

// sent reports whether the quoted segment can be one of this connection's.
func (c *conn) sent(q *capture.Quote) bool {
	e := &c.ends[c.from(&q.Src)]
	if !e.stream.Started() {
		return false
	}
	seq := reassembly.Seq(q.Seq)
	return e.synSeen && seq == e.isn || nearNext(e, seq)
}
