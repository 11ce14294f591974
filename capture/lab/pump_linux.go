package lab

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// addresses are a connected socket's own and its peer's.
func (s *Sock) addresses() (local, remote netip.AddrPort, err error) {
	l, err := unix.Getsockname(s.fd)
	if err != nil {
		return local, remote, err
	}
	p, err := unix.Getpeername(s.fd)
	return addrPort(l), addrPort(p), err
}

func addrPort(a unix.Sockaddr) netip.AddrPort {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port))
	}
	return netip.AddrPort{}
}

// flow is bytes on their way from one socket to another.
type flow struct {
	from, to   *Sock
	send, recv int // bytes left
	// After a read of so many bytes the reader pauses; 0 reads as bytes come.
	chunk int
	pause time.Duration
	next  time.Time // when the reader reads again
}

// Carry sends n bytes from one socket to another, reads them as they come and
// returns when all are acknowledged.
func (s *Stage) Carry(from, to *Sock, n int) { s.carry(&flow{from: from, to: to, send: n, recv: n}) }

// CarrySlowly is Carry with a reader that pauses after every chunk.
func (s *Stage) CarrySlowly(from, to *Sock, n, chunk int, pause time.Duration) {
	s.carry(&flow{from: from, to: to, send: n, recv: n, chunk: chunk, pause: pause})
}

// CarryBoth carries n bytes each way at the same time.
func (s *Stage) CarryBoth(c, a *Sock, n int) {
	s.carry(&flow{from: c, to: a, send: n, recv: n}, &flow{from: a, to: c, send: n, recv: n})
}

// carryPatience bounds a transfer.
const carryPatience = 40 * time.Second

func (s *Stage) carry(flows ...*flow) {
	deadline := time.Now().Add(carryPatience)
	b := make([]byte, 1<<16)
	for left := true; left; {
		if time.Now().After(deadline) {
			s.Fail("the transfer took longer than %v", carryPatience)
		}
		left = false
		var polls []unix.PollFd
		for _, f := range flows {
			f.step(b)
			if f.send > 0 {
				polls = append(polls, unix.PollFd{Fd: int32(f.from.fd), Events: unix.POLLOUT})
			}
			if f.recv > 0 && !time.Now().Before(f.next) {
				polls = append(polls, unix.PollFd{Fd: int32(f.to.fd), Events: unix.POLLIN})
			}
			left = left || f.send > 0 || f.recv > 0
		}
		if left {
			unix.Poll(polls, 5)
		}
	}
	for _, f := range flows {
		f.from.Acknowledged(time.Until(deadline))
	}
}

// step writes and reads what is possible now.
func (f *flow) step(b []byte) {
	for f.send > 0 {
		n, err := unix.Write(f.from.fd, b[:min(f.send, len(b))])
		if err == unix.EAGAIN || err == unix.EINTR {
			break
		}
		f.from.check("send", err)
		f.send -= n
	}
	for f.recv > 0 && !time.Now().Before(f.next) {
		size := min(f.recv, len(b))
		if f.chunk > 0 {
			size = min(size, f.chunk)
		}
		n, err := unix.Read(f.to.fd, b[:size])
		if err == unix.EAGAIN || err == unix.EINTR {
			break
		}
		if err == nil && n == 0 {
			err = fmt.Errorf("end of stream, %d bytes missing", f.recv)
		}
		f.to.check("receive", err)
		f.recv -= n
		if f.chunk > 0 {
			f.next = time.Now().Add(f.pause)
		}
	}
}

// Acknowledged waits until the peer has acknowledged all that was sent.
func (s *Sock) Acknowledged(wait time.Duration) {
	for deadline := time.Now().Add(wait); ; time.Sleep(2 * time.Millisecond) {
		n, err := unix.IoctlGetInt(s.fd, unix.SIOCOUTQ)
		s.check("SIOCOUTQ", err)
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.check("send", fmt.Errorf("%d bytes not acknowledged in %v", n, wait))
		}
	}
}

// Quiet waits until no tap has seen anything for a while: what a loaded machine
// delays has arrived.
func (s *Stage) Quiet(d time.Duration) {
	last, since := -1, time.Now()
	for deadline := time.Now().Add(wire.Patience); time.Since(since) < d && time.Now().Before(deadline); s.Pause(5 * time.Millisecond) {
		seen := 0
		for _, r := range s.taps {
			seen += r.Count()
		}
		if seen != last {
			last, since = seen, time.Now()
		}
	}
}

// Control chooses the congestion control and reports whether the kernel has it.
// A listener's goes to what it accepts.
func (s *Sock) Control(name string) bool {
	return unix.SetsockoptString(s.fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, name) == nil
}
