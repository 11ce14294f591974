package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// foreignBlocks sums up SACK blocks of numbers that the end that gets them never sent.
type foreignBlocks struct {
	tally
	blocks   uint64
	came     uint64 // of those, blocks in ACKs of all that had been sent
	timeouts uint64 // repeats by timeout
	repeats  uint64
	fine     uint64 // connections whose blocks are all of numbers that were sent
	partly   uint64 // connections not captured from the beginning
}

// Fields walks over what is summed up.
func (x *foreignBlocks) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.blocks, &x.came, &x.timeouts, &x.repeats, &x.fine, &x.partly)
}

func sackRewritten() Detector {
	return Detector{
		Name: "sack-rewritten", Group: GroupTransfer, needs: traitSACK,
		Doc: `Sequence numbers are rewritten on the path, those in SACK blocks are not: SACK is useless.

Rule: a firewall that randomises initial sequence numbers adds an offset to the numbers of
each segment, and must do so in the SACK option too (RFC 2018); where it forgets that,
each block names numbers that the sender never sent. It drops such blocks, and with them
what the duplicate ACKs would tell, so what is lost is repaired by timeouts. Counted are
connections on which every SACK block lies far outside all that was sent, where that stream
was captured whole and something of it was sent again. A few stray blocks among others are
not that, nor are those of a stream of which nothing was missing: they tell of stray
segments, of another connection for example (RFC 2883 section 4). Where all blocks came in
ACKs of all that was sent they tell what came twice, and no loss was hidden: a notice.`,
		New: func(o *Options) Fold {
			return newEndFold(atLeast{o.count("sack-rewritten", 3, "SACK blocks of one connection, all out of range, from which on it counts")}.addSACK, tellSACK)
		},
	}
}

func (l atLeast) addSACK(s *subjects[foreignBlocks, *foreignBlocks], r *record.Record, e record.End) {
	from, to := &r.Ends[e], &r.Ends[e.Peer()]
	if r.Capture.OneWay || from.SACKBlocks == 0 || to.MissingBytes > 0 || to.SpanUnknown {
		return
	}
	switch {
	case from.SACKOutOfRange == 0:
		s.Well(sideOf(r, e.Peer())).fine++
	case from.SACKOutOfRange == from.SACKBlocks && uint64(from.SACKBlocks) >= l.least && to.Retx > 0:
		x := s.At(sideOf(r, e.Peer()))
		x.hitAt(r, r.Evidence.Ends[e.Peer()].Repeat)
		x.blocks += uint64(from.SACKBlocks)
		x.came += uint64(from.SACKAllCame)
		x.timeouts += uint64(to.RetxRTO)
		x.repeats += uint64(to.Retx)
		if r.Capture.Midstream {
			x.partly++
		}
	}
}

func tellSACK(_ *Context, s Subject, x *foreignBlocks) (Finding, bool) {
	f := Finding{
		Severity: Warning, Confidence: Likely,
		Title: fmt.Sprintf("sequence numbers of %s were rewritten, but not those in SACK: %s of data never sent, on %s", s.who(), say.Plural(x.blocks, "SACK block"), say.Plural(x.n, "connection")),
		Explanation: fmt.Sprintf("All SACK blocks of these connections name numbers that it never sent (RFC 2018): it drops them and does not learn what is missing. %s, %s by timeout.",
			say.Plural(x.repeats, "repeat"), say.Thousands(x.timeouts)),
		causes: []Cause{onPath("a firewall on the path randomises sequence numbers and does not change them in the SACK option"),
			inCapture("the file's numbers were changed after the capture (edited, anonymized), and those in SACK were not")},
		Advice: []string{"On that firewall: turn the randomising of sequence numbers off (Cisco ASA: set connection random-sequence-number disable), or update it.",
			"On the sender: `nstat -az TcpExtTCPSACKDiscard TcpExtTCPTimeouts` counts the blocks that it drops.",
			"Until then: `sysctl -w net.ipv4.tcp_sack=0` at one end: without SACK duplicate ACKs count again."},
	}
	if x.came == x.blocks {
		f.Severity = min(f.Severity, Notice)
		f.Explanation = fmt.Sprintf("All SACK blocks of these connections name numbers that it never sent (RFC 2018). They came in ACKs of all that it had sent, so nothing was missing: they tell what came twice (RFC 2883), and it does not learn that what it sent again (%s) had arrived. Where something is missing it would not learn that either.",
			say.Plural(x.repeats, "repeat"))
		f.Advice = f.Advice[:2]
	}
	if x.fine == 0 && x.partly == 0 && x.n > 1 {
		f.Confidence = Proven
	}
	if x.fine > 0 {
		f.Explanation += fmt.Sprintf(" The blocks of %s are right: those take another way, or the rewriting began later.", say.Plural(x.fine, "other connection"))
	}
	return f, x.n > 0
}
