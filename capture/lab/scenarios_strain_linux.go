package lab

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// strains are scenarios of transfers that something holds up, small enough to keep.
func strains() []Scenario {
	return slices.Concat(pacedTransfers(), lossyTransfers(), changedHandshakes())
}

// atClient is a tap that keeps headers only.
func atClient() []TapSpec { return []TapSpec{{Snaplen: headers}} }

func pacedTransfers() []Scenario {
	small := []Option{opt(unix.SOL_SOCKET, unix.SO_RCVBUF, 16<<10)}
	return []Scenario{
		{Name: "small-window", Doc: "200 kB to a receive buffer of 16 kB over a round trip of 100 ms: the window is full most of the time",
			Shape: Relayed, Relay: path(far/2, nil, nil), Taps: atClient(), Script: transfer(settings{listener: small}, upload(200_000))},
		{Name: "slow-sender", Doc: "200 kB in 20 pieces with pauses of 100 ms: the sender has nothing to send most of the time",
			Shape: Relayed, Relay: path(near/2, nil, nil), Taps: atClient(), Script: transfer(settings{}, bursts(20, 10_000, far))},
		{Name: "upload", Doc: "60 kB, nothing lost, offloads off", Taps: atClient(), Script: transfer(settings{}, upload(60_000))},
		{Name: "upload-offload", Doc: "60 kB, nothing lost, offloads on: segments longer than the MSS", Offload: true, Taps: atClient(),
			Script: transfer(settings{}, upload(60_000))},
		{Name: "upload-capture-drops", Doc: "60 kB, nothing lost, but the capture drops every fourth packet with data", Taps: []TapSpec{{Snaplen: headers, Lose: 4}},
			Script: transfer(settings{}, upload(60_000))},
	}
}

func lossyTransfers() []Scenario {
	relayed := func(name, doc string, rule func(*segment) Verdict, n int) Scenario {
		return Scenario{Name: name, Doc: doc, Shape: Relayed, Relay: rule, Taps: atClient(), Script: transfer(settings{}, upload(n))}
	}
	return []Scenario{
		relayed("lossy", "300 kB, 5 % lost by chance behind the tap, round trip 20 ms", path(near/2, lossy(5, 21), nil), 300_000),
		relayed("very-lossy", "60 kB, 30 % lost by chance behind the tap, round trip 20 ms", path(near/2, lossy(30, 22), nil), 60_000),
		relayed("sudden-delay", "200 kB, everything is held back for 1.2 s in the middle and then arrives: the repeats were needless",
			path(near/2, stalled(100_000, 1200*time.Millisecond, false), nil), 200_000),
		{Name: "overtaken", Doc: "300 kB, every tenth segment comes 3 ms late: others overtake it", Shape: Relayed,
			Relay: path(near/2, late(10, 3*time.Millisecond), nil), Taps: []TapSpec{{Where: AtServer, Snaplen: headers, Suffix: "-at-server"}},
			Script: transfer(settings{}, upload(300_000))},
	}
}

func changedHandshakes() []Scenario {
	// changed makes three connections, then three more on which the router changes
	// what passes.
	changed := func(name, doc, rule string) Scenario {
		return Scenario{Name: name, Doc: doc, Shape: Routed, Script: func(s *Stage) {
			l := s.Server.Listen(80)
			for i := range uint16(6) {
				if i == 3 && rule != "" {
					s.Router.Rule(rule)
				}
				c := s.Client.Connect(40000+i, s.Server.At(80))
				a := l.Accept()
				s.Exchange(c, a)
				s.finish(c, a)
			}
		}}
	}
	const anySYN = "tcp flags & syn == syn "
	return []Scenario{
		changed("sack-stripped", "six connections, SACK taken out of the SYNs of three on the way", toServer+anySYN+"reset tcp option sack-perm"),
		changed("mss-clamped", "six connections, the MSS lowered to 1,200 on the way on three", anySYN+"tcp option maxseg size set 1200"),
		{Name: "sack-not-offered", Doc: "six connections, of which the client offers no SACK on three", Shape: Routed, Script: func(s *Stage) {
			l := s.Server.Listen(80)
			for i := range uint16(6) {
				s.Client.Tune("ipv4/tcp_sack", int(i%2))
				c := s.Client.Connect(40000+i, s.Server.At(80))
				a := l.Accept()
				s.Exchange(c, a)
				s.finish(c, a)
			}
		}},
		{Name: "path-mtu", Doc: "a link on the way takes 1,200 bytes, and the router says so: the client makes its segments smaller", Shape: Routed, Taps: atClient(),
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				s.try(s.Router.Namespace.IP("link set " + routerB + " mtu 1200"))
				c.Send(8000)
				a.Recv(8000)
				s.finish(c, a)
			}},
	}
}
