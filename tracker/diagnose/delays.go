package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// delays sums up handshakes that something held up.
type delays struct {
	tally
	sources sources
	total   int64 // time lost
	longest int64
}

// lost counts a handshake that lost some time.
func (d *delays) lost(r *record.Record, packet uint64, ns int64) {
	d.hit(r, packet, r.Start, openedAt(r))
	d.sources.add(r.Orig.Addr)
	d.total += ns
	d.longest = max(d.longest, ns)
}

// openedAt is when the handshake was complete; of one that never was, when it ended.
func openedAt(r *record.Record) int64 {
	if r.Open.Felt.OK {
		return r.Start + r.Open.Felt.V
	}
	return r.End
}

// cost says how much time was lost.
func (d *delays) cost() string {
	if d.n == 1 {
		return span(d.total) + " lost"
	}
	return fmt.Sprintf("%s lost in all, at most %s each", span(d.total), span(d.longest))
}

// Fields walks over what is summed up.
func (d *delays) Fields(w *fold.Walk) {
	d.tally.Fields(w)
	d.sources.Fields(w)
	fold.Sum(w, &d.total)
	fold.Max(w, &d.longest)
}

// heldUp is what a handshake took longer than one that goes well: than the time from its
// last SYN on, or than the shortest round trip on both sides of the capture point measured
// later, where that is less. A last SYN that waited as long as a repeat does was lost too.
func heldUp(r *record.Record) int64 {
	switch {
	case r.Open.SYNACKLate > 0 && !openedLate(r): // a SYN/ACK that none had passed before is late by the SYNs that were lost too
		return r.Open.SYNACKLate
	case r.Open.Felt.OK && r.Open.LastSYN.OK:
		usual, whole := r.Open.LastSYN.V, r.Ends[record.Orig].RTT.Min+r.Ends[record.Resp].RTT.Min
		switch {
		case r.Open.SYNHeard, EachSYNAnswered(r): // another SYN than the last was answered: when that came tells nothing
			usual = laterTrip(&r.Ends[record.Orig].RTT) + laterTrip(&r.Ends[record.Resp].RTT)
		case whole > 0 || usual >= retryAfter:
			usual = min(usual, whole)
		}
		return max(r.Open.Felt.V-usual, r.Open.SYNACKAfter)
	case r.Open.Waited.OK:
		return r.Open.Waited.V
	}
	return 0
}

// laterTrip is the shortest round trip on a side that was measured after the handshake; 0 for none.
func laterTrip(x *record.RTTRecord) int64 {
	if x.Source == record.RTTHandshake {
		return 0
	}
	return x.Min
}
