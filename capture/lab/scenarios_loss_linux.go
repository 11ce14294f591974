package lab

import (
	"time"

	"golang.org/x/sys/unix"
)

// Transfers are scenarios of bulk data with the kernel's own counts beside the
// captures. They are played when they are wanted and not kept.
func Transfers() []Scenario {
	all := append(losses(), disorders()...)
	return append(append(all, options()...), readers()...)
}

// Round-trip times of delayed transfers.
const (
	near = 20 * time.Millisecond
	far  = 100 * time.Millisecond
)

// settings are what a transfer differs in from the plain one.
type settings struct {
	tune     map[string]int // files under /proc/sys/net/ipv4 of both ends
	control  string         // congestion control; "" is cubic
	lose     string         // a match of nft(8): what the router drops until the account is taken
	client   []Option
	listener []Option
}

// transfer makes a script: open, carry, take the kernel's account when all is
// quiet, close.
func transfer(t settings, carry func(s *Stage, c, a *Sock)) func(*Stage) {
	return func(s *Stage) {
		if t.control == "" {
			t.control = "cubic"
		}
		for _, h := range [...]*Host{s.Client, s.Server} {
			for name, value := range t.tune {
				h.Tune("ipv4/"+name, value)
			}
		}
		l := s.Server.Listen(80, t.listener...)
		c := s.Client.Socket(40000, t.client...)
		for _, sock := range [...]*Sock{l, c} {
			if !sock.Control(t.control) {
				s.Note("no congestion control %s here: the default", t.control)
			}
		}
		c.Dial(s.Server.At(80))
		c.Connected()
		a := l.Accept()
		if t.lose != "" {
			s.Router.Rule(t.lose + " drop")
		}
		carry(s, c, a)
		s.Quiet(3 * far)
		s.Account(c, a)
		if t.lose != "" {
			s.Router.Clear()
		}
		c.Close()
		a.RecvEnd()
		a.Close()
		s.Pause(2 * far)
	}
}

// upload carries n bytes from the client to the server.
func upload(n int) func(s *Stage, c, a *Sock) {
	return func(s *Stage, c, a *Sock) { s.Carry(c, a, n) }
}

// download carries n bytes from the server to the client.
func download(n int) func(s *Stage, c, a *Sock) {
	return func(s *Stage, c, a *Sock) { s.Carry(a, c, n) }
}

// bursts uploads so many times n bytes with pauses between them.
func bursts(times, n int, pause time.Duration) func(s *Stage, c, a *Sock) {
	return func(s *Stage, c, a *Sock) {
		for range times {
			s.Carry(c, a, n)
			s.Pause(pause)
		}
	}
}

// withData matches segments with data; an ACK with all options is shorter.
const withData = "ip length > 120 "

// losses are scenarios of lost segments.
func losses() []Scenario {
	random := "numgen random mod 100 < "
	tail := func(n, count int) (bytes []int) { // the last count segments of each burst of n bytes
		for burst := range 6 {
			for i := range count {
				bytes = append(bytes, (burst+1)*n-1-i*1448)
			}
		}
		return bytes
	}
	forth, back := unheard(200_000, 1200*time.Millisecond)
	return []Scenario{
		{Name: "clean", Doc: "2 MB, nothing lost", Shape: Routed, Taps: bothEnds(), Script: transfer(settings{}, upload(2<<20))},
		{Name: "clean-20ms", Doc: "1 MB, nothing lost, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, nil, nil), Script: transfer(settings{}, upload(1<<20))},
		{Name: "clean-100ms", Doc: "1 MB, nothing lost, round trip 100 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(far/2, nil, nil), Script: transfer(settings{}, upload(1<<20))},
		{Name: "loss-1", Doc: "2 MB, 1 % lost by chance, no delay", Shape: Routed, Taps: bothEnds(),
			Script: transfer(settings{lose: toServer + withData + random + "1"}, upload(2<<20))},
		{Name: "loss-5", Doc: "1 MB, 5 % lost by chance, no delay", Shape: Routed, Taps: bothEnds(),
			Script: transfer(settings{lose: toServer + withData + random + "5"}, upload(1<<20))},
		{Name: "loss-1-download", Doc: "2 MB from the server, 1 % lost by chance, no delay", Shape: Routed, Taps: bothEnds(),
			Script: transfer(settings{lose: toClient + withData + random + "1"}, download(2<<20))},
		{Name: "loss-1-20ms", Doc: "1 MB, 1 % lost by chance, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, lossy(1, 1), nil), Script: transfer(settings{}, upload(1<<20))},
		{Name: "loss-5-20ms", Doc: "512 kB, 5 % lost by chance, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, lossy(5, 2), nil), Script: transfer(settings{}, upload(512<<10))},
		{Name: "loss-1-100ms", Doc: "1 MB, 1 % lost by chance, round trip 100 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(far/2, lossy(1, 3), nil), Script: transfer(settings{}, upload(1<<20))},
		{Name: "loss-5-100ms", Doc: "400 kB, 5 % lost by chance, round trip 100 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(far/2, lossy(5, 4), nil), Script: transfer(settings{}, upload(400<<10))},
		{Name: "loss-both-ways", Doc: "512 kB each way at once, 2 % lost by chance each way, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, lossy(2, 5), lossy(2, 6)), Script: transfer(settings{}, func(s *Stage, c, a *Sock) { s.CarryBoth(c, a, 512<<10) })},
		{Name: "loss-bbr", Doc: "1 MB, 2 % lost by chance, round trip 20 ms, congestion control bbr where the kernel has it", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, lossy(2, 7), nil), Script: transfer(settings{control: "bbr"}, upload(1<<20))},
		{Name: "tail-loss", Doc: "six bursts, the last segment of each is lost, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, losing(1, tail(30_000, 1)...), nil), Script: transfer(settings{}, bursts(6, 30_000, 2*moment))},
		{Name: "tail-loss-3", Doc: "six bursts, the last three segments of each are lost, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, losing(1, tail(30_000, 3)...), nil), Script: transfer(settings{}, bursts(6, 30_000, 2*moment))},
		{Name: "tail-loss-twice", Doc: "six bursts, the last segment of each is lost, and its first repeat", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, losing(2, tail(30_000, 1)...), nil), Script: transfer(settings{}, bursts(6, 30_000, 2*moment))},
		{Name: "repeat-lost", Doc: "512 kB, four segments are lost, and their first repeats, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, losing(2, 100_000, 200_000, 203_000, 350_000), nil), Script: transfer(settings{}, upload(512<<10))},
		{Name: "blackout", Doc: "512 kB, everything is lost for 1.5 s", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, dark(200_000, 1500*time.Millisecond), nil), Script: transfer(settings{}, upload(512<<10))},
		{Name: "lost-acks", Doc: "1 MB, 30 % of the ACKs are lost, no data, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, nil, lossyACKs(30, 8)), Script: transfer(settings{}, upload(1<<20))},
		{Name: "lost-acks-all", Doc: "512 kB, all ACKs of 1.2 s are lost, no data, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, forth, back), Script: transfer(settings{}, upload(512<<10))},
	}
}

// disorders are scenarios of segments late, out of order and doubled.
func disorders() []Scenario {
	return []Scenario{
		{Name: "reorder", Doc: "512 kB, every 40th segment comes 3 ms late", Shape: Relayed, Taps: bothEnds(),
			Relay: path(0, late(40, 3*time.Millisecond), nil), Script: transfer(settings{}, upload(512<<10))},
		{Name: "reorder-20ms", Doc: "1 MB, every 40th segment comes 4 ms late, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, late(40, 4*time.Millisecond), nil), Script: transfer(settings{}, upload(1<<20))},
		{Name: "reorder-long", Doc: "512 kB, every 100th segment comes 40 ms late, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, late(100, 40*time.Millisecond), nil), Script: transfer(settings{}, upload(512<<10))},
		{Name: "duplicates", Doc: "512 kB, every 20th segment comes twice, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, doubled(20, time.Millisecond), nil), Script: transfer(settings{}, upload(512<<10))},
		{Name: "duplicate-acks", Doc: "512 kB, every 5th segment from the server comes twice, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, nil, doubled(5, 0)), Script: transfer(settings{}, upload(512<<10))},
		{Name: "stall", Doc: "512 kB, everything to the server is held for 1.2 s and then arrives", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, stalled(200_000, 1200*time.Millisecond, false), nil), Script: transfer(settings{}, upload(512<<10))},
		{Name: "stall-shuffled", Doc: "512 kB, everything to the server is held for 1.2 s and then arrives in another order", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, stalled(200_000, 1200*time.Millisecond, true), nil), Script: transfer(settings{}, upload(512<<10))},
	}
}

// options are scenarios of loss without one of TCP's options, or with offload.
func options() []Scenario {
	lacking := func(name, doc string, loss float64, seed uint64, tune string) Scenario {
		return Scenario{Name: name, Doc: doc, Shape: Relayed, Taps: bothEnds(), Relay: path(near/2, lossy(loss, seed), nil),
			Script: transfer(settings{tune: map[string]int{tune: 0}}, upload(512<<10))}
	}
	return []Scenario{
		lacking("timestamps-off", "512 kB, 2 % lost by chance, no timestamps, round trip 20 ms", 2, 9, "tcp_timestamps"),
		lacking("timestamps-off-5", "512 kB, 5 % lost by chance, no timestamps, round trip 20 ms", 5, 10, "tcp_timestamps"),
		lacking("sack-off", "512 kB, 2 % lost by chance, no SACK, round trip 20 ms", 2, 11, "tcp_sack"),
		lacking("sack-off-5", "512 kB, 5 % lost by chance, no SACK, round trip 20 ms", 5, 12, "tcp_sack"),
		lacking("window-scaling-off", "512 kB, 2 % lost by chance, no window scaling, round trip 20 ms", 2, 13, "tcp_window_scaling"),
		{Name: "offload", Doc: "4 MB, 1 % of the packets lost by chance, offloads on: segments longer than the MSS", Shape: Routed, Offload: true, Taps: bothEnds(),
			Script: transfer(settings{lose: toServer + withData + "numgen random mod 100 < 1"}, upload(4<<20))},
	}
}

// readers are scenarios of what the receiving application does.
func readers() []Scenario {
	small := []Option{opt(unix.SOL_SOCKET, unix.SO_RCVBUF, 32<<10)}
	return []Scenario{
		{Name: "slow-reader", Doc: "300 kB to a reader of 32 kB every 150 ms: its window closes and opens", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, nil, nil), Script: transfer(settings{listener: small}, func(s *Stage, c, a *Sock) {
				s.CarrySlowly(c, a, 300_000, 32<<10, 150*time.Millisecond)
			})},
		{Name: "sleepy-reader", Doc: "120 kB to a reader that sleeps 1.2 s between reads: each time its window closes and is probed", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, nil, nil), Script: transfer(settings{listener: small}, func(s *Stage, c, a *Sock) {
				s.CarrySlowly(c, a, 160_000, 64<<10, 1200*time.Millisecond)
			})},
		{Name: "reader-gone", Doc: "the reader never comes back: its window closes for good and the client gives up after 3 s", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, nil, nil), Script: func(s *Stage) {
				l := s.Server.Listen(80, small...)
				c := s.Client.Connect(40000, s.Server.At(80), opt(unix.SOL_SOCKET, unix.SO_SNDBUF, 128<<10))
				a := l.Accept()
				s.Note("the client's socket took %d bytes", c.Fill())
				s.Pause(3 * time.Second)
				s.Account(c, a)
				c.Abort()
				s.Pause(moment)
			}},
		{Name: "delayed-acks", Doc: "30 lone segments, 90 ms apart, to a server that delays its ACKs, round trip 20 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(near/2, nil, nil), Script: transfer(settings{}, lone(30, 90*time.Millisecond))},
		{Name: "delayed-acks-far", Doc: "8 lone segments, 400 ms apart, to a server that delays its ACKs, round trip 200 ms", Shape: Relayed, Taps: bothEnds(),
			Relay: path(far, nil, nil), Script: transfer(settings{}, lone(8, 400*time.Millisecond))},
	}
}

// lone sends single segments to a reader that is told not to hurry its ACKs. It
// has answered before, so that the kernel takes the connection for a dialogue.
func lone(n int, apart time.Duration) func(s *Stage, c, a *Sock) {
	return func(s *Stage, c, a *Sock) {
		s.Exchange(c, a)
		for range n {
			a.Set(tcp(unix.TCP_QUICKACK, 0))
			c.Send(500)
			a.Recv(500)
			s.Pause(apart)
		}
	}
}
