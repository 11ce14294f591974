package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func checksumWrong() Detector {
	return Detector{
		Name: "checksum-wrong", Group: GroupTransfer, needs: traitRefused,
		Doc: `Data comes with a wrong TCP checksum: its receiver drops it without a word.

Rule: a receiver drops a segment whose checksum does not fit (RFC 9293 section 3.1), so that
it looks lost after the capture point, where it passed. Where every copy of a segment is
wrong, something on the path changes what is in it and does not correct the checksum; where
the repeat is right, bits flip by chance. Verified are whole packets that are sent again, and
all that follow on that connection. Where most checksums of a sender are wrong its card
fills them in after the capture point: that is offload and not counted, nor is a segment
that the other end took, nor what was sent again for no reason that the capture shows.`,
		New: func(o *Options) Fold {
			return newEndFold(addChecksums, atLeast{o.count("checksum-wrong", 3, "packets of one sender with a wrong checksum from which on it counts")}.tellChecksums)
		},
	}
}

func addChecksums(s *subjects[refusedData, *refusedData], r *record.Record, e record.End) {
	y := &r.Ends[e]
	if y.BadChecksums == 0 || y.RetxRefused == 0 || y.RetxRTO+y.RetxFast+y.RetxTLP == 0 || r.Capture.OneWay {
		return
	}
	x := s.At(sideOf(r, e))
	x.hitAt(r, r.Evidence.Ends[e].BadChecksum)
	x.segments += uint64(y.BadChecksums)
	x.repeats += uint64(y.RetxRefused)
	if y.BadChecksums >= y.BadSegments+thrownAwayTimes-1 {
		x.hangs(r)
	}
}

func (l atLeast) tellChecksums(c *Context, s Subject, x *refusedData) (Finding, bool) {
	all := c.wholeOf(s.service(), x.n)
	f := Finding{
		Severity: x.severity(all.opened), Confidence: Likely,
		Title: fmt.Sprintf("data of %s comes with a wrong TCP checksum on %s: its receiver drops it", s.who(), all.of(x.n)),
		Explanation: fmt.Sprintf("%s with a wrong checksum passed the capture point, while others of the same sender were right: such a segment is dropped without an answer (RFC 9293 section 3.1).",
			say.Plural(x.segments, "segment")),
		causes: []Cause{onPath("bits flip by chance: a bad card, cable, memory or switch on the path")},
		Advice: []string{"On the receiver: `nstat -az TcpInCsumErrors` counts what it drops; `ethtool -S eth0` (the interface's own name) what its card counts.",
			"Capture before and after each middlebox: the first place with a wrong checksum is after the culprit."},
	}
	if x.stubborn > 0 {
		f.Title = fmt.Sprintf("every copy of some data of %s comes with a wrong TCP checksum: %s", s.who(), x.outcome(all))
		f.Explanation += fmt.Sprintf(" On %s each copy of the same data was wrong again: so it is not chance, and sending it again does not help.", say.Plural(x.stubborn, "connection"))
		if x.stubborn == x.n {
			f.causes = nil
		}
		f.lead(onPath("something on the path changes bytes of the payload and does not correct the checksum (a NAT helper for one protocol, a filter, a broken offload of a card or a virtual switch)"),
			"each copy of some data was wrong again")
		f.Advice = append(f.Advice, "On the middleboxes and their virtual switches, turn checksum offload (`ethtool -K eth0 rx off tx off`) and protocol helpers off, one after the other.")
	}
	return f, x.segments >= l.least
}
