package main

import (
	"tcpwatch/tracker/record"
)

// localEnds tells which end of a connection is this host, by the addresses that
// its interfaces have when the capture begins.
func localEnds() func(*record.Record) record.End {
	mine := localAddrs()
	return func(r *record.Record) record.End {
		orig, resp := mine[r.Orig.Addr.Netip()], mine[r.Resp.Addr.Netip()]
		switch {
		case orig && resp:
			return record.Both
		case orig:
			return record.Orig
		case resp:
			return record.Resp
		}
		return record.NoEnd
	}
}
