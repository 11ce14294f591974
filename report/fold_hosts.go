package report

import (
	"bytes"
	"cmp"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// maxHosts is how many addresses are told apart.
const maxHosts = 16384

// host is an address that took part in connections.
type host capture.Addr

// Hash chooses which hosts are kept.
func (h host) Hash() uint64 { return fold.Hash16(h, 0) }

// hosting sums up what one host did.
type hosting struct {
	conns    uint64 // that it took part in
	opened   uint64 // that it opened
	accepted uint64 // that others opened to it
	failed   uint64 // attempts of its own that failed
	missed   uint64 // attempts of others that failed
	resets   uint64 // connections that a RST of it ended
	sent     uint64 // bytes of payload, each once, where that is known
	received uint64
	unknown  uint64 // directions of which it is not
	repeats  uint64 // data segments that it sent again
	rtt      int64  // the longest 95th percentile of the time from the tap to it and back; 0 where none is known
}

// Fields walks over what is summed up.
func (h *hosting) Fields(w *fold.Walk) {
	fold.Sum(w, &h.conns, &h.opened, &h.accepted, &h.failed, &h.missed, &h.resets, &h.sent, &h.received, &h.unknown, &h.repeats)
	fold.Max(w, &h.rtt)
}

// Weight is how often something went wrong.
func (h *hosting) Weight() uint64 { return h.failed + h.missed + h.resets + h.repeats }

// add takes in a connection in which the host is an end.
func (h *hosting) add(r *record.Record, e record.End) {
	h.conns++
	switch c, failed := causeOf(r); {
	case failed && c == stillOpening, r.Open.Kind == record.OpenUnknown, r.Open.Kind == record.OpenMidstream:
	case failed && e == record.Orig:
		h.failed++
	case failed:
		h.missed++
	case e == record.Orig:
		h.opened++
	default:
		h.accepted++
	}
	if r.Close.Kind == record.CloseReset && r.Close.ResetBy == e {
		h.resets++
	}
	x, y := &r.Ends[e], &r.Ends[e.Peer()]
	h.sent += x.Bytes.V
	h.received += y.Bytes.V
	for _, end := range [...]*record.EndRecord{x, y} {
		if !end.Bytes.OK || r.Capture.OneWay && end.Packets == 0 {
			h.unknown++
		}
	}
	h.repeats += uint64(x.Retx)
	h.rtt = max(h.rtt, y.RTT.P95)
}

// hosts is the fold of hosts.
type hosts struct {
	by fold.Worst[host, hosting, *hosting]
}

func newHosts(SummaryOptions) sums { return &hosts{fold.NewWorst[host, hosting](maxHosts)} }

func (h *hosts) narrow(by int) { h.by.Narrow(by) }

func (h *hosts) add(r *record.Record) {
	c, failed := causeOf(r)
	failed = failed && c != stillOpening
	for e, addr := range [...]capture.Addr{r.Orig.Addr, r.Resp.Addr} {
		if failed || r.Close.Kind == record.CloseReset && r.Close.ResetBy == record.End(e) || r.Ends[e].Retx > 0 {
			h.by.Bad(host(addr), diagnose.Sample(r)).add(r, record.End(e))
		} else {
			h.by.At(host(addr)).add(r, record.End(e))
		}
	}
}

// Fields walks over the hosts.
func (h *hosts) Fields(w *fold.Walk) { h.by.Fields(w) }

// hostRow is a row of the hosts report.
type hostRow struct {
	host
	*hosting
	lack fold.Lack
}

// hostOrders are the sort keys of the hosts report but the address, which breaks ties.
func hostOrders() map[string]func(h *hosting) uint64 {
	return map[string]func(h *hosting) uint64{
		"bytes":       func(h *hosting) uint64 { return h.sent + h.received },
		"connections": func(h *hosting) uint64 { return h.conns },
		"failed":      func(h *hosting) uint64 { return h.failed + h.missed },
		"resets":      func(h *hosting) uint64 { return h.resets },
		"retx":        func(h *hosting) uint64 { return h.repeats },
		"rtt":         func(h *hosting) uint64 { return uint64(h.rtt) },
		"address":     func(*hosting) uint64 { return 0 },
	}
}

// list returns the hosts, greatest first by a key.
func (h *hosts) list(key string) []hostRow {
	of, ok := hostOrders()[key]
	if !ok {
		of = hostOrders()["bytes"]
	}
	rows := make([]hostRow, 0, h.by.Len())
	for k, v := range h.by.All() {
		rows = append(rows, hostRow{k, v, h.by.Lacks(k)})
	}
	slices.SortFunc(rows, func(a, b hostRow) int {
		return cmp.Or(cmp.Compare(of(b.hosting), of(a.hosting)), bytes.Compare(a.host[:], b.host[:]))
	})
	return rows
}
