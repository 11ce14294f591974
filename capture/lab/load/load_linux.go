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

// load is traffic of hundreds of thousands of connections: blocking sockets and
// a thread for each of those at work cost less than steps that poll.
type load struct {
	net       *wire.Network
	clients   []netip.Addr
	server    netip.Addr
	listeners []int
	serving   sync.WaitGroup
	failed    atomic.Bool
	mu        sync.Mutex
	err       error
}

const (
	loadNetwork = 250 // beyond the numbers of scenarios
	loadClients = 16  // addresses: each has ports for thousands of connections
	loadEntries = 1 << 20
)

// newLoad joins a client of several addresses and a server.
func newLoad() (*load, error) {
	net, err := wire.New(wire.Pair, loadNetwork, false, false, loadEntries)
	if err != nil {
		return nil, err
	}
	l := &load{net: net, server: net.ServerIP}
	var lines []string
	for a := net.ClientIP; len(l.clients) < loadClients; a = a.Next() {
		l.clients = append(l.clients, a)
		if a != net.ClientIP {
			lines = append(lines, fmt.Sprintf("addr add %s/24 dev %s", a, wire.ClientIf))
		}
	}
	err = net.Client.IP(lines...)
	for _, ns := range net.Namespaces() {
		err = errors.Join(err, ns.Sysctl("core/somaxconn", 8192), ns.Sysctl("ipv4/tcp_max_syn_backlog", 8192))
	}
	if err != nil {
		net.Close()
		return nil, err
	}
	return l, nil
}

// fail keeps the first error; all threads end soon after it.
func (l *load) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
	l.failed.Store(true)
}

// socket makes a blocking socket in the namespace of the calling thread; no
// call on it, or on what a listener accepts, takes longer than patience.
func socket(a netip.AddrPort, options ...wire.Option) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	err = errors.Join(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1), unix.Bind(fd, wire.SockAddr(a)))
	limit := unix.NsecToTimeval(wire.Patience.Nanoseconds())
	for _, name := range [...]int{unix.SO_RCVTIMEO, unix.SO_SNDTIMEO} {
		err = errors.Join(err, unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, name, &limit))
	}
	for _, o := range append(options, wire.TCP(unix.TCP_NODELAY, 1)) {
		err = errors.Join(err, unix.SetsockoptInt(fd, o.Level, o.Name, o.Value))
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// serve answers connections to a port, so many at once, until close.
func (l *load) serve(port uint16, atOnce int, answer func(fd int, b []byte) error) error {
	listener := -1
	err := l.net.Server.Do(func() (err error) {
		if listener, err = socket(netip.AddrPortFrom(l.server, port)); err != nil {
			return err
		}
		return unix.Listen(listener, 8192)
	})
	if listener >= 0 {
		l.listeners = append(l.listeners, listener)
	}
	if err != nil {
		return fmt.Errorf("listening on port %d: %w", port, err)
	}
	for range atOnce {
		l.serving.Go(func() {
			b := make([]byte, 1<<16)
			for !l.failed.Load() {
				fd, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
				switch err {
				case nil:
				case unix.EAGAIN, unix.EINTR:
					continue
				case unix.EINVAL:
					return // shut down
				default:
					l.fail(fmt.Errorf("accept: %w", err))
					return
				}
				if err := errors.Join(answer(fd, b), unix.Close(fd)); err != nil {
					l.fail(fmt.Errorf("server: %w", err))
				}
			}
		})
	}
	return nil
}

// calls are connections that clients make.
type calls struct {
	n, atOnce int
	first     uint16        // client port of the first; no two connections have the same
	pace      time.Duration // between the beginnings of two
	port      func(i int) uint16
	ask       func(i, fd int, b []byte) error
}

// dial makes connections and returns when all are closed.
func (l *load) dial(c calls) error {
	var next atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for range c.atOnce {
		group.Go(func() {
			// Never unlocked: the thread, which is in the namespace, ends with it.
			runtime.LockOSThread()
			if err := l.net.Client.Join(); err != nil {
				l.fail(err)
				return
			}
			b := make([]byte, 1<<16)
			for i := int(next.Add(1)) - 1; i < c.n && !l.failed.Load(); i = int(next.Add(1)) - 1 {
				time.Sleep(time.Until(start.Add(time.Duration(i) * c.pace)))
				if err := l.call(c, i, b); err != nil {
					l.fail(fmt.Errorf("connection %d: %w", i, err))
				}
			}
		})
	}
	group.Wait()
	return l.err
}

// call is one connection from its SYN to its close.
func (l *load) call(c calls, i int, b []byte) error {
	fd, err := socket(netip.AddrPortFrom(l.clients[i%loadClients], c.first+uint16(i/loadClients)))
	if err != nil {
		return err
	}
	err = unix.Connect(fd, wire.SockAddr(netip.AddrPortFrom(l.server, c.port(i))))
	if err == nil {
		err = c.ask(i, fd, b)
	}
	return errors.Join(err, unix.Close(fd))
}

// close ends the servers and lets the namespaces go.
func (l *load) close() {
	for _, fd := range l.listeners {
		unix.Shutdown(fd, unix.SHUT_RD)
	}
	l.serving.Wait()
	for _, fd := range l.listeners {
		unix.Close(fd)
	}
	l.net.Close()
}

// send sends n bytes.
func send(fd, n int, b []byte) error {
	for n > 0 {
		sent, err := unix.Write(fd, b[:min(n, len(b))])
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("send: %w", err)
		}
		n -= max(sent, 0)
	}
	return nil
}

// receive reads n bytes, or to the end of the stream when n is negative.
func receive(fd, n int, b []byte) error {
	for n != 0 {
		size := len(b)
		if n > 0 {
			size = min(n, size)
		}
		got, err := unix.Read(fd, b[:size])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return fmt.Errorf("receive: %w", err)
		case got == 0 && n > 0:
			return fmt.Errorf("end of stream, %d bytes missing", n)
		case got == 0:
			return nil
		case n > 0:
			n -= got
		}
	}
	return nil
}
