package lab

import (
	"time"

	"golang.org/x/sys/unix"
)

// keepalives are scenarios of probes: keepalive, and of a closed window.
func keepalives() []Scenario {
	return []Scenario{
		{
			Name: "keepalive-answered",
			Doc:  "the client probes an idle connection every second and is answered",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Set(keepalive(3)...)
				s.Pause(3500 * time.Millisecond)
				s.finish(c, a)
			},
		},
		{
			Name: "keepalive-by-server",
			Doc:  "the server probes an idle connection every second and is answered",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				a.Set(keepalive(3)...)
				s.Pause(2500 * time.Millisecond)
				s.finish(a, c)
			},
		},
		{
			Name: "keepalive-recovered", Shape: Routed, Taps: bothEnds(),
			Doc: "the answers to two keepalive probes are lost, the third arrives",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				s.Router.Drop(toClient, 2)
				c.Set(keepalive(5)...)
				s.Pause(4500 * time.Millisecond)
				s.finish(c, a)
			},
		},
		{
			Name: "keepalive-dead", Shape: Routed, Deaf: "resp",
			Doc: "nothing reaches the server any more: three probes go unanswered, then the client sends RST,ACK and closes",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				s.Router.Drop(toServer, 0)
				c.Set(keepalive(3)...)
				c.Fails(unix.ETIMEDOUT)
			},
		},
		{
			Name: "keepalive-dead-one-way", Shape: Routed, Taps: bothEnds(),
			Doc: "the server's answers to three probes are lost; the client's RST,ACK reaches it",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				s.Router.Drop(toClient, 0)
				c.Set(keepalive(3)...)
				c.Fails(unix.ETIMEDOUT)
				a.Fails(unix.ECONNRESET)
			},
		},
		{
			Name: "zero-window", Taps: bothEnds(),
			Doc: "the server's application does not read: its window closes, the client probes it with doubling pauses until it opens",
			Script: func(s *Stage) {
				l := s.Server.Listen(80, opt(unix.SOL_SOCKET, unix.SO_RCVBUF, 8192))
				c := s.Client.Connect(40000, s.Server.At(80), opt(unix.SOL_SOCKET, unix.SO_SNDBUF, 16384))
				a := l.Accept()
				sent := c.Fill()
				s.Note("the client's socket took %d bytes", sent)
				s.Pause(3500 * time.Millisecond)
				a.Recv(sent)
				s.Pause(moment)
				s.finish(c, a)
			},
		},
	}
}
