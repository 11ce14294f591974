package load

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// Traffic of a busy, healthy service beside something else.
const (
	// besidePorts are so many that neither end holds thousands of TIME-WAITs towards one; each
	// has a thread at either end, so that a round trip of some milliseconds slows nothing down.
	besidePorts = 64
	besideFirst = 9000
	besideFrom  = 15000 // the first client port, and how many there are
)

// Beside is healthy traffic of short connections on a network that is there already, until End.
type Beside struct {
	load   *load
	ended  atomic.Bool
	dials  sync.WaitGroup
	closed atomic.Uint64
	began  time.Time
}

// BesideOn begins with it: so many connections a second, or as many as the machine can do.
// All its threads keep to one core. The client has another address for them.
func BesideOn(net *wire.Network, rate int) (*Beside, error) {
	client := net.ClientIP
	for range 60 {
		client = client.Next()
	}
	b := &Beside{load: &load{net: net, server: net.ServerIP, clients: []netip.Addr{client}}, began: time.Now()}
	if err := net.Client.IP(fmt.Sprintf("addr add %v/32 dev %s", client, wire.ClientIf)); err != nil {
		return nil, err
	}
	var listeners []int
	err := net.Server.Do(func() (err error) {
		for i := range besidePorts {
			fd, err := socket(netip.AddrPortFrom(net.ServerIP, uint16(besideFirst+i)))
			if err != nil {
				return err
			}
			listeners = append(listeners, fd)
			if err := unix.Listen(fd, 1024); err != nil {
				return err
			}
		}
		return nil
	})
	b.load.listeners = listeners
	if err != nil {
		return nil, errors.Join(err, b.End())
	}
	for k := range besidePorts {
		b.load.serving.Go(func() { b.answer(listeners[k]) })
		b.dials.Go(func() { b.ask(k, time.Second*besidePorts/time.Duration(rate)) })
	}
	return b, nil
}

// answer serves what comes to a listener.
func (b *Beside) answer(listener int) {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	if err := keepTo(func(core int) bool { return core == blastCore() }); err != nil {
		b.load.fail(err)
		return
	}
	buffer := make([]byte, 1<<12)
	for !b.load.failed.Load() {
		fd, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
		switch err {
		case nil:
		case unix.EINTR, unix.EAGAIN:
			continue
		case unix.EINVAL:
			return // shut down
		default:
			b.load.fail(fmt.Errorf("accept: %w", err))
			return
		}
		if err := errors.Join(answerShort(fd, buffer), unix.Close(fd)); err != nil {
			b.load.fail(fmt.Errorf("server: %w", err))
		}
	}
}

// ask makes one connection to a port after the other.
func (b *Beside) ask(k int, pace time.Duration) {
	runtime.LockOSThread() // never unlocked: the thread, which is in the namespace, ends with it
	if err := errors.Join(keepTo(func(core int) bool { return core == blastCore() }), b.load.net.Client.Join()); err != nil {
		b.load.fail(err)
		return
	}
	buffer := make([]byte, 1<<12)
	next := time.Now().Add(pace * time.Duration(k) / besidePorts)
	for i := k; !b.ended.Load() && !b.load.failed.Load(); i += besidePorts {
		if wait := time.Until(next); wait > time.Millisecond {
			time.Sleep(wait)
		} else if wait < -time.Second {
			next = time.Now() // the machine cannot do so many
		}
		next = next.Add(pace)
		// A port serves for one connection to each destination.
		fd, err := socket(netip.AddrPortFrom(b.load.clients[0], uint16(besideFrom+i/besidePorts%besideFrom)))
		if err == nil {
			err = unix.Connect(fd, wire.SockAddr(netip.AddrPortFrom(b.load.server, uint16(besideFirst+i%besidePorts))))
			if err == nil {
				err = askShort(i, fd, buffer)
			}
			err = errors.Join(err, unix.Close(fd))
		}
		if err != nil {
			b.load.fail(fmt.Errorf("connection %d: %w", i, err))
			return
		}
		b.closed.Add(1)
	}
}

// Rate is how many connections a second there were.
func (b *Beside) Rate() float64 { return float64(b.closed.Load()) / time.Since(b.began).Seconds() }

// End ends it.
func (b *Beside) End() error {
	b.ended.Store(true)
	b.dials.Wait()
	for _, fd := range b.load.listeners {
		unix.Shutdown(fd, unix.SHUT_RD)
	}
	b.load.serving.Wait()
	for _, fd := range b.load.listeners {
		unix.Close(fd)
	}
	return b.load.err
}
