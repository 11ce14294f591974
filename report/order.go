package report

import (
	"bytes"
	"cmp"

	"tcpwatch/tracker/record"
)

// byID orders records by id. The same id can only come from different inputs;
// what else tells them apart follows, so that the order is total.
func byID(a, b *record.Record) int {
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End),
		bytes.Compare(a.Orig.Addr[:], b.Orig.Addr[:]), bytes.Compare(a.Resp.Addr[:], b.Resp.Addr[:]),
		cmp.Compare(a.Orig.Port, b.Orig.Port), cmp.Compare(a.Resp.Port, b.Resp.Port))
}

// connectionOrders are the sort keys of the connections report.
func connectionOrders() map[string]func(a, b *record.Record) int {
	most := func(get func(r *record.Record) int64) func(a, b *record.Record) int {
		return func(a, b *record.Record) int { return cmp.Compare(get(b), get(a)) }
	}
	return map[string]func(a, b *record.Record) int{
		"id":       byID,
		"start":    func(a, b *record.Record) int { return cmp.Compare(a.Start, b.Start) },
		"end":      func(a, b *record.Record) int { return cmp.Compare(a.End, b.End) },
		"duration": most(func(r *record.Record) int64 { return r.End - r.Start }),
		"bytes":    most(func(r *record.Record) int64 { return int64(r.Ends[0].Bytes.V + r.Ends[1].Bytes.V) }),
		"packets":  most(func(r *record.Record) int64 { return int64(r.Ends[0].Packets + r.Ends[1].Packets) }),
		"felt":     most(func(r *record.Record) int64 { return r.Open.Felt.V }),
	}
}
