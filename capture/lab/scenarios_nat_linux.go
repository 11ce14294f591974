package lab

import (
	"net/netip"
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
			Play: steps{balances, listen(), aims(service), open, exchange, wait(moment), aims(service2), again, connected, accept, exchange,
				nth(0, client.sets(wire.TCP(unix.TCP_USER_TIMEOUT, 1500)), client.sends(100), client.told(unix.ETIMEDOUT)), nth(1, exchange, client.finishes)},
			Wants: Outcome{aloneClosed: 1, aloneReset: 1}},
		{Name: "two-addresses-in-turn", Shape: wire.Routed, Translated: true, Taps: bothEnds(),
			Doc:   "the same, but the first connection is over when the second begins: its SYN ends the server's TIME-WAIT",
			Play:  steps{client.tunes("tcp_timestamps", 2), balances, listen(), aims(service), open, exchange, server.finishes, aims(service2), again, connected, accept, exchange, client.finishes},
			Wants: Outcome{aloneClosed: 1, "SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED |": 1}},
	}
}

// balances lets the router lead both addresses to the server, as a load balancer does that
// passes clients' addresses on: an answer goes out under the address to which the last SYN
// from that port went.
func balances(s *Stage) {
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
