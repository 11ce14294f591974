package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func sillyWindow() Detector {
	return Detector{
		Name: "silly-window", Group: GroupTransfer, needs: traitWindow,
		Doc: `A receiver offers tiny windows: the sender has to send small segments.

Rule: a receiver should not offer more window until it can offer a full segment or half
its buffer (RFC 9293 section 3.8.6.2.2); one that offers crumbs makes the sender
send crumbs, and every one of them costs a packet and an ACK: the silly window
syndrome. Counted are the times that the window went below a segment and half of
the largest window offered. Small embedded systems do this by nature.`,
		New: func(o *Options) Fold {
			return newEndFold(atLeast{o.count("silly-window", 10, "times on one connection from which on it counts")}.addSilly, tellSilly)
		},
	}
}

func (l atLeast) addSilly(s *subjects[waits, *waits], r *record.Record, e record.End) {
	if n := r.Ends[e].SillyWindows; uint64(n) >= l.least {
		s.At(sideOf(r, e)).add(r, r.Evidence.Ends[e].Silly, n, 0)
	}
}

func tellSilly(_ *Context, s Subject, x *waits) (Finding, bool) {
	return Finding{
		Severity: Notice, Confidence: Likely,
		Title:       fmt.Sprintf("%s offers tiny windows, %s on %s", s.who(), say.Plural(x.times, "time"), say.Plural(x.n, "connection")),
		Explanation: "It offered less than a segment and less than half its window instead of nothing (RFC 9293 section 3.8.6.2.2): the sender has to send small segments.",
		causes:      []Cause{app("its application reads a few bytes at a time out of a full buffer"), onHost("a small or simple TCP, as embedded systems have")},
		Advice:      []string{fmt.Sprintf("On %s: `ss -tm %s` shows the buffers; larger reads, or a larger SO_RCVBUF, help.", s.A.Addr, s.ss())},
	}, true
}
