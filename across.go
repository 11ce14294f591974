package tcpwatch

import (
	"tcpwatch/capture"
	"tcpwatch/tracker"
)

// question asks every worker what its connections show across a jump of the clock
// before some packets.
type question struct {
	packets []capture.Packet
	left    bool // count what is under way and does not come, too: that goes through all connections in use
	answers chan crossing
}

// across asks all workers, which have gone through what was read before. The
// answer is the same whatever their number.
func (w *run) across(packets []capture.Packet, left bool) (all crossing) {
	if len(w.batch.packets) > 0 {
		w.hand(false)
	}
	if w.asking == nil {
		w.asking = &batch{asked: &question{answers: make(chan crossing, len(w.workers))}}
	}
	q := w.asking.asked
	q.packets, q.left = q.packets[:0], left
	for i := range packets {
		if ok, err := w.filter.passes(&packets[i]); ok && err == nil {
			q.packets = append(q.packets, packets[i])
		}
	}
	for _, x := range w.workers {
		x.in <- w.asking
	}
	for range w.workers {
		one := <-q.answers
		all.add(&one)
	}
	return all
}

// answering is what a worker needs to answer questions, of which a capture with many
// pauses has many.
type answering struct {
	decoder capture.Decoder
	seen    map[uint64]bool // connections of the packets
}

// across is what the worker's connections show: each by its first segment.
func (w *worker) across(q *question) (x crossing) {
	if w.answers.seen == nil {
		w.answers.seen = make(map[uint64]bool)
	}
	d, seen := &w.answers.decoder, w.answers.seen
	*d = *capture.NewDecoder(capture.DecoderOptions{ByVLAN: w.byVLAN}) // no fragments are left of the question before
	clear(seen)
	for i := range q.packets {
		if d.Decode(&q.packets[i]) != capture.OutcomeSegment {
			continue
		}
		s := &d.Segment
		hash := w.tracker.Hash(s)
		if !w.owns(hash) || seen[hash] {
			continue
		}
		seen[hash] = true
		switch w.tracker.Across(s) {
		case tracker.CrossingGoesOn:
			x.goOn++
		case tracker.CrossingRepeats:
			x.repeats++
		case tracker.CrossingHole:
			x.holes++
		case tracker.CrossingMidstream:
			x.midstream++
		}
	}
	if q.left {
		w.tracker.UnderWay(func(hash uint64) {
			if !seen[hash] {
				x.left++
			}
		})
	}
	return x
}
