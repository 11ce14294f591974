package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

// probing sums up the keepalive probes of one side.
type probing struct {
	tally
	probes      uint64
	proven      uint64 // the prober's RST was seen
	least, most int64  // idle time before the first probe, or pause between probes
	died        uint64
}

// Merge takes in another.
func (x *probing) Merge(o *probing) {
	widen(&x.least, &x.most, x.n > 0, o.least, o.most, o.n > 0)
	x.tally.Merge(&o.tally)
	x.probes += o.probes
	x.proven += o.proven
	x.died += o.died
}

func (x *probing) add(r *record.Record, k *record.KeepaliveRecord, packet uint64, pause int64) {
	widen(&x.least, &x.most, x.n > 0, pause, pause, true)
	x.hitAt(r, packet)
	x.probes += uint64(k.Probes)
}

// foundDead tells which end's probes found out that the other is dead.
func foundDead(r *record.Record) (e record.End, ok bool) {
	if r.KeepaliveOutcome != record.KeepaliveDead || r.Capture.OneWay {
		return 0, false
	}
	if r.Close.ResetCause == record.ResetKeepaliveDead {
		return r.Close.ResetBy, true
	}
	for _, e := range sides() {
		if r.Keepalive[e].Unanswered > 0 {
			return e, true
		}
	}
	return 0, false
}

func keepaliveDead() Detector {
	return Detector{
		Name: "keepalive-dead", Group: GroupKeepalive, needs: signProbed,
		Doc: `Keepalive probes found that the other end is dead.

Rule: a probe stands at SND.NXT-1 and draws an ACK from any end that still has the
connection (RFC 9293 section 3.8.4); one unanswered proves nothing (RFC 1122 section
4.2.3.6), so the prober repeats it, on Linux 9 times every 75 s, then sends RST,ACK and
gives up. Proven where that RST was seen, likely after 8 probes without an answer.
Dead means: the host is gone, or what stands between has forgotten the connection.
Where the first probe came later than a known limit for idle connections that is said.`,
		Thresholds: fewAndShare("keepalive-dead", 3, 5, "connections"),
		New: func(o *Options) Fold {
			return newFold(func(s *subjects[probing, *probing], r *record.Record) {
				if e, ok := foundDead(r); ok {
					x := s.At(sideOf(r, e.Peer()))
					x.add(r, &r.Keepalive[e], r.Evidence.Ends[e].Unanswered, r.Keepalive[e].Idle.V)
					if r.Close.ResetCause == record.ResetKeepaliveDead {
						x.proven++
					}
				}
			}, func(c *Context, s Subject, x *probing) (Finding, bool) {
				opened := c.openedAt(s, x.n)
				f := Finding{
					Severity: o.many("keepalive-dead", x.n, opened), Confidence: Likely,
					Title:       fmt.Sprintf("%s was found dead by keepalive on %s", s.who(), outOf(x.n, opened, "connection")),
					Explanation: fmt.Sprintf("%s in all; the last of them went unanswered until the prober gave up (RFC 9293 section 3.8.4).", Plural(x.probes, "probe")),
					Causes: []string{"its host crashed, was suspended or left the network", "a NAT, load balancer or firewall forgot the idle connection and drops what comes",
						"an address moved to another host"},
					Advice: []string{fmt.Sprintf("Is it there? `ping -c 3 %s`; if so, suspect what stands between.", s.A.Addr)},
				}
				if x.proven == x.n {
					f.Confidence = Proven
				}
				if all := shorterThan(x.least); len(all) > 0 {
					f.Explanation += fmt.Sprintf(" The first probe came after %s idle: later than %s.", seconds(x.least), namesOf(all))
					f.Advice = append(f.Advice, "Probe earlier than that: `sysctl net.ipv4.tcp_keepalive_time`, or TCP_KEEPIDLE in the application.")
				}
				return f, true
			})
		},
	}
}

func keepaliveLate() Detector {
	return Detector{
		Name: "keepalive-late", Group: GroupKeepalive, needs: signProbed,
		Doc: `Keepalive probes begin later than load balancers and NATs keep an idle connection.

Rule: a probe also keeps the entry of a NAT or load balancer alive, if it comes before
that is dropped: 60 s AWS ALB, 240 s Azure, 350 s AWS NLB, 600 s Google Cloud VPC, 1200 s
Google Cloud NAT, 3600 s many firewalls. The default of Linux, macOS and FreeBSD is 7,200 s
(RFC 9293 section 3.8.4 asks for no less), of Windows the same. A notice where such
connections died as well, information where all lived: on a path without such boxes the
default does no harm.`,
		Thresholds: []Threshold{{"keepalive-late", Span, 350 * second, "idle time before the first probe"}},
		New: func(o *Options) Fold {
			late := o.get("keepalive-late")
			return newFold(func(s *subjects[probing, *probing], r *record.Record) {
				for _, e := range sides() {
					if k := &r.Keepalive[e]; k.Probes > 0 && k.Idle.OK && k.Idle.V > late {
						x := s.At(sideOf(r, e))
						if _, dead := foundDead(r); dead || diedAtRest(r) {
							x.died++ // what it died of has a finding of its own
						} else {
							x.add(r, k, r.Evidence.Ends[e].Probe, k.Idle.V)
						}
						return
					}
				}
			}, func(_ *Context, s Subject, x *probing) (Finding, bool) {
				if x.n == 0 {
					return Finding{}, false
				}
				f := Finding{
					Severity: Info, Confidence: Likely,
					Title:       fmt.Sprintf("%s probes %s only after %s idle", s.who(), Plural(x.n, "connection"), rangeOf(x.least, x.most)),
					Explanation: fmt.Sprintf("That is later than %s: behind one of these a probe comes too late to keep the connection (RFC 9293 section 3.8.4 leaves the time to the application).", namesOf(shorterThan(x.least))),
					Causes:      []string{"the system's default, 7,200 s, was left as it is"},
					Advice:      []string{fmt.Sprintf("On %s: `sysctl -w net.ipv4.tcp_keepalive_time=200`, or TCP_KEEPIDLE in the application, where something with such a limit is on the way.", s.A.Addr)},
				}
				if x.died > 0 {
					f.Severity = Notice
					f.Explanation += fmt.Sprintf(" %s more died at rest.", Thousands(x.died))
				}
				return f, true
			})
		},
	}
}

func keepaliveChatty() Detector {
	return Detector{
		Name: "keepalive-chatty", Group: GroupKeepalive, needs: signProbed,
		Doc: `Keepalive probes every few seconds: more packets than they are worth.

Rule: the keepalive time is to be two hours at least unless the application asks for
less (RFC 9293 section 3.8.4, MUST-28), which most do with good reason; but
no known limit for idle connections is shorter than a minute, so probes every few
seconds only find a dead end sooner, at the price of waking radios and CPUs. Measured
between answered probes with no data between.`,
		Thresholds: []Threshold{{"keepalive-chatty", Span, 10 * second, "pause between answered probes that is too short"},
			{"keepalive-chatty-probes", Number, 20, "probes on one connection from which on it counts"}},
		New: func(o *Options) Fold {
			pause, least := o.get("keepalive-chatty"), uint32(o.get("keepalive-chatty-probes"))
			return newFold(func(s *subjects[probing, *probing], r *record.Record) {
				for _, e := range sides() {
					if k := &r.Keepalive[e]; k.Probes >= least && k.Unanswered == 0 && k.Interval.OK && k.Interval.V <= pause {
						s.At(sideOf(r, e)).add(r, k, r.Evidence.Ends[e].Probe, k.Interval.V)
						return
					}
				}
			}, func(_ *Context, s Subject, x *probing) (Finding, bool) {
				return Finding{
					Severity: Info, Confidence: Likely,
					Title:       fmt.Sprintf("%s sends a keepalive probe every %s on %s", s.who(), rangeOf(x.least, x.most), Plural(x.n, "connection")),
					Explanation: fmt.Sprintf("%s in all, each with its answer; a minute would do against any known limit (RFC 9293 section 3.8.4).", Plural(x.probes, "probe")),
					Causes:      []string{"TCP_KEEPIDLE or TCP_KEEPINTVL of a few seconds in the application or its library"},
					Advice:      []string{fmt.Sprintf("On %s: `ss -tno state established %s` shows the timers; ask for 60 s or more.", s.A.Addr, s.ss())},
				}, true
			})
		},
	}
}
