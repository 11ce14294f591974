package main

import "tcpwatch/tracker"

// localEnds tells which end of a connection is this host, by the addresses that
// its interfaces have when the capture begins.
func localEnds() func(*tracker.Record) tracker.End {
	mine := localAddrs()
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
