package pair

import (
	"tcpwatch/capture"
	"tcpwatch/internal/fold"
)

// Flow is what passed between the places in one direction. Segments that a host offloaded are counted
// as those of which they are made.
type Flow struct {
	Sent, Arrived, Lost   [NClasses]uint64
	LostAgain             [NClasses]uint64 // of Lost, segments that had been sent before
	Missed                [NClasses]uint64 // captured at the sender alone although they arrived
	Unwatched             [NClasses]uint64 // sent while the other place did not capture, or not such segments
	Doubled               [NClasses]uint64 // came more often than they were sent
	Extra                 [NClasses]uint64 // came, and were not captured at the sender
	DoubledApart          uint64           // of Doubled, copies that came a while behind the first
	DoubledElse           uint64           // of Doubled, copies with another TTL than the first
	Reordered             uint64           // came behind segments sent later
	ReorderedFar          uint64           // of Reordered, data behind so many that its sender takes it for lost
	Behind                fold.Histogram   // ns by which those of Reordered came behind what had overtaken them
	Delay                 fold.Histogram   // ns; with the Clock's bound
	Early                 uint64           // came before they were sent, by the clocks
	Hops                  [mostHops]uint32 // segments by how much less their TTL was; the last stands for more
	IPIDs, TTLs, Payloads uint64           // that had another: identification; more hops left; first bytes
	TSVals                uint64           // that had another timestamp value
	LostLeast             uint32           // payload of the shortest data segment that was lost, bytes; 0 for none
	ArrivedMost           uint32           // and of the longest that arrived
	Marked, Cleared       uint64           // that were marked by ECN (RFC 3168) on the way; whose ECN bits were cleared
	// SYNs and SYN/ACKs of which ECE or CWR was cleared; either, of which one was set.
	SYNsCleared, SYNACKsCleared, SYNsSet uint64
}

// mostHops is from how many hops on they are not told apart.
const mostHops = 64

// All is the sum over the classes.
func All(n [NClasses]uint64) (sum uint64) {
	for _, x := range n {
		sum += x
	}
	return sum
}

// Known is how many segments were sent of which it is known whether they arrived.
func (f *Flow) Known() uint64 { return All(f.Arrived) + All(f.Lost) }

// Fields walks over what it counts; see fold.Value.
func (f *Flow) Fields(w *fold.Walk) {
	for _, n := range [...]*[NClasses]uint64{&f.Sent, &f.Arrived, &f.Lost, &f.LostAgain, &f.Missed, &f.Unwatched, &f.Doubled, &f.Extra} {
		fold.Sums(w, n[:])
	}
	fold.Sums(w, f.Hops[:])
	fold.Sum(w, &f.DoubledApart, &f.DoubledElse, &f.Reordered, &f.ReorderedFar, &f.Early, &f.IPIDs, &f.TTLs, &f.Payloads, &f.TSVals, &f.Marked, &f.Cleared, &f.SYNsCleared, &f.SYNACKsCleared, &f.SYNsSet)
	fold.Least(w, &f.LostLeast)
	fold.Max(w, &f.ArrivedMost)
	f.Delay.Fields(w)
	f.Behind.Fields(w)
}

// MostHops is by how many hops most segments' TTL was less.
func (f *Flow) MostHops() (hops int, ok bool) {
	for i, n := range f.Hops {
		if n > 0 && (!ok || n > f.Hops[hops]) {
			hops, ok = i, true
		}
	}
	return hops, ok
}

// sameMoment is within how long, ns, the order in which a place captured two segments may not be that in which they
// went out: where two processors send at once, one of them is captured before and leaves after.
const sameMoment = int64(20e3)

// add counts what became of the segments of a flight. unit is the payload of a full segment; took is called with
// each that came.
func (f *Flow) add(x *flight, unit uint32, took func(sent, got *packet)) {
	x.late = x.late[:0]
	for i := range x.sent {
		if x.fates[i] == Spare {
			continue
		}
		p := &x.sent[i]
		c, n := p.class(), uint64(1)
		if p.len > unit {
			n = uint64((p.len + unit - 1) / unit)
		}
		f.Sent[c] += n
		switch x.fates[i] {
		case Arrived:
			f.Arrived[c] += n
			if c == ClassData && n == 1 {
				f.ArrivedMost = max(f.ArrivedMost, p.len)
			}
		case Missed:
			f.Missed[c] += n
		case Unwatched:
			f.Unwatched[c] += n
		case Lost:
			lost := n
			if x.landed[i] > 0 {
				lost = min(n, uint64((p.len-x.landed[i]+unit-1)/unit))
			}
			f.Arrived[c] += n - lost
			f.Lost[c] += lost
			if c == ClassData && x.landed[i] == 0 && (f.LostLeast == 0 || p.len < f.LostLeast) {
				f.LostLeast = min(p.len, unit)
			}
			if x.again[i] {
				f.LostAgain[c] += lost
			}
		}
		if j := x.at[i]; j >= 0 {
			f.compare(p, &x.got[j])
			took(p, &x.got[j])
		}
	}
	last, lastCame := int32(-1), 0
	for j := range x.got {
		switch i := x.from[j]; {
		case i < 0 && x.got[j].marks&copied != 0 && x.doubles:
			f.Doubled[x.got[j].class()]++
		case i < 0 && x.got[j].marks&spare != 0:
		case i < 0:
			f.Extra[x.got[j].class()]++
		case x.doubled[j]:
			f.double(x, i, j)
		case i < last:
			if x.sent[last].time-x.sent[i].time > sameMoment {
				f.Reordered++
				x.late = append(x.late, i)
				f.Behind.Add(x.got[j].time - x.got[lastCame].time)
				if x.got[j].len > 0 && x.overtakers(i, j) >= dupThresh {
					f.ReorderedFar++
				}
			}
		default:
			last, lastCame = i, j
		}
	}
}

// copyAtOnce is within how long, ns, a capture that takes each packet twice has both.
const copyAtOnce = int64(1e6)

// double counts a copy of a segment that came before.
func (f *Flow) double(x *flight, i int32, j int) {
	g := &x.got[j]
	f.Doubled[g.class()]++
	if x.at[i] < 0 {
		return
	}
	first := &x.got[x.at[i]]
	if abs(g.time-first.time) > copyAtOnce && (g.marks|first.marks)&untimed == 0 {
		f.DoubledApart++
	}
	if g.ttl != first.ttl {
		f.DoubledElse++
	}
}

// took counts how long a segment took, ns.
func (f *Flow) took(d int64) {
	if d < 0 {
		f.Early++
	}
	f.Delay.Add(d) // less than 0 is 0
}

// compare counts how a segment was changed.
func (f *Flow) compare(sent, got *packet) {
	if sent.ttl >= got.ttl {
		f.Hops[min(sent.ttl-got.ttl, mostHops-1)]++
	} else {
		f.TTLs++
	}
	if sent.ipid != 0 && sent.ipid != got.ipid && sent.len == got.len {
		f.IPIDs++
	}
	if sent.len == got.len && sent.marks&got.marks&hasTS != 0 && sent.tsval != got.tsval {
		f.TSVals++
	}
	if sent.len == got.len && sent.head != 0 && got.head != 0 && sent.head != got.head {
		f.Payloads++
	}
	if sent.flags.Has(capture.SYN) {
		const bits = capture.ECE | capture.CWR
		switch cleared, set := sent.flags&bits&^got.flags, got.flags&bits&^sent.flags; {
		case cleared != 0 && sent.flags.Has(capture.ACK):
			f.SYNACKsCleared++
		case cleared != 0:
			f.SYNsCleared++
		case set != 0:
			f.SYNsSet++
		}
	}
	const notECT, ce = 0, 3
	switch {
	case got.ecn == ce && sent.ecn != ce:
		f.Marked++
	case sent.ecn != notECT && got.ecn == notECT:
		f.Cleared++
	}
}
