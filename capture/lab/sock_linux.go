package lab

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// Host is one end's machine: where steps make sockets.
type Host struct {
	stage *Stage
	IP    netip.Addr
	*wire.Namespace
}

// Sock is a kernel socket in the hands of a scenario's steps. Every method that fails ends
// the scenario with an error that names the call.
type Sock struct {
	host *Host
	fd   int
	name string
}

// Socket makes a socket bound to a port of the host.
func (h *Host) Socket(port uint16, options ...wire.Option) *Sock {
	s := h.Unbound()
	s.name = fmt.Sprintf("%s:%d", h.Name, port)
	s.Set(wire.Opt(unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	s.Set(options...)
	s.check("bind", unix.Bind(s.fd, wire.SockAddr(netip.AddrPortFrom(h.IP, port))))
	return s
}

// Unbound makes a socket whose port connect() will choose.
func (h *Host) Unbound() *Sock {
	s := &Sock{host: h, fd: -1, name: h.Name}
	family := unix.AF_INET
	if h.IP.Is6() {
		family = unix.AF_INET6
	}
	err := h.Do(func() (err error) {
		s.fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		return err
	})
	s.check("socket", err)
	h.stage.own(s.fd)
	return s
}

// Listen makes a listener with a long backlog.
func (h *Host) Listen(port uint16, options ...wire.Option) *Sock {
	return h.ListenBacklog(port, 1024, options...)
}

// ListenBacklog makes a listener.
func (h *Host) ListenBacklog(port uint16, backlog int, options ...wire.Option) *Sock {
	s := h.Socket(port, options...)
	s.check("listen", unix.Listen(s.fd, backlog))
	return s
}

// Connect makes a socket and waits until it is connected.
func (h *Host) Connect(port uint16, to netip.AddrPort, options ...wire.Option) *Sock {
	s := h.Socket(port, options...)
	s.Dial(to)
	s.Connected()
	return s
}

// At is a port of the host.
func (h *Host) At(port uint16) netip.AddrPort { return netip.AddrPortFrom(h.IP, port) }

func (s *Sock) check(call string, err error) {
	if err != nil {
		s.host.stage.Fail("%s: %s: %w", s.name, call, err)
	}
}

// Set sets options.
func (s *Sock) Set(options ...wire.Option) {
	for _, o := range options {
		s.check(fmt.Sprintf("option %d/%d", o.Level, o.Name), unix.SetsockoptInt(s.fd, o.Level, o.Name, o.Value))
	}
}

// Dial begins to connect and does not wait.
func (s *Sock) Dial(to netip.AddrPort) {
	if err := unix.Connect(s.fd, wire.SockAddr(to)); err != unix.EINPROGRESS {
		s.check("connect", err)
	}
}

// DialData connects with data on the SYN (RFC 7413) and does not wait.
func (s *Sock) DialData(to netip.AddrPort, n int) {
	if err := unix.Sendto(s.fd, make([]byte, n), unix.MSG_FASTOPEN, wire.SockAddr(to)); err != unix.EINPROGRESS {
		s.check("sendto", err)
	}
}

// Refuses begins to connect and wants the kernel to refuse at once, with errno.
func (s *Sock) Refuses(to netip.AddrPort, errno unix.Errno) {
	if err := unix.Connect(s.fd, wire.SockAddr(to)); err != errno {
		s.check("connect", fmt.Errorf("%w, wanted %q", err, errno))
	}
	s.host.stage.Note("%s was told: %s", s.name, errno)
}

// outcome waits until the connection attempt is decided.
func (s *Sock) outcome() error {
	s.wait(unix.POLLOUT)
	n, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && n != 0 {
		err = unix.Errno(n)
	}
	return err
}

// Connected waits until the connection attempt succeeds.
func (s *Sock) Connected() { s.check("connect", s.outcome()) }

// Fails waits until an error is pending on the socket and wants it to be errno.
func (s *Sock) Fails(errno unix.Errno) {
	s.wait(unix.POLLERR)
	n, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && n == 0 {
		err = fmt.Errorf("no error, wanted %q", errno)
	} else if err == nil && unix.Errno(n) != errno {
		err = fmt.Errorf("%w, wanted %q", unix.Errno(n), errno)
	}
	s.check("error", err)
	s.host.stage.Note("%s was told: %s", s.name, errno)
}

// Accept waits for a connection.
func (s *Sock) Accept() *Sock {
	s.wait(unix.POLLIN)
	fd, _, err := unix.Accept4(s.fd, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
	s.check("accept", err)
	s.host.stage.own(fd)
	return &Sock{host: s.host, fd: fd, name: s.name + " accepted"}
}

// Send sends n bytes, waiting for room.
func (s *Sock) Send(n int) {
	b := make([]byte, min(n, 1<<16))
	for n > 0 {
		sent, err := unix.Write(s.fd, b[:min(n, len(b))])
		switch err {
		case nil:
			n -= sent
		case unix.EAGAIN:
			s.wait(unix.POLLOUT)
		case unix.EINTR:
		default:
			s.check("send", err)
		}
	}
}

// Fill sends until the socket takes no more for a while, and says how much it took.
func (s *Sock) Fill() int {
	b, total := make([]byte, 1<<12), 0
	for quiet := 0; quiet < 3; {
		n, err := unix.Write(s.fd, b)
		if err == unix.EAGAIN {
			quiet++
			s.host.stage.Pause(20 * time.Millisecond)
			continue
		}
		s.check("send", err)
		total, quiet = total+n, 0
	}
	return total
}

// Recv receives n bytes.
func (s *Sock) Recv(n int) {
	b := make([]byte, min(max(n, 1), 1<<16))
	for n > 0 {
		s.wait(unix.POLLIN)
		got, err := unix.Read(s.fd, b[:min(n, len(b))])
		if err == nil && got == 0 {
			err = fmt.Errorf("end of stream, %d bytes missing", n)
		}
		s.check("receive", err)
		n -= got
	}
}

// RecvEnd waits for the end of the stream.
func (s *Sock) RecvEnd() {
	s.wait(unix.POLLIN)
	n, err := unix.Read(s.fd, make([]byte, 1))
	if err == nil && n != 0 {
		err = fmt.Errorf("data, wanted the end of the stream")
	}
	s.check("receive", err)
}

// Shutdown sends FIN and keeps the socket.
func (s *Sock) Shutdown() { s.check("shutdown", unix.Shutdown(s.fd, unix.SHUT_WR)) }

// Close closes the socket.
func (s *Sock) Close() { s.host.stage.disown(s.fd); s.check("close", unix.Close(s.fd)) }

// Abort closes the socket with linger 0: RST.
func (s *Sock) Abort() {
	s.check("linger", unix.SetsockoptLinger(s.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}))
	s.Close()
}

// wait waits for an event on the socket, at most patience.
func (s *Sock) wait(event int16) {
	deadline := time.Now().Add(wire.Patience)
	for time.Now().Before(deadline) {
		p := []unix.PollFd{{Fd: int32(s.fd), Events: event}}
		n, err := unix.Poll(p, 100)
		if err != nil && err != unix.EINTR {
			s.check("poll", err)
		}
		if n > 0 {
			return
		}
	}
	s.check("wait", fmt.Errorf("nothing happened in %v", wire.Patience))
}
