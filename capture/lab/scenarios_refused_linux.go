package lab

import "time"

// refusals are scenarios of segments that reach a host and that it throws away.
func refusals() []Scenario {
	return []Scenario{
		{
			Name: "paws-refused", Shape: Routed, Taps: bothEnds(),
			Doc: "a middlebox sets the client's timestamps back for a second: the server refuses its data (PAWS, RFC 7323) and answers at once, each time",
			Script: func(s *Stage) {
				// Timestamps without an offset: what is set back to 1 is old.
				s.Client.Tune("ipv4/tcp_timestamps", 2)
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				s.Router.Rule("tcp dport 80 tcp option timestamp tsval set 1")
				c.Send(100)
				s.Pause(time.Second)
				s.Router.Clear()
				a.Recv(100)
				s.finish(c, a)
			},
		},
		{
			Name: "checksum-spoiled", Shape: Routed, Taps: bothEnds(),
			Doc: "a middlebox spoils the checksum of the server's data for a second: the client drops every copy",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				s.Router.Rule("tcp sport 80 ip length > 1000 @th,128,16 set 0x1234")
				a.Send(1200)
				s.Pause(time.Second)
				s.Router.Clear()
				c.Recv(1200)
				s.finish(c, a)
			},
		},
	}
}
