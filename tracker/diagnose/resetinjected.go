package diagnose

import (
	"fmt"

	"tcpwatch/tracker"
)

func resetInjected() Detector {
	return Detector{
		Name: "reset-injected", Group: GroupReset,
		Doc: `A RST in an end's name came from somewhere else: a middlebox, or an attacker.

Rule: what one end sends comes the same way, so its TTL (hop limit) hardly varies; a
RST whose TTL differs by more than one hop was not sent by that end. Its IPv4
identification far from the sender's counter, or a RST,ACK without timestamps on
a connection that has them (RFC 7323 section 3.2), are weaker signs and are counted. An
identification of 0 proves nothing: Linux sends it where there is no socket.
Firewalls and intrusion prevention reset in this way, often both ends.

It can be mistaken for a load balancer that answers in its backend's name.`,
		New: func(*Options) Fold {
			return newResets(func(r *tracker.Record) bool {
				return r.Close.ResetCause == tracker.ResetMiddlebox && r.Close.Kind == tracker.CloseReset
			},
				func(c *Context, s Subject, x *resets, opened uint64) Finding {
					severity := Warning
					if x.closing == x.n {
						severity = Notice // the end had said all that it had to say
					}
					return Finding{
						Severity: severity, Confidence: Likely,
						Title: fmt.Sprintf("something on the way reset %s", x.what(s, opened)),
						Explanation: fmt.Sprintf("The RSTs have TTL %s where the ends' own packets have %d (opener) and %d (listener): neither sent them, by the signs of RFC 5961 section 1.1's blind attacker or a middlebox. IP-ID too differs in %s, timestamps in %s.",
							rangeWords(x.ttlMin, x.ttlMax), x.own[0], x.own[1], Thousands(x.odd[1]), Thousands(x.odd[2])),
						Causes: []string{"a firewall or intrusion prevention system ends what it does not like", "a load balancer or NAT resets what it has forgotten", "an attacker forges RSTs"},
						Advice: []string{fmt.Sprintf("`traceroute -n %s` shows the hops; the difference of the TTLs tells how far off the sender is.", s.A.Addr),
							"Look into the logs of the firewalls on the way at these times."},
					}
				})
		},
	}
}

// rangeWords is "64" or "61 to 64".
func rangeWords(low, high uint8) string {
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}
