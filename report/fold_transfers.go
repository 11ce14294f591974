package report

import (
	"bytes"
	"cmp"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// transfer is the data that one end of a connection sent.
type transfer struct {
	ID       uint64 `fold:"packet"` // of the connection
	Start    int64
	From, To capture.Endpoint
	record.Transfer
}

// transfers is the fold of them.
type transfers struct {
	bytes  uint64 // of those whose number is known
	limits [record.NLimits]uint64
	first  fold.Ranking[transfer]
	next   transfer // being offered
}

func newTransfers(o SummaryOptions) sums {
	compare, ok := transferOrders()[o.Sort]
	if !ok {
		compare = transferOrders()[defaultTransferSort]
	}
	return &transfers{first: fold.NewRanking(o.Kept, byTransfer(compare), fold.Assign)}
}

func (t *transfers) narrow(int) {}

func (t *transfers) add(r *record.Record) {
	for e := record.Orig; e <= record.Resp; e++ {
		x, ok := r.Transfer(e)
		if !ok {
			continue
		}
		t.bytes += x.Bytes.V
		t.limits[x.Most()]++
		t.next = transfer{ID: r.ID, Start: r.Start, From: endOf(r, e), To: endOf(r, e.Peer()), Transfer: x}
		t.first.Add(&t.next)
	}
}

// Fields walks over what is summed up.
func (t *transfers) Fields(w *fold.Walk) {
	fold.Sum(w, &t.bytes)
	fold.Sums(w, t.limits[:])
	t.first.Fields(w)
}

// defaultTransferSort is the key by which transfers are kept and printed.
const defaultTransferSort = "bytes"

// slowBytes is from how many bytes on a transfer ranks by its rate: a short one takes
// round trips, whatever the path can carry.
const slowBytes = 100_000

// transferOrders are the sort keys of the transfers report.
func transferOrders() map[string]func(a, b *transfer) int {
	most := func(get func(t *transfer) float64) func(a, b *transfer) int {
		return func(a, b *transfer) int { return cmp.Compare(get(b), get(a)) }
	}
	return map[string]func(a, b *transfer) int{
		"bytes": most(func(t *transfer) float64 { return float64(t.Bytes.V) }),
		"slow": func(a, b *transfer) int {
			x, y := a.Rate(), b.Rate()
			short := func(t *transfer) int {
				if t.Bytes.V >= slowBytes {
					return 0
				}
				return 1
			}
			known := func(o record.Opt[uint64]) int {
				if o.OK {
					return 0
				}
				return 1
			}
			return cmp.Or(cmp.Compare(known(x), known(y)), cmp.Compare(short(a), short(b)), cmp.Compare(x.V, y.V))
		},
		"time": most(func(t *transfer) float64 { return float64(t.Time.V) }),
		"rtt":  most(func(t *transfer) float64 { return float64(t.RoundTrip.V) }),
		"lost": most(func(t *transfer) float64 { return float64(t.Lost.V) / float64(max(t.Segments, 1)) }),
		"id":   func(a, b *transfer) int { return cmp.Compare(a.ID, b.ID) },
	}
}

// byTransfer makes an order total: the same id can only come from different inputs.
func byTransfer(compare func(a, b *transfer) int) func(a, b *transfer) int {
	return func(a, b *transfer) int {
		return cmp.Or(compare(a, b), cmp.Compare(a.ID, b.ID), cmp.Compare(b.Bytes.V, a.Bytes.V), cmp.Compare(a.Start, b.Start),
			bytes.Compare(a.From.Addr[:], b.From.Addr[:]), bytes.Compare(a.To.Addr[:], b.To.Addr[:]),
			cmp.Compare(a.From.Port, b.From.Port), cmp.Compare(a.To.Port, b.To.Port))
	}
}
