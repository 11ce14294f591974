package diagnose

import "fmt"

func portExhaustion() Detector {
	return Detector{
		Name: "port-exhaustion", Group: GroupTimeWait,
		Doc: `An opener runs out of ports towards one destination: TIME-WAIT holds them.

Rule: the end that closes first holds TIME-WAIT for 2MSL (RFC 9293 section 3.6), and
with it one of its ports towards that address and port. Linux chooses from 28,232
(ip_local_port_range 32768 to 60999), which at 60 s lasts for 470 connections a
second; when none is left connect() fails with EADDRNOTAVAIL. Held is the most
at once, by packet time; the forecast is the rate of the last 2MSL times 2MSL, which
is where the population levels off. Live on the opener its own range is used.
How long TIME-WAIT lasts is --msl's matter: 60 s on Linux, 4 min by the RFC, 30 s on
macOS. tcp_tw_reuse gives ports back after 1 s, which is counted where it is seen.`,
		Thresholds: []Threshold{
			{"ports", Number, 28232, "ports that an opener chooses from, where the host's own range is not known"},
			{"port-exhaustion", Share, 50, "of the ports held, or forecast, from which on it is a warning"},
			{"port-exhaustion-critical", Share, 90, "of the ports held from which on it is critical"},
		},
		New: func(o *Options) Fold {
			return fromLedger{func(c *Context, h *Holding) (Finding, bool) {
				if !h.opener() {
					return Finding{}, false
				}
				ports, own := o.get("ports"), false
				if n := c.Ports.Len(); n > 0 && c.local(h.Holder.Addr) {
					ports, own = n, true
				}
				return tellPorts(c, h, ports, own, o)
			}}
		},
	}
}

func tellPorts(c *Context, h *Holding, ports int64, own bool, o *Options) (Finding, bool) {
	rate := c.rate(h)
	level := int64(rate * float64(c.twoMSL()) / 1e9)
	held := int64(h.Peak)
	if ports <= 0 || max(held, level)*100 < ports*o.get("port-exhaustion") {
		return Finding{}, false
	}
	f := Finding{
		Severity: Warning, Confidence: Likely,
		Title: fmt.Sprintf("%s holds %s of %s ports in TIME-WAIT towards %s", h.Holder.Addr, Thousands(h.Peak), Thousands(uint64(ports)), name(h.Dest)),
		Explanation: fmt.Sprintf("The opener closes first, so each connection keeps its port for %s more (RFC 9293 section 3.6); %s entered.",
			span(c.twoMSL()), Plural(h.Entered, "connection")),
		Causes: []string{"a client that opens a connection for each request and closes it itself (no keep-alive, no pool)", "a proxy or load test that concentrates on one destination"},
		Advice: []string{
			"Keep connections open and share them: connection pool, HTTP keep-alive; or let the listener close first.",
			fmt.Sprintf("`ss -tan state time-wait '( dport = :%d )'` on %s lists them.", h.Dest.Port, h.Holder.Addr),
			"`sysctl net.ipv4.tcp_tw_reuse net.ipv4.ip_local_port_range`: tcp_tw_reuse=1 reuses after 1 s, with timestamps; a wider range lasts longer.",
		},
	}
	if h.Reused > 0 {
		f.Explanation += fmt.Sprintf(" Reuse gave %s of them back early.", Thousands(h.Reused))
	}
	if own {
		f.Explanation += fmt.Sprintf(" This host's own range is %d to %d.", c.Ports.Low, c.Ports.High)
	}
	switch {
	case held*100 >= ports*o.get("port-exhaustion-critical"):
		f.Severity = Critical
	case level > held:
		f.Confidence = Possible
		f.Explanation += fmt.Sprintf(" At the last rate, %.0f a second, it levels off at %s", rate, Thousands(uint64(level)))
		if level >= ports && rate > 0 {
			f.Explanation += fmt.Sprintf(": no port is left %s after the end of this input", span(int64(float64(max(ports-int64(h.Now), 0))/rate*1e9)))
		}
		f.Explanation += "."
	}
	return f, true
}

func timeWaitMany() Detector {
	return Detector{
		Name: "time-wait-many", Group: GroupTimeWait,
		Doc: `One host holds thousands of TIME-WAITs: it closes first.

Rule: TIME-WAIT belongs to the end that sent the first FIN (RFC 9293 section 3.6). Held
by a listener it costs memory, some 300 bytes each on Linux, and no ports; past
tcp_max_tw_buckets Linux skips it, which shows in TcpExtTCPTimeWaitOverflow only. Held by an
opener it costs ports: see port-exhaustion. The growth compares what entered in the
last 2MSL with the mean of the input.`,
		Thresholds: []Threshold{{"time-wait-many", Number, 5000, "TIME-WAITs held at once by one row of the ledger"}},
		New: func(o *Options) Fold {
			least := uint64(o.get("time-wait-many"))
			return fromLedger{func(c *Context, h *Holding) (Finding, bool) {
				if h.Peak < least {
					return Finding{}, false
				}
				towards := ""
				if h.opener() {
					towards = " towards " + name(h.Dest)
				}
				return Finding{
					Severity: Notice, Confidence: Likely,
					Title:       fmt.Sprintf("%s held %s connections in TIME-WAIT at once%s: it closes first", name(h.Holder), Thousands(h.Peak), towards),
					Explanation: fmt.Sprintf("The active closer holds TIME-WAIT for %s (RFC 9293 section 3.6); %s entered%s.", span(c.twoMSL()), Thousands(h.Entered), c.growth(h)),
					Causes:      []string{"each request has a connection of its own", "the application or its keep-alive timeout closes before the other end does"},
					Advice: []string{"`ss -s` and `cat /proc/net/sockstat` show how many the host itself counts.",
						"`sysctl net.ipv4.tcp_max_tw_buckets` is the limit; longer keep-alive timeouts make them fewer."},
				}, true
			}}
		},
	}
}

// growth compares the last rate with the mean.
func (c *Context) growth(h *Holding) string {
	late, mean := c.rate(h), float64(h.Entered)/(float64(max(h.Last-h.Since, second))/1e9)
	switch {
	case late == 0 || c.End-c.Start < 2*c.twoMSL():
		return ""
	case late > mean*5/4:
		return fmt.Sprintf(", growing: %.1f a second of late, %.1f on the whole", late, mean)
	case late < mean*4/5:
		return fmt.Sprintf(", going down: %.1f a second of late, %.1f on the whole", late, mean)
	}
	return fmt.Sprintf(", steadily %.1f a second", mean)
}

func timeWaitReuse() Detector {
	return Detector{
		Name: "time-wait-reuse", Group: GroupTimeWait,
		Doc: `A TIME-WAIT was ended early by a new connection on the same ports: that works.

Rule: a SYN that a TIME-WAIT receives with a higher sequence number or a newer
timestamp opens a new connection (RFC 1122 section 4.2.2.13, RFC 6191), without any
sysctl; one that the holder itself sends needs tcp_tw_reuse and timestamps on Linux and
comes after 1 s at the earliest. Told as information: it says that an opener comes
round its ports within 2MSL, or binds one. Where a TIME-WAIT refuses the SYN the
finding is reuse-refused.`,
		New: func(*Options) Fold {
			return fromLedger{func(_ *Context, h *Holding) (Finding, bool) {
				return Finding{
					Severity: Info, Confidence: Proven, Count: h.Reused,
					Title: fmt.Sprintf("%s of %s in TIME-WAIT at %s gave way to a new one on the same ports", Thousands(h.Reused),
						Plural(h.Entered, "connection"), name(h.Holder)),
					Explanation: "The new SYN had a higher sequence number or a newer timestamp, so it was taken (RFC 1122 section 4.2.2.13, RFC 6191).",
				}, h.Reused > 0
			}}
		},
	}
}
