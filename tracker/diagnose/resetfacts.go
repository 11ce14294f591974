package diagnose

import (
	"cmp"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// What a record tells of its first RST, whatever that came from.

// running tells that a connection was open when its first RST came.
func running(r *record.Record) bool {
	return r.Close.Kind != record.CloseNeverOpened && !RefusedLate(r)
}

// cutOff tells that a RST ended an open connection: its receiver obeyed it.
func cutOff(r *record.Record) bool {
	return running(r) && r.Close.Kind == record.CloseReset && r.Close.ResetBy != record.NoEnd
}

// wasDone tells that the other end had closed before the RST, after an answer:
// it waits for nothing more.
func wasDone(r *record.Record) bool {
	by := r.Close.ResetBy
	if by > record.Resp || r.Ends[by].SeenBytes == 0 || r.Close.Crossed {
		return false
	}
	fin := r.Close.FINTime[by.Peer()]
	return fin.OK && r.Close.ResetTime.OK && fin.V <= r.Close.ResetTime.V
}

// resetAt is when the first RST came.
func resetAt(r *record.Record) int64 { return cmp.Or(r.Close.ResetTime.V, r.End) }

// wentOn is for how long the receiver of the first RST sent on; 0 where that may have crossed it: no path is
// slower than the initial timeout, a second (RFC 6298 section 2.1).
func wentOn(r *record.Record) int64 {
	c := &r.Close
	if c.ResetBy > record.Resp || !c.ResetTime.OK || r.Ends[c.ResetBy.Peer()].LastSent-c.ResetTime.V < second {
		return 0
	}
	return r.Ends[c.ResetBy.Peer()].LastSent - c.ResetTime.V
}

// bothClosing tells that both ends had sent their FIN right before the RST.
func bothClosing(r *record.Record) bool {
	a, b := r.Close.FINTime[record.Orig], r.Close.FINTime[record.Resp]
	return a.OK && b.OK && r.Close.ResetTime.OK && max(a.V, b.V) <= r.Close.ResetTime.V && r.Close.ResetTime.V-max(a.V, b.V) < second
}

// closingAlready tells that the RST's sender had sent its FIN before.
func closingAlready(r *record.Record) bool {
	by := r.Close.ResetBy
	return by <= record.Resp && r.Close.FINTime[by].OK && r.Close.ResetTime.OK && r.Close.FINTime[by].V <= r.Close.ResetTime.V
}

// informed tells that the other end had acknowledged the FIN of the RST's sender before that RST: after it
// that tells nothing of what came before.
func informed(r *record.Record) bool {
	if r.Close.ResetBy > record.Resp {
		return false
	}
	acked := r.Close.FINAcked[r.Close.ResetBy]
	return acked.OK && acked.V <= resetAt(r)
}

// hadReset tells that the RST's sender had sent another before, which its receiver had to ignore.
func hadReset(r *record.Record) bool {
	g := &r.Close.Ignored
	return g.Packet != 0 && g.By == r.Close.ResetBy && g.Packet < r.Close.ResetPacket && !g.Odd.Has(record.OddTTL)
}

// answersChallenge tells that a bare RST answers the ACK by which its receiver had refused the one before.
func answersChallenge(r *record.Record) bool { return hadReset(r) && bare(r) && provoked(r) }

// lowISNs tells that both ends began at sequence number 0 or 1.
func lowISNs(r *record.Record) bool {
	a, b := r.Ends[record.Orig].Key.ISN, r.Ends[record.Resp].Key.ISN
	return a.OK && b.OK && a.V <= 1 && b.V <= 1
}

// otherClosed tells that the other end had sent its FIN before the RST.
func otherClosed(r *record.Record) bool {
	if r.Close.ResetBy > record.Resp {
		return false
	}
	fin := r.Close.FINTime[r.Close.ResetBy.Peer()]
	return fin.OK && r.Close.ResetTime.OK && fin.V <= r.Close.ResetTime.V
}

// boreLonger tells that the opener, which reset the connection, had waited longer for an answer before than it waited
// for anything when it reset it.
func boreLonger(r *record.Record) bool {
	x := &r.Exchanges
	waited := r.Close.ResetAfter
	if x.Left.OK {
		waited = x.Left.V
	}
	return r.Close.ResetBy == record.Orig && x.Timed > 0 && x.Max > waited
}

// optionless tells that an end opened without the MSS, which every system sends; its options were read.
func optionless(r *record.Record, e record.End) bool {
	x := &r.Ends[e]
	return r.Open.Kind == record.OpenHandshake && !r.Capture.SYNUnseen[e] && x.SACK.OK && !x.MSS.OK
}

// uponData is how soon a RST comes that an application sends because of what it just got.
const uponData = 10 * millisecond

// refusing tells that the opener sent its RST right after the first data of the other end, which it had asked for something.
func refusing(r *record.Record) bool {
	c := &r.Close
	return c.ResetBy == record.Orig && c.DataLast && c.ResetAfter < uponData && r.Ends[record.Orig].SeenBytes > 0 && r.Ends[record.Resp].DataSegments == 1
}

// spokeTLS tells that an opener offered TLS, and that what it got for it is neither a ServerHello nor as short as an alert.
func spokeTLS(r *record.Record) bool {
	const alert = 7
	return r.Names != nil && r.Names.TLSOffered != "" && r.Names.TLSVersion == "" && r.Ends[record.Resp].SeenBytes > alert && !r.Capture.Truncated && r.Capture.MissingBytes == 0
}

// countSender counts what else the sender of a RST had shown before it.
func (x *resets) countSender(r *record.Record) {
	by := r.Close.ResetBy
	if bare(r) {
		x.bare++
	}
	if optionless(r, by) {
		x.optionless++
	}
	if p := &r.Path[by]; p.UnackedTimes >= triesToFail {
		x.repeated++
		x.inVainFor.Take(max(0, resetAt(r)-p.Unacked))
	}
	if by <= record.Resp && r.Path[by.Peer()].Hole > 0 {
		x.holed++
	}
	if refusing(r) {
		x.refusing++
		if spokeTLS(r) {
			x.noTLS++
		}
	}
	if c := &r.Close; c.ResetQuiet < uponData && c.ResetQuiet < c.ResetAfter && r.Ends[by].SeenBytes > 0 {
		x.upon++
	}
	if spoke, ok := spokenBy(r); ok {
		x.strange++
		x.tongues.Take(spoke)
	}
	x.answering += uint64(max(r.Close.RSTs[by], 1) - 1)
}

// alikeWaits tells that connections, three or more, waited equally long: a timer, not chance.
func alikeWaits(n uint64, waits fold.Range[int64]) bool {
	spread := waits.Most - waits.Least
	return n >= 3 && (spread <= oneTimeoutLeast || spread*100 <= waits.Most*oneTimeout)
}

// limitLeast is how long data must have been sent in vain before a limit of repeats, or a timeout for that, ends a
// connection: no system gives up sooner than after a few seconds, and no usual timeout of an application is shorter.
const limitLeast = second

// gaveUp tells that the senders of all RSTs had sent data again and again before, long enough to give up on that.
func (x *resets) gaveUp() bool { return x.repeated == x.n && x.inVainFor.Least >= limitLeast }

// hurried tells that each RST came right behind its sender's own FIN, to which nobody could have answered yet, on a connection
// whose other end had sent data: a close with that unread does so.
func (x *resets) hurried() bool {
	return x.closing == x.n && x.after < uponData && x.unbegun == 0 && x.informed == 0
}

// oneGoodbye tells that one opener reset several connections to one listener at one moment, and had said goodbye on one of
// them at least: they belong together, and that goodbye was for all.
func (x *resets) oneGoodbye() bool {
	return x.n > 1 && x.byes > 0 && x.by[record.Resp] == 0 && x.sources.all.Count() == 1 && x.targets.Count() == 1 && x.when.Most-x.when.Least <= goodbyeWithin
}

// goodbyeWithin is within what time a program closes all connections of a session.
const goodbyeWithin = 100 * millisecond
