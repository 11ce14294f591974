package lab

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// captures are plain traffic captured in other ways.
func captures() []Scenario {
	plain := steps{open, exchange, client.finishes}
	return []Scenario{
		{Name: "ipv6", Doc: "request, response and close over IPv6", V6: true, Taps: bothEnds(), Play: plain},
		{Name: "vlan", Doc: "request, response and close, with an 802.1Q tag", Shape: wire.Trunk, Tag: 42, Taps: []TapSpec{{Where: AtTrunk}}, Play: plain},
		{Name: "any", Doc: "request, response and close, captured on all interfaces as tcpdump -i any does",
			Taps: []TapSpec{{Where: AnyClient, Link: wire.SLL2, Suffix: "-sll2"}, {Where: AnyClient, Link: wire.SLL, Suffix: "-sll"}}, Play: plain},
		{Name: "any-router", Doc: "request, response and close, captured on all interfaces of a router: every packet twice", Shape: wire.Routed,
			Taps: []TapSpec{{Where: AnyRouter, Link: wire.SLL2, Suffix: "-sll2"}, {Where: AnyRouter, Link: wire.SLL, Suffix: "-sll"}}, Play: plain},
		{Name: "loopback", Doc: "request, response and close over the loopback", Shape: wire.Alone, Taps: []TapSpec{{Where: AtLoopback}}, Play: plain},
		{Name: "snaplen-96", Doc: "20,000 bytes each way, every packet cut to 96 bytes", Taps: []TapSpec{{Snaplen: 96}},
			Play: steps{open, client.sends(20000), server.reads(20000), server.sends(20000), client.reads(20000), client.finishes}},
		{Name: "one-way", Doc: "request, response and close, only one direction captured",
			Taps: []TapSpec{{OneWay: "orig", Suffix: "-client"}, {OneWay: "resp", Suffix: "-server"}}, Play: plain},
		{Name: "midstream", Doc: "the capture begins in the middle of an established connection", Late: true,
			Play: steps{open, exchange, wait(moment), (*Stage).Record, exchange, client.finishes}},
	}
}

// paths treat some segments in another way, or the ends get into each other's way.
func paths() []Scenario {
	twoPieces := repeat(12, client.sends(10), client.sends(10), server.reads(20), server.sends(30), client.reads(30))
	plain := []step{open, exchange, client.finishes}
	return []Scenario{
		{Name: "mtu-black-hole", Shape: wire.Routed, Taps: bothEnds(),
			Doc: "the path drops segments of more than 1,200 bytes and tells nobody: small ones pass, the client's large ones never",
			Play: steps{open, exchange, wait(moment), drop(0, toServer+"ip length > 1200"), client.sends(4000),
				repeat(4, wait(500*time.Millisecond), server.sends(20), client.reads(20))},
			Wants: Outcome{"SYN-SENT ESTABLISHED | SYN-RECEIVED ESTABLISHED": 1}},
		{Name: "mtu-black-hole-probed", Shape: wire.Routed, Taps: bothEnds(),
			Doc: "the same, but the client finds its way by smaller segments (tcp_mtu_probing 1)",
			Play: steps{client.tunes("tcp_mtu_probing", 1), open, exchange, wait(moment), drop(0, toServer+"ip length > 1200"),
				client.sends(4000), server.reads(4000), client.finishes}},
		{Name: "small-writes", Doc: "the client writes each request in two pieces: the second waits for the delayed ACK of the first",
			Play: steps{open, twoPieces, client.finishes}},
		{Name: "small-writes-nodelay", Doc: "the same with TCP_NODELAY: nothing waits",
			Play: steps{open, client.sets(wire.TCP(unix.TCP_NODELAY, 1)), twoPieces, client.finishes}},
		{Name: "ecn-cleared", Shape: wire.Routed, Taps: bothEnds(),
			Doc: "both ends agree on ECN, the path clears it in the IP header of what the client sends",
			Play: steps{tune("tcp_ecn", 1), rule(toServer + "ip ecn set not-ect"), open, client.sends(60000), server.reads(60000),
				client.finishes}},
		{Name: "sack-stripped", Doc: "six connections, SACK taken out of the SYNs of three on the way", Shape: wire.Routed,
			Play:  steps{repeat(3, plain...), rule(toServer + anySYN + "reset tcp option sack-perm"), repeat(3, plain...)},
			Wants: Outcome{closedByClient: 6}},
		{Name: "mss-clamped", Doc: "six connections, the MSS lowered to 1,200 on the way on three", Shape: wire.Routed,
			Play:  steps{repeat(3, plain...), rule(anySYN + "tcp option maxseg size set 1200"), repeat(3, plain...)},
			Wants: Outcome{closedByClient: 6}},
		{Name: "sack-not-offered", Doc: "six connections, of which the client offers no SACK on three", Shape: wire.Routed,
			Play: steps{repeat(3, client.tunes("tcp_sack", 0), open, exchange, client.finishes,
				client.tunes("tcp_sack", 1), open, exchange, client.finishes)},
			Wants: Outcome{closedByClient: 6}},
		{Name: "path-mtu", Shape: wire.Routed, Taps: onlyHeaders(),
			Doc:  "a link on the way takes 1,200 bytes, and the router says so: the client makes its segments smaller",
			Play: steps{open, exchange, narrowLink(1200), client.sends(8000), server.reads(8000), client.finishes}},
	}
}

// narrowLink is the router's link to the server with an MTU of n bytes.
func narrowLink(n int) step {
	return func(s *Stage) { s.try(s.Router.Namespace.IP(fmt.Sprintf("link set %s mtu %d", wire.RouterB, n))) }
}

// heldUp are transfers that something holds up, small enough to keep.
func heldUp() []Scenario {
	strict, atReceiver := ignoringScale()
	return []Scenario{
		{Name: "small-window", Relay: path(far/2, nil, nil), Taps: onlyHeaders(),
			Doc:  "200 kB to a receive buffer of 16 kB over a round trip of 100 ms: the window is full most of the time",
			Play: steps{client.keepsCalm, listen(receives(16 << 10)), transfer(client.carries(200_000))}},
		{Name: "slow-sender", Relay: path(near/2, nil, nil), Taps: onlyHeaders(),
			Doc:  "200 kB in 20 pieces with pauses that last four times as long: the sender has nothing to send most of the time",
			Play: steps{client.keepsCalm, transfer(withPauses(20, client.carries(10_000)))}},
		{Name: "upload", Doc: "60 kB, nothing lost, offloads off", Taps: onlyHeaders(), Play: steps{transfer(client.carries(60_000))}},
		{Name: "upload-offload", Doc: "60 kB, nothing lost, offloads on: segments longer than the MSS", Offload: true, Taps: onlyHeaders(),
			Play: steps{transfer(client.carries(60_000))}},
		{Name: "upload-capture-drops", Taps: []TapSpec{{Snaplen: headers, Lose: 4}},
			Doc:  "60 kB, nothing lost, but the capture drops every fourth packet with data",
			Play: steps{transfer(client.carries(60_000))}},
		{Name: "lossy", Doc: "300 kB, 5 % lost by chance behind the tap, round trip 20 ms", Relay: path(near/2, lossy(5, 21), nil), Taps: onlyHeaders(),
			Play: steps{transfer(client.carries(300_000))}},
		{Name: "very-lossy", Doc: "60 kB, 30 % lost by chance behind the tap, round trip 20 ms", Relay: path(near/2, lossy(30, 22), nil), Taps: onlyHeaders(),
			Play: steps{transfer(client.carries(60_000))}},
		{Name: "sudden-delay", Relay: path(near/2, stalled(100_000, 1200*time.Millisecond, false), nil), Taps: onlyHeaders(),
			Doc:  "200 kB, everything is held back for 1.2 s in the middle and then arrives: the repeats were needless",
			Play: steps{transfer(client.carries(200_000))}},
		{Name: "scale-ignored", Relay: path(far/2, strict, atReceiver), Taps: onlyHeaders(),
			Doc:  "250 kB through a firewall that ignores window scaling: what lies farther beyond the last ACK than the number in the header is dropped",
			Play: steps{listen(receives(72_000)), transfer(client.carries(250_000))}, Shows: "orig RetransSegs"},
		{Name: "numbers-rewritten", Relay: renumbered(near/2, losing(1, 20_000, 40_000, 60_000)), Taps: onlyHeaders(),
			Doc:  "80 kB through a firewall that randomises sequence numbers and leaves SACK blocks as they are: three lost segments are repaired by timeouts",
			Play: steps{transfer(client.carries(80_000))}, Shows: "orig TCPSACKDiscard"},
		{Name: "numbers-rewritten-no-sack", Relay: renumbered(near/2, losing(1, 20_000, 40_000, 60_000)), Taps: onlyHeaders(),
			Doc:  "the same firewall and the same losses, but the client offers no SACK: duplicate ACKs tell of them",
			Play: steps{client.tunes("tcp_sack", 0), transfer(client.carries(80_000))}, Shows: "orig RetransSegs"},
		{Name: "deep-queue", Relay: path(near/2, deepQueue(350_000), nil), Taps: onlyHeaders(),
			Doc:  "300 kB over a link of 350 kB a second with a deep queue, which the client fills: the round trip grows from 20 ms on, nothing is lost",
			Play: steps{client.keepsCalm, listen(receives(48 << 10)), transfer(client.carries(300_000))}},
		{Name: "overtaken", Relay: path(near/2, late(10, 3*time.Millisecond), nil), Taps: []TapSpec{{Where: AtServer, Snaplen: headers, Suffix: "-at-server"}},
			Doc:  "300 kB, every tenth segment comes 3 ms late: others overtake it",
			Play: steps{transfer(client.carries(300_000))}},
	}
}
