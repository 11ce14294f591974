package pair

import (
	"cmp"
	"slices"
	"sort"

	"tcpwatch/capture"
)

// pieces matches payload that was cut otherwise at the two places: hosts that offload
// segmentation capture many segments as one. Of each segment sent that nothing equal came of, the
// bytes that came in others are told; they came all, or some of the segments in it were lost.
func (a *aligner) pieces(f *flight, way func(sent, got *packet) int64) {
	left := a.bySeq[:0]
	longest := uint32(0)
	for j := range f.got {
		if p := &f.got[j]; f.from[j] < 0 && p.len > 0 && p.marks&spare == 0 && !p.flags.Has(capture.RST) {
			left, longest = append(left, int32(j)), max(longest, p.len)
		}
	}
	a.bySeq = left
	if len(left) == 0 {
		return
	}
	start := func(j int32) uint32 { return f.got[j].seq - f.gotBase }
	first := start(left[0])
	slices.SortFunc(left, func(x, y int32) int {
		return cmp.Or(cmp.Compare(int32(start(x)-first), int32(start(y)-first)), cmp.Compare(x, y))
	})
	used := make([]uint32, len(left)) // bytes of each that are found already, from its first on
	for i := range f.sent {
		p := &f.sent[i]
		if f.fates[i] != Lost || p.len == 0 || p.flags.Has(capture.RST) {
			continue
		}
		from := p.seq - f.sentBase
		n := sort.Search(len(left), func(k int) bool { return int32(start(left[k])-first) >= int32(from-longest-first) })
		for ; n < len(left) && int32(start(left[n])-(from+p.len)) < 0; n++ {
			j := left[n]
			g := &f.got[j]
			low, high := max(int32(start(j)-from), 0), min(int32(start(j)+g.len-from), int32(p.len))
			if high <= low || used[n] >= g.len || way(p, g) < -slack ||
				p.marks&g.marks&hasTS != 0 && f.stamps.holds() && p.tsval != g.tsval && !f.ids.holds() {
				continue
			}
			f.landed[i] += uint32(high - low)
			used[n] += uint32(high - low)
			f.from[j] = int32(i)
			if f.at[i] < 0 || f.got[f.at[i]].time > g.time {
				f.at[i] = j
			}
		}
		if f.landed[i] = min(f.landed[i], p.len); f.landed[i] == p.len {
			f.fates[i] = Arrived
		}
	}
}

// reach is how far the receiver had acknowledged at a time of its place, from the sender's initial
// sequence number.
type reach struct {
	time int64
	ack  uint32
}

// acknowledge notes what the receiver's segments acknowledge, of all at its place.
func (f *flight) acknowledge(far []packet, sender uint8) {
	f.acks = f.acks[:0]
	for i := range far {
		q := &far[i]
		if q.end == sender || q.marks&foreign != 0 || !q.flags.Has(capture.ACK) || q.flags.Has(capture.RST) {
			continue
		}
		ack := q.ack - f.gotBase
		if n := len(f.acks); n == 0 || int32(ack-f.acks[n-1].ack) > 0 {
			f.acks = append(f.acks, reach{q.time, ack})
		}
	}
}

// hear notes how far the sender's place saw the receiver acknowledge.
func (f *flight) hear(near []packet, sender uint8) {
	f.heard = reach{}
	for i := range near {
		q := &near[i]
		if q.end == sender || !q.flags.Has(capture.ACK) || q.flags.Has(capture.RST) {
			continue
		}
		if ack := q.ack - f.sentBase; f.heard.time == 0 || int32(ack-f.heard.ack) > 0 {
			f.heard.ack = ack
		}
		f.heard.time = q.time
	}
}

// unanswered reports whether the sender's place heard the receiver after a segment with data or a FIN, and never an
// ACK for it: it did not come, whatever the other place captures.
func (f *flight) unanswered(p *packet) bool {
	n := p.span()
	return n > 0 && !p.flags.Any(capture.SYN|capture.RST) && f.heard.time > p.time && int32(f.heard.ack-(p.seq-f.sentBase+n)) < 0
}

// acknowledged reports whether the receiver acknowledged a segment of which no copy had been captured
// at its place by then: it came, and the capture missed it.
func (a *aligner) acknowledged(f *flight, p *packet) bool {
	n := p.span()
	if n == 0 || p.flags.Has(capture.RST) {
		return false
	}
	from := p.seq - f.sentBase
	to := from + n
	k := sort.Search(len(f.acks), func(k int) bool { return int32(f.acks[k].ack-to) >= 0 })
	return k < len(f.acks) && !a.came(f, from, to, f.acks[k].time+slack)
}

// came reports whether all of a part of the sequence space was captured at the receiver's place by a time.
func (a *aligner) came(f *flight, from, to uint32, by int64) bool {
	keys := a.keys[1]
	at := from
	for k := sort.Search(len(keys), func(k int) bool { return int32(keys[k].rel-(from-a.longest)) >= 0 }); k < len(keys); k++ {
		x := &keys[k]
		g := &f.got[x.i]
		if int32(x.rel-to) >= 0 {
			break
		}
		if g.time > by || g.marks&foreign != 0 || g.flags.Has(capture.RST) || int32(x.rel-at) > 0 {
			continue
		}
		if end := x.rel + g.span(); int32(end-at) > 0 {
			at = end
		}
	}
	return int32(at-to) >= 0
}
