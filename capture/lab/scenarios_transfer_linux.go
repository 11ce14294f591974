package lab

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// losses are transfers of which segments are lost.
func losses() []Scenario {
	byChance := func(match string, percent int) step {
		return rule(fmt.Sprintf("%s%s numgen random mod 100 < %d drop", match, withData, percent))
	}
	// tails carries six bursts of n bytes; tail numbers the last bytes of the last
	// count segments of each.
	const n = 30_000
	tails := transfer(repeat(6, client.carries(n), wait(2*moment)))
	tail := func(count int) (bytes []int) {
		for burst := range 6 {
			for i := range count {
				bytes = append(bytes, (burst+1)*n-1-i*1448)
			}
		}
		return bytes
	}
	forth, back := unheard(200_000, 1200*time.Millisecond)
	return []Scenario{
		{Name: "clean", Doc: "2 MB, nothing lost", Shape: wire.Routed, Taps: bothEnds(), Play: steps{transfer(client.carries(2 << 20))}},
		{Name: "clean-20ms", Doc: "1 MB, nothing lost, round trip 20 ms", Relay: path(near/2, nil, nil), Taps: bothEnds(),
			Play: steps{transfer(client.carries(1 << 20))}},
		{Name: "clean-100ms", Doc: "1 MB, nothing lost, round trip 100 ms", Relay: path(far/2, nil, nil), Taps: bothEnds(),
			Play: steps{transfer(client.carries(1 << 20))}},
		{Name: "loss-1", Doc: "2 MB, 1 % lost by chance, no delay", Shape: wire.Routed, Taps: bothEnds(),
			Play: steps{transfer(byChance(toServer, 1), client.carries(2<<20))}, Shows: "orig TCPFastRetrans"},
		{Name: "loss-5", Doc: "1 MB, 5 % lost by chance, no delay", Shape: wire.Routed, Taps: bothEnds(),
			Play: steps{transfer(byChance(toServer, 5), client.carries(1<<20))}, Shows: "orig TCPFastRetrans"},
		{Name: "loss-1-download", Doc: "2 MB from the server, 1 % lost by chance, no delay", Shape: wire.Routed, Taps: bothEnds(),
			Play: steps{transfer(byChance(toClient, 1), server.carries(2<<20))}, Shows: "resp TCPFastRetrans"},
		{Name: "loss-1-20ms", Doc: "1 MB, 1 % lost by chance, round trip 20 ms", Relay: path(near/2, lossy(1, 1), nil), Taps: bothEnds(),
			Play: steps{transfer(client.carries(1 << 20))}, Shows: "orig TCPFastRetrans"},
		{Name: "loss-5-20ms", Doc: "512 kB, 5 % lost by chance, round trip 20 ms", Relay: path(near/2, lossy(5, 2), nil), Taps: bothEnds(),
			Play: steps{transfer(client.carries(512 << 10))}, Shows: "orig TCPFastRetrans"},
		{Name: "loss-1-100ms", Doc: "1 MB, 1 % lost by chance, round trip 100 ms", Relay: path(far/2, lossy(1, 3), nil), Taps: bothEnds(),
			Play: steps{transfer(client.carries(1 << 20))}, Shows: "orig TCPFastRetrans"},
		{Name: "loss-5-100ms", Doc: "400 kB, 5 % lost by chance, round trip 100 ms", Relay: path(far/2, lossy(5, 4), nil), Taps: bothEnds(),
			Play: steps{transfer(client.carries(400 << 10))}, Shows: "orig TCPFastRetrans"},
		{Name: "loss-both-ways", Doc: "512 kB each way at once, 2 % lost by chance each way, round trip 20 ms",
			Relay: path(near/2, lossy(2, 5), lossy(2, 6)), Taps: bothEnds(), Play: steps{transfer(bothCarry(512 << 10))}, Shows: "resp TCPFastRetrans"},
		{Name: "loss-bbr", Doc: "1 MB, 2 % lost by chance, round trip 20 ms, congestion control bbr where the kernel has it",
			Relay: path(near/2, lossy(2, 7), nil), Taps: bothEnds(), Play: steps{transferBy("bbr", client.carries(1<<20))}, Shows: "orig TCPFastRetrans"},
		{Name: "tail-loss", Doc: "six bursts, the last segment of each is lost, round trip 20 ms",
			Relay: path(near/2, losing(1, tail(1)...), nil), Taps: bothEnds(), Play: steps{tails}, Shows: "orig TCPLossProbes"},
		{Name: "tail-loss-3", Doc: "six bursts, the last three segments of each are lost, round trip 20 ms",
			Relay: path(near/2, losing(1, tail(3)...), nil), Taps: bothEnds(), Play: steps{tails}, Shows: "orig TCPLossProbes"},
		{Name: "tail-loss-twice", Doc: "six bursts, the last segment of each is lost, and its first repeat",
			Relay: path(near/2, losing(2, tail(1)...), nil), Taps: bothEnds(), Play: steps{tails}, Shows: "orig TCPTimeouts"},
		{Name: "repeat-lost", Doc: "512 kB, four segments are lost, and their first repeats, round trip 20 ms",
			Relay: path(near/2, losing(2, 100_000, 200_000, 203_000, 350_000), nil), Taps: bothEnds(),
			Play: steps{transfer(client.carries(512 << 10))}, Shows: "orig RetransSegs"},
		{Name: "blackout", Doc: "512 kB, everything is lost for 1.5 s", Relay: path(near/2, dark(200_000, 1500*time.Millisecond), nil), Taps: bothEnds(),
			Play: steps{transfer(client.carries(512 << 10))}, Shows: "orig TCPSlowStartRetrans"},
		{Name: "lost-acks", Doc: "1 MB, 30 % of the ACKs are lost, no data, round trip 20 ms", Relay: path(near/2, nil, lossyACKs(30, 8)), Taps: bothEnds(),
			Play: steps{transfer(client.carries(1 << 20))}},
		{Name: "lost-acks-all", Doc: "512 kB, all ACKs of 1.2 s are lost, no data, round trip 20 ms", Relay: path(near/2, forth, back), Taps: bothEnds(),
			Play: steps{transfer(client.carries(512 << 10))}, Shows: "orig TCPDSACKRecv"},
	}
}

// bothCarry carries n bytes each way at the same time.
func bothCarry(n int) step { return func(s *Stage) { s.CarryBoth(s.at[client], s.at[server], n) } }

// disorders are transfers of which segments come late, out of order or twice.
func disorders() []Scenario {
	const (
		pause = 1200 * time.Millisecond
		// Slow start has at most 79 segments under way by then (RFC 6928, RFC 5681):
		// in whatever order they arrive, no more holes than a record keeps apart.
		shuffled = 100_000
	)
	return []Scenario{
		{Name: "reorder", Doc: "512 kB, every 40th segment comes 3 ms late", Relay: path(0, late(40, 3*time.Millisecond), nil), Taps: bothEnds(),
			Play: steps{transfer(client.carries(512 << 10))}, Shows: "resp TCPOFOQueue"},
		{Name: "reorder-20ms", Doc: "1 MB, every 40th segment comes 4 ms late, round trip 20 ms", Relay: path(near/2, late(40, 4*time.Millisecond), nil),
			Taps: bothEnds(), Play: steps{transfer(client.carries(1 << 20))}, Shows: "resp TCPOFOQueue"},
		{Name: "reorder-long", Doc: "512 kB, every 100th segment comes 40 ms late, round trip 20 ms",
			Relay: path(near/2, late(100, 40*time.Millisecond), nil), Taps: bothEnds(),
			Play: steps{transfer(client.carries(512 << 10))}, Shows: "orig TCPDSACKRecv"},
		{Name: "duplicates", Doc: "512 kB, every 20th segment comes twice, round trip 20 ms", Relay: path(near/2, doubled(20, time.Millisecond), nil),
			Taps: bothEnds(), Play: steps{transfer(client.carries(512 << 10))}, Shows: "orig TCPDSACKRecv"},
		{Name: "duplicate-acks", Doc: "512 kB, every 5th segment from the server comes twice, round trip 20 ms",
			Relay: path(near/2, nil, doubled(5, 0)), Taps: bothEnds(), Play: steps{transfer(client.carries(512 << 10))}},
		{Name: "stall", Doc: "512 kB, everything to the server is held for 1.2 s and then arrives", Relay: path(near/2, stalled(200_000, pause, false), nil),
			Taps: bothEnds(), Play: steps{transfer(client.carries(512 << 10))}, Shows: "orig RetransSegs"},
		{Name: "stall-shuffled", Doc: "512 kB, everything to the server is held for 1.2 s and then arrives in another order",
			Relay: path(near/2, stalled(shuffled, pause, true), nil), Taps: bothEnds(),
			Play: steps{transfer(client.carries(512 << 10))}, Shows: "orig TCPDSACKRecv"},
	}
}

// options are transfers with loss without one of TCP's options, or with offload.
func options() []Scenario {
	// lacking is a transfer of 512 kB without what a file under /proc/sys/net/ipv4 allows.
	lacking := func(name, file, what string, percent float64, seed uint64, shows string) Scenario {
		return Scenario{Name: name, Doc: fmt.Sprintf("512 kB, %g %% lost by chance, no %s, round trip 20 ms", percent, what),
			Relay: path(near/2, lossy(percent, seed), nil), Taps: bothEnds(),
			Play: steps{tune(file, 0), transfer(client.carries(512 << 10))}, Shows: shows}
	}
	return []Scenario{
		lacking("timestamps-off", "tcp_timestamps", "timestamps", 2, 9, ""),
		lacking("timestamps-off-5", "tcp_timestamps", "timestamps", 5, 10, ""),
		lacking("sack-off", "tcp_sack", "SACK", 2, 11, "orig TCPRenoRecovery"),
		lacking("sack-off-5", "tcp_sack", "SACK", 5, 12, ""),
		lacking("window-scaling-off", "tcp_window_scaling", "window scaling", 2, 13, ""),
		{Name: "offload", Doc: "4 MB, 1 % of the packets lost by chance, offloads on: segments longer than the MSS", Shape: wire.Routed, Offload: true, Taps: bothEnds(),
			Play: steps{transfer(rule(toServer+withData+"numgen random mod 100 < 1 drop"), client.carries(4<<20))}},
	}
}

// readers are transfers to an application that reads slowly, or delays its ACKs.
func readers() []Scenario {
	small := receives(32 << 10)
	slowly := func(n, chunk int, pause time.Duration) step {
		return transfer(func(s *Stage) { s.CarrySlowly(s.at[client], s.at[server], n, chunk, pause) })
	}
	// lone sends single segments to a reader that is told not to hurry its ACKs. It
	// has answered before, so that the kernel takes the connection for a dialogue.
	lone := func(n int, apart time.Duration) step {
		return transfer(exchange, repeat(n, server.sets(wire.TCP(unix.TCP_QUICKACK, 0)), client.sends(500), server.reads(500), wait(apart)))
	}
	return []Scenario{
		{Name: "slow-reader", Doc: "300 kB to a reader of 32 kB every 150 ms: its window closes and opens", Relay: path(near/2, nil, nil), Taps: bothEnds(),
			Play: steps{listen(small), slowly(300_000, 32<<10, 150*time.Millisecond)}, Shows: "resp TCPToZeroWindowAdv"},
		{Name: "window-limited", Doc: "600 kB to a quick reader whose buffer has 32 kB, round trip 20 ms: its window sets the pace",
			Relay: path(near/2, nil, nil), Taps: bothEnds(), Play: steps{listen(small), transfer(client.carries(600_000))}},
		{Name: "sleepy-reader", Doc: "120 kB to a reader that sleeps 1.2 s between reads: each time its window closes and is probed",
			Relay: path(near/2, nil, nil), Taps: bothEnds(),
			Play: steps{listen(small), slowly(160_000, 64<<10, 1200*time.Millisecond)}, Shows: "orig TCPWinProbe"},
		{Name: "reader-gone", Doc: "the reader never comes back: its window closes for good and the client gives up after 3 s",
			Relay: path(near/2, nil, nil), Taps: bothEnds(),
			Play: steps{listen(small), openWith(wire.Opt(unix.SOL_SOCKET, unix.SO_SNDBUF, 128<<10)), fill, wait(3 * time.Second), takeAccount,
				client.aborts, wait(moment)},
			Wants: Outcome{bothReset: 1}, Shows: "resp TCPToZeroWindowAdv"},
		{Name: "delayed-acks", Doc: "30 lone segments, 90 ms apart, to a server that delays its ACKs, round trip 20 ms",
			Relay: path(near/2, nil, nil), Taps: bothEnds(), Play: steps{lone(30, 90*time.Millisecond)}},
		{Name: "delayed-acks-far", Doc: "8 lone segments, 400 ms apart, to a server that delays its ACKs, round trip 200 ms",
			Relay: path(far, nil, nil), Taps: bothEnds(), Play: steps{lone(8, 400*time.Millisecond)}},
	}
}
