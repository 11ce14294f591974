package lab

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

const stillOpen = "SYN-SENT ESTABLISHED | SYN-RECEIVED ESTABLISHED"

// incidents are played after public reports, two by two: what was reported, and
// what shows the same symptom and has another cause.
func incidents() []Scenario {
	return slices.Concat(incidentsOfOpening(), incidentsOfRequests(), incidentsOfConnections())
}

// served is a connection on which all goes well.
func served(s *Stage) { steps{open, exchange, client.closesFirst}.play(s) }

// incidentsOfOpening are attempts that are refused or go unanswered.
func incidentsOfOpening() []Scenario {
	refused := steps{dial, client.told(unix.ECONNREFUSED)}.play
	once := client.tunes("tcp_syn_retries", 1)
	return []Scenario{
		{Name: "one-backend-refuses", Shape: wire.Routed,
			Doc:   "a load balancer sends every third connection to a port on which nothing listens: it is refused, the others are served",
			Play:  steps{balance, listen(), repeat(6, served, served, refused, wait(moment)), wait(moment)},
			Wants: Outcome{closedByClient: 12, failed: 6}},
		{Name: "listener-restarts", Shape: wire.Routed,
			Doc:   "the listener is gone for half a second: the connections of that time are refused, those before and after are served",
			Play:  steps{listen(), repeat(6, served, wait(moment)), stopListening, repeat(6, refused, wait(moment)), listen(), repeat(6, served, wait(moment))},
			Wants: Outcome{closedByClient: 12, failed: 6}},
		{Name: "connection-limit", Shape: wire.Routed,
			Doc: "a firewall lets a host hold five connections and drops its further SYNs; when two are closed, the SYNs that come again pass",
			Play: steps{limitConnections, listen(), repeat(5, open, exchange), repeat(2, dial), wait(2500 * time.Millisecond),
				nth(0, client.closesFirst), nth(1, client.closesFirst), each(connectedAndAccepted), exchangeFrom(2), wait(moment)},
			Wants: Outcome{closedByClient: 2, stillOpen: 5}},
		{Name: "queue-full-while-open",
			Doc: "five connections are open and the accept queue is full: two SYNs are dropped until the application accepts, all five stay open",
			Play: steps{listenBacklog(4), repeat(5, dial, connected), wait(moment), repeat(2, dial), wait(2500 * time.Millisecond),
				each(connectedAndAccepted), exchangeFrom(0), wait(moment)},
			Wants: Outcome{stillOpen: 7}},
		{Name: "queue-full-unanswered",
			Doc: "a program hangs and its accept queue is full: the system acknowledges the data of three connections, the SYNs of three others go unanswered",
			Play: steps{once, listenBacklog(2), repeat(3, dial, connected), wait(moment), each(client.sends(100)),
				repeat(3, wait(500*time.Millisecond), dial), nth(3, client.told(unix.ETIMEDOUT)), nth(4, client.told(unix.ETIMEDOUT)), nth(5, client.told(unix.ETIMEDOUT))},
			Wants: Outcome{stillOpen: 3, failed: 3}},
		{Name: "signature-wrong",
			Doc:   "a peer signs its segments with another key (TCP MD5, RFC 2385): the server drops each SYN and says nothing",
			Play:  steps{listen(), listenerWantsKey, once, repeat(4, dialSigned), each(client.told(unix.ETIMEDOUT)), one},
			Wants: Outcome{failed: 4, closedByClient: 1}},
		{Name: "unsigned-unanswered", Shape: wire.Routed,
			Doc:   "four SYNs to a port are dropped on the way, none is signed; another port of the server answers",
			Play:  steps{listen(), once, drop(0, toServer), repeat(4, dial), each(client.told(unix.ETIMEDOUT)), one},
			Wants: Outcome{failed: 4, closedByClient: 1}},
		{Name: "routing-loop", Shape: wire.Routed, Taps: []TapSpec{{Unseen: "orig"}},
			Doc:   "two routers send the client's packets to each other until their hops are used up, and one says so (ICMP time exceeded): three attempts fail",
			Play:  steps{listen(), served, once, loop("add"), repeat(3, dial), wait(1500 * time.Millisecond), loop("del"), one},
			Wants: Outcome{closedByClient: 2, failed: 3}},
		{Name: "host-not-found", Shape: wire.Routed,
			Doc:   "the server does not answer ARP any more: the last router says so (ICMP host unreachable), three attempts fail",
			Play:  steps{listen(), served, once, unresolved, repeat(3, dial), wait(3500 * time.Millisecond)},
			Wants: Outcome{closedByClient: 1, failed: 3}},
		{Name: "fast-open-dropped", Shape: wire.Routed,
			Doc: "a firewall drops SYNs that carry data (TCP Fast Open): five connections open when the SYN comes again without, ten others at once",
			Play: steps{tune("tcp_fastopen", 3), listen(wire.TCP(unix.TCP_FASTOPEN, 16)), repeat(10, served), forgetJoints, dialData, connected, accept, client.sends(100),
				rule(toServer + anySYN + "ip length > 120 drop"), repeat(5, dialData), each(connectedAndAccepted), allClose},
			Wants: Outcome{closedByClient: 16}},
		{Name: "fast-open-refused",
			Doc: "the server takes no data with a SYN any more: it answers at once, and the data comes again behind the handshake",
			Play: steps{tune("tcp_fastopen", 3), listen(wire.TCP(unix.TCP_FASTOPEN, 16)), repeat(10, served), forgetJoints, dialData, connected, accept, client.sends(100),
				server.tunes("tcp_fastopen", 1), repeat(5, dialData), each(connectedAndAccepted), allClose},
			Wants: Outcome{closedByClient: 16}},
	}
}

// connectedAndAccepted waits for both, unless the connection is accepted already.
func connectedAndAccepted(s *Stage) {
	if s.at[server] == nil {
		connected(s)
		accept(s)
	}
}

// stopListening closes the server's listener.
func stopListening(s *Stage) {
	s.listener.Close()
	s.listener = nil
}

// balance lets the router send every third connection to a port of its own, as a
// load balancer does with its targets.
func balance(s *Stage) {
	at := s.Server.IP.String()
	s.try(s.Router.NFT("add table ip lab4", "add chain ip lab4 targets { type nat hook prerouting priority -100; }",
		"add rule ip lab4 targets tcp dport 80 dnat ip to numgen inc mod 3 map { 0: "+at+" . 80, 1: "+at+" . 80, 2: "+at+" . 81 }"))
}

// limitConnections lets the router drop the SYNs of a host with five connections.
func limitConnections(s *Stage) {
	s.try(s.Router.NFT("add set inet lab holders { type ipv4_addr; flags dynamic; }"))
	s.Router.Rule(toServer + bareSYN + " add @holders { ip saddr ct count over 5 } drop")
}

// keyed is a key of TCP MD5 for what the peer sends.
func (s *Sock) keyed(peer *Host, key string) {
	sig := &unix.TCPMD5Sig{Keylen: uint16(len(key))}
	copy(sig.Key[:], key)
	// The kernel reads a struct sockaddr_in: the family in this host's order, port, address.
	sig.Addr.Family = unix.AF_INET
	address := peer.IP.As4()
	for i, b := range address {
		sig.Addr.Data[2+i] = b
	}
	s.check("TCP_MD5SIG", unix.SetsockoptTCPMD5Sig(s.fd, unix.IPPROTO_TCP, unix.TCP_MD5SIG, sig))
}

func listenerWantsKey(s *Stage) { s.listener.keyed(s.Client, "of the server") }

func dialSigned(s *Stage) {
	s.begin(s.Client.Socket(s.nextPort()))
	s.at[client].keyed(s.Server, "of the client")
	s.at[client].Dial(s.Server.At(80))
}

// loop lets the router send what is for the server back to the client's host, which
// forwards it to the router again; "del" ends it.
func loop(verb string) step {
	return func(s *Stage) {
		for _, name := range [...]string{"accept_local", "forwarding"} {
			s.Client.Tune("ipv4/conf/all/"+name, 1)
		}
		s.Client.Tune("ipv4/conf/all/rp_filter", 0)
		s.Client.Tune("ipv4/conf/"+wire.ClientIf+"/rp_filter", 0)
		s.try(s.Router.Namespace.IP(fmt.Sprintf("route %s %v/32 via %v dev %s", verb, s.Server.IP, s.Client.IP, wire.RouterA)))
	}
}

// unresolved lets the server answer no ARP request any more.
func unresolved(s *Stage) {
	s.Server.Tune("ipv4/conf/all/arp_ignore", 8)
	s.try(s.Router.Namespace.IP("neigh flush dev " + wire.RouterB))
}

// exchangeFrom is an exchange on each connection but the first n, step by step:
// those that open at the same time may be accepted in another order.
func exchangeFrom(n int) step {
	return func(s *Stage) {
		for _, do := range []step{client.sends(100), steps{server.reads(100), server.sends(1000)}.play, client.reads(1000)} {
			for i := n; i < len(s.joints); i++ {
				nth(i, do)(s)
			}
		}
	}
}

// forgetJoints leaves the connections so far alone.
func forgetJoints(s *Stage) { s.joints = nil }

// allClose reads what was sent with the SYNs, and closes.
func allClose(s *Stage) {
	steps{each(server.reads(100)), wait(moment), each(client.closes), each(server.readsEnd, server.closes), wait(moment)}.play(s)
}

// incidentsOfRequests are requests that get no answer, or not the whole one.
func incidentsOfRequests() []Scenario {
	asks := steps{open, client.sends(100), server.reads(100)}.play
	late := steps{server.sends(1000), server.told(unix.EPIPE)}.play
	// leaves: the client waits so long for the answer, and closes.
	leaves := func(waits ...time.Duration) (all steps) {
		for _, d := range waits {
			all = append(all, asks, wait(d), client.closes, wait(moment), late)
		}
		return all
	}
	half := steps{open, client.sends(100), client.shutsDown, server.reads(100)}.play
	second := time.Second / 2
	return []Scenario{
		{Name: "client-gives-up",
			Doc:   "six times the client waits half a second for an answer and closes its socket: the answer comes later and meets none",
			Play:  append(steps{repeat(6, served)}, leaves(second, second, second, second, second, second)...),
			Wants: Outcome{closedByClient: 6, metNoSocket: 6}},
		{Name: "client-cancels",
			Doc: "six times the client closes its socket before the answer comes, each time after another wait, as people do who press a button",
			Play: append(steps{repeat(6, served)}, leaves(90*time.Millisecond, 700*time.Millisecond, 240*time.Millisecond, 1100*time.Millisecond,
				410*time.Millisecond, 170*time.Millisecond)...),
			Wants: Outcome{closedByClient: 6, metNoSocket: 6}},
		{Name: "upload-refused", Taps: onlyHeaders(),
			Doc: "the server answers a large upload before it has read it (413) and closes: unread data makes that a RST, on four connections",
			Play: steps{listen(receives(8192)), repeat(4, served, dialWith(wire.Opt(unix.SOL_SOCKET, unix.SO_SNDBUF, 16384)), connected, accept, fill,
				server.reads(500), server.sends(200), server.closes, client.hears)},
			Wants: Outcome{closedByClient: 4, bothReset: 4}},
		{Name: "upload-crashes", Taps: onlyHeaders(),
			Doc: "the server's process dies in the middle of a large upload, with nothing answered: a RST, on four connections",
			Play: steps{listen(receives(8192)), repeat(4, served, dialWith(wire.Opt(unix.SOL_SOCKET, unix.SO_SNDBUF, 16384)), connected, accept, fill,
				server.reads(500), server.closes, client.hears)},
			Wants: Outcome{closedByClient: 4, bothReset: 4}},
		{Name: "half-close-not-kept",
			Doc:   "a proxy takes the client's half-close for a close: five requests that end so get no answer, five others do",
			Play:  steps{repeat(5, served, half, server.closes, client.readsEnd, client.closes, wait(moment))},
			Wants: Outcome{closedByClient: 10}},
		{Name: "half-close-late-answer",
			Doc:   "five requests end by a half-close and are answered 100 ms later, five others at once",
			Play:  steps{repeat(5, served, half, wait(100*time.Millisecond), server.sends(1000), client.reads(1000), server.finishes)},
			Wants: Outcome{closedByClient: 10}},
	}
}

// incidentsOfConnections are open connections that die, stand still or come with
// less than was asked for.
func incidentsOfConnections() []Scenario {
	const lives = 6 // rounds
	gaveUp := client.told(unix.ETIMEDOUT)
	plain := repeat(4, served)
	download := steps{open, client.sends(100), server.reads(100), server.sends(4000)}.play
	noStamps := client.tunes("tcp_timestamps", 0)
	return []Scenario{
		{Name: "failover-without-reset", Shape: wire.Routed,
			Doc: "another server takes over the address: it knows none of three open connections, and a firewall keeps its RSTs; new connections are served meanwhile",
			Play: steps{repeat(3, open, exchange), wait(200 * time.Millisecond), rule(toClient + "tcp flags & rst == rst drop"), each(server.forgets),
				wait(moment), each(client.sends(100)), repeat(6, wait(500*time.Millisecond), served)},
			Wants: Outcome{"SYN-SENT ESTABLISHED | SYN-RECEIVED ESTABLISHED CLOSED": 3, closedByClient: 6}},
		{Name: "way-cut", Shape: wire.Routed,
			Doc: "the way to the server is cut: three open connections fall silent, and the SYNs of new ones go unanswered as well",
			Play: steps{client.tunes("tcp_syn_retries", 1), repeat(3, open, exchange), wait(moment), drop(0, anyTCP), each(client.sends(100)),
				repeat(3, wait(500*time.Millisecond), dial), nth(3, gaveUp), nth(4, gaveUp), nth(5, gaveUp)},
			Wants: Outcome{stillOpen: 3, failed: 3}},
		{Name: "age-limit",
			Doc:   "a server ends each connection at an age of 0.8 s, though requests come all the time: four connections, one after the other",
			Play:  steps{listen(), rounds(4, lives, 0)},
			Wants: Outcome{bothReset: 4}},
		{Name: "all-reset-at-once",
			Doc:   "a server restarts: its four connections of different age are reset at the same moment, though requests come all the time",
			Play:  steps{listen(), rounds(4, 0, lives)},
			Wants: Outcome{bothReset: 4}},
		{Name: "large-answers-lost", Shape: wire.Routed,
			Doc:   "a tunnel on the way back drops segments of more than 1,200 bytes and tells nobody: three answers come without their beginning",
			Play:  steps{plain, drop(0, toClient+"ip length > 1200"), repeat(3, download), wait(3 * time.Second), one},
			Wants: Outcome{closedByClient: 5, stillOpen: 3}},
		{Name: "large-answers-late", Shape: wire.Routed,
			Doc: "of three answers the first segments are lost once: they come again, as large as they were",
			Play: steps{plain, repeat(3, drop(1, toClient+"ip length > 1200"), download, client.reads(4000), clearRules), wait(moment), nth(4, client.closesFirst),
				nth(5, client.closesFirst), nth(6, client.closesFirst), wait(moment)},
			Wants: Outcome{closedByClient: 7}},
		{Name: "cookies-take-options", Shape: wire.Routed, Taps: atServer(), Forged: true,
			Doc:   "in a flood of SYNs the server answers with cookies: without timestamps they remember no window scaling and no SACK",
			Play:  steps{noStamps, listenBacklog(32), plain, flood(250), plain, wait(moment)},
			Wants: Outcome{closedByClient: 8}},
		{Name: "scaling-stripped", Shape: wire.Routed, Taps: bothEnds(),
			Doc:   "a firewall takes window scaling and SACK out of the SYNs of four connections, and leaves them in four others",
			Play:  steps{noStamps, plain, rule(toServer + bareSYN + " reset tcp option window"), rule(toServer + bareSYN + " reset tcp option sack-perm"), plain, wait(moment)},
			Wants: Outcome{closedByClient: 8}},
	}
}

// rounds lets n connections ask and be answered, round by round, of which each
// round begins another. The server resets each after so many rounds of its life,
// or all after so many rounds; 0 is never.
func rounds(n, ofEach, ofAll int) step {
	return func(s *Stage) {
		ended := 0
		for r := 0; ended < n; r++ {
			if r < n {
				open(s)
			}
			for i := ended; i < len(s.joints); i++ {
				s.at = s.joints[i]
				if ofEach > 0 && r-i == ofEach || ofAll > 0 && r == ofAll {
					client.sends(100)(s)
					steps{server.aborts, client.told(unix.ECONNRESET)}.play(s)
					ended++
					continue
				}
				repeat(1+i%2, exchange)(s)
			}
			s.Pause(130 * time.Millisecond)
		}
	}
}
