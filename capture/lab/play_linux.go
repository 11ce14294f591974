package lab

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// step is one thing that happens in a scenario. It acts on the connection at
// hand: the last one that was begun, or one that each or nth picks.
type step func(*Stage)

// steps happen one after the other.
type steps []step

func (all steps) play(s *Stage) {
	for _, do := range all {
		do(s)
	}
}

// joint is a connection of a scenario: the sockets of the client and of the
// server, the latter nil until it is accepted.
type joint [2]*Sock

// side is an end of the connection at hand. Its methods are what may happen there.
type side int

const (
	client side = iota
	server
)

func (e side) host(s *Stage) *Host { return [...]*Host{s.Client, s.Server}[e] }
func (e side) sock(s *Stage) *Sock { return s.at[e] }
func (e side) peer() side          { return 1 - e }

// tunes sets a file under /proc/sys/net/ipv4.
func (e side) tunes(name string, value int) step {
	return func(s *Stage) { e.host(s).Tune("ipv4/"+name, value) }
}

// keepsCalm lets the end take its time before it sends again, so that an ACK that a
// loaded machine brings late makes no other exchange: no tail loss probes, and no
// retransmission timeout in this scenario. For ends that share a subnet.
func (e side) keepsCalm(s *Stage) {
	e.tunes("tcp_early_retrans", 0)(s)
	h := e.host(s)
	s.try(h.Namespace.IP(fmt.Sprintf("route change %v dev %s proto kernel scope link src %v rto_min %dms",
		netip.PrefixFrom(h.IP, 24).Masked(), wire.ClientIf, h.IP, longest.Milliseconds())))
}

// tune does so at both ends.
func tune(name string, value int) step {
	return steps{client.tunes(name, value), server.tunes(name, value)}.play
}

// filters adds a rule of nft(8) to what arrives.
func (e side) filters(rule string) step { return func(s *Stage) { e.host(s).Rule(rule) } }

// hearsAgain takes the end's rules back.
func (e side) hearsAgain(s *Stage) { e.host(s).Clear() }

func (e side) sets(options ...wire.Option) step { return func(s *Stage) { e.sock(s).Set(options...) } }
func (e side) sends(n int) step                 { return func(s *Stage) { e.sock(s).Send(n) } }
func (e side) reads(n int) step                 { return func(s *Stage) { e.sock(s).Recv(n) } }
func (e side) readsEnd(s *Stage)                { e.sock(s).RecvEnd() }
func (e side) shutsDown(s *Stage)               { e.sock(s).Shutdown() }
func (e side) closes(s *Stage)                  { e.sock(s).Close() }
func (e side) aborts(s *Stage)                  { e.sock(s).Abort() }

// told waits for an error, and wants it to be this one.
func (e side) told(errno unix.Errno) step { return func(s *Stage) { e.sock(s).Fails(errno) } }

// forgets closes the socket without a word: so closes one that is under repair.
func (e side) forgets(s *Stage) { steps{e.sets(wire.TCP(unix.TCP_REPAIR, 1)), e.closes}.play(s) }

// closesFirst closes both ends, the other one as soon as it has read the end.
func (e side) closesFirst(s *Stage) { steps{e.closes, e.peer().readsEnd, e.peer().closes}.play(s) }

// finishes is closesFirst, and waits for the last ACK.
func (e side) finishes(s *Stage) { steps{e.closesFirst, wait(moment)}.play(s) }

// hears waits for the error that a RST is, whatever it says.
func (e side) hears(s *Stage) { e.sock(s).wait(0) }

// carries sends n bytes to the other end, until all are acknowledged.
func (e side) carries(n int) step {
	return func(s *Stage) { s.Carry(e.sock(s), e.peer().sock(s), n) }
}

// forged is a segment in the end's name, offset bytes into the window.
func (e side) forged(flags uint8, offset uint32, ttl uint8) step {
	return func(s *Stage) {
		ends := [...]netip.AddrPort{s.Client.At(firstPort), s.Server.At(80)}
		src, dst := ends[e], ends[e.peer()]
		s.Router.Inject(&wire.Segment{Src: src, Dst: dst, Seq: s.Next(src, dst) + offset, Flags: flags}, ttl)
	}
}

// wait lets time pass.
func wait(d time.Duration) step { return func(s *Stage) { s.Pause(d) } }

// repeat does steps n times.
func repeat(n int, all ...step) step {
	return func(s *Stage) {
		for range n {
			steps(all).play(s)
		}
	}
}

// each does steps with every connection so far.
func each(all ...step) step {
	return func(s *Stage) {
		for i := range s.joints {
			nth(i, all...)(s)
		}
	}
}

// nth does steps with one connection, counted from 0.
func nth(i int, all ...step) step {
	return func(s *Stage) {
		s.at = s.joints[i]
		steps(all).play(s)
	}
}

// firstPort is the client's port of the first connection; the next has the next.
const firstPort = 40000

// listen makes the server's listener at port 80.
func listen(options ...wire.Option) step { return listenBacklog(1024, options...) }

func listenBacklog(n int, options ...wire.Option) step {
	return func(s *Stage) { s.listener = s.Server.ListenBacklog(80, n, options...) }
}

// begin makes c the client's socket of the connection at hand.
func (s *Stage) begin(c *Sock) {
	s.at = &joint{client: c}
	s.joints = append(s.joints, s.at)
}

// dialWith begins to connect from the next port, with options.
func dialWith(options ...wire.Option) step {
	return func(s *Stage) {
		s.begin(s.Client.Socket(s.nextPort(), options...))
		s.at[client].Dial(s.aim())
	}
}

func (s *Stage) nextPort() uint16 {
	s.ports++
	return firstPort + s.ports - 1
}

func dial(s *Stage)      { dialWith()(s) }
func connected(s *Stage) { s.at[client].Connected() }
func accept(s *Stage)    { s.at[server] = s.listener.Accept() }

// openWith opens a connection, with options at the client. Where nothing listens
// yet it makes a listener.
func openWith(options ...wire.Option) step {
	return func(s *Stage) {
		if s.listener == nil {
			listen()(s)
		}
		steps{dialWith(options...), connected, accept}.play(s)
	}
}

func open(s *Stage) { openWith()(s) }

// reopen opens another connection from the port of the last one.
func reopen(options ...wire.Option) step {
	return func(s *Stage) {
		s.ports--
		openWith(options...)(s)
	}
}

// exchange is a request and a response.
func exchange(s *Stage) { steps{client.sends(100), answer}.play(s) }

// answer is how the server takes a request.
func answer(s *Stage) { steps{server.reads(100), server.sends(1000), client.reads(1000)}.play(s) }

// one opens a connection to a listener of its own and closes it properly: time
// has passed, and both hosts are there.
func one(s *Stage) {
	l := s.Server.Listen(8080)
	s.begin(s.Client.Connect(41000, s.Server.At(8080)))
	s.at[server] = l.Accept()
	steps{exchange, client.finishes}.play(s)
}

// rule adds a rule of nft(8) to what the router forwards, clearRules takes all away.
func rule(text string) step { return func(s *Stage) { s.Router.Rule(text) } }
func clearRules(s *Stage)   { s.Router.Clear() }

// drop lets the router drop the first n segments that match.
func drop(n int, match string) step { return func(s *Stage) { s.Router.Drop(match, n) } }

// forgedPrefix is what forged senders have in common; nothing answers there.
var forgedPrefix = netip.MustParsePrefix("198.18.0.0/15")

// flood lets the router send n SYNs to the server, each from a forged address of
// its own, none of which gets an answer back.
func flood(n int) step {
	return func(s *Stage) {
		s.try(s.Router.Command("", "ip", "route", "add", "blackhole", forgedPrefix.String()))
		src := forgedPrefix.Addr()
		for range n {
			src = src.Next()
			s.Router.Inject(&wire.Segment{Src: netip.AddrPortFrom(src, 1024), Dst: s.Server.At(80), Seq: 1000, Flags: wire.SYN}, 64)
		}
	}
}

// transfer opens a connection, does steps, takes the kernel's account when all is
// quiet, and closes.
func transfer(carry ...step) step { return transferBy("cubic", carry...) }

// transferBy is transfer with a congestion control.
func transferBy(control string, carry ...step) step {
	return func(s *Stage) {
		if s.listener == nil {
			listen()(s)
		}
		s.begin(s.Client.Socket(s.nextPort()))
		for _, sock := range [...]*Sock{s.listener, s.at[client]} {
			if !sock.Control(control) {
				s.Note("no congestion control %s here: the default", control)
			}
		}
		s.at[client].Dial(s.Server.At(80))
		steps{connected, accept, steps(carry).play}.play(s)
		s.Quiet(3 * far)
		takeAccount(s)
		if s.Router != nil {
			clearRules(s)
		}
		steps{client.closesFirst, wait(2 * far)}.play(s)
	}
}

func takeAccount(s *Stage) { s.Account(s.at[client], s.at[server]) }

// withPauses does something n times, and each time waits several times as long as that
// took: most of the time nothing is sent, however loaded the machine is.
func withPauses(n int, do step) step {
	return repeat(n, func(s *Stage) {
		start := time.Now()
		do(s)
		s.Pause(max(far, 4*time.Since(start)))
	})
}

// fill sends until the client's socket takes no more.
func fill(s *Stage) {
	s.filled = s.at[client].Fill()
	s.Note("the client's socket took %d bytes", s.filled)
}

// readSome lets the server read enough of what fill sent for its window to open.
func readSome(s *Stage) {
	const some = 3000
	server.reads(some)(s)
	s.filled -= some
}

// readFilled lets the server read what fill sent.
func readFilled(s *Stage) { server.reads(s.filled)(s) }
