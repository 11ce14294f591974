package lab

import (
	"time"

	"golang.org/x/sys/unix"
)

// paths are scenarios in which the path treats some segments in another way, or
// the ends get into each other's way.
func paths() []Scenario {
	return []Scenario{
		{
			Name: "mtu-black-hole", Shape: Routed, Taps: bothEnds(),
			Doc: "the path drops segments of more than 1,200 bytes and tells nobody: small ones pass, the client's large ones never",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				s.Router.Rule(toServer + "ip length > 1200 drop")
				c.Send(4000)
				for range 4 {
					s.Pause(500 * time.Millisecond)
					a.Send(20)
					c.Recv(20)
				}
			},
		},
		{
			Name: "mtu-black-hole-probed", Shape: Routed, Taps: bothEnds(),
			Doc: "the same, but the client finds its way by smaller segments (tcp_mtu_probing 1)",
			Script: func(s *Stage) {
				s.Client.Tune("ipv4/tcp_mtu_probing", 1)
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				s.Router.Rule(toServer + "ip length > 1200 drop")
				c.Send(4000)
				a.Recv(4000)
				s.finish(c, a)
			},
		},
		{
			Name: "small-writes",
			Doc:  "the client writes each request in two pieces: the second waits for the delayed ACK of the first",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.twoPieces(c, a)
			},
		},
		{
			Name: "small-writes-nodelay",
			Doc:  "the same with TCP_NODELAY: nothing waits",
			Script: func(s *Stage) {
				c, a := s.Joined()
				c.Set(tcp(unix.TCP_NODELAY, 1))
				s.twoPieces(c, a)
			},
		},
		{
			Name: "ecn-cleared", Shape: Routed, Taps: bothEnds(),
			Doc: "both ends agree on ECN, the path clears it in the IP header of what the client sends",
			Script: func(s *Stage) {
				for _, h := range [...]*Host{s.Client, s.Server} {
					h.Tune("ipv4/tcp_ecn", 1)
				}
				s.Router.Rule(toServer + "ip ecn set not-ect")
				c, a := s.Joined()
				c.Send(60000)
				a.Recv(60000)
				s.finish(c, a)
			},
		},
	}
}

// twoPieces carries twelve requests, each in two writes, and their answers.
func (s *Stage) twoPieces(c, a *Sock) {
	for range 12 {
		c.Send(10)
		c.Send(10)
		a.Recv(20)
		a.Send(30)
		c.Recv(30)
	}
	s.finish(c, a)
}
