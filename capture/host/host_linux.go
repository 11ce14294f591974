package host

import (
	"encoding/binary"
	"fmt"
	"os"

	"github.com/mdlayher/netlink"
)

// Numbers of linux/netlink.h, linux/sock_diag.h and netinet/in.h.
const (
	netlinkSockDiag  = 4
	sockDiagByFamily = 20
	protocolTCP      = 6
)

// Diag asks the kernel for its sockets. It is not safe for concurrent use.
type Diag struct {
	conn *netlink.Conn
	body [diagRequestSize]byte
}

// OpenDiag opens a sock_diag(7) socket in the network namespace that the file
// descriptor netns refers to, or in the caller's when netns is 0.
func OpenDiag(netns int) (*Diag, error) {
	c, err := netlink.Dial(netlinkSockDiag, &netlink.Config{NetNS: netns})
	if err != nil {
		return nil, fmt.Errorf("sock_diag: %w", err)
	}
	return &Diag{conn: c}, nil
}

// TCP calls f for each TCP socket, IPv4 then IPv6, that is in one of states.
// The Socket is reused: f must copy what it keeps.
func (d *Diag) TCP(states StateSet, f func(*Socket)) error {
	var s Socket
	for _, family := range [...]byte{familyIPv4, familyIPv6} {
		d.body = [diagRequestSize]byte{0: family, 1: protocolTCP}
		binary.NativeEndian.PutUint32(d.body[4:], uint32(states))
		replies, err := d.conn.Execute(netlink.Message{
			Header: netlink.Header{Type: sockDiagByFamily, Flags: netlink.Request | netlink.Dump},
			Data:   d.body[:],
		})
		if err != nil {
			return fmt.Errorf("sock_diag: %w", err)
		}
		for i := range replies {
			if parseSocket(replies[i].Data, &s) {
				f(&s)
			}
		}
	}
	return nil
}

// Close closes the socket.
func (d *Diag) Close() error { return d.conn.Close() }

// ReadLimits reads the sysctls of the calling thread's network namespace.
func ReadLimits() Limits {
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return Limits{}
	}
	return parseLimits(string(b))
}
