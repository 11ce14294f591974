package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
)

// portLimits are how many ports a client has, and how many per cent of them must be held.
type portLimits struct{ ports, felt, broken int64 }

func portLimitsOf(o *Options) portLimits {
	return portLimits{int64(o.count("ports", 28232, "ports that a client chooses from, where the host's own range is not known")),
		int64(o.share("port-exhaustion", 50, "of the ports held, or forecast, from which on it is a warning")),
		int64(o.share("port-exhaustion-critical", 90, "of the ports held from which on it is critical"))}
}

// Ports is how many ports a client chooses from, where its own range is not known.
func (o *Options) Ports() int64 { return portLimitsOf(o).ports }

func portExhaustion() Detector {
	return Detector{
		Name: "port-exhaustion", Group: GroupTimeWait, needs: traitNone,
		Doc: `A client runs out of ports towards one destination: TIME-WAIT holds them.

Rule: the end that closes first holds TIME-WAIT for 2MSL (RFC 9293 section 3.6), and
with it one of its ports towards that address and port. Linux chooses from 28,232
(ip_local_port_range 32768 to 60999), which at 60 s lasts for 470 connections a
second; when none is left connect() fails with EADDRNOTAVAIL. Held is the most
at once, by packet time; the forecast goes on from what is held at the end, at the rate at
which that grew of late (entered less left), to where it levels off, 2MSL after
the first entry. As many that leave as enter exhaust nothing. Live on the client its own range is used.

How long TIME-WAIT lasts is --msl's matter: 60 s on Linux, 4 min by the RFC, 30 s on
macOS. tcp_tw_reuse gives ports back after 1 s, which is counted where it is seen.`,
		New: func(o *Options) Fold { return fromLedger{tell: portLimitsOf(o).tell} },
	}
}

// tell goes by this host's own range of ports where that is known.
func (l portLimits) tell(c *Context, h *Holding) (Finding, bool) {
	ports, own := c.PortsOf(h, l.ports)
	slope, level := c.Forecast(h)
	held := int64(h.Peak)
	if !h.opener() || ports <= 0 || max(held, level)*100 < ports*l.felt {
		return Finding{}, false
	}
	broken := held*100 >= ports*l.broken
	f := Finding{
		Severity: effect{felt: true, broken: broken}.severity(), Confidence: Likely,
		Title: fmt.Sprintf("%s holds %s of %s ports in TIME-WAIT towards %s", h.Holder.Addr, say.Thousands(h.Peak), say.Thousands(uint64(ports)), name(h.Dest)),
		Explanation: fmt.Sprintf("The client closes first, so each connection keeps its port for %s more (RFC 9293 section 3.6); %s entered.",
			span(c.twoMSL()), say.Plural(h.Entered, "connection")),
		causes: []Cause{app("a client that opens a connection for each request and closes it itself (no keep-alive, no pool)"), app("a proxy or load test that concentrates on one destination")},
		Advice: []string{
			"Keep connections open and share them: connection pool, HTTP keep-alive; or let the server close first.",
			fmt.Sprintf("`ss -tan state time-wait '( dport = :%d )'` on %s lists them.", h.Dest.Port, h.Holder.Addr),
			"`sysctl net.ipv4.tcp_tw_reuse net.ipv4.ip_local_port_range`: tcp_tw_reuse=1 reuses after 1 s, with timestamps; a wider range lasts longer.",
		},
	}
	if h.Reused > 0 {
		f.Explanation += fmt.Sprintf(" Reuse gave %s of them back early.", say.Thousands(h.Reused))
	}
	if own {
		f.Explanation += fmt.Sprintf(" This host's own range is %d to %d.", c.Ports.Low, c.Ports.High)
	}
	if !broken && level > held {
		f.Confidence = Possible
		f.Explanation += fmt.Sprintf(" It grew by %.0f a second at the end; should it go on so, it comes to %s", slope, say.Thousands(uint64(level)))
		if level >= ports && slope > 0 {
			f.Explanation += fmt.Sprintf(": no port is left %s after the end of this input", span(int64(float64(max(ports-int64(h.Now), 0))/slope*1e9)))
		}
		f.Explanation += "."
	}
	return f, true
}
