package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tcpwatch/capture/lab/wire"
)

// pairScene is a client and a server with a router or a relay between them, captured at both
// ends: what pair says of the two captures is compared with what the router counted.
type pairScene struct {
	t    *testing.T
	net  *wire.Network
	taps [2]*wire.Recorder
	aim  netip.AddrPort // where connections go
	port uint16         // of the client, the next
}

// pairedService is an address that the router leads to the server (RFC 5737).
var pairedService = netip.MustParseAddr("192.0.2.1")

// newPairScene makes one; only one process at a time has a lab.
func newPairScene(t *testing.T, shape wire.Shape, offload bool, relay func(*wire.Segment) wire.Verdict) *pairScene {
	t.Helper()
	needsRoot(t)
	lock, err := wire.Claim("ip", "nft")
	if err != nil {
		t.Skip("no lab here: ", err)
	}
	t.Cleanup(func() { lock.Close() })
	n, err := wire.New(shape, 249, false, offload, 4096)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	s := &pairScene{t: t, net: n, aim: netip.AddrPortFrom(n.ServerIP, 80), port: 20000}
	if relay != nil {
		s.try(n.Relay(wire.RouterA, wire.RouterB, 0, relay))
	}
	return s
}

func (s *pairScene) try(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// nft runs lines of nft(8) on the router; without what they need the test is skipped.
func (s *pairScene) nft(lines ...string) {
	s.t.Helper()
	if err := s.net.Router.NFT(lines...); err != nil {
		s.t.Skip("nft or the kernel lacks something: ", err)
	}
}

// translates lets the router lead the service to the server, and give clients its own address.
func (s *pairScene) translates() {
	s.t.Helper()
	s.nft("add table ip nat", "add chain ip nat pre { type nat hook prerouting priority -100; }",
		"add chain ip nat post { type nat hook postrouting priority 100; }",
		"add rule ip nat pre ip daddr "+pairedService.String()+" meta l4proto tcp dnat to "+s.net.ServerIP.String(),
		"add rule ip nat post oifname "+wire.RouterB+" masquerade random")
	s.try(s.net.Router.Sysctl("netfilter/nf_conntrack_tcp_be_liberal", 1))
	s.aim = netip.AddrPortFrom(pairedService, 80)
}

// record starts the taps. The kernel stamps packets as they pass only a while after the first tap asks for it.
func (s *pairScene) record() {
	s.t.Helper()
	for i, ns := range [...]*wire.Namespace{s.net.Client, s.net.Server} {
		r, err := wire.Record(ns, wire.ClientIf, wire.Ethernet, 262144, nil)
		s.try(err)
		s.taps[i] = r
	}
	time.Sleep(50 * time.Millisecond)
}

// end stops the taps and gives what they recorded.
func (s *pairScene) end() (client, server []wire.Frame) {
	s.t.Helper()
	time.Sleep(150 * time.Millisecond) // a delayed ACK needs 40 ms
	for _, r := range s.taps {
		s.try(r.Close())
	}
	return s.taps[0].Frames, s.taps[1].Frames
}

// told is what pair says of the two recordings.
func (s *pairScene) told() *pairTold {
	s.t.Helper()
	client, server := s.end()
	return pairFrames(s.t, client, server)
}

// serve answers each request of the length ask, until the test ends.
func (s *pairScene) serve(ask, answer int) {
	s.t.Helper()
	var l net.Listener
	s.try(s.net.Server.Do(func() (err error) {
		l, err = net.Listen("tcp4", netip.AddrPortFrom(s.net.ServerIP, 80).String())
		return err
	}))
	s.t.Cleanup(func() { l.Close() })
	b := make([]byte, answer)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(wire.Patience))
				if _, err := io.CopyN(io.Discard, c, int64(ask)); err != nil {
					return
				}
				if _, err := c.Write(b); err == nil {
					io.Copy(io.Discard, c)
				}
			}()
		}
	}()
}

// call opens connections, so many at once; each asks, reads the answer and closes. Of aborts one
// in so many ends with a RST; 0 is none.
func (s *pairScene) call(n, atOnce, ask, answer, aborts int) {
	s.t.Helper()
	first := s.port
	s.port += uint16(n)
	var next atomic.Int64
	var group sync.WaitGroup
	fails := make(chan error, atOnce)
	for range atOnce {
		group.Go(func() {
			// Never unlocked: the thread, which is in the namespace, ends with it.
			runtime.LockOSThread()
			if err := s.net.Client.Join(); err != nil {
				fails <- err
				return
			}
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := s.one(first+uint16(i), ask, answer, aborts > 0 && i%aborts == aborts-1); err != nil {
					fails <- fmt.Errorf("connection %d: %w", i, err)
					return
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-fails:
		s.t.Fatal(err)
	default:
	}
}

// one is a connection.
func (s *pairScene) one(port uint16, ask, answer int, abort bool) error {
	d := net.Dialer{Timeout: wire.Patience, LocalAddr: &net.TCPAddr{IP: s.net.ClientIP.AsSlice(), Port: int(port)}, KeepAlive: -1}
	c, err := d.Dial("tcp4", s.aim.String())
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(wire.Patience))
	if _, err := c.Write(make([]byte, ask)); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, c, int64(answer)); err != nil {
		return err
	}
	if abort {
		c.(*net.TCPConn).SetLinger(0)
	}
	return nil
}

// dropped are the kinds of segments that the router counts, as JSON Lines of pair name them, with
// what nft(8) knows them by, in this order. Timestamps and three SACK blocks make 80 bytes of an ACK.
var dropped = [...][2]string{{"rst", "tcp flags & rst == rst"}, {"syn_ack", "tcp flags & (syn | ack) == (syn | ack)"}, {"syn", "tcp flags & syn == syn"},
	{"fin", "tcp flags & fin == fin"}, {"data", "ip length > 80"}, {"ack", "meta l4proto tcp"}}

// drops lets the router drop segments, so many of 100, and count them by kind and direction.
func (s *pairScene) drops(percent int) {
	s.t.Helper()
	lines := []string{"add table ip pair", "add chain ip pair forward { type filter hook forward priority 0; }"}
	for way, from := range map[string]string{"forth": wire.RouterA, "back": wire.RouterB} {
		lines = append(lines, "add chain ip pair "+way)
		for _, x := range dropped {
			name := x[0] + "_" + way
			lines = append(lines, "add counter ip pair "+name, fmt.Sprintf("add rule ip pair %s %s counter name %s drop", way, x[1], name))
		}
		lines = append(lines, fmt.Sprintf("add rule ip pair forward iifname %s meta l4proto tcp numgen random mod 100 < %d goto %s", from, percent, way))
	}
	s.nft(lines...)
}

// clears lets the router drop nothing more.
func (s *pairScene) clears() {
	s.t.Helper()
	s.try(s.net.Router.NFT("flush chain ip pair forward"))
}

// counted is what the router dropped: packets and bytes, by direction and kind.
func (s *pairScene) counted() (packets, bytes [2]map[string]uint64) {
	s.t.Helper()
	var out []byte
	s.try(s.net.Router.Do(func() (err error) {
		out, err = exec.Command("nft", "list", "counters").Output()
		return err
	}))
	for i := range packets {
		packets[i], bytes[i] = map[string]uint64{}, map[string]uint64{}
	}
	for _, m := range regexp.MustCompile(`counter (\w+)_(forth|back) \{\s+packets (\d+) bytes (\d+)`).FindAllStringSubmatch(string(out), -1) {
		d := slices.Index([]string{"forth", "back"}, m[2])
		n, _ := strconv.ParseUint(m[3], 10, 64)
		b, _ := strconv.ParseUint(m[4], 10, 64)
		if n > 0 {
			packets[d][m[1]], bytes[d][m[1]] = n, b
		}
	}
	return packets, bytes
}
