package lab

// captures are scenarios of plain traffic captured in other ways.
func captures() []Scenario {
	plain := func(s *Stage) {
		c, a := s.Joined()
		s.Exchange(c, a)
		s.finish(c, a)
	}
	return []Scenario{
		{Name: "ipv6", Doc: "request, response and close over IPv6", V6: true, Taps: bothEnds(), Script: plain},
		{Name: "vlan", Doc: "request, response and close, with an 802.1Q tag", Shape: Trunk, Tag: 42, Taps: []TapSpec{{Where: AtTrunk}}, Script: plain},
		{
			Name: "any", Doc: "request, response and close, captured on all interfaces as tcpdump -i any does",
			Taps:   []TapSpec{{Where: AnyClient, Link: linkSLL2, Suffix: "-sll2"}, {Where: AnyClient, Link: linkSLL, Suffix: "-sll"}},
			Script: plain,
		},
		{
			Name: "any-router", Doc: "request, response and close, captured on all interfaces of a router: every packet twice", Shape: Routed,
			Taps:   []TapSpec{{Where: AnyRouter, Link: linkSLL2, Suffix: "-sll2"}, {Where: AnyRouter, Link: linkSLL, Suffix: "-sll"}},
			Script: plain,
		},
		{Name: "loopback", Doc: "request, response and close over the loopback", Shape: Alone, Taps: []TapSpec{{Where: AtLoopback}}, Script: plain},
		{
			Name: "snaplen-96", Doc: "20,000 bytes each way, every packet cut to 96 bytes", Taps: []TapSpec{{Snaplen: 96}},
			Script: func(s *Stage) {
				c, a := s.Joined()
				c.Send(20000)
				a.Recv(20000)
				a.Send(20000)
				c.Recv(20000)
				s.finish(c, a)
			},
		},
		{
			Name: "one-way", Doc: "request, response and close, only one direction captured",
			Taps:   []TapSpec{{OneWay: "orig", Suffix: "-client"}, {OneWay: "resp", Suffix: "-server"}},
			Script: plain,
		},
		{
			Name: "midstream", Doc: "the capture begins in the middle of an established connection", Late: true,
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.Pause(moment)
				s.Record()
				s.Exchange(c, a)
				s.finish(c, a)
			},
		},
	}
}
