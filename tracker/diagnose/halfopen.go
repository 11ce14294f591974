package diagnose

import (
	"cmp"
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func halfOpen() Detector {
	return Detector{
		Name: "half-open", Group: GroupOpen, needs: traitFailed, onACKs: true,
		Doc: `A server answers the SYN, and the client never completes the handshake.

Rule: a SYN/ACK whose ACK does not come is sent again after 1, 3, 7, 15 and 31 s
and given up at 63 s (Linux, tcp_synack_retries 5; RFC 9293 section 3.5). Where the
client goes on sending its SYN after a SYN/ACK passed, that does not reach it; where it does not,
the client is gone or never sent that SYN.
A client that captures only its own packets (one-way) is not counted, nor what
may still complete when the input ends. Floods have a finding of their own;
so do SYN/ACKs that nobody asked for. Where the capture holds three connections or more and no packet without SYN, and the SYN/ACK
does not come again, the ACKs were left out: whether these opened is not known. Where one or two SYNs have none of the options that systems send (SACK, timestamps, window
scale), a program made them, most likely. Of a host that scans only those are counted whose SYN has a
system's options and whose SYN/ACK came again: the system of a scanner resets what it did not ask for.`,
		New: func(o *Options) Fold {
			return newAttempts(cause{scale: o.fewAndMany("half-open"), picks: pickHalfOpen, tell: tellHalfOpen, keeps: leftWaitingFor})
		},
	}
}

func pickHalfOpen(r *record.Record) (uint64, bool) {
	return cmp.Or(r.Open.SYNACKAgainAt, r.Evidence.SYNACK), neverCompleted(r)
}

// neverCompleted tells that a SYN was answered, and the third ACK never came.
func neverCompleted(r *record.Record) bool {
	return r.Open.Kind == record.OpenHalfOpen && r.Open.SYNs > 0 && r.Open.SYNACKs > 0 && !r.Capture.OneWay && !Waits(r, r.Open.SYNACKs)
}

// leftWaitingFor tells that systems opened all of them, and let the server repeat its SYN/ACK: a scan's system resets what it does not know.
func leftWaitingFor(a *attempts) bool { return a.raw == 0 && a.answered == a.n }

func tellHalfOpen(c *Context, s Subject, a *attempts, n uint64, k scale) (Finding, bool) {
	if c.suspects.flooded[s.A] || c.suspects.deaf[s.A].halfOpen >= n {
		return Finding{}, false
	}
	opened := c.opened(s.A)
	f := Finding{
		Severity: k.severity(n, n+opened), Confidence: Likely, failing: failing{k, n, n + opened},
		Title: fmt.Sprintf("%s of %s stayed half-open: no ACK followed the SYN/ACK", c.wholeOf(s.A, n).of(n), name(s.A)),
		Explanation: fmt.Sprintf("The SYN of %s was answered, and the handshake's final ACK (RFC 9293 section 3.5) %s.",
			a.sources.who(), c.never("came", "has not come so far")),
		causes: []Cause{app("the client died or closed its socket"), onHost("a flood with forged addresses"), onPath("the ACKs are lost before the capture point")},
		Advice: []string{
			fmt.Sprintf("On %s: `ss -tan state syn-recv '( sport = :%d )'` lists what waits.", s.A.Addr, s.A.Port),
			"Capture at the client too: does the SYN/ACK arrive, does an ACK leave?",
		},
	}
	if c.proxied(&a.sources) {
		f.Explanation += fmt.Sprintf(" Data is acknowledged from near on nearly all connections of this client, %s, and waits for that ACK.", besideClient)
		f.causes = []Cause{app("the client closed its socket"), onPath("the ACKs are lost between the client and what stands beside it")}
		f.Advice = f.Advice[1:]
	}
	switch {
	case c.quality.onlySYNs() && c.quality.twoWay >= onlySYNsLeast && a.answered*2 < a.n:
		f.atMost(Info, Possible)
		f.Title = fmt.Sprintf("whether %s of %s opened is not in the capture: it holds SYNs and their answers alone", c.wholeOf(s.A, n).of(n), name(s.A))
		f.Explanation = fmt.Sprintf("The SYN of %s was answered, and the file has no TCP packet without SYN: the ACK of the handshake (RFC 9293 section 3.5), data and closes are left out. The SYN/ACKs did not come again, as they would where the ACK is missing.", a.sources.who())
		f.causes = []Cause{inCapture("a filter that lets SYNs pass and nothing else")}
		f.Advice = []string{"Look into the capture from which this file was made, or capture again without that filter."}
		return f, true
	case a.unheard*2 >= a.n:
		f.Confidence = Proven
		f.Explanation += fmt.Sprintf(" %s sent the SYN again after the SYN/ACK had passed: it does not reach the client.", say.Plural(a.unheard, "attempt"))
		f.causes = []Cause{onPath("the return path to the client is broken: a missing route, or a firewall that saw only one direction (asymmetric routing)"),
			onHost("a rule at the client drops the answers")}
		f.Advice = append(f.Advice, fmt.Sprintf("On the server: `ip route get %s` shows which way the answers go.", a.sources.known[0].Addr))
	case a.answered*2 < a.n:
		// A listener that waits for the ACK would have sent its SYN/ACK again.
		f.atMost(Notice, Possible)
		if a.lateSYNs.Some {
			f.Explanation += fmt.Sprintf(" The first SYN/ACK came after %s SYNs: whether it arrived is not in the capture.", rangeWords(a.lateSYNs))
		}
		f.Explanation += " The SYN/ACKs did not come again, as they would where the ACK is missing: it may just not be in the capture."
		f.causes = f.causes[:2]
		f.lead(inCapture("the capture misses the ACKs: a filter, or a cut"), "the SYN/ACKs did not come again, as they would where the ACK is missing")
	}
	if a.raw == a.n && a.n <= mostAsked && a.unheard == 0 {
		f.Confidence = Possible
		f.lead(app("a program made the SYN itself and only asked whether the port is open (a scan, a check): it never meant to complete the handshake"), "the SYN has none of the options that systems send")
	}
	if tried := a.most.V; a.lateSYNs.Some && tried.In >= lateFor {
		f.Title += fmt.Sprintf("; before that %s in %s had no answer", say.Plural(uint64(tried.SYNs), "SYN"), span(tried.In))
		f.causes = append(f.causes, hostOrPath("the server took no connections until then (it was down, or its queue was full), or its path dropped the SYNs"))
		f.Advice = append(f.Advice, fmt.Sprintf("On %s: `nstat -az TcpExtListenDrops TcpExtListenOverflows` shows whether its queue was full.", s.A.Addr))
	}
	return f, true
}

// mostAsked is how many SYNs without options only ask whether a port is open; more may be a flood with forged addresses.
const mostAsked = 2

// lateFor is for how long SYNs must have had no answer before the first one to be told of; a lost packet or two take less.
const lateFor = 3 * second

// onlySYNsLeast is how many connections of a capture must show nothing but SYNs and their answers for that to be its filter.
const onlySYNsLeast = 3
