package main

import (
	"maps"
	"math"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tcpwatch/capture/lab/wire"
)

// Through masquerade and DNAT all connections are known again by both initial sequence numbers, and what was
// lost between is, kind by kind, what the router counts.
func TestPairEqualsCounters(t *testing.T) {
	for _, x := range []struct {
		name    string
		percent int
	}{{"no drops", 0}, {"drops", 5}} {
		t.Run(x.name, func(t *testing.T) {
			const n, ask, answer = 300, 200, 20000
			s := newPairScene(t, wire.Routed, false, nil)
			s.translates()
			s.serve(ask, answer)
			s.drops(0)
			s.record()
			s.call(1, 1, ask, answer, 0)
			if x.percent > 0 {
				s.nft("delete table ip pair")
				s.drops(x.percent)
			}
			s.call(n, 100, ask, answer, 10)
			s.clears()
			s.call(1, 1, ask, answer, 0)
			counted, _ := s.counted()
			told := s.told()
			if told.all.Pairs != n+2 || told.all.Rungs["isns"] != n+2 {
				t.Errorf("%d of %d connections are paired, by %v", told.all.Pairs, n+2, told.all.Rungs)
			}
			for d := range told.directions {
				t.Logf("%v: lost %v, counted %v", told.directions[d].From, told.directions[d].Lost, counted[d])
				if !maps.Equal(told.directions[d].Lost, kinds(counted[d])) {
					t.Errorf("from %s: lost %v, the router counts %v", told.directions[d].From, told.directions[d].Lost, counted[d])
				}
			}
			if x.percent == 0 {
				nothingInvented(t, told)
			}
			for _, p := range told.pairs {
				if len(p.Changed) < 3 {
					t.Fatalf("changed: %v", p.Changed)
				}
			}
		})
	}
}

// A SYN proxy answers in the server's name with a number of its own: connections are known again by the client's.
func TestPairThroughSYNProxy(t *testing.T) {
	const n, ask, answer = 40, 200, 5000
	s := newPairScene(t, wire.Routed, false, nil)
	s.nft("add table ip proxy", "add chain ip proxy pre { type filter hook prerouting priority -300; }",
		"add chain ip proxy forward { type filter hook forward priority 0; }",
		"add rule ip proxy pre iifname "+wire.RouterA+" tcp dport 80 tcp flags & (syn | ack) == syn notrack",
		"add rule ip proxy forward iifname "+wire.RouterA+" tcp dport 80 ct state invalid,untracked synproxy mss 1400 wscale 7 timestamp sack-perm",
		"add rule ip proxy forward ct state invalid drop")
	s.try(s.net.Router.Sysctl("netfilter/nf_conntrack_tcp_loose", 0))
	s.serve(ask, answer)
	s.record()
	s.call(n, 10, ask, answer, 0)
	told := s.told()
	if told.all.Pairs != n || told.all.Rungs["isn"] != n {
		t.Errorf("%d of %d connections are paired, by %v", told.all.Pairs, n, told.all.Rungs)
	}
	for _, p := range told.pairs {
		if !slices.Contains(p.Changed, "server_isn") || slices.Contains(p.Changed, "client_isn") {
			t.Fatalf("changed: %v", p.Changed)
		}
	}
	if !told.found("changed-between") {
		t.Error("no finding says what was changed")
	}
	if c := told.all.Clock; len(c) != 1 || math.Abs(c[0].Offset) > *c[0].Bound || *c[0].Bound > 1e-3 {
		t.Errorf("one clock is off itself: %+v", c)
	}
}

// What the router does to the options of SYNs is told.
func TestPairChangedOptions(t *testing.T) {
	for _, x := range []struct{ name, rule, changed string }{
		{"MSS", "tcp flags & syn == syn tcp option maxseg size set 1200", "client_mss server_mss"},
		{"timestamps", "tcp flags & syn == syn reset tcp option timestamp", "timestamps"},
	} {
		t.Run(x.name, func(t *testing.T) {
			const n, ask, answer = 20, 200, 5000
			s := newPairScene(t, wire.Routed, false, nil)
			s.nft("add table ip options", "add chain ip options forward { type filter hook forward priority 0; }", "add rule ip options forward "+x.rule)
			s.serve(ask, answer)
			s.record()
			s.call(n, 5, ask, answer, 0)
			told := s.told()
			nothingInvented(t, told)
			for _, p := range told.pairs {
				if got := strings.Join(p.Changed, " "); got != x.changed {
					t.Fatalf("changed: %s, not %s", got, x.changed)
				}
			}
			if told.all.Rungs["isns"] != n || !told.found("changed-between") {
				t.Errorf("%v: %v", told.all.Rungs, told.findings)
			}
		})
	}
}

// A path that delays one way by 40 ms, more for some, loses nothing; the delay is told for that direction.
func TestPairDelayedAndReordered(t *testing.T) {
	const n, ask, answer, delay = 20, 200, 20000, 40 * time.Millisecond
	sent := 0
	var mu sync.Mutex
	var came []wire.Segment // of the client, in the order in which the relay had them, and sent them on
	s := newPairScene(t, wire.Relayed, false, func(seg *wire.Segment) (v wire.Verdict) {
		if seg.Src.Port() != 80 {
			mu.Lock()
			defer mu.Unlock()
			came = append(came, *seg)
			return v
		}
		v.Delay = delay
		if sent++; seg.Length > 0 && sent%7 == 0 {
			v.Delay += 3 * time.Millisecond
		}
		return v
	})
	s.serve(ask, answer)
	s.record()
	s.call(n, 5, ask, answer, 0)
	client, server := s.end()
	told := pairFrames(t, client, server)
	nothingInvented(t, told)
	bound, back := *told.all.Clock[0].Bound, told.directions[1]
	off := math.Abs(told.all.Clock[0].Offset)
	t.Logf("offset %v within %v; back %v to %v, %d reordered", told.all.Clock[0].Offset, bound, back.DelayMin, back.DelayMax, back.Reordered)
	if off > bound {
		t.Errorf("one clock is %v s off itself, within %v", off, bound)
	}
	if at := delay.Seconds(); back.DelayMin > at+bound || back.DelayMax < at-bound {
		t.Errorf("the way back takes %v to %v s, give or take %v, not %v", back.DelayMin, back.DelayMax, bound, at)
	}
	// The relay keeps the order of the client's segments. Where data and ACKs leave from two processors, one may be
	// captured before the other and leave after it.
	mu.Lock()
	defer mu.Unlock()
	if forth := overtaken(client, came); told.directions[0].Reordered > forth || back.Reordered == 0 {
		t.Errorf("reordered: %d forth, of which the relay had %d in another order than the client's capture; %d back", told.directions[0].Reordered, forth, back.Reordered)
	}
}

// overtaken is how many segments of the client came to the relay behind later ones of their connection.
func overtaken(client []wire.Frame, came []wire.Segment) (n uint64) {
	unstamped := func(s wire.Segment) wire.Segment { s.Time = 0; return s }
	order := map[wire.Segment][]int{}
	for i, f := range client {
		if s, ok := wire.ParseFrame(wire.Ethernet, f); ok && s.Src.Port() != 80 {
			order[unstamped(s)] = append(order[unstamped(s)], i)
		}
	}
	last := map[netip.AddrPort]int{}
	for _, s := range came {
		at := order[unstamped(s)]
		if len(at) == 0 {
			continue // before the capture began
		}
		order[unstamped(s)] = at[1:]
		if at[0] < last[s.Src] {
			n++
		}
		last[s.Src] = max(last[s.Src], at[0])
	}
	return n
}

// Clocks that are apart, part, and are set are found within the bound that is told.
func TestPairClocks(t *testing.T) {
	const n, ask, answer = 120, 200, 5000
	s := newPairScene(t, wire.Routed, false, nil)
	s.serve(ask, answer)
	s.record()
	for range n / 20 {
		s.call(20, 4, ask, answer, 0)
		time.Sleep(500 * time.Millisecond)
	}
	client, server := s.end()
	start := server[0].Time
	half := start + (server[len(server)-1].Time-start)/2
	for _, x := range []struct {
		name   string
		offset time.Duration
		ppm    float64
		set    time.Duration // by which it is set half-way
	}{
		{"equal", 0, 0, 0}, {"ahead", 1734500 * time.Microsecond, 0, 0}, {"behind", -1734500 * time.Microsecond, 0, 0}, {"parting", 0, 50, 0},
		{"ahead and parting", 1734500 * time.Microsecond, -50, 0}, {"set", 0, 0, 300 * time.Millisecond}, {"ahead and set", 1734500 * time.Microsecond, 0, -300 * time.Millisecond},
		{"set and parting", 0, 50, 300 * time.Millisecond},
	} {
		t.Run(x.name, func(t *testing.T) {
			off := func(at int64) int64 { // of the server's clock
				o := x.offset.Nanoseconds() + int64(float64(at-start)*x.ppm/1e6)
				if at >= half {
					o += x.set.Nanoseconds()
				}
				return o
			}
			moved := slices.Clone(server)
			for i := range moved {
				moved[i].Time += off(moved[i].Time)
			}
			told := pairFrames(t, client, moved)
			nothingInvented(t, told)
			if told.all.Swapped {
				t.Error("swapped")
			}
			pieces := 1
			if x.set != 0 {
				pieces = 2
			}
			if len(told.all.Clock) != pieces {
				t.Fatalf("%d pieces, not %d: %+v", len(told.all.Clock), pieces, told.all.Clock)
			}
			for i, c := range told.all.Clock {
				from, err := time.Parse(time.RFC3339Nano, c.From)
				if err != nil {
					t.Fatal(err)
				}
				at := max(from.UnixNano(), start)
				if i > 0 {
					at = max(at, half)
				}
				want := float64(off(at)) / 1e9
				said := c.Offset + c.Drift*float64(at-from.UnixNano())/1e15
				t.Logf("offset %v, not %v, off by %v within %v; drift %v within %v", said, want, said-want, *c.Bound, c.Drift, c.DriftBound)
				if math.Abs(said-want) > *c.Bound+1e-9 {
					t.Errorf("offset %v, by %v off, more than %v", said, said-want, *c.Bound)
				}
				if *c.Bound > 200e-6 {
					t.Errorf("the bound, %v s, says little", *c.Bound)
				}
				if x.ppm != 0 && c.Drift == 0 {
					t.Error("no drift is told")
				}
				if c.DriftBound == nil || math.Abs(c.Drift-x.ppm) > *c.DriftBound {
					t.Errorf("drift %v, not %v", c.Drift, x.ppm)
				}
			}
			if skew := told.found("clock-skew"); skew != (x.offset != 0 || x.set != 0) {
				t.Errorf("clock-skew: %v", skew)
			}
		})
	}
}

// Of segments that hosts offload, those are lost that the router counts: by their bytes where it drops many as one.
func TestPairOffloaded(t *testing.T) {
	const ask, answer, mss = 200, 2 << 20, 1448
	for _, x := range []struct {
		name    string
		offload bool
		ethtool [][2]string // whose interface, what
		percent int
	}{
		{"all off", false, nil, 2},
		{"all on", true, nil, 2},
		{"router cuts", true, [][2]string{{"router", "west tso off gso off"}}, 2},
		{"client merges", true, [][2]string{{"server", "eth0 tso off gso off"}, {"client", "eth0 gro on"}}, 2},
		{"client merges, no drops", true, [][2]string{{"server", "eth0 tso off gso off"}, {"client", "eth0 gro on"}}, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newPairScene(t, wire.Routed, x.offload, nil)
			for _, e := range x.ethtool {
				if _, err := exec.LookPath("ethtool"); err != nil {
					t.Skip("no ethtool: ", err)
				}
				ns := map[string]*wire.Namespace{"server": s.net.Server, "router": s.net.Router, "client": s.net.Client}[e[0]]
				s.try(ns.Command("", "ethtool", append([]string{"-K"}, strings.Fields(e[1])...)...))
			}
			s.serve(ask, answer)
			s.drops(0)
			s.record()
			s.call(1, 1, ask, 1000, 0)
			s.nft("delete table ip pair")
			s.drops(x.percent)
			s.call(3, 3, ask, answer, 0)
			s.clears()
			s.call(1, 1, ask, 1000, 0) // closed while data still comes: RSTs that are equal in all bytes
			packets, bytes := s.counted()
			told := s.told()
			if x.percent == 0 {
				nothingInvented(t, told)
				return
			}
			const headers = 52 // IP and TCP with timestamps
			for d := range told.directions {
				lost := maps.Clone(told.directions[d].Lost)
				n := packets[d]["data"]
				full := (bytes[d]["data"] - headers*n) / mss
				t.Logf("from %s: lost %v of %v; counted %v packets, %v bytes: %d full segments", told.directions[d].From, lost, told.directions[d].Sent, packets[d], bytes[d], full)
				if lost["data"] < full || lost["data"] > full+n {
					t.Errorf("%d data segments lost, not %d to %d", lost["data"], full, full+n)
				}
				delete(lost, "data")
				delete(packets[d], "data")
				if !maps.Equal(lost, kinds(packets[d])) {
					t.Errorf("lost %v, the router counts %v", lost, packets[d])
				}
			}
		})
	}
}

// A place that captured SYNs only still knows connections again; what it did not capture is not lost.
func TestPairSYNsOnly(t *testing.T) {
	const n, ask, answer = 40, 200, 5000
	s := newPairScene(t, wire.Routed, false, nil)
	s.translates()
	s.serve(ask, answer)
	s.record()
	s.call(n, 10, ask, answer, 0)
	client, server := s.end()
	syns := func(all []wire.Frame) (some []wire.Frame) {
		for _, f := range all {
			if seg, ok := wire.ParseFrame(wire.Ethernet, f); ok && seg.Flags&wire.SYN != 0 {
				some = append(some, f)
			}
		}
		return some
	}
	for _, x := range []struct {
		name           string
		client, server []wire.Frame
	}{{"at the server", client, syns(server)}, {"at the client", syns(client), server}, {"at both", syns(client), syns(server)}} {
		t.Run(x.name, func(t *testing.T) {
			told := pairFrames(t, x.client, x.server)
			if told.all.Pairs != n || told.all.Rungs["isns"] != n {
				t.Errorf("%d of %d connections are paired, by %v", told.all.Pairs, n, told.all.Rungs)
			}
			for _, d := range told.directions {
				if len(d.Lost) > 0 {
					t.Errorf("from %s lost: %v", d.From, d.Lost)
				}
			}
			for _, f := range told.findings {
				if f.Detector != "changed-between" {
					t.Errorf("%s: %s", f.Detector, f.Title)
				}
			}
		})
	}
}
