package lab

import (
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// opens are connections that open, with trouble or without.
func opens() []Scenario {
	return []Scenario{
		{Name: "syn-lost", Doc: "the first three SYNs are lost, the fourth opens the connection after 3 s", Shape: wire.Routed, Taps: bothEnds(),
			Play: steps{drop(3, toServer+bareSYN), open, exchange, client.finishes}},
		{Name: "syn-ack-lost", Doc: "the first SYN/ACK is lost: SYN and SYN/ACK are repeated together", Shape: wire.Routed, Taps: bothEnds(),
			Play: steps{drop(1, toClient+synAndACK), open, exchange, client.finishes}},
		{Name: "third-ack-lost", Shape: wire.Routed, Taps: bothEnds(),
			Doc:  "the ACK that completes the handshake is lost and no data follows: the SYN/ACK is repeated after 1 s",
			Play: steps{drop(1, toServer+bareACK), open, exchange, client.finishes}},
		{Name: "third-ack-lost-data-follows", Shape: wire.Routed, Taps: bothEnds(),
			Doc: "the ACK that completes the handshake is lost, the data behind it does its work",
			Play: steps{drop(1, toServer+bareACK), listen(), dial, connected, client.sends(100), accept, server.reads(100), wait(moment),
				client.finishes}},
		{Name: "third-ack-never", Shape: wire.Routed, Deaf: "resp",
			Doc: "after the SYN nothing reaches the server: it repeats its SYN/ACK once and gives up in silence",
			Play: steps{server.tunes("tcp_synack_retries", 1), drop(0, toServer+"tcp flags & syn == 0"), listen(), dial, connected,
				wait(3500 * time.Millisecond)},
			Wants: Outcome{"SYN-SENT ESTABLISHED | SYN-RECEIVED CLOSED": 1}},
		{Name: "only-syn-passes", Shape: wire.Routed, Taps: bothEnds(), Deaf: "resp",
			Doc: "a firewall on the way lets SYNs pass and nothing after them: three connections whose ACK and data never reach the server, which repeats its SYN/ACKs",
			Play: steps{server.tunes("tcp_synack_retries", 2), drop(0, toServer+"tcp flags & syn == 0"), listen(),
				repeat(3, dial, connected, client.sends(100), wait(1500*time.Millisecond)), wait(6 * time.Second)},
			Wants: Outcome{"SYN-SENT ESTABLISHED | SYN-RECEIVED CLOSED": 3}},
		{Name: "ecn-syns-dropped", Shape: wire.Routed,
			Doc: "a firewall drops SYNs that ask for ECN: their repeats, which do not ask (tcp_ecn_fallback), open five connections; fifteen others never ask",
			Play: steps{rule(toServer + "tcp flags & (ecn | cwr) == ecn | cwr drop"), listen(),
				repeat(5, client.tunes("tcp_ecn", 0), repeat(3, open), client.tunes("tcp_ecn", 1), open), each(exchange, client.closesFirst), wait(moment)},
			Wants: Outcome{closedByClient: 20}},
		{Name: "deferred-accept", Taps: bothEnds(),
			Doc:  "TCP_DEFER_ACCEPT: the server stays in SYN-RECEIVED until data comes or, as here, repeats its SYN/ACK at the end of the wait",
			Play: steps{listen(wire.TCP(unix.TCP_DEFER_ACCEPT, 1)), open, wait(500 * time.Millisecond), exchange, client.finishes}},
		{Name: "deferred-accept-data", Doc: "TCP_DEFER_ACCEPT: data comes 300 ms after the third ACK, before any repeat",
			Play: steps{listen(wire.TCP(unix.TCP_DEFER_ACCEPT, 5)), dial, connected, wait(300 * time.Millisecond), client.sends(100), accept,
				server.reads(100), wait(moment), client.finishes}},
		{Name: "deferred-accept-many", Taps: bothEnds(),
			Doc: "TCP_DEFER_ACCEPT: six clients, one after the other, say nothing for five seconds; each SYN is answered at once and each SYN/ACK comes again",
			Play: steps{listen(wire.TCP(unix.TCP_DEFER_ACCEPT, 1)), repeat(6, dial, connected, wait(400*time.Millisecond)), wait(3 * time.Second),
				each(accepted), each(exchange, client.closesFirst), wait(moment)},
			Wants: Outcome{closedByClient: 6}},
		{Name: "accept-queue-overflow", Relay: slowly(10 * time.Millisecond), Taps: bothEnds(),
			Doc:   "two handshakes at once for the last place of an accept queue: the second one's third ACK is ignored until the SYN/ACK was repeated",
			Play:  steps{overflow, each(connected), wait(500 * time.Millisecond), each(accept, client.finishes)},
			Wants: Outcome{closedByClient: 3}},
		{Name: "accept-queue-abort", Relay: slowly(10 * time.Millisecond),
			Doc: "two handshakes at once for the last place of an accept queue, tcp_abort_on_overflow set: a RST answers the second one's third ACK",
			Play: steps{server.tunes("tcp_abort_on_overflow", 1), overflow, client.told(unix.ECONNRESET), nth(0, accept, client.finishes),
				nth(1, accept, client.finishes)},
			Wants: Outcome{closedByClient: 2, "SYN-SENT ESTABLISHED CLOSED | SYN-RECEIVED CLOSED": 1}},
		{Name: "accept-queue-full",
			Doc: "the accept queue is full: the server drops SYNs, which looks like a filter, until the application accepts",
			Play: steps{listenBacklog(0), dial, connected, dial, wait(500 * time.Millisecond), nth(0, accept), nth(1, connected),
				each(accepted, client.finishes)},
			Wants: Outcome{closedByClient: 2}},
		{Name: "syn-cookie", Doc: "the server keeps no request socket, its SYN/ACK is a cookie (tcp_syncookies 2)",
			Play: steps{server.tunes("tcp_syncookies", 2), open, exchange, client.finishes}},
		{Name: "simultaneous-open", Doc: "both ends send a SYN before either arrives", Relay: slowly(20 * time.Millisecond), Taps: bothEnds(),
			Play:  steps{dialEachOther, wait(moment), exchange, wait(moment), client.finishes},
			Wants: Outcome{"SYN-SENT SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT | SYN-SENT SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED": 1}},
		{Name: "fast-open", Doc: "TCP Fast Open: the first connection asks for a cookie, the second one's SYN carries it with data",
			Play: steps{tune("tcp_fastopen", 3), listen(wire.TCP(unix.TCP_FASTOPEN, 16)), dialData, accept, connected, exchange, client.finishes,
				dialData, accept, answer, client.finishes},
			Wants: Outcome{closedByClient: 2}},
	}
}

// overflow makes a listener for two connections, fills one place and begins two
// handshakes, a moment apart so that their order is known. With a queue of one
// the last SYN would find as many request sockets as it may hold, and get a
// SYN cookie.
func overflow(s *Stage) {
	const apart = time.Millisecond
	steps{listenBacklog(1), dial, connected, wait(moment), dial, wait(apart), dial, wait(apart)}.play(s)
}

// accepted accepts the connection unless that is done.
func accepted(s *Stage) {
	if s.at[server] == nil {
		accept(s)
	}
}

// dialEachOther lets both ends connect to each other.
func dialEachOther(s *Stage) {
	s.begin(s.Client.Socket(firstPort))
	s.at[server] = s.Server.Socket(80)
	s.at[client].Dial(s.Server.At(80))
	s.at[server].Dial(s.Client.At(firstPort))
	s.at[client].Connected()
	s.at[server].Connected()
}

// dialData connects with 100 bytes on the SYN (RFC 7413).
func dialData(s *Stage) {
	s.begin(s.Client.Socket(s.nextPort()))
	s.at[client].DialData(s.Server.At(80), 100)
}

// attempts are handshakes that fail, are slow, or are not meant to succeed.
func attempts() []Scenario {
	// rejected is an attempt to which the server's firewall answers.
	rejected := func(name, with string, v6 bool, errno unix.Errno, doc string) Scenario {
		return Scenario{Name: name, Doc: "the server's firewall rejects " + doc, V6: v6, Relay: slowly(10 * time.Millisecond),
			Play:  steps{server.filters(toServer + "reject with " + with), listen(), dial, client.told(errno)},
			Wants: Outcome{failed: 1}}
	}
	return []Scenario{
		{Name: "refused", Doc: "nothing listens: RST,ACK answers the SYN", Taps: bothEnds(),
			Play: steps{dial, client.told(unix.ECONNREFUSED)}, Wants: Outcome{failed: 1}},
		{Name: "no-answer", Doc: "every SYN is lost: the client gives up in silence", Shape: wire.Routed,
			Play:  steps{client.tunes("tcp_syn_retries", 2), drop(0, toServer+bareSYN), listen(), dial, client.told(unix.ETIMEDOUT)},
			Wants: Outcome{failed: 1}},
		{Name: "opener-gives-up", Doc: "the client closes its socket while its SYNs are lost", Shape: wire.Routed,
			Play:  steps{drop(0, toServer+bareSYN), dial, wait(1500 * time.Millisecond), client.closes},
			Wants: Outcome{failed: 1}},
		rejected("icmp-admin-prohibited", "icmp type admin-prohibited", false, unix.EHOSTUNREACH, "the SYN: administratively prohibited"),
		rejected("icmp-port-unreachable", "icmp type port-unreachable", false, unix.ECONNREFUSED, "the SYN: port unreachable"),
		rejected("icmp6-admin-prohibited", "icmpv6 type admin-prohibited", true, unix.EACCES, "an IPv6 SYN: administratively prohibited"),
		{Name: "icmp-soft-error", Shape: wire.Routed,
			Doc:   "a router rejects the SYN at once: the client's kernel still holds its socket, takes the error for a soft one and sends the SYN again after 1 s",
			Play:  steps{rule(toServer + "reject with icmp type admin-prohibited"), dial, wait(1200 * time.Millisecond)},
			Wants: Outcome{failed: 1}},
		{Name: "refused-by-firewall", Doc: "a firewall answers the SYN with a RST in the server's name", Shape: wire.Routed,
			Play:  steps{rule(toServer + "reject with tcp reset"), dial, client.told(unix.ECONNREFUSED)},
			Wants: Outcome{failed: 1}},
		{Name: "syn-acks-lost", Shape: wire.Routed, Taps: atServer(), Deaf: "orig",
			Doc: "no SYN/ACK reaches the client: a handshake never completed, seen at the server",
			Play: steps{client.tunes("tcp_syn_retries", 1), server.tunes("tcp_synack_retries", 1), drop(0, toClient+synAndACK), listen(), dial,
				client.told(unix.ETIMEDOUT)},
			Wants: Outcome{"SYN-SENT CLOSED | SYN-RECEIVED CLOSED?": 1}},
		{Name: "opener-aborts", Relay: slowly(100 * time.Millisecond), Taps: bothEnds(),
			Doc:   "the client closes its socket before the SYN/ACK comes: it is answered with a RST",
			Play:  steps{listen(), dial, wait(150 * time.Millisecond), client.closes, wait(300 * time.Millisecond)},
			Wants: Outcome{"SYN-SENT CLOSED | SYN-RECEIVED CLOSED": 1}},
		{Name: "health-checks", Relay: slowly(50 * time.Millisecond), Taps: bothEnds(),
			Doc: "a monitor checks the server twice a second: half of the checks end at the SYN/ACK by RST, half are complete and reset",
			Play: steps{listen(), repeat(6, dial, wait(75*time.Millisecond), client.closes, wait(425*time.Millisecond)),
				repeat(6, dial, connected, client.aborts, wait(400*time.Millisecond))},
			Wants: Outcome{"SYN-SENT CLOSED | SYN-RECEIVED CLOSED": 6, bothReset: 6}},
		{Name: "closed-at-once", Doc: "the server accepts four connections and closes each without a byte",
			Play: steps{repeat(4, open, server.finishes)}, Wants: Outcome{closedByServer: 4}},
		{Name: "banner-then-close", Doc: "the server sends a line on each of four connections and closes it",
			Play:  steps{repeat(4, open, server.sends(20), client.reads(20), server.finishes)},
			Wants: Outcome{closedByServer: 4}},
		{Name: "syns-with-cookies", Shape: wire.Routed, Taps: atServer(), Forged: true,
			Doc:  "the server answers five SYNs of senders that are not there with SYN cookies: no SYN/ACK comes again",
			Play: steps{server.tunes("tcp_syncookies", 2), listen(), flood(5), wait(4 * time.Second), one}},
		{Name: "syns-without-cookies", Doc: "the same without cookies: each SYN/ACK comes again after 1 s", Shape: wire.Routed, Taps: atServer(), Forged: true,
			Play: steps{server.tunes("tcp_synack_retries", 1), listen(), flood(5), wait(4 * time.Second), one}},
		{Name: "syn-flood", Shape: wire.Routed, Forged: true, Taps: append(atServer(), TapSpec{Where: AtServer, Suffix: "-one-way", OneWay: "resp"}),
			Doc:  "250 SYNs from forged addresses to a queue of 32 places: cookies let a client through all the same",
			Play: steps{listenBacklog(32), flood(250), open, exchange, client.finishes}},
		{Name: "crowd-one-way", Doc: "25 short connections, only what the server sends captured", Taps: []TapSpec{{OneWay: "resp"}},
			Play: steps{repeat(25, open, exchange, client.closesFirst), wait(moment)}, Wants: Outcome{closedByClient: 25}},
		{Name: "crowd-unanswered", Doc: "60 clients' SYNs and their repeats go unanswered: the way to the server is cut", Shape: wire.Routed,
			Play:  steps{client.tunes("tcp_syn_retries", 1), drop(0, toServer+bareSYN), repeat(60, dial), each(client.told(unix.ETIMEDOUT))},
			Wants: Outcome{failed: 60}},
		{Name: "port-scan", Doc: "connect() to 20 ports in turn, one of which is open",
			Play:  steps{listen(), scan(75, 5), open, scan(81, 14), nth(5, client.finishes)},
			Wants: Outcome{failed: 19, closedByClient: 1}},
		{Name: "refused-again", Doc: "20 connections to one port on which nothing listens",
			Play: steps{repeat(20, dial), each(client.told(unix.ECONNREFUSED))}, Wants: Outcome{failed: 20}},
		{Name: "slow-answer", Relay: slowAnswers(700 * time.Millisecond),
			Doc:   "the SYN/ACK takes 700 ms to come, all that follows comes at once: five connections",
			Play:  steps{listen(), repeat(5, dial), each(connected, accept, exchange, client.closesFirst), wait(moment)},
			Wants: Outcome{closedByClient: 5}},
		{Name: "ports-used-up", Taps: onlyHeaders(),
			Doc: "the client has 120 ports to choose from and closes first: TIME-WAIT holds all, the next connect() fails",
			Play: steps{client.tunes("tcp_tw_reuse", 0), client.tunes("tcp_max_tw_buckets", 1024), fewPorts("20000 20119"), listen(),
				repeat(120, dialUnbound, connected, accept, client.closesFirst), noPortLeft, wait(moment)},
			Wants: Outcome{closedByClient: 120}},
		{Name: "aborts-many", Doc: "120 connections that the client aborts with linger 0: nobody holds TIME-WAIT", Taps: onlyHeaders(),
			Play: steps{repeat(120, open, client.aborts, server.hears, server.closes), wait(moment)}, Wants: Outcome{bothReset: 120}},
	}
}

// scan tries n ports in turn, each of which refuses.
func scan(first uint16, n int) step {
	return func(s *Stage) {
		var tried []*Sock
		for i := range n {
			s.begin(s.Client.Socket(s.nextPort()))
			s.at[client].Dial(s.Server.At(first + uint16(i)))
			tried = append(tried, s.at[client])
		}
		for _, c := range tried {
			c.Fails(unix.ECONNREFUSED)
		}
	}
}

// fewPorts are all that the client's kernel may choose from.
func fewPorts(both string) step {
	return func(s *Stage) { s.try(s.Client.SysctlText("ipv4/ip_local_port_range", both)) }
}

// dialUnbound begins to connect from a port that the kernel chooses.
func dialUnbound(s *Stage) {
	s.begin(s.Client.Unbound())
	s.at[client].Dial(s.Server.At(80))
}

// noPortLeft wants the kernel to find none.
func noPortLeft(s *Stage) { s.Client.Unbound().Refuses(s.Server.At(80), unix.EADDRNOTAVAIL) }
