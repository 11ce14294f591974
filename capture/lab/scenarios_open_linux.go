package lab

import (
	"time"

	"golang.org/x/sys/unix"
)

// opens are scenarios of connections that open, with trouble or without.
func opens() []Scenario {
	return []Scenario{
		{
			Name: "syn-lost", Shape: Routed, Taps: bothEnds(),
			Doc: "the first three SYNs are lost, the fourth opens the connection after 3 s",
			Script: func(s *Stage) {
				s.Router.Drop(toServer+bareSYN, 3)
				c, a := s.Joined()
				s.Exchange(c, a)
				s.finish(c, a)
			},
		},
		{
			Name: "syn-ack-lost", Shape: Routed, Taps: bothEnds(),
			Doc: "the first SYN/ACK is lost: SYN and SYN/ACK are repeated together",
			Script: func(s *Stage) {
				s.Router.Drop(toClient+synAndACK, 1)
				c, a := s.Joined()
				s.Exchange(c, a)
				s.finish(c, a)
			},
		},
		{
			Name: "third-ack-lost", Shape: Routed, Taps: bothEnds(),
			Doc: "the ACK that completes the handshake is lost and no data follows: the SYN/ACK is repeated after 1 s",
			Script: func(s *Stage) {
				s.Router.Drop(toServer+bareACK, 1)
				c, a := s.Joined()
				s.Exchange(c, a)
				s.finish(c, a)
			},
		},
		{
			Name: "third-ack-lost-data-follows", Shape: Routed, Taps: bothEnds(),
			Doc: "the ACK that completes the handshake is lost, the data behind it does its work",
			Script: func(s *Stage) {
				s.Router.Drop(toServer+bareACK, 1)
				l := s.Server.Listen(80)
				c := s.Client.Connect(40000, s.Server.At(80))
				c.Send(100)
				a := l.Accept()
				a.Recv(100)
				s.Pause(moment)
				s.finish(c, a)
			},
		},
		{
			Name: "third-ack-never", Shape: Routed, Deaf: "resp",
			Doc: "after the SYN nothing reaches the server: it repeats its SYN/ACK once and gives up in silence",
			Script: func(s *Stage) {
				s.Server.Tune("ipv4/tcp_synack_retries", 1)
				s.Router.Drop(toServer+"tcp flags & syn == 0", 0)
				s.Server.Listen(80)
				s.Client.Connect(40000, s.Server.At(80))
				s.Pause(3500 * time.Millisecond)
			},
		},
		{
			Name: "deferred-accept", Taps: bothEnds(),
			Doc: "TCP_DEFER_ACCEPT: the server stays in SYN-RECEIVED until data comes or, as here, repeats its SYN/ACK at the end of the wait",
			Script: func(s *Stage) {
				l := s.Server.Listen(80, tcp(unix.TCP_DEFER_ACCEPT, 1))
				c := s.Client.Connect(40000, s.Server.At(80))
				a := l.Accept()
				s.Pause(500 * time.Millisecond)
				s.Exchange(c, a)
				s.finish(c, a)
			},
		},
		{
			Name: "deferred-accept-data",
			Doc:  "TCP_DEFER_ACCEPT: data comes 300 ms after the third ACK, before any repeat",
			Script: func(s *Stage) {
				l := s.Server.Listen(80, tcp(unix.TCP_DEFER_ACCEPT, 5))
				c := s.Client.Connect(40000, s.Server.At(80))
				s.Pause(300 * time.Millisecond)
				c.Send(100)
				a := l.Accept()
				a.Recv(100)
				s.Pause(moment)
				s.finish(c, a)
			},
		},
		{
			Name: "accept-queue-overflow", Shape: Relayed, Relay: slowly(10 * time.Millisecond), Taps: bothEnds(),
			Doc: "two handshakes at once for the last place of an accept queue: the second one's third ACK is ignored until the SYN/ACK was repeated",
			Script: func(s *Stage) {
				l, c := s.overflow()
				for i := range c {
					c[i].Connected()
				}
				s.Pause(500 * time.Millisecond)
				for i := range c {
					s.finish(c[i], l.Accept())
				}
			},
		},
		{
			Name: "accept-queue-abort", Shape: Relayed, Relay: slowly(10 * time.Millisecond),
			Doc: "two handshakes at once for the last place of an accept queue, tcp_abort_on_overflow set: a RST answers the second one's third ACK",
			Script: func(s *Stage) {
				s.Server.Tune("ipv4/tcp_abort_on_overflow", 1)
				l, c := s.overflow()
				c[2].Fails(unix.ECONNRESET)
				s.finish(c[0], l.Accept())
				s.finish(c[1], l.Accept())
			},
		},
		{
			Name: "accept-queue-full",
			Doc:  "the accept queue is full: the server drops SYNs, which looks like a filter, until the application accepts",
			Script: func(s *Stage) {
				l := s.Server.ListenBacklog(80, 0)
				c := s.Client.Connect(40000, s.Server.At(80))
				c2 := s.Client.Socket(40001)
				c2.Dial(s.Server.At(80))
				s.Pause(500 * time.Millisecond)
				a := l.Accept()
				c2.Connected()
				s.finish(c, a)
				s.finish(c2, l.Accept())
			},
		},
		{
			Name: "syn-cookie",
			Doc:  "the server keeps no request socket, its SYN/ACK is a cookie (tcp_syncookies 2)",
			Script: func(s *Stage) {
				s.Server.Tune("ipv4/tcp_syncookies", 2)
				c, a := s.Joined()
				s.Exchange(c, a)
				s.finish(c, a)
			},
		},
		{
			Name: "simultaneous-open", Shape: Relayed, Relay: slowly(20 * time.Millisecond), Taps: bothEnds(),
			Doc: "both ends send a SYN before either arrives",
			Script: func(s *Stage) {
				c, a := s.Client.Socket(40000), s.Server.Socket(80)
				c.Dial(s.Server.At(80))
				a.Dial(s.Client.At(40000))
				c.Connected()
				a.Connected()
				s.Pause(moment)
				s.Exchange(c, a)
				s.Pause(moment)
				s.finish(c, a)
			},
		},
		{
			Name: "fast-open",
			Doc:  "TCP Fast Open: the first connection asks for a cookie, the second one's SYN carries it with data",
			Script: func(s *Stage) {
				s.Client.Tune("ipv4/tcp_fastopen", 3)
				s.Server.Tune("ipv4/tcp_fastopen", 3)
				l := s.Server.Listen(80, tcp(unix.TCP_FASTOPEN, 16))
				for port := uint16(40000); port < 40002; port++ {
					c := s.Client.Socket(port)
					c.DialData(s.Server.At(80), 100)
					a := l.Accept()
					if port == 40000 {
						c.Connected()
						c.Send(100)
					}
					a.Recv(100)
					a.Send(1000)
					c.Recv(1000)
					s.finish(c, a)
				}
			},
		},
	}
}

// overflow makes a listener for two connections, fills one place and begins two
// handshakes, a moment apart so that their order is known. With a queue of one
// the last SYN would find as many request sockets as it may hold, and get a
// SYN cookie.
func (s *Stage) overflow() (l *Sock, c [3]*Sock) {
	l = s.Server.ListenBacklog(80, 1)
	for i := range c {
		c[i] = s.Client.Socket(40000 + uint16(i))
		c[i].Dial(s.Server.At(80))
		if i == 0 {
			c[i].Connected()
			s.Pause(moment)
		}
		s.Pause(time.Millisecond)
	}
	return l, c
}

// rejections are scenarios of attempts that fail.
func rejections() []Scenario {
	rejected := func(name, doc, with string, v6 bool, errno unix.Errno) Scenario {
		return Scenario{
			Name: name, Shape: Relayed, Relay: slowly(10 * time.Millisecond), Doc: doc, V6: v6,
			Script: func(s *Stage) {
				s.Server.Rule(toServer + "reject with " + with)
				s.Server.Listen(80)
				c := s.Client.Socket(40000)
				c.Dial(s.Server.At(80))
				c.Fails(errno)
			},
		}
	}
	return []Scenario{
		{
			Name: "refused", Taps: bothEnds(),
			Doc: "nothing listens: RST,ACK answers the SYN",
			Script: func(s *Stage) {
				c := s.Client.Socket(40000)
				c.Dial(s.Server.At(80))
				c.Fails(unix.ECONNREFUSED)
			},
		},
		{
			Name: "no-answer", Shape: Routed,
			Doc: "every SYN is lost: the client gives up in silence",
			Script: func(s *Stage) {
				s.Client.Tune("ipv4/tcp_syn_retries", 2)
				s.Router.Drop(toServer+bareSYN, 0)
				s.Server.Listen(80)
				c := s.Client.Socket(40000)
				c.Dial(s.Server.At(80))
				c.Fails(unix.ETIMEDOUT)
			},
		},
		{
			Name: "opener-gives-up", Shape: Routed,
			Doc: "the client closes its socket while its SYNs are lost",
			Script: func(s *Stage) {
				s.Router.Drop(toServer+bareSYN, 0)
				c := s.Client.Socket(40000)
				c.Dial(s.Server.At(80))
				s.Pause(1500 * time.Millisecond)
				c.Close()
			},
		},
		rejected("icmp-admin-prohibited", "the server's firewall rejects the SYN: administratively prohibited", "icmp type admin-prohibited", false, unix.EHOSTUNREACH),
		rejected("icmp-port-unreachable", "the server's firewall rejects the SYN: port unreachable", "icmp type port-unreachable", false, unix.ECONNREFUSED),
		rejected("icmp6-admin-prohibited", "the server's firewall rejects an IPv6 SYN: administratively prohibited", "icmpv6 type admin-prohibited", true, unix.EACCES),
		{
			Name: "icmp-soft-error", Shape: Routed,
			Doc: "a router rejects the SYN at once: the client's kernel still holds its socket, takes the error for a soft one and sends the SYN again after 1 s",
			Script: func(s *Stage) {
				s.Router.Rule(toServer + "reject with icmp type admin-prohibited")
				c := s.Client.Socket(40000)
				c.Dial(s.Server.At(80))
				s.Pause(1200 * time.Millisecond)
			},
		},
		{
			Name: "refused-by-firewall", Shape: Routed,
			Doc: "a firewall answers the SYN with a RST in the server's name",
			Script: func(s *Stage) {
				s.Router.Rule(toServer + "reject with tcp reset")
				c := s.Client.Socket(40000)
				c.Dial(s.Server.At(80))
				c.Fails(unix.ECONNREFUSED)
			},
		},
	}
}
