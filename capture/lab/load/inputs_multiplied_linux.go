package load

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture"
	"tcpwatch/capture/lab/wire"
)

// How much the inputs of multiplied connections hold.
const (
	idleConns  = 1_000_000
	idleEvery  = 60 * time.Microsecond // between the beginnings of two
	floodSYNs  = 5_000_000
	floodEvery = 4 * time.Microsecond
	floodConns = 10_000
	floodPace  = 2 * time.Millisecond // of the real connections: as long as the flood
	answered   = 4                    // the kernel answers one SYN of the flood in so many
)

// idleMix is what ten connections of the idle input are copies of.
var idleMix = [...]int{0, 1, 2, 1, 0, 1, 2, 0, 1, 0}

// idleTemplates are connections that stay open: opened and no more, a small
// exchange, and the same followed by keepalive probes.
func idleTemplates() ([]*template, error) {
	l, err := newLoad()
	if err != nil {
		return nil, err
	}
	defer l.close()
	const small = 20
	err = l.serve(portShort, 3, func(fd int, b []byte) error {
		n, err := unix.Read(fd, b[:small])
		if err == nil && n == small {
			err = send(fd, small, b)
		}
		return errors.Join(err, receive(fd, -1, b))
	})
	if err != nil {
		return nil, err
	}
	r, err := wire.Record(l.net.Client, wire.ClientIf, wire.Ethernet, dumpSnaplen, nil)
	if err != nil {
		return nil, err
	}
	count := make(chan int, 3)
	err = l.dial(calls{n: 3, atOnce: 3, first: 10000, port: toShort, ask: func(i, fd int, b []byte) error {
		if i > 0 {
			if err := errors.Join(send(fd, small, b), receive(fd, small, b)); err != nil {
				return err
			}
		}
		if i == 2 {
			for _, o := range wire.Keepalive(3) {
				if err := unix.SetsockoptInt(fd, o.Level, o.Name, o.Value); err != nil {
					return err
				}
			}
		}
		// What comes after this is their close, which is left out.
		time.Sleep(2500 * time.Millisecond)
		count <- r.Count()
		time.Sleep(200 * time.Millisecond)
		return nil
	}})
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	// All three have their own address, and the same port.
	open := r.Frames[:min(<-count, <-count, <-count)]
	var all []*template
	for _, c := range l.clients[:3] {
		t := templateOf(open, netip.AddrPortFrom(c, 10000))
		if len(t.frames) < 3 {
			return nil, fmt.Errorf("only %d packets of a connection that stays open", len(t.frames))
		}
		all = append(all, t)
	}
	return all, nil
}

func makeIdle(file string) (int, error) {
	templates, err := idleTemplates()
	if err != nil {
		return 0, err
	}
	began := templates[0].frames[0].Time
	var strands []*strand
	for kind, t := range templates {
		for k := range t.frames {
			strands = append(strands, t.copies(idleConns, k, dumpSnaplen, func(i int) (guise, int64, bool) {
				return idleGuise(i), began + int64(i)*int64(idleEvery), idleMix[i%len(idleMix)] == kind
			}))
		}
	}
	return writeBraid(file, strands)
}

// idleGuise gives every number below 1<<20 other ports and addresses; those of
// one after the other are far apart, as clients are.
func idleGuise(i int) guise {
	p := uint32(i) * 0x9e3779b1 & (1<<20 - 1) // odd: no two the same
	r := rand.NewPCG(1, uint64(i)).Uint64()
	return guise{
		orig:     [4]byte{100, 64, byte(p >> 18), byte(p >> 10)},
		origPort: 32768 + uint16(p&(1<<10-1)),
		resp:     [4]byte{10, 77, loadNetwork, 129 + byte(i%8)},
		fromO:    uint32(r), fromR: uint32(r >> 32),
	}
}

// floodTemplates are openings whose third ACK never comes, each with other
// options on its SYN, and what the kernel answers when it sends SYN cookies.
func (l *load) floodTemplates() ([]*template, error) {
	if err := l.net.Client.NFT("table ip deaf {", "chain input {", "type filter hook input priority 0;", "tcp sport 80 drop", "}", "}"); err != nil {
		return nil, err
	}
	r, err := wire.Record(l.net.Client, wire.ClientIf, wire.Ethernet, dumpSnaplen, nil)
	if err != nil {
		return nil, err
	}
	openings := [...]wire.Option{wire.TCP(unix.TCP_NODELAY, 1), wire.TCP(unix.TCP_MAXSEG, 536), wire.TCP(unix.TCP_WINDOW_CLAMP, 65535)}
	err = l.net.Client.Do(func() error {
		for i, o := range openings {
			fd, err := socket(netip.AddrPortFrom(l.clients[i], 9000), o)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			if err := unix.SetNonblock(fd, true); err != nil {
				return err
			}
			if err := unix.Connect(fd, wire.SockAddr(netip.AddrPortFrom(l.server, portShort))); err != unix.EINPROGRESS {
				return err
			}
		}
		time.Sleep(200 * time.Millisecond)
		return nil
	})
	if err := errors.Join(err, r.Close(), l.net.Client.NFT("delete table ip deaf")); err != nil {
		return nil, err
	}
	var all []*template
	for i := range openings {
		t := templateOf(r.Frames, netip.AddrPortFrom(l.clients[i], 9000))
		if len(t.frames) != 2 {
			return nil, fmt.Errorf("%d packets of an opening, not a SYN and its answer", len(t.frames))
		}
		all = append(all, t)
	}
	return all, nil
}

func makeFlood(file string) (int, error) {
	l, err := newLoad()
	if err != nil {
		return 0, err
	}
	defer l.close()
	if err := l.net.Server.Sysctl("ipv4/tcp_syncookies", 2); err != nil { // always
		return 0, err
	}
	if err := errors.Join(l.serve(portShort, 8, answerShort), l.serve(portOther, 8, answerShort)); err != nil {
		return 0, err
	}
	templates, err := l.floodTemplates()
	if err != nil {
		return 0, err
	}
	real := file + ".real"
	defer os.Remove(real)
	_, err = l.dumped(real, func() error {
		return l.dial(calls{n: floodConns, atOnce: 8, first: 10000, pace: floodPace, ask: askShort,
			port: func(i int) uint16 { return [...]uint16{portShort, portOther}[i%2] }})
	})
	if err != nil {
		return 0, err
	}
	beside, err := capture.Open(real)
	if err != nil {
		return 0, err
	}
	defer beside.Close()
	began := templates[0].frames[0].Time
	strands := []*strand{{pull: beside.Next}}
	server := l.server.As4()
	for kind, t := range templates {
		for k := range t.frames {
			strands = append(strands, t.copies(floodSYNs, k, dumpSnaplen, func(i int) (guise, int64, bool) {
				at := began + int64(i)*int64(floodEvery)
				return floodGuise(i, server), at, i%len(templates) == kind && (k == 0 || i%answered == 0)
			}))
		}
	}
	return writeBraid(file, strands)
}

// floodGuise gives every SYN of the flood a source of its own, by chance but
// the same in every run.
func floodGuise(i int, server [4]byte) guise {
	r := rand.New(rand.NewPCG(2, uint64(i)))
	for {
		n, ports := r.Uint32(), r.Uint32()
		a := netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		if a.IsGlobalUnicast() && !a.IsPrivate() && n>>24 != 0 && n>>28 != 15 {
			return guise{orig: a.As4(), origPort: max(1024, uint16(ports)), resp: server, fromO: r.Uint32(), fromR: r.Uint32()}
		}
	}
}

// writeBraid writes strands into a file.
func writeBraid(file string, strands []*strand) (packets int, err error) {
	f, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	packets, err = braid(f, dumpSnaplen, strands)
	return packets, errors.Join(err, f.Close())
}
