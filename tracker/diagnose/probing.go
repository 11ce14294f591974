package diagnose

import (
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// probing sums up the keepalive probes of one side.
type probing struct {
	tally
	probes uint64
	silent uint64             // of those, not answered
	prober fold.First[teller] // of the connection with the least id
	proven uint64             // the prober's RST was seen
	pause  fold.Range[int64]  // idle time before the first probe, or pause between probes
	died   uint64
	long   uint64 // with many probes
	mute   int64  // the latest of their first probes without an answer
	lived  int64  // the longest idle time, of any connection of the side, after which there was an answer
}

// Fields walks over what is summed up.
func (x *probing) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.probes, &x.silent, &x.proven, &x.died, &x.long)
	x.pause.Fields(w)
	fold.Max(w, &x.mute, &x.lived)
	x.prober.Fields(w)
}

func (x *probing) add(r *record.Record, k *record.KeepaliveRecord, packet uint64, pause int64) {
	x.pause.Take(pause)
	x.hitAt(r, packet)
	x.probes += uint64(k.Probes)
	x.silent += uint64(k.Unanswered)
}

// foundDead tells which end's probes found out that the other is dead.
func foundDead(r *record.Record) (e record.End, ok bool) {
	if r.KeepaliveOutcome != record.KeepaliveDead || r.Capture.OneWay {
		return 0, false
	}
	if r.Close.ResetCause == record.ResetKeepaliveDead {
		return r.Close.ResetBy, true
	}
	for _, e := range sides() {
		if r.Keepalive[e].Unanswered > 0 {
			return e, true
		}
	}
	return 0, false
}
