package lab

import (
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// forgedPrefix is what forged senders have in common; nothing answers there.
var forgedPrefix = netip.MustParsePrefix("198.18.0.0/15")

// floodSYNs lets the router send n SYNs to the server, each from a forged
// address of its own, none of which gets an answer back.
func (s *Stage) floodSYNs(n int) {
	s.try(s.Router.Command("", "ip", "route", "add", "blackhole", forgedPrefix.String()))
	src := forgedPrefix.Addr()
	for range n {
		src = src.Next()
		s.Router.Inject(&segment{src: netip.AddrPortFrom(src, 1024), dst: s.Server.At(80), seq: 1000, flags: flagSYN}, 64)
	}
}

// dial begins n attempts to a port, from client ports of their own.
func (s *Stage) dial(n int, first uint16, port func(i int) uint16) (all []*Sock) {
	for i := range n {
		c := s.Client.Socket(first + uint16(i))
		c.Dial(s.Server.At(port(i)))
		all = append(all, c)
	}
	return all
}

// always is one port.
func always(port uint16) func(int) uint16 { return func(int) uint16 { return port } }

// one opens a connection to a listener of its own and closes it properly: time
// has passed, and both hosts are there.
func (s *Stage) one() {
	l := s.Server.Listen(8080)
	c := s.Client.Connect(41000, s.Server.At(8080))
	a := l.Accept()
	s.Exchange(c, a)
	s.finish(c, a)
}

// short makes n connections of one request and response each.
func (s *Stage) short(n int, first uint16) {
	l := s.Server.Listen(80)
	for i := range n {
		c := s.Client.Connect(first+uint16(i), s.Server.At(80))
		a := l.Accept()
		s.Exchange(c, a)
		c.Close()
		a.RecvEnd()
		a.Close()
	}
	s.Pause(moment)
}

// headers is enough of each packet for all headers.
const headers = 96

// attempts are scenarios of handshakes that fail, are slow, or are not meant to succeed.
func attempts() []Scenario { return slices.Concat(failedAttempts(), oddAttempts()) }

func failedAttempts() []Scenario {
	atServer := []TapSpec{{Where: AtServer, Suffix: "-at-server"}}
	return []Scenario{
		{
			Name: "syn-acks-lost", Shape: Routed, Taps: atServer, Deaf: "orig",
			Doc: "no SYN/ACK reaches the client: a handshake never completed, seen at the server",
			Script: func(s *Stage) {
				s.Client.Tune("ipv4/tcp_syn_retries", 1)
				s.Server.Tune("ipv4/tcp_synack_retries", 1)
				s.Router.Drop(toClient+synAndACK, 0)
				s.Server.Listen(80)
				c := s.Client.Socket(40000)
				c.Dial(s.Server.At(80))
				c.Fails(unix.ETIMEDOUT)
			},
		},
		{
			Name: "opener-aborts", Shape: Relayed, Relay: slowly(100 * time.Millisecond), Taps: bothEnds(),
			Doc: "the client closes its socket before the SYN/ACK comes: it is answered with a RST",
			Script: func(s *Stage) {
				s.Server.Listen(80)
				c := s.Client.Socket(40000)
				c.Dial(s.Server.At(80))
				s.Pause(150 * time.Millisecond)
				c.Close()
				s.Pause(300 * time.Millisecond)
			},
		},
		{
			Name: "closed-at-once",
			Doc:  "the server accepts four connections and closes each without a byte",
			Script: func(s *Stage) {
				l := s.Server.Listen(80)
				for i := range uint16(4) {
					c := s.Client.Connect(40000+i, s.Server.At(80))
					s.finish(l.Accept(), c)
				}
			},
		},
		{
			Name: "banner-then-close",
			Doc:  "the server sends a line on each of four connections and closes it",
			Script: func(s *Stage) {
				l := s.Server.Listen(80)
				for i := range uint16(4) {
					c := s.Client.Connect(40000+i, s.Server.At(80))
					a := l.Accept()
					a.Send(20)
					c.Recv(20)
					s.finish(a, c)
				}
			},
		},
		{
			Name: "syns-with-cookies", Shape: Routed, Taps: atServer, Forged: true,
			Doc: "the server answers five SYNs of senders that are not there with SYN cookies: no SYN/ACK comes again",
			Script: func(s *Stage) {
				s.Server.Tune("ipv4/tcp_syncookies", 2)
				s.Server.Listen(80)
				s.floodSYNs(5)
				s.Pause(4 * time.Second)
				s.one()
			},
		},
		{
			Name: "syns-without-cookies", Shape: Routed, Taps: atServer, Forged: true,
			Doc: "the same without cookies: each SYN/ACK comes again after 1 s",
			Script: func(s *Stage) {
				s.Server.Tune("ipv4/tcp_synack_retries", 1)
				s.Server.Listen(80)
				s.floodSYNs(5)
				s.Pause(4 * time.Second)
				s.one()
			},
		},
		{
			Name: "syn-flood", Shape: Routed, Forged: true,
			Taps: []TapSpec{{Where: AtServer, Suffix: "-at-server"}, {Where: AtServer, Suffix: "-one-way", OneWay: "resp"}},
			Doc:  "250 SYNs from forged addresses to a queue of 32 places: cookies let a client through all the same",
			Script: func(s *Stage) {
				l := s.Server.ListenBacklog(80, 32)
				s.floodSYNs(250)
				c := s.Client.Connect(40000, s.Server.At(80))
				a := l.Accept()
				s.Exchange(c, a)
				s.finish(c, a)
			},
		},
		{
			Name: "crowd-one-way", Taps: []TapSpec{{OneWay: "resp"}},
			Doc: "25 short connections, only what the server sends captured",
			Script: func(s *Stage) {
				s.short(25, 40000)
			},
		},
		{
			Name: "crowd-unanswered", Shape: Routed,
			Doc: "60 clients' SYNs and their repeats go unanswered: the way to the server is cut",
			Script: func(s *Stage) {
				s.Client.Tune("ipv4/tcp_syn_retries", 1)
				s.Router.Drop(toServer+bareSYN, 0)
				for _, c := range s.dial(60, 40000, always(80)) {
					c.Fails(unix.ETIMEDOUT)
				}
			},
		},
	}
}

func oddAttempts() []Scenario {
	return []Scenario{
		{
			Name: "port-scan",
			Doc:  "connect() to 20 ports in turn, one of which is open",
			Script: func(s *Stage) {
				l := s.Server.Listen(80)
				for i, c := range s.dial(20, 40000, func(i int) uint16 { return 75 + uint16(i) }) {
					if i != 5 {
						c.Fails(unix.ECONNREFUSED)
						continue
					}
					c.Connected()
					s.finish(c, l.Accept())
				}
			},
		},
		{
			Name: "refused-again",
			Doc:  "20 connections to one port on which nothing listens",
			Script: func(s *Stage) {
				for _, c := range s.dial(20, 40000, always(80)) {
					c.Fails(unix.ECONNREFUSED)
				}
			},
		},
		{
			Name: "slow-answer", Shape: Relayed, Relay: slowAnswers(700 * time.Millisecond),
			Doc: "the SYN/ACK takes 700 ms to come, all that follows comes at once: five connections",
			Script: func(s *Stage) {
				l := s.Server.Listen(80)
				for i, c := range s.dial(5, 40000, always(80)) {
					c.Connected()
					a := l.Accept()
					s.Exchange(c, a)
					if i == 4 {
						s.Pause(moment)
					}
					c.Close()
					a.RecvEnd()
					a.Close()
				}
				s.Pause(moment)
			},
		},
		{
			Name: "ports-used-up", Shape: Pair, Taps: []TapSpec{{Snaplen: headers}},
			Doc: "the client has 120 ports to choose from and closes first: TIME-WAIT holds all, the next connect() fails",
			Script: func(s *Stage) {
				s.Client.Tune("ipv4/tcp_tw_reuse", 0)
				s.Client.Tune("ipv4/tcp_max_tw_buckets", 1024)
				s.try(s.Client.SysctlText("ipv4/ip_local_port_range", "20000 20119"))
				l := s.Server.Listen(80)
				for range 120 {
					c := s.Client.Unbound()
					c.Dial(s.Server.At(80))
					c.Connected()
					a := l.Accept()
					c.Close()
					a.RecvEnd()
					a.Close()
				}
				s.Client.Unbound().Refuses(s.Server.At(80), unix.EADDRNOTAVAIL)
				s.Pause(moment)
			},
		},
		{
			Name: "aborts-many", Taps: []TapSpec{{Snaplen: headers}},
			Doc: "120 connections that the client aborts with linger 0: nobody holds TIME-WAIT",
			Script: func(s *Stage) {
				l := s.Server.Listen(80)
				for i := range uint16(120) {
					c := s.Client.Connect(20000+i, s.Server.At(80))
					a := l.Accept()
					c.Abort()
					a.wait(0) // for the error that the RST is
					a.Close()
				}
				s.Pause(moment)
			},
		},
	}
}

// slowAnswers delays SYN/ACKs and nothing else.
func slowAnswers(d time.Duration) func(*segment) Verdict {
	return func(seg *segment) (v Verdict) {
		if seg.flags&(flagSYN|flagACK) == flagSYN|flagACK {
			v.Delay = d
		}
		return v
	}
}
