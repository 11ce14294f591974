package main

import (
	"net"
	"net/netip"

	"tcpwatch/tracker"
)

// localEnds tells which end of a connection is this host, by the addresses that
// its interfaces have when the capture begins.
func localEnds() func(*tracker.Record) tracker.End {
	mine := map[netip.Addr]bool{}
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			mine[p.Addr().Unmap()] = true
		}
	}
	return func(r *tracker.Record) tracker.End {
		orig, resp := mine[r.Orig.Addr.Netip()], mine[r.Resp.Addr.Netip()]
		switch {
		case orig && resp:
			return tracker.Both
		case orig:
			return tracker.Orig
		case resp:
			return tracker.Resp
		}
		return tracker.NoEnd
	}
}
