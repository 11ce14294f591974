package diagnose

import (
	"fmt"

	"tcpwatch/tracker"
)

// delays sums up handshakes that something held up.
type delays struct {
	tally
	sources sources
	total   int64 // time lost
	longest int64
}

// lost counts a handshake that lost some time.
func (d *delays) lost(r *tracker.Record, packet uint64, ns int64) {
	if packet == 0 {
		packet = r.FirstPacket
	}
	d.hit(r.ID, packet, r.Start, r.End)
	d.sources.add(r.Orig.Addr)
	d.total += ns
	d.longest = max(d.longest, ns)
}

// cost says how much time was lost.
func (d *delays) cost() string {
	if d.n == 1 {
		return span(d.total) + " lost"
	}
	return fmt.Sprintf("%s lost in all, at most %s each", span(d.total), span(d.longest))
}

// Merge takes in another.
func (d *delays) Merge(o *delays) {
	d.tally.Merge(&o.tally)
	d.sources.merge(&o.sources)
	d.total += o.total
	d.longest = max(d.longest, o.longest)
}

// heldUp is the time from the first SYN to the last, or to the end.
func heldUp(r *tracker.Record) int64 {
	switch {
	case r.Open.Felt.OK && r.Open.LastSYN.OK:
		return max(r.Open.Felt.V-r.Open.LastSYN.V, r.Facts.SYNACKAfter)
	case r.Open.Waited.OK:
		return r.Open.Waited.V
	}
	return 0
}

func reuseRefused() Detector {
	return Detector{
		Name: "reuse-refused", Group: GroupTimeWait,
		Doc: `A TIME-WAIT on the same addresses and ports refuses a new SYN.

Rule: a TIME-WAIT may be ended early by a SYN with a higher sequence number (RFC
1122 section 4.2.2.13) or a newer timestamp (RFC 6191). A SYN with older numbers
gets the old ACK again (RFC 9293 section 3.10.7.4); the opener answers with a RST and
sends its SYN again, which costs a millisecond where the RST ends the TIME-WAIT
(Linux, tcp_rfc1337 0) and seconds where the RST is lost or not obeyed. It takes
an opener that comes back to the same port within 2MSL: it runs out of ports,
binds a fixed one, or a NAT gives one out again.
An older connection that was not in TIME-WAIT is the finding stale-connection.`,
		Thresholds: []Threshold{{"reuse-refused-delay", Span, second, "time lost in one handshake from which on it is a warning and no notice"}},
		New: func(o *Options) Fold {
			return newFold(func(s *subjects[delays, *delays], r *tracker.Record) {
				if r.Open.OldConn != 0 && r.Facts.OldState == tracker.TimeWait {
					s.At(listener(r.Resp)).lost(r, r.Facts.SYNAgainAt, heldUp(r))
				}
			}, func(c *Context, s Subject, d *delays) (Finding, bool) {
				f := Finding{
					Severity: Notice, Confidence: Proven,
					Title: fmt.Sprintf("TIME-WAIT at %s refused %s that reused a port: %s", name(s.A), Plural(d.n, "SYN"), d.cost()),
					Explanation: fmt.Sprintf("The SYN of %s had older numbers than the connection that still was in TIME-WAIT, so that one answered "+
						"(RFC 9293 section 3.10.7.4, RFC 6191).", d.sources.who()),
					Causes: []string{"the opener runs short of ports and comes back to the same one too soon", "a NAT gives one port to several openers, whose numbers differ",
						"the opener binds a fixed source port"},
					Advice: []string{"On the opener: `sysctl net.ipv4.ip_local_port_range net.ipv4.tcp_tw_reuse net.ipv4.tcp_timestamps`; with timestamps reuse works.",
						"Keep connections open and share them (a pool), or let the opener close first."},
				}
				if d.longest >= o.get("reuse-refused-delay") {
					f.Severity = Warning
				}
				return f, true
			})
		},
	}
}

func staleConnection() Detector {
	return Detector{
		Name: "stale-connection", Group: GroupOpen,
		Doc: `An older connection on the same addresses and ports answers a new SYN.

Rule: an end that still holds the older connection must not take a SYN; it
answers with a challenge ACK (RFC 5961 section 4), the opener that no longer
knows it replies with a RST, and only then the SYN, sent again, opens the new
one. So the opener crashed or restarted, or its side was forgotten by a NAT or
firewall, while the other end never heard of it.
A TIME-WAIT that answers is the finding reuse-refused.`,
		New: func(*Options) Fold {
			return newFold(func(s *subjects[delays, *delays], r *tracker.Record) {
				if r.Open.OldConn != 0 && r.Facts.OldState != tracker.TimeWait && r.Facts.OldReset {
					s.At(listener(r.Resp)).lost(r, r.Facts.SYNAgainAt, heldUp(r))
				}
			}, func(_ *Context, s Subject, d *delays) (Finding, bool) {
				f := Finding{
					Severity: Notice, Confidence: Proven,
					Title: fmt.Sprintf("%s still held %s that %s no longer knew: %s before the new one opened", name(s.A),
						Plural(d.n, "connection"), d.sources.who(), d.cost()),
					Explanation: "A challenge ACK answered the new SYN: the older connection on the same addresses and ports was alive at the listener (RFC 5961 section 4.2).",
					Causes:      []string{"the opener crashed or restarted and comes back with the same port", "a NAT or firewall dropped its state and gives the port out again"},
					Advice: []string{
						fmt.Sprintf("On %s: `ss -tano '( sport = :%d )'` shows whether keepalive runs, which finds such ends.", s.A.Addr, s.A.Port),
						"Let the service set SO_KEEPALIVE: `sysctl net.ipv4.tcp_keepalive_time` is 2 hours by default.",
					},
				}
				if d.longest >= second {
					f.Severity = Warning
				}
				return f, true
			})
		},
	}
}
