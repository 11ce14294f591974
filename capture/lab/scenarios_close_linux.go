package lab

import (
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// closes are connections that close in order, over a path that may lose a step.
func closes() []Scenario {
	return []Scenario{
		{Name: "close-by-client", Doc: "request, response, the client closes first and the server at once: three segments", Taps: bothEnds(),
			Play: steps{open, exchange, client.finishes}},
		{Name: "close-by-server", Doc: "request, response, the server closes first and the client at once: three segments", Taps: bothEnds(),
			Play: steps{open, exchange, server.finishes}, Wants: Outcome{closedByServer: 1}},
		{Name: "close-four-segments", Doc: "the client closes, the server acknowledges and closes 150 ms later: four segments",
			Play: steps{open, exchange, client.closes, server.readsEnd, wait(150 * time.Millisecond), server.closes, wait(moment)}},
		{Name: "half-close", Doc: "the client shuts its side down; the server goes on sending 5,000 bytes, then closes",
			Play: steps{open, exchange, client.shutsDown, server.readsEnd, repeat(5, wait(moment), server.sends(1000), client.reads(1000)),
				server.finishes}},
		{Name: "simultaneous-close", Relay: slowly(30 * time.Millisecond), Taps: bothEnds(),
			Doc:   "both ends close before either FIN arrives: both pass CLOSING and hold TIME-WAIT",
			Play:  steps{open, exchange, wait(2 * moment), client.closes, server.closes, wait(3 * moment)},
			Wants: Outcome{closedAtOnce: 1}},
		{Name: "simultaneous-close-repeats", Relay: slowFromFIN(30*time.Millisecond, 500*time.Millisecond), Taps: bothEnds(),
			Doc:   "both ends close at once, and the way to the server gets slow: it repeats its FIN before and after it hears the client's",
			Play:  steps{open, exchange, wait(2 * moment), client.closes, server.closes, wait(1800 * time.Millisecond)},
			Wants: Outcome{closedAtOnce: 1}},
		{Name: "fin-overtakes-data", Relay: onMarked(wire.Verdict{Delay: 30 * time.Millisecond}), Taps: bothEnds(),
			Doc: "the path holds the last data back until the FIN has overtaken it",
			// No repeat before the held data arrives: RACK and tail loss probes off.
			Play: steps{client.tunes("tcp_recovery", 0), client.tunes("tcp_early_retrans", 0), open, exchange, wait(moment),
				client.sends(marked), client.closes, server.reads(marked), server.readsEnd, server.closes, wait(moment)}},
		{Name: "old-duplicate", Relay: onMarked(wire.Verdict{Copies: 1, Behind: 100 * time.Millisecond}), Taps: bothEnds(),
			Doc: "a copy of the last data arrives when the server's socket is gone: its RST has an old number, the client's TIME-WAIT stays",
			Play: steps{open, exchange, wait(moment), client.sends(marked), client.closes, server.reads(marked), server.readsEnd, server.closes,
				wait(200 * time.Millisecond)}},
		{Name: "doubled-on-the-path", Doc: "the path delivers every segment twice", Taps: bothEnds(),
			Relay: func(*wire.Segment) wire.Verdict { return wire.Verdict{Copies: 1} },
			Play:  steps{open, exchange, client.finishes},
			Wants: Outcome{"SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED? | SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED": 1}},
		{Name: "close-wait-leak", Doc: "the client closes, the server's application never does: CLOSE-WAIT",
			Play: steps{open, exchange, client.closes, server.readsEnd, wait(time.Second)}, Wants: Outcome{halfClosed: 1}},
		{Name: "fin-wait-2-orphan",
			Doc: "the client closes, its kernel gives up FIN-WAIT-2 after tcp_fin_timeout (1 s) in silence; data that the server sends later meets no socket",
			Play: steps{client.tunes("tcp_fin_timeout", 1), open, exchange, client.closes, server.readsEnd, wait(2200 * time.Millisecond),
				server.sends(100), server.told(unix.EPIPE)},
			Wants: Outcome{metNoSocket: 1}},
		{Name: "fin-wait-2-late-close", Doc: "the server closes after the client's kernel gave up FIN-WAIT-2: RST answers its FIN",
			Play: steps{client.tunes("tcp_fin_timeout", 1), open, exchange, client.closes, server.readsEnd, wait(2200 * time.Millisecond),
				server.closes, wait(moment)},
			Wants: Outcome{"SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED | SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED": 1}},
		{Name: "fin-lost", Doc: "the client's FIN is lost once and repeated", Shape: wire.Routed, Taps: bothEnds(),
			Play: steps{open, exchange, wait(moment), drop(1, toServer+anyFIN), client.finishes}},
		{Name: "last-ack-lost", Doc: "the ACK of the second FIN is lost: that FIN is repeated, TIME-WAIT starts again", Shape: wire.Routed, Taps: bothEnds(),
			Play: steps{open, exchange, wait(moment), drop(1, toServer+bareACK), client.finishes, wait(500 * time.Millisecond)}},
		{Name: "fin-never-acked", Shape: wire.Routed, Deaf: "resp",
			Doc: "nothing reaches the server any more: the client repeats its FIN and gives up in silence",
			Play: steps{client.tunes("tcp_orphan_retries", 3), open, exchange, wait(moment), drop(0, toServer), client.closes,
				wait(5 * time.Second)},
			Wants: Outcome{"SYN-SENT ESTABLISHED FIN-WAIT-1 CLOSED? | SYN-RECEIVED ESTABLISHED": 1}},
		{Name: "last-ack-never", Shape: wire.Routed, Deaf: "resp",
			Doc:   "the ACK of the second FIN never arrives: the server repeats its FIN from LAST-ACK and gives up in silence",
			Play:  lastACKUnheard(),
			Wants: Outcome{heldLastACK: 1}},
		{Name: "last-ack-unheard", Shape: wire.Routed, Deaf: "resp", Taps: atServer(),
			Doc:   "the server's FIN is never acknowledged, as far as its own tap can see: it repeats it and gives up in silence",
			Play:  lastACKUnheard(),
			Wants: Outcome{heldLastACK: 1}},
		{Name: "data-lost", Doc: "one data segment is lost in the middle of a transfer, and one at its end", Shape: wire.Routed, Taps: bothEnds(),
			Play: steps{open, drop(0, toServer+"ip length > 1000 numgen inc mod 1000000 == 7"), client.sends(30000), server.reads(30000),
				drop(1, toServer+"ip length > 500 ip length < 900"), client.sends(700), server.reads(700), wait(moment), client.finishes}},
	}
}

const heldLastACK = "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT | SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED?"

func lastACKUnheard() steps {
	return steps{server.tunes("tcp_orphan_retries", 2), open, exchange, client.closes, server.readsEnd, wait(moment), drop(0, toServer),
		server.closes, wait(3 * time.Second)}
}

// timeWaits are scenarios of TIME-WAIT: many, and how it ends early.
func timeWaits() []Scenario {
	const (
		clientHeld = "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED | SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"
		serverHeld = "SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED | SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED"
	)
	return []Scenario{
		{Name: "time-wait-storm-by-client", Large: true, Taps: onlyHeaders(),
			Doc:   "2,000 short connections that the client closes first: it holds 2,000 TIME-WAITs",
			Play:  steps{repeat(stormSize, open, client.closesFirst), wait(moment)},
			Wants: Outcome{closedByClient: stormSize}},
		{Name: "time-wait-storm-by-server", Large: true, Taps: onlyHeaders(),
			Doc:   "2,000 short connections that the server closes first: it holds 2,000 TIME-WAITs",
			Play:  steps{repeat(stormSize, open, server.closesFirst), wait(moment)},
			Wants: Outcome{closedByServer: stormSize}},
		{Name: "time-wait-reuse",
			Doc:   "the server holds TIME-WAIT; a SYN with newer numbers from the same port ends it and opens a connection",
			Play:  steps{open, server.finishes, wait(300 * time.Millisecond), reopen(), exchange, client.finishes},
			Wants: Outcome{serverHeld: 1, closedByClient: 1}},
		{Name: "time-wait-reuse-by-holder",
			Doc: "the client holds TIME-WAIT and connects again from the same port after 1.2 s, as tcp_tw_reuse allows",
			Play: steps{client.tunes("tcp_tw_reuse", 1), open, client.finishes, wait(1200 * time.Millisecond), reopen(), exchange,
				client.finishes},
			Wants: Outcome{clientHeld: 1, closedByClient: 1}},
		{Name: "time-wait-stale-syn",
			Doc: "the server holds TIME-WAIT; a SYN with older numbers is answered with the old ACK, RST follows, and the SYN again opens the connection",
			Play: steps{tune("tcp_timestamps", 0), open, server.finishes, wait(300 * time.Millisecond), reopenOlder, exchange,
				client.finishes},
			Wants: Outcome{serverHeld: 1, closedByClient: 1}},
		{Name: "time-wait-reset", Doc: "a RST ends the TIME-WAIT of the server (RFC 1337)", Shape: wire.Routed, Taps: atServer(),
			Play:  steps{open, exchange, server.finishes, client.forged(wire.RST, 0, 64), wait(moment)},
			Wants: Outcome{serverHeld: 1}},
	}
}

// reopenOlder is reopen with sequence numbers older than those of the last connection.
func reopenOlder(s *Stage) {
	older := s.Next(s.Client.At(firstPort), s.Server.At(80)) - 100_000
	reopen(wire.TCP(unix.TCP_REPAIR, 1), wire.TCP(unix.TCP_REPAIR_QUEUE, 2), wire.TCP(unix.TCP_QUEUE_SEQ, int(older)),
		wire.TCP(unix.TCP_REPAIR, 0), wire.Opt(unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))(s)
}

// idles are connections that nobody closes, that are forgotten while they are
// idle, or whose peer is gone. Slow ones are recorded, and not played again by tests.
func idles() []Scenario {
	// idle lets n connections rest for a minute; then the client sends on each.
	idle := func(n int, then ...step) steps {
		return steps{repeat(n, open, exchange), wait(ages), each(client.sets(wire.TCP(unix.TCP_USER_TIMEOUT, 4000)), client.sends(100)), each(then...), one}
	}
	// forgetful is a firewall that forgets them meanwhile.
	forgetful := func(s *Stage) {
		s.Router.Tune("netfilter/nf_conntrack_tcp_loose", 0)
		s.Router.Tune("netfilter/nf_conntrack_tcp_timeout_established", 60)
		s.Router.Rule("ct state invalid drop")
	}
	return []Scenario{
		{Name: "outage-recovered", Shape: wire.Routed, Taps: bothEnds(),
			Doc: "nothing passes for 2.5 s in the middle: the client repeats its data until it is answered",
			Play: steps{open, exchange, drop(0, anyTCP), client.sends(100), wait(2500 * time.Millisecond), clearRules, answer,
				client.finishes}},
		{Name: "close-wait-minute", Slow: true,
			Doc:   "three connections that the client closes and the server's application does not, for more than a minute",
			Play:  steps{repeat(3, open, exchange, client.shutsDown), wait(ages), one},
			Wants: Outcome{halfClosed: 3, closedByClient: 1}},
		{Name: "half-close-busy", Slow: true,
			Doc: "the client shuts down its sending side, and the server sends for more than a minute before it closes",
			Play: steps{open, exchange, client.shutsDown, server.readsEnd, repeat(13, wait(ages/13), server.sends(100), client.reads(100)),
				server.finishes, one},
			Wants: Outcome{closedByClient: 2}},
		{Name: "half-close-stuck", Slow: true,
			Doc: "the client shuts down its sending side, the server sends some more and then neither sends nor closes",
			Play: steps{open, exchange, client.shutsDown, server.readsEnd, wait(moment), server.sends(1000), client.reads(1000),
				wait(ages), one},
			Wants: Outcome{halfClosed: 1, closedByClient: 1}},
		{Name: "fin-wait-2-held", Slow: true,
			Doc:  "the client shuts down its sending side and keeps the socket; the server closes after more than a minute",
			Play: steps{open, exchange, client.shutsDown, server.readsEnd, wait(ages), server.finishes}},
		{Name: "vanished", Doc: "nothing passes any more: the client repeats its data and gives up after 5 s in silence", Shape: wire.Routed, Slow: true,
			Play: steps{open, exchange, drop(0, toServer), drop(0, toClient), client.sets(wire.TCP(unix.TCP_USER_TIMEOUT, 5000)),
				client.sends(100), client.told(unix.ETIMEDOUT), wait(ages), one},
			Wants: Outcome{clientGone: 1, closedByClient: 1}},
		{Name: "idle-forgotten", Doc: "a firewall forgets four idle connections after a minute and drops what follows", Shape: wire.Routed, Slow: true,
			Play: append(steps{forgetful}, idle(4, client.told(unix.ETIMEDOUT))...), Wants: Outcome{clientGone: 4, closedByClient: 1}},
		{Name: "idle-forgotten-one", Doc: "a firewall forgets an idle connection after a minute and drops what follows", Shape: wire.Routed, Slow: true,
			Play: append(steps{forgetful}, idle(1, client.told(unix.ETIMEDOUT))...), Wants: Outcome{clientGone: 1, closedByClient: 1}},
		{Name: "idle-answered", Doc: "four connections rest for more than a minute and go on", Shape: wire.Routed, Slow: true,
			Play: idle(4, server.reads(100), client.finishes), Wants: Outcome{closedByClient: 5}},
	}
}
