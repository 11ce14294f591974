package lab

import (
	"time"

	"golang.org/x/sys/unix"
)

// closes are scenarios of orderly closing.
func closes() []Scenario {
	return []Scenario{
		{
			Name: "close-by-client", Taps: bothEnds(),
			Doc: "request, response, the client closes first and the server at once: three segments",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.finish(c, a)
			},
		},
		{
			Name: "close-by-server", Taps: bothEnds(),
			Doc: "request, response, the server closes first and the client at once: three segments",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.finish(a, c)
			},
		},
		{
			Name: "close-four-segments",
			Doc:  "the client closes, the server acknowledges and closes 150 ms later: four segments",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Close()
				a.RecvEnd()
				s.Pause(150 * time.Millisecond)
				a.Close()
				s.Pause(moment)
			},
		},
		{
			Name: "half-close",
			Doc:  "the client shuts its side down; the server goes on sending 5,000 bytes, then closes",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Shutdown()
				a.RecvEnd()
				for range 5 {
					s.Pause(moment)
					a.Send(1000)
					c.Recv(1000)
				}
				a.Close()
				c.RecvEnd()
				c.Close()
				s.Pause(moment)
			},
		},
		{
			Name: "simultaneous-close", Shape: Relayed, Relay: slowly(30 * time.Millisecond), Taps: bothEnds(),
			Doc: "both ends close before either FIN arrives: both pass CLOSING and hold TIME-WAIT",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(2 * moment)
				c.Close()
				a.Close()
				s.Pause(3 * moment)
			},
		},
		{
			Name: "simultaneous-close-repeats", Shape: Relayed, Taps: bothEnds(),
			Doc:   "both ends close at once, and the way to the server gets slow: it repeats its FIN before and after it hears the client's",
			Relay: slowFromFIN(30*time.Millisecond, 500*time.Millisecond),
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(2 * moment)
				c.Close()
				a.Close()
				s.Pause(1800 * time.Millisecond)
			},
		},
		{
			Name: "fin-overtakes-data", Shape: Relayed, Taps: bothEnds(),
			Doc: "the path holds the last data back until the FIN has overtaken it",
			Relay: func(seg *segment) Verdict {
				if seg.length == 777 {
					return Verdict{Delay: 30 * time.Millisecond}
				}
				return Verdict{}
			},
			Script: func(s *Stage) {
				// No repeat before the held data arrives: RACK and tail loss probes off.
				s.Client.Tune("ipv4/tcp_recovery", 0)
				s.Client.Tune("ipv4/tcp_early_retrans", 0)
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				c.Send(777)
				c.Close()
				a.Recv(777)
				a.RecvEnd()
				a.Close()
				s.Pause(moment)
			},
		},
		{
			Name: "old-duplicate", Shape: Relayed, Taps: bothEnds(),
			Doc: "a copy of the last data arrives when the server's socket is gone: its RST has an old number, the client's TIME-WAIT stays",
			Relay: func(seg *segment) Verdict {
				if seg.length == 777 {
					return Verdict{Copies: 1, Behind: 100 * time.Millisecond}
				}
				return Verdict{}
			},
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				c.Send(777)
				c.Close()
				a.Recv(777)
				a.RecvEnd()
				a.Close()
				s.Pause(200 * time.Millisecond)
			},
		},
		{
			Name: "doubled-on-the-path", Shape: Relayed, Taps: bothEnds(),
			Doc:   "the path delivers every segment twice",
			Relay: func(*segment) Verdict { return Verdict{Copies: 1} },
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.finish(c, a)
			},
		},
		{
			Name: "close-wait-leak",
			Doc:  "the client closes, the server's application never does: CLOSE-WAIT",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Close()
				a.RecvEnd()
				s.Pause(time.Second)
			},
		},
		{
			Name: "fin-wait-2-orphan",
			Doc:  "the client closes, its kernel gives up FIN-WAIT-2 after tcp_fin_timeout (1 s) in silence; data that the server sends later meets no socket",
			Script: func(s *Stage) {
				s.Client.Tune("ipv4/tcp_fin_timeout", 1)
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Close()
				a.RecvEnd()
				s.Pause(2200 * time.Millisecond)
				a.Send(100)
				a.Fails(unix.EPIPE)
			},
		},
		{
			Name: "fin-wait-2-late-close",
			Doc:  "the server closes after the client's kernel gave up FIN-WAIT-2: RST answers its FIN",
			Script: func(s *Stage) {
				s.Client.Tune("ipv4/tcp_fin_timeout", 1)
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Close()
				a.RecvEnd()
				s.Pause(2200 * time.Millisecond)
				a.Close()
				s.Pause(moment)
			},
		},
	}
}

// lossyCloses are scenarios of closing over a path that loses a step.
func lossyCloses() []Scenario {
	return []Scenario{
		{
			Name: "fin-lost", Shape: Routed, Taps: bothEnds(),
			Doc: "the client's FIN is lost once and repeated",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				s.Router.Drop(toServer+anyFIN, 1)
				s.finish(c, a)
			},
		},
		{
			Name: "last-ack-lost", Shape: Routed, Taps: bothEnds(),
			Doc: "the ACK of the second FIN is lost: that FIN is repeated, TIME-WAIT starts again",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				s.Router.Drop(toServer+bareACK, 1)
				s.finish(c, a)
				s.Pause(500 * time.Millisecond)
			},
		},
		{
			Name: "fin-never-acked", Shape: Routed, Deaf: "resp",
			Doc: "nothing reaches the server any more: the client repeats its FIN and gives up in silence",
			Script: func(s *Stage) {
				s.Client.Tune("ipv4/tcp_orphan_retries", 3)
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				s.Router.Drop(toServer, 0)
				c.Close()
				s.Pause(5 * time.Second)
			},
		},
		{
			Name: "last-ack-never", Shape: Routed, Deaf: "resp",
			Doc: "the ACK of the second FIN never arrives: the server repeats its FIN from LAST-ACK and gives up in silence",
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
			Name: "data-lost", Shape: Routed, Taps: bothEnds(),
			Doc: "one data segment is lost in the middle of a transfer, and one at its end",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Router.Drop(toServer+"ip length > 1000 numgen inc mod 1000000 == 7", 0)
				c.Send(30000)
				a.Recv(30000)
				s.Router.Drop(toServer+"ip length > 500 ip length < 900", 1)
				c.Send(700)
				a.Recv(700)
				s.Pause(moment)
				s.finish(c, a)
			},
		},
	}
}
