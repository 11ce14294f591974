package lab

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// What the kernel of the client goes through where the server has the connection under
// other addresses.
const (
	aloneClosed = "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT |"
	aloneReset  = "SYN-SENT ESTABLISHED CLOSED |"
)

// service and service2 are addresses that the router translates into the server's (RFC 5737).
var service, service2 = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")

// translations are connections through a router that translates addresses.
func translations() []Scenario {
	return []Scenario{
		{Name: "untranslated-answer", Shape: wire.Routed, Translated: true,
			Doc: "the router leads a service's address to the server and forgets idle connections after a second: what the server sends then is not translated, and the client's RST ends the connection",
			Play: steps{leads(service, 80), forgetsIdle(1), aims(service), repeat(3, open, exchange, client.finishes),
				repeat(2, open, exchange, wait(1500*time.Millisecond), server.sends(500), server.told(unix.ECONNRESET), client.sends(100), client.told(unix.ECONNRESET))},
			Wants: Outcome{aloneClosed: 3, aloneReset: 2}},
		{Name: "one-port-to-two-addresses", Shape: wire.Routed, Translated: true, Late: true,
			Doc: "from one port a client talks to a server and to a service that the router leads there; the server forgets the older connection, captured from its middle, and resets it",
			Play: steps{open, exchange, (*Stage).Record, exchange, leads(service, 8080), listenAt(8080), aims(service), reopen(), exchange,
				nth(0, wait(moment), server.forgets, wait(300*time.Millisecond), client.sends(100), client.told(unix.ECONNRESET)), nth(1, exchange, client.finishes)},
			Wants: Outcome{aloneClosed: 1, bothReset: 1}},
		{Name: "two-addresses-one-target", Shape: wire.Routed, Translated: true, Taps: bothEnds(),
			Doc: "two addresses of a load balancer lead to one server and keep the client's address: a client that uses one port for both has two connections that are one for the server",
			Play: steps{leadsBoth, listen(), aims(service), open, exchange, wait(moment), aims(service2), again, connected, accept, exchange,
				nth(0, client.sets(wire.TCP(unix.TCP_USER_TIMEOUT, 1500)), client.sends(100), client.told(unix.ETIMEDOUT)), nth(1, exchange, client.finishes)},
			Wants: Outcome{aloneClosed: 1, aloneReset: 1}},
		{Name: "two-addresses-in-turn", Shape: wire.Routed, Translated: true, Taps: bothEnds(),
			Doc:   "the same, but the first connection is over when the second begins: its SYN ends the server's TIME-WAIT",
			Play:  steps{client.tunes("tcp_timestamps", 2), leadsBoth, listen(), aims(service), open, exchange, server.finishes, aims(service2), again, connected, accept, exchange, client.finishes},
			Wants: Outcome{aloneClosed: 1, "SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED |": 1}},
		{Name: "one-port-for-two", Shape: wire.Routed, Translated: true,
			Doc:   "a NAT has one port for two clients: where both open a connection at the same moment it drops the second SYN (conntrack: insert_failed), whose repeat passes",
			Play:  steps{moreClients, shares(":5000"), listen(), repeat(5, alone, byOther(alone), alone, atOneMoment)},
			Wants: Outcome{aloneClosed: 25}},
		{Name: "ports-for-two", Shape: wire.Routed, Translated: true,
			Doc:   "the same with ports enough: two SYNs at the same moment pass, and of those that come alone five are lost",
			Play:  steps{moreClients, shares(""), listen(), repeat(5, alone, atOneMoment, drop(1, toServer+bareSYN), byOther(alone), clearRules, alone)},
			Wants: Outcome{aloneClosed: 25}},
		{Name: "shared-address-timestamps", Relay: oneAddress(), Translated: true, Taps: atServer(),
			Doc: "two clients behind one address have clocks of their own: the server's firewall drops SYNs whose timestamp is behind that of the other one",
			Play: steps{client.tunes("tcp_timestamps", 2), client.tunes("tcp_syn_retries", 1), moreClients, listen(), byOther(alone), alone, open, dropBehind, exchange, client.finishes,
				repeat(5, repeat(3, alone), byOther(dial)), each(notAnswered)},
			Wants: Outcome{aloneClosed: 1, closedByClient: 17, failed: 5}},
		{Name: "shared-address-lost", Relay: oneAddress(), Translated: true, Taps: atServer(),
			Doc: "the same two clients, but the server's firewall drops SYNs of both, whatever their timestamps",
			Play: steps{client.tunes("tcp_timestamps", 2), client.tunes("tcp_syn_retries", 1), moreClients, listen(),
				repeat(3, byOther(alone), alone, dropNext, dial, byOther(alone, dropNext, dial), alone), each(notAnswered)},
			Wants: Outcome{aloneClosed: 6, closedByClient: 6, failed: 6}},
	}
}

// alone is a connection on which all goes well, and a while after it.
func alone(s *Stage) { steps{served, wait(20 * time.Millisecond)}.play(s) }

// atOneMoment lets both clients open a connection at the same moment: with nothing to do
// between the two SYNs a loaded machine does not part them.
func atOneMoment(s *Stage) {
	s.begin(s.Client.Socket(s.nextPort()))
	first := s.at
	s.begin(s.Other.Socket(s.nextPort()))
	first[client].Dial(s.aim())
	s.at[client].Dial(s.aim())
	for _, s.at = range [...]*joint{first, s.at} {
		steps{connected, accept, exchange, client.closesFirst, wait(20 * time.Millisecond)}.play(s)
	}
}

// moreClients gives the client another address: s.Other.
func moreClients(s *Stage) {
	ip := otherOf(s.Client.IP)
	s.try(s.Client.Namespace.IP(fmt.Sprintf("addr add %v/32 dev %s", ip, wire.ClientIf)))
	s.Other = &Host{stage: s, IP: ip, Namespace: s.Client.Namespace}
}

// otherOf is the other address of a client, beside that of the router.
func otherOf(first netip.Addr) netip.Addr { return first.Next().Next() }

// byOther does steps with the other client.
func byOther(all ...step) step {
	return func(s *Stage) {
		s.Client, s.Other = s.Other, s.Client
		steps(all).play(s)
		s.Client, s.Other = s.Other, s.Client
	}
}

// shares lets the router give all clients its own address towards the server, with ports
// (":5000") or those that the clients chose (""). A port is free again when its connection
// is over.
func shares(ports string) step {
	return func(s *Stage) {
		s.Router.Tune("netfilter/nf_conntrack_tcp_timeout_time_wait", 0)
		s.Router.Tune("netfilter/nf_conntrack_tcp_loose", 0)
		translates(fmt.Sprintf("post oifname %s meta l4proto tcp snat to %v%s", wire.RouterB, s.Server.IP.Next(), ports))(s)
	}
}

// behindBy is by how many milliseconds the other client's clock is behind.
const behindBy = 1_000_000_000

// oneAddress is a path that translates: the other client comes under the address of the
// first one, and its timestamps are those of a clock that is behind.
func oneAddress() func(*wire.Segment) wire.Verdict {
	var others [1 << 16]atomic.Bool // ports
	return func(seg *wire.Segment) (v wire.Verdict) {
		if seg.Dst.Port() == 80 && seg.Src.Addr().As4()[3] != 1 {
			others[seg.Src.Port()].Store(true)
			v.Rewrite = &wire.Rewrite{Src: seg.Src.Addr().Prev().Prev(), TSVal: 1<<32 - behindBy}
		}
		if seg.Src.Port() == 80 && others[seg.Dst.Port()].Load() {
			v.Rewrite = &wire.Rewrite{Dst: otherOf(seg.Dst.Addr()), TSEcr: behindBy}
		}
		return v
	}
}

// dropBehind lets the server drop SYNs of the clock that is behind: those of the next
// minutes.
func dropBehind(s *Stage) {
	const minutes = 10 * 60_000 // milliseconds
	clock, err := unix.GetsockoptInt(s.at[client].fd, unix.IPPROTO_TCP, unix.TCP_TIMESTAMP)
	s.try(err)
	behind := uint32(clock) - behindBy
	server.filters(fmt.Sprintf("%s%s tcp option timestamp tsval %d-%d drop", toServer, bareSYN, behind-minutes, behind+minutes))(s)
}

// dropNext lets the server drop what comes from the next port.
func dropNext(s *Stage) {
	server.filters(fmt.Sprintf("%stcp sport %d drop", toServer, firstPort+s.ports))(s)
}

// notAnswered wants the attempts that were not accepted to have failed in silence.
func notAnswered(s *Stage) {
	if s.at[server] == nil {
		client.told(unix.ETIMEDOUT)(s)
	}
}

// leadsBoth lets the router lead both addresses to the server, as a load balancer does that
// passes clients' addresses on: an answer goes out under the address to which the last SYN
// from that port went.
func leadsBoth(s *Stage) {
	both := "ip daddr { " + service.String() + ", " + service2.String() + " } "
	s.try(s.Router.NFT("add table ip balance", "add map ip balance went { type ipv4_addr . inet_service : ipv4_addr; size 64; flags dynamic; }",
		"add chain ip balance pre { type filter hook prerouting priority -300; }", "add chain ip balance post { type filter hook postrouting priority 300; }",
		"add rule ip balance pre "+both+"tcp flags & (syn | ack) == syn delete @went { ip saddr . tcp sport : ip daddr }",
		"add rule ip balance pre "+both+"tcp flags & (syn | ack) == syn add @went { ip saddr . tcp sport : ip daddr }",
		"add rule ip balance pre "+both+"ip daddr set "+s.Server.IP.String(),
		"add rule ip balance post ip saddr "+s.Server.IP.String()+" ip saddr set ip daddr . tcp dport map @went"))
}

// again begins to connect from the port of the last connection.
func again(s *Stage) { s.ports--; dial(s) }

// translates adds rules of nft(8) for the router's translation: "pre ..." before it
// routes, "post ..." behind that.
func translates(rules ...string) step {
	return func(s *Stage) {
		lines := []string{"add table ip nat", "add chain ip nat pre { type nat hook prerouting priority -100; }",
			"add chain ip nat post { type nat hook postrouting priority 100; }"}
		for _, r := range rules {
			lines = append(lines, "add rule ip nat "+r)
		}
		s.try(s.Router.NFT(lines...))
	}
}

// leads lets the router lead an address to a port of the server.
func leads(from netip.Addr, port uint16) step {
	return func(s *Stage) {
		translates("pre ip daddr " + from.String() + " meta l4proto tcp dnat to " + s.Server.At(port).String())(s)
	}
}

// aims lets connections go to an address from now on.
func aims(to netip.Addr) step { return func(s *Stage) { s.target = to } }

// listenAt makes another listener of the server, which takes connections from now on.
func listenAt(port uint16) step { return func(s *Stage) { s.listener = s.Server.Listen(port) } }

// forgetsIdle lets the router forget open connections that were idle for so many seconds.
func forgetsIdle(n int) step {
	return func(s *Stage) { s.Router.Tune("netfilter/nf_conntrack_tcp_timeout_established", n) }
}
