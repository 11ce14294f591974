package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func senderLimited() Detector {
	return Detector{
		Name: "sender-limited", Group: GroupTransfer, needs: traitLong,
		Doc: `Transfers wait for the sending application: nothing else holds them up.

Rule: when everything sent is acknowledged and the window is open, a sender that
sends nothing has nothing to send (RFC 9293 section 3.8.6.2.1): the disk, the
database or a rate limit behind it sets the pace, or the application talks in turns.
Told so that nobody looks for the fault in the network. Measured over transfers
of some size, from the first to the last byte.`,
		New: func(o *Options) Fold {
			return newEndFold(o.bulkLimits("sender-limited").addSender, tellSender)
		},
	}
}

func (l bulkLimits) addSender(s *subjects[waits, *waits], r *record.Record, e record.End) {
	x := &r.Ends[e]
	if l.waited(x, x.SenderLimited) {
		w := s.At(sideOf(r, e))
		w.add(r, 0, 0, x.SenderLimited) // what was not sent is no packet
		w.bytes += x.WireBytes
		w.takePace(r, e, record.SenderLimit)
	}
}

func tellSender(_ *Context, s Subject, x *waits) (Finding, bool) {
	return Finding{
		Severity: Info, Confidence: Likely,
		Title:       fmt.Sprintf("%s from %s waited for its application: for %s it had nothing to send", say.Plural(x.n, "transfer"), s.who(), span(x.total)),
		Explanation: "Everything sent was acknowledged and the window was open: the network and the receiver were ready (RFC 9293 section 3.8.6)." + x.slowestWords(record.SenderLimit),
		causes:      []Cause{app("the application talks in turns, or pauses between requests"), app("disk, database or a rate limit behind it")},
		Advice:      []string{fmt.Sprintf("On %s: `strace -f -e trace=read,write,sendto,recvfrom true` with the application's own PID (-p) shows whether it waits for a request of the other end, or for its own disk or database.", s.A.Addr)},
	}, true
}
