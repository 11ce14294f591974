package lab

import (
	"time"

	"golang.org/x/sys/unix"
)

// stormSize is how many connections a storm makes.
const stormSize = 2000

// timeWaits are scenarios of TIME-WAIT: many, and how it ends early.
func timeWaits() []Scenario {
	storm := func(name, doc string, byClient bool) Scenario {
		return Scenario{
			Name: name, Doc: doc, Large: true, Taps: []TapSpec{{Snaplen: 96}},
			Script: func(s *Stage) {
				l := s.Server.Listen(80)
				for i := range uint16(stormSize) {
					c := s.Client.Connect(20000+i, s.Server.At(80))
					first, second := c, l.Accept()
					if !byClient {
						first, second = second, first
					}
					first.Close()
					second.RecvEnd()
					second.Close()
				}
				s.Pause(moment)
			},
		}
	}
	// again opens another connection on the same addresses and ports and closes it.
	again := func(s *Stage, l *Sock, options ...Option) {
		c := s.Client.Connect(40000, s.Server.At(80), options...)
		a := l.Accept()
		s.Exchange(c, a)
		s.finish(c, a)
	}
	return []Scenario{
		storm("time-wait-storm-by-client", "2,000 short connections that the client closes first: it holds 2,000 TIME-WAITs", true),
		storm("time-wait-storm-by-server", "2,000 short connections that the server closes first: it holds 2,000 TIME-WAITs", false),
		{
			Name: "time-wait-reuse",
			Doc:  "the server holds TIME-WAIT; a SYN with newer numbers from the same port ends it and opens a connection",
			Script: func(s *Stage) {
				l := s.Server.Listen(80)
				c := s.Client.Connect(40000, s.Server.At(80))
				s.finish(l.Accept(), c)
				s.Pause(300 * time.Millisecond)
				again(s, l)
			},
		},
		{
			Name: "time-wait-reuse-by-holder",
			Doc:  "the client holds TIME-WAIT and connects again from the same port after 1.2 s, as tcp_tw_reuse allows",
			Script: func(s *Stage) {
				s.Client.Tune("ipv4/tcp_tw_reuse", 1)
				l := s.Server.Listen(80)
				c := s.Client.Connect(40000, s.Server.At(80))
				s.finish(c, l.Accept())
				s.Pause(1200 * time.Millisecond)
				again(s, l)
			},
		},
		{
			Name: "time-wait-stale-syn",
			Doc:  "the server holds TIME-WAIT; a SYN with older numbers is answered with the old ACK, RST follows, and the SYN again opens the connection",
			Script: func(s *Stage) {
				s.Client.Tune("ipv4/tcp_timestamps", 0)
				s.Server.Tune("ipv4/tcp_timestamps", 0)
				l := s.Server.Listen(80)
				c := s.Client.Connect(40000, s.Server.At(80))
				s.finish(l.Accept(), c)
				s.Pause(300 * time.Millisecond)
				older := s.Next(s.Client.At(40000), s.Server.At(80)) - 100_000
				again(s, l, tcp(unix.TCP_REPAIR, 1), tcp(unix.TCP_REPAIR_QUEUE, 2), tcp(unix.TCP_QUEUE_SEQ, int(older)),
					tcp(unix.TCP_REPAIR, 0), opt(unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
			},
		},
		{
			Name: "time-wait-reset", Shape: Routed, Taps: bothEnds()[1:],
			Doc: "a RST ends the TIME-WAIT of the server (RFC 1337)",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.finish(a, c)
				src, dst := s.Client.At(40000), s.Server.At(80)
				s.Router.Inject(&segment{src: src, dst: dst, seq: s.Next(src, dst), flags: flagRST}, 64)
				s.Pause(moment)
			},
		},
	}
}
