package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// offers sums up what the handshakes with a listener agreed on.
type offers struct {
	tally                   // of handshakes that lack something which others have
	agreed, lacks [3]uint64 // window scaling, SACK, timestamps, where the opener offered them
	sources       [3]sources
	stamped       uint64 // of those that lack something, such as have timestamps: SYN cookies keep the rest in them
}

func optionNames() [3]string { return [...]string{"window scaling", "SACK", "timestamps"} }

// Fields walks over what is summed up.
func (x *offers) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sums(w, x.agreed[:])
	fold.Sums(w, x.lacks[:])
	for i := range x.sources {
		x.sources[i].Fields(w)
	}
	fold.Sum(w, &x.stamped)
}

// offered tells which options an end announced.
func offered(e *record.EndRecord) [3]bool { return [...]bool{e.WScale.OK, e.SACK.V, e.Timestamps.V} }

// handshakeSeen tells that both the SYN and the SYN/ACK of a connection that opened were seen.
func handshakeSeen(r *record.Record) bool {
	return r.Open.Kind == record.OpenHandshake && r.Ends[record.Orig].SACK.OK && r.Ends[record.Resp].SACK.OK
}

func optionStripped() Detector {
	return Detector{
		Name: "option-stripped", Group: GroupTransfer,
		Doc: `Some handshakes with a server lack options that others agree on: stripped on the path.

Rule: window scaling, SACK and timestamps hold only when both SYN and SYN/ACK carry them
(RFC 7323 sections 2.2 and 3.2, RFC 2018 section 2), and a server that supports one
answers it to everybody who offers it. Where it does so for some clients and not for
others, either something on the path of those takes the option out of the SYN or the SYN/ACK
(firewalls that normalise, old load balancers), or several different hosts answer
behind one address. SYN cookies without timestamps drop them too (Linux). Without window
scaling 64 KiB are the largest window; without SACK every loss costs more.`,
		New: func(o *Options) Fold {
			return newFold(addOffers, atLeast{o.count("option-stripped", 3, "handshakes that lack an option, and as many that have it, from which on it counts")}.tellOffers)
		},
	}
}

func addOffers(s *subjects[offers, *offers], r *record.Record) {
	if !handshakeSeen(r) {
		return
	}
	if a, b := offered(&r.Ends[record.Orig]), offered(&r.Ends[record.Resp]); a[0] && !b[0] || a[1] && !b[1] || a[2] && !b[2] {
		s.At(listener(r.Resp)).add(r)
		return
	}
	wellAt(s, r).add(r)
}

func (l atLeast) tellOffers(c *Context, s Subject, x *offers) (Finding, bool) {
	var what, who []string
	for i, name := range optionNames() {
		if x.agreed[i] >= l.least && x.lacks[i] >= l.least {
			what = append(what, fmt.Sprintf("%s (%s of %s)", name, say.Thousands(x.lacks[i]), say.Thousands(x.lacks[i]+x.agreed[i])))
			if w := x.sources[i].who(); !slices.Contains(who, w) {
				who = append(who, w)
			}
		}
	}
	if len(what) == 0 {
		return Finding{}, false
	}
	f := Finding{
		Severity: Notice, Confidence: Possible,
		Title: fmt.Sprintf("some handshakes with %s lack %s though offered", name(s.A), strings.Join(what, ", ")),
		Explanation: fmt.Sprintf("The SYN offered it and the SYN/ACK did not agree, for %s, while others got it (RFC 7323 section 2.2, RFC 2018 section 2).",
			strings.Join(who, "; ")),
		causes: []Cause{onPath("a firewall or load balancer on the path of these clients takes options out of SYN or SYN/ACK"),
			onPath("several hosts with different settings answer behind one address"), onHost("SYN cookies were sent while the SYN queue was full")},
		Advice: []string{"Capture at the server too: does the SYN arrive with the option, does the SYN/ACK leave with it?",
			fmt.Sprintf("On %s: `sysctl net.ipv4.tcp_window_scaling net.ipv4.tcp_sack net.ipv4.tcp_timestamps`.", s.A.Addr)},
	}
	switch {
	case c.suspects.flooded[s.A]:
		f.Title += ": its SYN queue was flooded"
		f.Explanation += " SYNs flooded the server meanwhile: it answers with SYN cookies then, which keep these options only where the client offers timestamps (RFC 4987 section 3.6)."
		f.causes = f.causes[:2]
		f.lead(onHost("SYN cookies were sent while the flood filled the SYN queue: such connections have no window scaling and no SACK, and are slow over distance"), "SYNs flooded the server meanwhile")
		f.Advice = append([]string{fmt.Sprintf("On %s: `nstat -az TcpExtSyncookiesSent TcpExtSyncookiesRecv`; turn timestamps on at the clients, or make the SYN queue longer (tcp_max_syn_backlog, listen's backlog).", s.A.Addr)}, f.Advice...)
	case x.lacks[2] > 0 || x.stamped > 0:
		f.causes = f.causes[:2] // cookies would have kept what the timestamps carry
	}
	return f, true
}

func (x *offers) add(r *record.Record) {
	a, b := offered(&r.Ends[record.Orig]), offered(&r.Ends[record.Resp])
	lacks := false
	for i := range a {
		switch {
		case !a[i]:
		case b[i]:
			x.agreed[i]++
		default:
			lacks = true
			x.lacks[i]++
			x.sources[i].add(r.Orig.Addr)
		}
	}
	if lacks && a[2] && b[2] {
		x.stamped++
	}
	if lacks {
		x.hitAt(r, r.Evidence.SYNACK)
	}
}
