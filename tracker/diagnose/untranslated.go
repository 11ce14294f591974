package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// maxStray is how many packets a connection of which only untranslated ones are seen has at most.
const maxStray = 64

func untranslated() Detector {
	return Detector{
		Name: "untranslated", Group: GroupReset, needs: traitUnclosed,
		Doc: `A packet of a connection came under another address: a NAT did not translate it.

Rule: a NAT that takes a packet for invalid (Linux conntrack INVALID: outside the window that it
expects, or of an entry that is gone) passes it on with the address that it had. Its
receiver knows no such connection and answers with a RST (RFC 9293 section 3.10.7.1), which the NAT translates
well: it ends the real connection. Its sign is a connection that began without a SYN, with
at most 64 packets, which a RST answered, whose two ports and one host are those of another one, and whose
sequence and ACK numbers both lie in that one's, while it lived. By chance that is so once in
a million million times.`,
		New: func(*Options) Fold { return newStrangers(findUntranslated, tellUntranslated) },
	}
}

func findUntranslated(r *record.Record, host record.End) (party, bool) {
	if r.Open.Kind != record.OpenMidstream || r.Close.Kind != record.CloseReset || !numbersKnown(r) || r.Ends[record.Orig].Packets+r.Ends[record.Resp].Packets > maxStray {
		return party{}, false
	}
	return partyOf(r, host), true
}

func tellUntranslated(c *Context, s Subject, x *mixed) Finding {
	which := c.wholeOf(s.A, x.n).of(x.n)
	f := Finding{
		Severity: effect{felt: x.reset > 0}.severity(), Confidence: Likely,
		Title: fmt.Sprintf("packets of %s to %s came under another address, %s: a NAT did not translate them", which, name(s.A), x.under.who()),
		Explanation: fmt.Sprintf("Packets from %s had the ports, sequence and ACK numbers of connections to %s that were open then. Their receiver knows no connection with that address and answers by a RST (RFC 9293 section 3.10.7.1), which hits the real one: a RST without ACK ended %s of these %s.",
			x.under.who(), name(s.A), say.Thousands(x.reset), say.Thousands(x.n)),
		causes: []Cause{onPath("a NAT takes a packet for invalid and passes it on untranslated (Linux conntrack: INVALID, outside the window that it expects)"),
			onHost("it had forgotten the connection, which was idle for longer than it waits (nf_conntrack_tcp_timeout_established)"),
			onPath("the answer took another way, past the NAT")},
		Advice: []string{"On the NAT (the node, with Kubernetes): conntrack -S counts invalid ones; `sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1` lets such packets be translated.",
			"Or drop them there: `iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP`; then they are sent again."},
	}
	if x.reset > 0 {
		f.Title = fmt.Sprintf("%s to %s met a NAT that did not translate some packets: these came from %s, and the RST that answered them ended %s", which, name(s.A), x.under.who(), say.Plural(x.reset, "connection"))
	}
	return f
}
