package host

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Sizes of struct inet_diag_req_v2 and struct inet_diag_msg (linux/inet_diag.h).
const (
	diagRequestSize = 56
	diagMessageSize = 72
)

// Address families as sock_diag numbers them.
const (
	familyIPv4 = 2
	familyIPv6 = 10
)

// parseSocket reads a struct inet_diag_msg: family, state and timer
// in a byte each, ports and addresses in network order, the rest in the host's.
func parseSocket(b []byte, s *Socket) bool {
	if len(b) < diagMessageSize {
		return false
	}
	address := func(at int) netip.Addr {
		if b[0] == familyIPv4 {
			return netip.AddrFrom4([4]byte(b[at : at+4]))
		}
		return netip.AddrFrom16([16]byte(b[at : at+16])).Unmap()
	}
	n := binary.NativeEndian
	*s = Socket{
		Local:  netip.AddrPortFrom(address(8), binary.BigEndian.Uint16(b[4:])),
		Remote: netip.AddrPortFrom(address(24), binary.BigEndian.Uint16(b[6:])),
		State:  State(b[1]),
		Timer:  Timer(b[2]),
		Cookie: n.Uint64(b[44:]),
	}
	return true
}

// parseLimits reads the text of ip_local_port_range.
func parseLimits(text string) (l Limits) {
	if n, _ := fmt.Sscan(text, &l.PortLow, &l.PortHigh); n < 2 {
		return Limits{}
	}
	return l
}
