package lab

import (
	"time"

	"golang.org/x/sys/unix"
)

// resets are scenarios of connections that end with a RST, or in silence.
func resets() []Scenario {
	return []Scenario{
		{
			Name: "abort-linger-0", Taps: bothEnds(),
			Doc: "the client closes with linger 0: RST,ACK from ESTABLISHED",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Abort()
				a.Fails(unix.ECONNRESET)
			},
		},
		{
			Name: "abort-in-close-wait",
			Doc:  "the client closes, the server aborts with linger 0 out of CLOSE-WAIT",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Shutdown()
				a.RecvEnd()
				s.Pause(moment)
				a.Abort()
				c.Fails(unix.ECONNRESET)
			},
		},
		{
			Name: "close-with-unread-data",
			Doc:  "the client closes while data waits unread: RST,ACK",
			Script: func(s *Stage) {
				c, a := s.Joined()
				c.Send(100)
				a.Recv(100)
				a.Send(1000)
				s.Pause(moment)
				c.Close()
				a.Fails(unix.ECONNRESET)
			},
		},
		{
			Name: "data-after-close",
			Doc:  "the client has closed its socket; data that the server sends is answered with a bare RST",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Close()
				a.RecvEnd()
				s.Pause(150 * time.Millisecond)
				a.Send(1000)
				a.Fails(unix.EPIPE)
			},
		},
		{
			Name: "middlebox-silence", Shape: Routed, Taps: bothEnds(),
			Doc: "a middlebox forgets the connection after an idle second and drops what follows: the client repeats its data and gives up in silence",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(time.Second)
				s.Router.Drop("meta l4proto tcp", 0)
				c.Set(tcp(unix.TCP_USER_TIMEOUT, 2000))
				c.Send(100)
				c.Fails(unix.ETIMEDOUT)
			},
		},
		{
			Name: "host-restart", Taps: bothEnds(),
			Doc: "the client forgets its connection without a word and opens another from the same port: challenge ACK, RST, and the SYN again",
			Script: func(s *Stage) {
				l := s.Server.Listen(80)
				c := s.Client.Connect(40000, s.Server.At(80))
				a := l.Accept()
				s.Exchange(c, a)
				s.Pause(150 * time.Millisecond)
				c.Set(tcp(unix.TCP_REPAIR, 1)) // a socket under repair closes without FIN or RST
				c.Close()
				c = s.Client.Connect(40000, s.Server.At(80))
				a = l.Accept()
				s.Exchange(c, a)
				s.finish(c, a)
			},
		},
	}
}

// forgeries are scenarios in which the router speaks in the name of an end.
func forgeries() []Scenario {
	// forged sends a segment in the name of from, offset bytes into the window.
	forged := func(s *Stage, from, to *Host, fromPort, toPort uint16, offset uint32, flags, ttl uint8) {
		src, dst := from.At(fromPort), to.At(toPort)
		s.Router.Inject(&segment{src: src, dst: dst, seq: s.Next(src, dst) + offset, flags: flags}, ttl)
	}
	return []Scenario{
		{
			Name: "middlebox-reset", Shape: Routed,
			Taps: []TapSpec{{Unseen: "resp"}, {Where: AtServer, Suffix: "-at-server", Unseen: "orig"}, {Where: AnyRouter, Link: linkSLL2, Suffix: "-at-router"}},
			Doc:  "a middlebox resets both ends, each in the name of the other",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				forged(s, s.Server, s.Client, 80, 40000, 0, flagRST, 255)
				forged(s, s.Client, s.Server, 40000, 80, 0, flagRST, 255)
				c.Fails(unix.ECONNRESET)
				a.Fails(unix.ECONNRESET)
			},
		},
		{
			Name: "middlebox-reset-one-end", Shape: Routed,
			Doc: "a middlebox resets the client in the server's name; the server learns it when the client's kernel answers its data with a RST",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				forged(s, s.Server, s.Client, 80, 40000, 0, flagRST, 255)
				c.Fails(unix.ECONNRESET)
				s.Pause(300 * time.Millisecond)
				a.Send(100)
				a.Fails(unix.ECONNRESET)
			},
		},
		{
			Name: "challenge-ack-rst", Shape: Routed, Taps: bothEnds(),
			Doc: "a forged RST inside the window, not at its edge, draws a challenge ACK; the connection lives on",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				forged(s, s.Client, s.Server, 40000, 80, 1000, flagRST, 60)
				s.Pause(moment)
				s.Exchange(c, a)
				s.finish(c, a)
			},
		},
		{
			Name: "challenge-ack-syn", Shape: Routed, Taps: bothEnds(), Forged: true,
			Doc: "a forged SYN inside the window draws a challenge ACK; the connection lives on",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				forged(s, s.Client, s.Server, 40000, 80, 1000, flagSYN, 60)
				s.Pause(moment)
				s.Exchange(c, a)
				s.finish(c, a)
			},
		},
	}
}
