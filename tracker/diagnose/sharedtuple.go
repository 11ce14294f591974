package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func sharedTuple() Detector {
	return Detector{
		Name: "shared-tuple", Group: GroupOpen, needs: traitUnclosed | traitHeldUp,
		Doc: `Two live connections have the same addresses and ports at one end: one of them starves.

Rule: a load balancer that passes its clients' addresses on lets a client reach one target by two
of its addresses, and from one port: for the target both connections have the same addresses
and ports. A NAT that gives two connections the same port does the same. The target answers the
second SYN by an ACK of the first connection (RFC 5961 section 4.2); the client resets
what it does not know and tries again, and the first connection is gone at the target, while
it lives at the client: what that sends is answered with the other connection's numbers, or by
a RST. Its sign, on the client's side, is an ACK that answers a SYN to one address with the numbers of
a connection to another address, from the same port, that lived then. On the target's side it is
port-collision.`,
		New: func(*Options) Fold { return newStrangers(findTwoAddresses, tellTwoAddresses) },
	}
}

func findTwoAddresses(r *record.Record, host record.End) (party, bool) {
	if host != record.Orig || !r.Open.OldUnseen {
		return party{}, false
	}
	p := partyOf(r, host)
	p.Packet, p.Host, p.Far = r.Evidence.OldAnswer, record.Numbers{First: r.Open.OldAck}, record.Numbers{First: r.Open.OldSeq}
	return p, true
}

func tellTwoAddresses(_ *Context, s Subject, x *mixed) Finding {
	share := "share"
	if x.n == 1 {
		share = "shares"
	}
	return Finding{
		Severity: Warning, Confidence: Likely,
		Title: fmt.Sprintf("%s to %s %s addresses and ports with others to %s: one target stands behind both, and mixes them up", say.Plural(x.n, "connection"), name(s.A), share, x.under.who()),
		Explanation: fmt.Sprintf("A SYN to %s was answered by an ACK with the numbers of the connection to %s from the same port, which lived then (RFC 5961 section 4.2): for the target they are one. The client resets what it does not know there and opens the newer one; what the older one sends is answered no more, or with the other's numbers.",
			x.under.who(), name(s.A)),
		causes: []Cause{onPath("a load balancer that passes clients' addresses on has two addresses that lead to one target, and a client uses one port for both"),
			onPath("a NAT gives two connections the same port")},
		Advice: []string{"Turn client IP preservation off on the load balancer (or use proxy protocol), or let its addresses lead to different ports of the target.",
			"On the client: fewer connections to both at once; a range of ports for each address (`sysctl net.ipv4.ip_local_port_range`, or bind)."},
	}
}
