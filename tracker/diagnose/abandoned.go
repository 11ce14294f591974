package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

func abandoned() Detector {
	return Detector{
		Name: "abandoned", Group: GroupOpen, needs: traitFailed,
		Doc: `The client itself gives an attempt up with a RST before it is open.

Rule: a socket that is closed in SYN-SENT leaves nothing behind; a SYN/ACK that
comes later meets no socket and draws a bare RST with its ACK number (RFC 9293
section 3.10.7.1). So the answer came after the client's own timeout, or the client
never meant to complete (a SYN scan; those hosts have a finding of their own).

A SYN without any of the options that systems send (SACK, timestamps, window scaling) is mostly made by
a program itself; then it is only possible that anybody gave up.

It can be mistaken for the loser of a Happy Eyeballs race (RFC 8305), which is
harmless: then connections to the same name over the other address opened.`,
		New: func(o *Options) Fold {
			return newAttempts(cause{scale: o.fewAlone("abandoned"), picks: pickAbandoned, tell: tellAbandoned})
		},
	}
}

func pickAbandoned(r *record.Record) (uint64, bool) {
	return r.Close.ResetPacket, r.Open.Kind == record.OpenAborted && !r.Capture.OneWay
}

func tellAbandoned(c *Context, s Subject, a *attempts, n uint64, k scale) (Finding, bool) {
	if n -= min(n, c.suspects.checked[s.A].half); n == 0 || c.suspects.flooded[s.A] {
		return Finding{}, false // health checks, or a flood
	}
	opened := c.opened(s.A)
	f := Finding{
		Severity: k.severity(n, n+opened), Confidence: Likely, // the listener answers
		Title: fmt.Sprintf("%s gave up %s to %s before it was open", a.sources.who(), c.wholeOf(s.A, n).of(n), name(s.A)),
		Explanation: fmt.Sprintf("The client sent a RST before the handshake was complete, at the latest %s after its first SYN "+
			"(RFC 9293 section 3.10.7.1: the answer met no socket any more).", span(a.waited)),
		causes: []Cause{app("the application's connect timeout is shorter than the time to open"), app("the loser of a Happy Eyeballs race (RFC 8305)"), app("a probe that only wants to see the SYN/ACK")},
		Advice: []string{"Compare the client's connect timeout with the times in `tcpwatch --report handshakes`."},
	}
	if a.raw == a.n {
		f.Confidence = Possible
		f.Title = fmt.Sprintf("%s reset %s to %s before it was open", a.sources.who(), c.wholeOf(s.A, n).of(n), name(s.A))
		f.Explanation += " The SYNs have none of the options that systems send: a program may have made them itself, and its host, which has no such socket, answers the SYN/ACK with a RST."
		f.causes = f.causes[:2]
		f.lead(app("a program made the SYNs itself (a probe, a scan, a test)"), "the SYNs have none of the options that systems send")
		f.Advice = []string{"On the client: `ss -wp` lists the programs that hold raw sockets."}
	}
	return f, true
}
