package host

import (
	"net"
	"net/netip"
)

// Addrs are the addresses that the interfaces of this host have now, on any system.
func Addrs() map[netip.Addr]bool {
	mine := map[netip.Addr]bool{}
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			mine[p.Addr().Unmap()] = true
		}
	}
	return mine
}
