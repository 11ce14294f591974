package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// cookies sums up handshakes that were never completed, by what the listener did.
type cookies struct {
	tally
	once  uint64 // one SYN/ACK, and none again in time
	again uint64 // the SYN/ACK came again
}

// Fields walks over what is summed up.
func (x *cookies) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.once, &x.again)
}

// cookieWait is how long a SYN/ACK must have gone unanswered for its repeat to
// be missed: it comes after 1 s, and after 3 s at the latest (RFC 6298).
const cookieWait = 7 * second / 2

func synCookies() Detector {
	return Detector{
		Name: "syn-cookies", Group: GroupQueue, needs: traitFailed,
		Doc: `A server answers SYNs with cookies: its SYN queue was full.

Rule: with SYN cookies (RFC 4987 section 3.6; Linux tcp_syncookies) the server
keeps nothing of an attempt, so it never sends a SYN/ACK again. Attempts that were
answered once and whose SYN/ACK did not come again within 3.5 s, while no other
SYN/ACK of that server did either, are the sign. Cookies lose window scaling and
SACK for clients without timestamps.

Where the whole capture holds nothing but SYNs and SYN/ACKs a filter has left all else out:
then half-open alone reports them. It can be mistaken for a proxy that answers SYNs in the server's place, and for
tcp_synack_retries 0.`,
		New: func(o *Options) Fold {
			return newFold(addCookies, atLeast{o.count("syn-cookies-few", 3, "attempts answered once from which on it is reported")}.tellCookies)
		},
	}
}

func addCookies(s *subjects[cookies, *cookies], r *record.Record) {
	if r.Open.Kind != record.OpenHalfOpen || r.Open.SYNs == 0 || r.Open.SYNACKs == 0 || r.Capture.OneWay || r.Close.ResetBy != record.NoEnd {
		return
	}
	switch {
	case r.Open.NSYNACKsAgain > 0:
		s.Well(listener(r.Resp)).again++
	case r.Open.NSYNsAgain == 0 && r.End-r.Start+r.Silent >= cookieWait:
		x := s.At(listener(r.Resp))
		x.once++
		x.hitAt(r, r.Evidence.SYNACK)
	}
}

func (l atLeast) tellCookies(c *Context, s Subject, x *cookies) (Finding, bool) {
	return Finding{
		Severity: Notice, Confidence: Possible,
		Title:       fmt.Sprintf("%s seems to answer with SYN cookies: %s never got a second SYN/ACK", name(s.A), say.Plural(x.once, "unfinished handshake")),
		Explanation: "A server with SYN cookies keeps no state of an attempt and so repeats no SYN/ACK (RFC 4987 section 3.6).",
		causes:      []Cause{onHost("its SYN queue is full: a flood, or a burst of clients"), onPath("a proxy or firewall answers SYNs in its place"), inCapture("the capture misses what came after: a filter, or a cut")},
		Advice: []string{"`nstat -az TcpExtSyncookiesSent TcpExtSyncookiesRecv TcpExtSyncookiesFailed` counts them.",
			"`sysctl net.ipv4.tcp_max_syn_backlog net.ipv4.tcp_syncookies` are the limits."},
	}, x.again == 0 && x.once >= l.least && !c.quality.onlySYNs()
}
