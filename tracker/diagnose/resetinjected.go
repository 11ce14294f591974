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

func resetIgnored() Detector {
	return Detector{
		Name: "reset-ignored", Group: GroupReset,
		Doc: `A RST that its receiver must ignore: forged, or from a segment of long ago.

Rule: an end obeys a RST only exactly at the number that it expects next; inside the
window it answers with a challenge ACK, outside it does nothing (RFC 5961 section
3.2). The connection lives on. Blind attackers, and middleboxes that guess, send
such; so does a host that answers an old duplicate, which is harmless and
not counted where its sender had closed.`,
		New: func(*Options) Fold {
			return newResets(func(r *tracker.Record) bool {
				return r.Close.RSTsIgnored > 0 && r.Close.Kind != tracker.CloseReset && r.Close.ResetCause != tracker.ResetAfterClose &&
					!closingAlready(r) && running(r)
			}, func(_ *Context, s Subject, x *resets, opened uint64) Finding {
				return Finding{
					Severity: Notice, Confidence: Likely,
					Title:       fmt.Sprintf("%s got a RST that the receiver must ignore (%s in all)", x.what(s, opened), Plural(x.ignored, "RST")),
					Explanation: "The RSTs did not stand at the number that the receiver expected: it answers with a challenge ACK, or not at all, and goes on (RFC 5961 section 3.2)." + x.oddly(),
					Causes:      []string{"a middlebox or an attacker forges RSTs and guesses the numbers", "a host answers segments of an older connection"},
					Advice:      []string{"`nstat -az TcpExtTCPChallengeACK TcpExtTCPSYNChallenge` on the receiver counts what it answered.", "Compare the RSTs' TTL with that of the end's other packets."},
				}
			})
		},
	}
}

// closingAlready tells that the RST's sender had sent its FIN before.
func closingAlready(r *tracker.Record) bool {
	by := r.Close.ResetBy
	return by <= tracker.Resp && r.Close.FINTime[by].OK && r.Facts.ResetTime.OK && r.Close.FINTime[by].V <= r.Facts.ResetTime.V
}

func resetHarmless() Detector {
	return Detector{
		Name: "reset-harmless", Group: GroupReset,
		Doc: `A RST after both ends had closed: nothing was lost.

Rule: once both FINs are acknowledged no data is under way (RFC 9293 section 3.6); a
RST then comes from an end that has forgotten the connection already, as some
stacks and load balancers do to spare TIME-WAIT, or answers an old duplicate.
The one danger is that it ends a TIME-WAIT early (RFC 1337). Told so that nobody
hunts for these when RSTs are counted.`,
		New: func(*Options) Fold {
			return newResets(func(r *tracker.Record) bool {
				return r.Close.ResetCause == tracker.ResetAfterClose && r.Close.Kind == tracker.CloseNormal && !r.Facts.ByNewer
			}, func(_ *Context, s Subject, x *resets, opened uint64) Finding {
				return Finding{
					Severity: Info, Confidence: Proven,
					Title:       fmt.Sprintf("%s saw a RST after both ends had closed: harmless", x.what(s, opened)),
					Explanation: "Both FINs were acknowledged before it came, so nothing was lost (RFC 9293 section 3.6).",
				}
			})
		},
	}
}
