package lab

import (
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// metNoSocket: the server's data came when the client's socket was gone.
const metNoSocket = "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED | SYN-RECEIVED ESTABLISHED CLOSE-WAIT CLOSED"

// requestMetNoSocket: the client's request came when the server's socket was gone.
const requestMetNoSocket = "SYN-SENT ESTABLISHED CLOSE-WAIT CLOSED | SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED"

// resets are connections that end with a RST, or in silence, and RSTs and other
// segments that a host throws away. The router may speak in the name of an end.
func resets() []Scenario {
	return []Scenario{
		{Name: "abort-linger-0", Doc: "the client closes with linger 0: RST,ACK from ESTABLISHED", Taps: bothEnds(),
			Play: steps{open, exchange, client.aborts, server.told(unix.ECONNRESET)}, Wants: Outcome{bothReset: 1}},
		{Name: "abort-in-close-wait", Doc: "the client closes, the server aborts with linger 0 out of CLOSE-WAIT",
			Play:  steps{open, exchange, client.shutsDown, server.readsEnd, wait(moment), server.aborts, client.told(unix.ECONNRESET)},
			Wants: Outcome{metNoSocket: 1}},
		{Name: "close-with-unread-data", Doc: "the client closes while data waits unread: RST,ACK",
			Play: steps{open, client.sends(100), server.reads(100), server.sends(1000), wait(moment), client.closes,
				server.told(unix.ECONNRESET)},
			Wants: Outcome{bothReset: 1}},
		{Name: "closed-unread-by-server", Doc: "the server closes before it has read the request: RST,ACK",
			Play:  steps{open, client.sends(100), wait(moment), server.closes, client.told(unix.ECONNRESET)},
			Wants: Outcome{bothReset: 1}},
		{Name: "data-after-close", Doc: "the client has closed its socket; data that the server sends is answered with a bare RST",
			Play: steps{open, exchange, client.closes, server.readsEnd, wait(150 * time.Millisecond), server.sends(1000),
				server.told(unix.EPIPE)},
			Wants: Outcome{metNoSocket: 1}},
		{Name: "idle-race", Doc: "the server closes its socket after an idle second; a request that the client still sends is answered with a bare RST",
			Play: steps{open, exchange, wait(1200 * time.Millisecond), server.closes, client.readsEnd, client.sends(300),
				client.told(unix.EPIPE)},
			Wants: Outcome{requestMetNoSocket: 1}},
		{Name: "middlebox-silence", Shape: wire.Routed, Taps: bothEnds(),
			Doc: "a middlebox forgets the connection after an idle second and drops what follows: the client repeats its data and gives up in silence",
			Play: steps{open, exchange, wait(time.Second), drop(0, anyTCP), client.sets(wire.TCP(unix.TCP_USER_TIMEOUT, 2000)), client.sends(100),
				client.told(unix.ETIMEDOUT)},
			Wants: Outcome{clientGone: 1}},
		{Name: "host-restart", Taps: bothEnds(),
			Doc:   "the client forgets its connection without a word and opens another from the same port: challenge ACK, RST, and the SYN again",
			Play:  steps{open, exchange, wait(150 * time.Millisecond), client.forgets, reopen(), exchange, client.finishes},
			Wants: Outcome{bothReset: 1, closedByClient: 1}},
		{Name: "port-reused-early", Taps: bothEnds(),
			Doc: "five connections that the client closed and forgot still wait in CLOSE-WAIT at the server when SYNs come from the same ports: challenge ACK, RST, and the SYN again",
			Play: steps{client.tunes("tcp_fin_timeout", 1), repeat(10, served), leftInCloseWait(5), wait(2500 * time.Millisecond),
				samePorts(5), repeat(5, open, exchange, client.finishes)},
			Wants: Outcome{closedByClient: 15, metNoSocket: 5}},
		{Name: "port-reused-early-refused",
			Doc: "the same, but the server's firewall answers the SYN of a connection that it knows with a RST: refused, though the listener is there",
			Play: steps{client.tunes("tcp_fin_timeout", 1), server.filters(onlySYN + " ct state established reject with tcp reset"), repeat(10, served), leftInCloseWait(5), wait(2500 * time.Millisecond),
				samePorts(5), repeat(5, dial, client.told(unix.ECONNREFUSED)), repeat(5, served), wait(moment)},
			Wants: Outcome{closedByClient: 15, failed: 5, "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED | SYN-RECEIVED ESTABLISHED CLOSE-WAIT": 5}},
		{Name: "server-forgets", Taps: bothEnds(),
			Doc: "the server forgets the connection without a word: the client's next data is answered with a bare RST",
			Play: steps{open, exchange, wait(moment), server.forgets, wait(1200 * time.Millisecond), client.sends(100),
				client.told(unix.ECONNRESET)},
			Wants: Outcome{bothReset: 1}},
		{Name: "middlebox-reset", Doc: "a middlebox resets both ends, each in the name of the other", Shape: wire.Routed,
			Taps: []TapSpec{{Unseen: "resp"}, {Where: AtServer, Suffix: "-at-server", Unseen: "orig"}, {Where: AnyRouter, Link: wire.SLL2, Suffix: "-at-router"}},
			Play: steps{open, exchange, wait(moment), server.forged(wire.RST, 0, 255), client.forged(wire.RST, 0, 255),
				client.told(unix.ECONNRESET), server.told(unix.ECONNRESET)},
			Wants: Outcome{bothReset: 1}},
		{Name: "middlebox-reset-one-end", Shape: wire.Routed,
			Doc: "a middlebox resets the client in the server's name; the server learns it when the client's kernel answers its data with a RST",
			Play: steps{open, exchange, wait(moment), server.forged(wire.RST, 0, 255), client.told(unix.ECONNRESET),
				wait(300 * time.Millisecond), server.sends(100), server.told(unix.ECONNRESET)},
			Wants: Outcome{bothReset: 1}},
		{Name: "challenge-ack-rst", Shape: wire.Routed, Taps: bothEnds(),
			Doc:  "a forged RST inside the window, not at its edge, draws a challenge ACK; the connection lives on",
			Play: steps{open, exchange, wait(moment), client.forged(wire.RST, 1000, 60), wait(moment), exchange, client.finishes}},
		{Name: "challenge-ack-syn", Shape: wire.Routed, Taps: bothEnds(), Forged: true,
			Doc:  "a forged SYN inside the window draws a challenge ACK; the connection lives on",
			Play: steps{open, exchange, wait(moment), client.forged(wire.SYN, 1000, 60), wait(moment), exchange, client.finishes}},
		{Name: "paws-refused", Shape: wire.Routed, Taps: bothEnds(),
			Doc: "a middlebox sets the client's timestamps back for a second: the server refuses its data (PAWS, RFC 7323) and answers at once, each time",
			// Timestamps without an offset: what is set back to 1 is old.
			Play: steps{client.tunes("tcp_timestamps", 2), open, exchange, wait(moment), rule(toServer + "tcp option timestamp tsval set 1"),
				client.sends(100), wait(time.Second), clearRules, server.reads(100), client.finishes}},
		{Name: "checksum-spoiled", Shape: wire.Routed, Taps: bothEnds(),
			Doc: "a middlebox spoils the checksum of the server's data for a second: the client drops every copy",
			Play: steps{open, exchange, wait(moment), rule(toClient + "ip length > 1000 @th,128,16 set 0x1234"), server.sends(1200),
				wait(time.Second), clearRules, client.reads(1200), client.finishes}},
	}
}

// leftInCloseWait opens connections that only the client closes.
func leftInCloseWait(n int) step { return repeat(n, open, exchange, client.closes) }

// samePorts lets the next n connections come from the ports of the last ones.
func samePorts(n uint16) step { return func(s *Stage) { s.ports -= n } }

// probes are scenarios of keepalive, and of a closed window.
func probes() []Scenario {
	return []Scenario{
		{Name: "keepalive-answered", Doc: "the client probes an idle connection every second and is answered",
			Play: steps{open, exchange, client.sets(wire.Keepalive(3)...), wait(3500 * time.Millisecond), client.finishes}},
		{Name: "keepalive-by-server", Doc: "the server probes an idle connection every second and is answered",
			Play:  steps{open, exchange, server.sets(wire.Keepalive(3)...), wait(2500 * time.Millisecond), server.finishes},
			Wants: Outcome{closedByServer: 1}},
		{Name: "keepalive-recovered", Doc: "the answers to two keepalive probes are lost, the third arrives", Shape: wire.Routed, Taps: bothEnds(),
			Play: steps{open, exchange, wait(moment), drop(2, toClient), client.sets(wire.Keepalive(5)...), wait(4500 * time.Millisecond),
				client.finishes}},
		{Name: "keepalive-dead", Shape: wire.Routed, Deaf: "resp",
			Doc:   "nothing reaches the server any more: three probes go unanswered, then the client sends RST,ACK and closes",
			Play:  steps{open, exchange, wait(moment), drop(0, toServer), client.sets(wire.Keepalive(3)...), client.told(unix.ETIMEDOUT)},
			Wants: Outcome{clientGone: 1}},
		{Name: "keepalive-dead-one-way", Shape: wire.Routed, Taps: bothEnds(),
			Doc: "the server's answers to three probes are lost; the client's RST,ACK reaches it",
			Play: steps{open, exchange, wait(moment), drop(0, toClient), client.sets(wire.Keepalive(3)...), client.told(unix.ETIMEDOUT),
				server.told(unix.ECONNRESET)},
			Wants: Outcome{bothReset: 1}},
		{Name: "zero-window", Taps: bothEnds(),
			Doc: "the server's application does not read: its window closes, the client probes it with doubling pauses until it opens",
			Play: steps{listen(receives(8192)), openWith(wire.Opt(unix.SOL_SOCKET, unix.SO_SNDBUF, 16384)), fill, wait(3500 * time.Millisecond),
				readFilled, wait(moment), client.finishes}},
		{Name: "window-update-unheard", Taps: onlyHeaders(),
			Doc: "the server's window closes and opens again, but the client's own firewall drops every segment that says so: it goes on probing for seconds",
			Play: steps{listen(receives(8192)), openWith(wire.Opt(unix.SOL_SOCKET, unix.SO_SNDBUF, 16384)), fill, wait(800 * time.Millisecond),
				client.filters(toClient + "tcp window > 0 drop"), readSome, wait(6500 * time.Millisecond), client.hearsAgain, readFilled, wait(moment), client.finishes}},
	}
}

// receives is a receive buffer of n bytes.
func receives(n int) wire.Option { return wire.Opt(unix.SOL_SOCKET, unix.SO_RCVBUF, n) }
