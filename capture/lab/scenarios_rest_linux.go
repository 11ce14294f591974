package lab

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// ages is how long scenarios of age last: just over the minute that no pause of
// a healthy application needs to be asked about.
const ages = 63 * time.Second

// rests are scenarios of connections that nobody closes, that are forgotten
// while they are idle, or whose peer is gone.
func rests() []Scenario { return slices.Concat(shortRests(), longRests(), idleRests()) }

func shortRests() []Scenario {
	return []Scenario{
		{
			Name: "closed-unread-by-server",
			Doc:  "the server closes before it has read the request: RST,ACK",
			Script: func(s *Stage) {
				c, a := s.Joined()
				c.Send(100)
				s.Pause(moment)
				a.Close()
				c.Fails(unix.ECONNRESET)
			},
		},
		{
			Name: "server-forgets", Taps: bothEnds(),
			Doc: "the server forgets the connection without a word: the client's next data is answered with a bare RST",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				a.Set(tcp(unix.TCP_REPAIR, 1)) // a socket under repair closes without FIN or RST
				a.Close()
				s.Pause(1200 * time.Millisecond)
				c.Send(100)
				c.Fails(unix.ECONNRESET)
			},
		},
		{
			Name: "last-ack-unheard", Shape: Routed, Deaf: "resp", Taps: []TapSpec{{Where: AtServer, Suffix: "-at-server"}},
			Doc: "the server's FIN is never acknowledged, as far as its own tap can see: it repeats it and gives up in silence",
			Script: func(s *Stage) {
				s.Server.Tune("ipv4/tcp_orphan_retries", 2)
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Close()
				a.RecvEnd()
				s.Pause(moment)
				s.Router.Drop(toServer, 0)
				a.Close()
				s.Pause(3 * time.Second)
			},
		},
		{
			Name: "outage-recovered", Shape: Routed, Taps: bothEnds(),
			Doc: "nothing passes for 2.5 s in the middle: the client repeats its data until it is answered",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Router.Drop("meta l4proto tcp", 0)
				c.Send(100)
				s.Pause(2500 * time.Millisecond)
				s.Router.Clear()
				a.Recv(100)
				a.Send(1000)
				c.Recv(1000)
				s.finish(c, a)
			},
		},
	}
}

// longRests last a minute: they are recorded, and not played again by tests.
func longRests() []Scenario {
	return []Scenario{
		{
			Name: "close-wait-minute", Slow: true,
			Doc: "three connections that the client closes and the server's application does not, for more than a minute",
			Script: func(s *Stage) {
				l := s.Server.Listen(80)
				for i := range uint16(3) {
					c := s.Client.Connect(40000+i, s.Server.At(80))
					a := l.Accept()
					s.Exchange(c, a)
					c.Shutdown()
				}
				s.Pause(ages)
				s.one()
			},
		},
		{
			Name: "half-close-busy", Slow: true,
			Doc: "the client shuts down its sending side, and the server sends for more than a minute before it closes",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Shutdown()
				a.RecvEnd()
				for range 13 {
					s.Pause(ages / 13)
					a.Send(100)
					c.Recv(100)
				}
				s.finish(a, c)
				s.one()
			},
		},
		{
			Name: "half-close-stuck", Slow: true,
			Doc: "the client shuts down its sending side, the server sends some more and then neither sends nor closes",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Shutdown()
				a.RecvEnd()
				s.Pause(moment)
				a.Send(1000)
				c.Recv(1000)
				s.Pause(ages)
				s.one()
			},
		},
		{
			Name: "fin-wait-2-held", Slow: true,
			Doc: "the client shuts down its sending side and keeps the socket; the server closes after more than a minute",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Shutdown()
				a.RecvEnd()
				s.Pause(ages)
				s.finish(a, c)
			},
		},
		{
			Name: "vanished", Shape: Routed, Slow: true,
			Doc: "nothing passes any more: the client repeats its data and gives up after 5 s in silence",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Router.Drop("tcp dport 80", 0)
				s.Router.Drop("tcp sport 80", 0)
				c.Set(tcp(unix.TCP_USER_TIMEOUT, 5000))
				c.Send(100)
				c.Fails(unix.ETIMEDOUT)
				s.Pause(ages)
				s.one()
			},
		},
	}
}

// idleRests are idle connections through a router that tracks them, or does not.
func idleRests() []Scenario {
	// idle lets n connections rest for a minute behind a firewall that forgets
	// them meanwhile, if it does.
	idle := func(name, doc string, n uint16, forgets bool) Scenario {
		return Scenario{
			Name: name, Doc: doc, Shape: Routed, Slow: true,
			Script: func(s *Stage) {
				if forgets {
					s.Router.Tune("netfilter/nf_conntrack_tcp_loose", 0)
					s.Router.Tune("netfilter/nf_conntrack_tcp_timeout_established", 60)
					s.Router.Rule("ct state invalid drop")
				}
				l := s.Server.Listen(80)
				var c, a []*Sock
				for i := range n {
					c = append(c, s.Client.Connect(40000+i, s.Server.At(80)))
					a = append(a, l.Accept())
					s.Exchange(c[i], a[i])
				}
				s.Pause(ages)
				for i := range c {
					c[i].Set(tcp(unix.TCP_USER_TIMEOUT, 4000))
					c[i].Send(100)
				}
				for i := range c {
					if forgets {
						c[i].Fails(unix.ETIMEDOUT)
						continue
					}
					a[i].Recv(100)
					s.finish(c[i], a[i])
				}
				s.one()
			},
		}
	}
	return []Scenario{
		idle("idle-forgotten", "a firewall forgets four idle connections after a minute and drops what follows", 4, true),
		idle("idle-forgotten-one", "a firewall forgets an idle connection after a minute and drops what follows", 1, true),
		idle("idle-answered", "four connections rest for more than a minute and go on", 4, false),
	}
}
