package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// flood sums up attempts to a listener that were not completed.
type flood struct {
	tally
	sources  sources
	single   uint64 // their SYN was sent once only
	halfOpen uint64
}

// Fields walks over what is summed up.
func (x *flood) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.sources.Fields(w)
	fold.Sum(w, &x.single, &x.halfOpen)
}

func synFlood() Detector {
	return Detector{
		Name: "syn-flood", Group: GroupAttack, needs: traitFailed,
		Doc: `A flood of SYNs that nobody means to complete hits a listener.

Rule: openers repeat a SYN that is not answered (RFC 6298 section 2.1) and acknowledge
one that is (RFC 9293 section 3.5); what floods does neither, because its addresses
are forged (RFC 4987 section 2). Told where a listener got at least so many
attempts that were never completed, nine of ten of them with one SYN only, and
four times as many as connections that opened. A service that is down looks
different: its openers repeat their SYNs. Those attempts are in no other finding.`,
		New: func(o *Options) Fold {
			l := atLeast{o.count("syn-flood", 200, "attempts never completed, each with one SYN, from which on it is a flood")}
			return newFold(addFlood, l.tellFlood).suspecting(l.suspectFlood)
		},
	}
}

func addFlood(s *subjects[flood, *flood], r *record.Record) {
	half := r.Open.Kind == record.OpenHalfOpen && r.Open.SYNs > 0
	if !half && (r.Open.Kind != record.OpenNoAnswer || r.Open.SYNs == 0) {
		return
	}
	x := s.At(listener(r.Resp))
	x.hitAt(r, r.FirstPacket)
	x.sources.add(r.Orig.Addr)
	if r.Open.NSYNsAgain == 0 {
		x.single++
	}
	if half {
		x.halfOpen++
	}
}

func (l atLeast) suspectFlood(c *Context, s Subject, x *flood) {
	if l.floods(c, s, x) {
		c.suspects.flooded[s.A] = true
	}
}

func (l atLeast) tellFlood(c *Context, s Subject, x *flood) (Finding, bool) {
	return Finding{
		Severity: Critical, Confidence: Likely,
		Title: fmt.Sprintf("%s SYNs from %s flood %s, %s", say.Thousands(x.n), x.sources.who(), name(s.A), pace(x.n, x.when.Most-x.when.Least)),
		Explanation: fmt.Sprintf("%s of them were never repeated and never completed, as forged ones are (RFC 4987); %s got a SYN/ACK, and %s opened meanwhile.",
			say.Thousands(x.single), say.Thousands(x.halfOpen), say.Plural(c.opened(s.A), "connection")),
		Causes: []string{"an attack with forged addresses", "a scanner or load generator that never completes handshakes"},
		Advice: []string{"`sysctl net.ipv4.tcp_syncookies net.ipv4.tcp_max_syn_backlog`: with cookies the listener keeps working.",
			fmt.Sprintf("`ss -tan state syn-recv '( sport = :%d )'` lists what fills its queue.", s.A.Port)},
	}, l.floods(c, s, x)
}

// pace is how fast n came in so many nanoseconds: a rate is told of a second or
// more only.
func pace(n uint64, ns int64) string {
	if ns < second {
		return "within " + span(max(ns, 1))
	}
	return say.Thousands(uint64(float64(n)/(float64(ns)/1e9)+0.5)) + " a second"
}

func (l atLeast) floods(c *Context, s Subject, x *flood) bool {
	return x.single >= l.least && x.single*10 >= x.n*9 && x.n >= 4*c.opened(s.A)
}
