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
	single   uint64 // their SYN was sent once only, and was due again
	young    uint64 // the input ended before their SYN was due again
	halfOpen uint64
}

// Fields walks over what is summed up.
func (x *flood) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.sources.Fields(w)
	fold.Sum(w, &x.single, &x.young, &x.halfOpen)
}

func synFlood() Detector {
	return Detector{
		Name: "syn-flood", Group: GroupAttack, needs: traitFailed,
		Doc: `A flood of SYNs that nobody means to complete hits a server.

Rule: clients repeat a SYN that is not answered (RFC 6298 section 2.1) and acknowledge
one that is (RFC 9293 section 3.5); what floods does neither, because its addresses
are forged (RFC 4987 section 2). Told where a server got at least so many
attempts that were never completed, nine of ten of them with one SYN only, and
four times as many as connections that opened. A service that is down looks
different: its clients repeat their SYNs. Where the input ends before most of the SYNs
were due again, and they do not come each from another host, it is only possible, and a notice. Those attempts are in no other finding.`,
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
	switch {
	case r.Open.NSYNsAgain > 0:
	case r.Unfinished && r.End+r.Silent-r.Open.LastSYNAt < retryAfter:
		x.young++
	default:
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
	f := Finding{
		Severity: effect{minor: !x.proven(), broken: true}.severity(), Confidence: Likely,
		Title: fmt.Sprintf("%s SYNs from %s flood %s, %s", say.Thousands(x.n), x.sources.who(), name(s.A), pace(x.n, x.when.Most-x.when.Least)),
		Explanation: fmt.Sprintf("%s of them were never repeated and never completed, as forged ones are (RFC 4987); %s got a SYN/ACK, and %s opened meanwhile.",
			say.Thousands(x.single+x.young), say.Thousands(x.halfOpen), say.Plural(c.opened(s.A), "connection")),
		causes: []Cause{onHost("an attack with forged addresses"), app("a scanner or load generator that never completes handshakes")},
		Advice: []string{"`sysctl net.ipv4.tcp_syncookies net.ipv4.tcp_max_syn_backlog`: with cookies the server keeps working.",
			fmt.Sprintf("`ss -tan state syn-recv '( sport = :%d )'` lists what fills its queue.", s.A.Port)},
	}
	if x.sources.all.Count() == 1 {
		f.causes = f.causes[:1]
		f.lead(app("a load generator, scanner or attacker at that one address"), "all come from one address")
	}
	if !x.proven() {
		f.Confidence = Possible
		f.Title = fmt.Sprintf("%s SYNs from %s to %s, %s: perhaps a flood", say.Thousands(x.n), x.sources.who(), name(s.A), pace(x.n, x.when.Most-x.when.Least))
		f.Explanation = fmt.Sprintf("The capture ends before %s of them were due again, after 1 s (RFC 6298 section 2.1): whether anybody means to complete them is not known. %s got a SYN/ACK, and %s opened meanwhile.",
			say.Thousands(x.young), say.Thousands(x.halfOpen), say.Plural(c.opened(s.A), "connection"))
		f.causes = append(f.causes, onHost("a burst of clients whose SYNs are still under way"))
		f.Advice = append([]string{"Capture for some seconds: clients that mean it send their SYN again."}, f.Advice...)
	}
	return f, l.floods(c, s, x)
}

// proven tells that enough of the attempts were due to be repeated and were not, or that
// nearly each came from another host, as forged addresses do.
func (x *flood) proven() bool { return x.single*2 >= x.n || x.sources.all.Count()*10 >= x.n*9 }

// pace is how fast n came in so many nanoseconds: a rate is told of a second or
// more only.
func pace(n uint64, ns int64) string {
	if ns < second {
		return "within " + span(max(ns, 1))
	}
	return say.Thousands(uint64(float64(n)/(float64(ns)/1e9)+0.5)) + " a second"
}

func (l atLeast) floods(c *Context, s Subject, x *flood) bool {
	return x.single+x.young >= l.least && (x.single+x.young)*10 >= x.n*9 && x.n >= 4*c.opened(s.A)
}
