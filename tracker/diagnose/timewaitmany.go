package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
)

func timeWaitMany() Detector {
	return Detector{
		Name: "time-wait-many", Group: GroupTimeWait, needs: traitNone,
		Doc: `One host holds thousands of TIME-WAITs: it closes first.

Rule: TIME-WAIT belongs to the end that sent the first FIN (RFC 9293 section 3.6). Held
by a server it costs memory, some 300 bytes each on Linux, and no ports; past
tcp_max_tw_buckets Linux skips it, which shows in TcpExtTCPTimeWaitOverflow only. Held by an
client it costs ports: see port-exhaustion. The growth compares what entered in the
last 2MSL with the mean of the input.`,
		New: func(o *Options) Fold {
			return fromLedger{tell: atLeast{o.count("time-wait-many", 5000, "TIME-WAITs held at once by one row of the ledger")}.tellHolding}
		},
	}
}

func (l atLeast) tellHolding(c *Context, h *Holding) (Finding, bool) {
	towards := ""
	if h.opener() {
		towards = " towards " + name(h.Dest)
	}
	return Finding{
		Severity: Notice, Confidence: Likely,
		Title:       fmt.Sprintf("%s held %s connections in TIME-WAIT at once%s: it closes first", name(h.Holder), say.Thousands(h.Peak), towards),
		Explanation: fmt.Sprintf("The active closer holds TIME-WAIT for %s (RFC 9293 section 3.6); %s entered%s.", span(c.twoMSL()), say.Thousands(h.Entered), c.growth(h)),
		causes:      []Cause{app("each request has a connection of its own"), app("the application or its keep-alive timeout closes before the other end does")},
		Advice: []string{"`ss -s` and `cat /proc/net/sockstat` show how many the host itself counts.",
			"`sysctl net.ipv4.tcp_max_tw_buckets` is the limit; longer keep-alive timeouts make them fewer."},
	}, h.Peak >= l.least
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
