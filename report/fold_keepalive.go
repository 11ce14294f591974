package report

import (
	"cmp"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// keepalives is the fold of keepalive probes.
type keepalives struct {
	probes, answered, unanswered uint64
	windowProbes                 uint64                            // look alike, and are something else
	outcomes                     [record.NKeepaliveOutcomes]uint64 // connections
	worst                        ranking
}

func newKeepalives(o SummaryOptions) sums { return &keepalives{worst: newRanking(o.Kept, byProbes)} }

func (k *keepalives) narrow(int) {}

// probed is what both ends of a connection probed.
func probed(r *record.Record) (probes, unanswered uint64) {
	for i := range r.Keepalive {
		probes += uint64(r.Keepalive[i].Probes)
		unanswered += uint64(r.Keepalive[i].Unanswered)
	}
	return probes, unanswered
}

// byProbes ranks the dead first, then what went unanswered, then the number of probes.
func byProbes(a, b *record.Record) int {
	if x, y := a.KeepaliveOutcome == record.KeepaliveDead, b.KeepaliveOutcome == record.KeepaliveDead; x != y {
		if x {
			return -1
		}
		return 1
	}
	an, au := probed(a)
	bn, bu := probed(b)
	return cmp.Or(cmp.Compare(bu, au), cmp.Compare(bn, an))
}

func (k *keepalives) add(r *record.Record) {
	k.windowProbes += uint64(r.Ends[record.Orig].WindowProbes) + uint64(r.Ends[record.Resp].WindowProbes)
	n, unanswered := probed(r)
	if n == 0 {
		return
	}
	k.probes += n
	k.unanswered += unanswered
	k.answered += uint64(r.Keepalive[record.Orig].Answered) + uint64(r.Keepalive[record.Resp].Answered)
	k.outcomes[r.KeepaliveOutcome]++
	k.worst.Add(r)
}

// Fields walks over what is counted.
func (k *keepalives) Fields(w *fold.Walk) {
	fold.Sum(w, &k.windowProbes, &k.probes, &k.answered, &k.unanswered)
	fold.Sums(w, k.outcomes[:])
	k.worst.Fields(w)
}
