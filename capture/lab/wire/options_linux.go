package wire

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Patience bounds every call that waits for the network.
const Patience = 15 * time.Second

// Option is a socket option set before bind.
type Option struct{ Level, Name, Value int }

// Opt is an option of any level.
func Opt(level, name, value int) Option { return Option{level, name, value} }

// TCP is an option of level TCP.
func TCP(name, value int) Option { return Opt(unix.IPPROTO_TCP, name, value) }

// Keepalive probes after one idle second, every second, so many times.
func Keepalive(probes int) []Option {
	return []Option{Opt(unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1), TCP(unix.TCP_KEEPIDLE, 1),
		TCP(unix.TCP_KEEPINTVL, 1), TCP(unix.TCP_KEEPCNT, probes)}
}

// SockAddr is one for the calls of the kernel.
func SockAddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}
