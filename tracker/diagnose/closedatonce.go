package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

type hangupLimits struct {
	scale
	within int64
}

func closedAtOnce() Detector {
	return Detector{
		Name: "closed-at-once", Group: GroupOpen, needs: traitSilent,
		Doc: `A server accepts the connection and closes it at once, without a byte.

Rule: the handshake completes (RFC 9293 section 3.5), then the server is the first to send FIN or
RST, within the threshold, and has sent no data: its application accepted only
to hang up, or a proxy accepted and found nobody behind it. To the client it
looks like a connection that was lost.

Where the client had sent data and the server answers with a FIN, it has read
that: a protocol without answers, not counted. Where it answers with a RST, see reset-unread.

A probe that the client itself closes (a load balancer's health check) is not
counted: there the client sends the first FIN. A RST that answers the handshake's final ACK
is a matter of queue-full.`,
		New: func(o *Options) Fold {
			l := hangupLimits{scale: o.fewAlone("closed-at-once"),
				within: o.span("closed-at-once-within", 2*second, "from the handshake's final ACK to the server's FIN or RST, at most")}
			return newAttempts(cause{scale: l.scale, picks: l.hungUp, tell: tellClosedAtOnce})
		},
	}
}

// hungUp tells that the server ended an open connection at once and silently.
func (l hangupLimits) hungUp(r *record.Record) (packet uint64, ok bool) {
	if r.Open.Kind != record.OpenHandshake || !sentNothing(r, record.Resp) || r.Capture.OneWay || !r.Open.ThirdACK.OK || RefusedLate(r) {
		return 0, false
	}
	opened, fin := r.Open.ThirdACK.V, r.Close.FINTime[record.Resp]
	switch {
	case r.Close.First == record.Resp && sentNothing(r, record.Orig) && fin.OK && fin.V-opened <= l.within:
		return r.Close.FINPacket[record.Resp], true
	case r.Close.First == record.NoEnd && r.Close.ResetBy == record.Resp && !answersData(r) && !closedFull(&r.Ends[record.Resp]) && r.Close.ResetCause != record.ResetMiddlebox &&
		r.Close.ResetCause != record.ResetKeepaliveDead && r.Close.ResetCause != record.ResetMPTCP && r.Close.ResetTime.OK && r.Close.ResetTime.V-opened <= l.within:
		return r.Close.ResetPacket, true
	}
	return 0, false
}

// sentNothing tells that an end sent no byte: by its sequence numbers, for the
// capture may have missed what it sent (RFC 9293 section 3.4).
func sentNothing(r *record.Record, e record.End) bool {
	x := &r.Ends[e]
	return x.SeenBytes == 0 && x.Bytes.V == 0 && x.MissingBytes == 0
}

func tellClosedAtOnce(c *Context, s Subject, a *attempts, n uint64, k scale) (Finding, bool) {
	all := c.wholeOf(s.A, n)
	f := Finding{
		Severity: k.severity(n, all.opened), Confidence: Likely, // the listener answers
		Title:       fmt.Sprintf("%s closed %s without sending a byte", name(s.A), all.toIt(n)),
		Explanation: "The handshake completed, and the server's application ended the connection before it said anything (RFC 9293 section 3.6: the first FIN, or a RST, is the server's).",
		causes: []Cause{app("a proxy or load balancer accepts but has no healthy backend"), app("the service is at its limit of connections or file descriptors"),
			app("an access rule of the application (allow list, TCP wrappers)"), app("a client that speaks another protocol than the service (TLS or not)").unless(otherSilent)},
		Advice: []string{
			"Look into the service's log at these times, and at its limits: `sysctl fs.file-nr` and the process's `ulimit -n`.",
			fmt.Sprintf("Behind a proxy: is the backend up? `ss -tan state syn-sent` on %s lists what it waits for.", s.A.Addr),
		},
	}
	if a.mute == a.n {
		f.shows(otherSilent, "The client had said nothing either.")
	}
	return f, true
}
