package pair

import (
	"cmp"
	"slices"

	"tcpwatch/capture"
)

// Fate is what became of a segment between the places.
type Fate uint8

// Fates.
const (
	Arrived   Fate = iota
	Lost           // it did not come to the other place
	Missed         // it came, as what its receiver acknowledged shows, but the other place did not capture it
	Unwatched      // the other place did not capture at that time, or no segments of its kind
	Spare          // it may be a copy that the capture made, or of another connection: nothing is said of it
)

// flight is one direction of a connection: what the place at the sender saw, and what the one at the
// receiver did. Sequence numbers are told from each place's own initial ones, so that a box that
// rewrites them changes nothing.
type flight struct {
	sent, got         []packet
	sentBase, gotBase uint32  // initial sequence number of the sender, by place
	sentAck, gotAck   uint32  // and of the receiver
	heard             reach   // the highest ACK that the sender's place captured of the receiver; time is that of its last segment
	acks              []reach // what the receiver acknowledged at its place, rising
	fates             []Fate
	at                []int32  // of each segment sent: the one that arrived, or the first of several; -1
	landed            []uint32 // of its payload, bytes that arrived in other pieces than it was sent in
	again             []bool   // it was sent before
	from              []int32  // of each that arrived: the one sent; -1 for none
	doubled           []bool   // it came before
	late              []int32  // those sent that came behind segments sent later
	ids, stamps       trust    // whether IP-IDs and TSvals pass unchanged
	doubles           bool     // copies of those that came are the path's: its place copied little of what went out
	remade            bool     // a box gave initial sequence numbers of its own: it may have made the handshake's segments
}

// trust says whether a field passes unchanged: of segments that can be told by their numbers
// alone, how many kept it.
type trust struct{ same, other int }

// timed reports whether it is known when the segment itself was sent and came.
func (f *flight) timed(sent, got *packet) bool {
	return (sent.marks|got.marks)&untimed == 0 && (!f.remade || sent.len > 0)
}

// holds reports whether segments may be told by the field.
func (t trust) holds() bool { return t.same > 0 && t.same >= 9*t.other }

// key is what the copies of a segment have in common.
type key struct {
	rel, len, ack uint32
	flags         capture.Flags
}

// keyOf is the key of a packet.
func keyOf(p *packet, base, ack uint32) key {
	k := key{rel: p.seq - base, len: p.len, flags: p.flags & (capture.SYN | capture.FIN | capture.RST)}
	switch ackOnly := p.len == 0 && !p.flags.Any(capture.SYN|capture.FIN); {
	case !p.flags.Has(capture.ACK):
	case p.flags.Has(capture.SYN):
		k.flags |= capture.ACK // a SYN/ACK is no SYN
	case ackOnly:
		k.ack = p.ack - ack
	}
	return k
}

func (k key) compare(o key) int {
	return cmp.Or(cmp.Compare(k.rel, o.rel), cmp.Compare(k.len, o.len), cmp.Compare(k.ack, o.ack), cmp.Compare(k.flags, o.flags))
}

// aligner sets flights side by side; its memory is used again.
type aligner struct {
	keys    [2][]indexed
	bySeq   []int32
	longest uint32 // the most numbers that one of those that came takes
}

// indexed is a packet's key with its place in the flight.
type indexed struct {
	key
	i int32
}

// sort orders both sides of a flight by key, then time.
func (a *aligner) sort(f *flight) {
	a.longest = 0
	for side, packets := range [2][]packet{f.sent, f.got} {
		base, ack := f.sentBase, f.sentAck
		if side == 1 {
			base, ack = f.gotBase, f.gotAck
		}
		keys := a.keys[side][:0]
		for i := range packets {
			if side == 1 {
				a.longest = max(a.longest, packets[i].span())
			}
			keys = append(keys, indexed{keyOf(&packets[i], base, ack), int32(i)})
		}
		slices.SortFunc(keys, func(x, y indexed) int { return cmp.Or(x.compare(y.key), cmp.Compare(x.i, y.i)) })
		a.keys[side] = keys
	}
}

// groups calls each with the packets of one key on both sides, either of which may be none.
func (a *aligner) groups(each func(sent, got []indexed)) {
	sent, got := a.keys[0], a.keys[1]
	run := func(all []indexed) int {
		n := 1
		for n < len(all) && all[n].key == all[0].key {
			n++
		}
		return n
	}
	for len(sent) > 0 || len(got) > 0 {
		i, j := 0, 0
		switch {
		case len(got) == 0:
			i = run(sent)
		case len(sent) == 0:
			j = run(got)
		default:
			c := sent[0].compare(got[0].key)
			if c <= 0 {
				i = run(sent)
			}
			if c >= 0 {
				j = run(got)
			}
		}
		each(sent[:i], got[:j])
		sent, got = sent[i:], got[j:]
	}
}

// sure calls each with the segments that were sent once and came once.
func (a *aligner) sure(f *flight, each func(sent, got *packet)) {
	a.sort(f)
	a.groups(func(sent, got []indexed) {
		x, n := plain(f.sent, sent)
		y, m := plain(f.got, got)
		if n == 1 && m == 1 {
			each(x, y)
		}
	})
}

// plain is the last packet that is not spare, and how many there are.
func plain(all []packet, of []indexed) (last *packet, n int) {
	for _, x := range of {
		if p := &all[x.i]; p.marks&spare == 0 {
			last, n = p, n+1
		}
	}
	return last, n
}

// slack is by how much a segment may seem to come before it was sent, ns: what stamps of a card with
// several queues are off by, and an offset by its bound.
const slack = int64(2e6)

// align finds what became of each segment. way is how long a segment took that was stamped
// so at the two places, by the Clock.
func (a *aligner) align(f *flight, way func(sent, got *packet) int64) {
	f.reset()
	a.sure(f, func(sent, got *packet) {
		if sent.ipid != 0 && got.ipid != 0 {
			f.ids.note(sent.ipid == got.ipid)
		}
		if sent.marks&got.marks&hasTS != 0 {
			f.stamps.note(sent.tsval == got.tsval)
		}
	})
	if f.ids == (trust{}) { // no segment was alone: copies of one tell
		a.groups(f.learnIDs)
	}
	a.groups(func(sent, got []indexed) { f.copies(sent, got, way) })
	a.pieces(f, way)
	f.repeats()
	for i := range f.sent {
		if f.fates[i] == Lost && a.acknowledged(f, &f.sent[i]) {
			f.fates[i] = Missed
		}
	}
}

func (t *trust) note(same bool) {
	if same {
		t.same++
	} else {
		t.other++
	}
}

// reset begins with nothing arrived.
func (f *flight) reset() {
	f.ids, f.stamps = trust{}, trust{}
	n, m := len(f.sent), len(f.got)
	f.fates, f.at, f.landed = resize(f.fates, n), resize(f.at, n), resize(f.landed, n)
	f.again, f.from, f.doubled = resize(f.again, n), resize(f.from, m), resize(f.doubled, m)
	for i := range f.at {
		f.fates[i], f.at[i] = Lost, -1
		if f.sent[i].marks&spare != 0 {
			f.fates[i] = Spare
		}
	}
	for i := range f.from {
		f.from[i] = -1
	}
}

// resize gives a slice of n zero values in the memory of another.
func resize[T any](s []T, n int) []T {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// land notes that a segment sent is one that came.
func (f *flight) land(i, j int32) {
	f.fates[i], f.at[i], f.from[j] = Arrived, j, i
}

// told reports whether a field tells that these are two different copies.
func (f *flight) told(sent, got *packet) bool {
	if f.named(sent, got) {
		return sent.ipid != got.ipid
	}
	return sent.marks&got.marks&hasTS != 0 && f.stamps.holds() && sent.tsval != got.tsval
}

// named reports whether the IP identification tells copies of one key apart.
func (f *flight) named(sent, got *packet) bool {
	return sent.ipid != 0 && got.ipid != 0 && f.ids.holds()
}

// copies matches the copies of one segment: by IP identification and TSval where those pass
// unchanged; else as many as came in their order, and of fewer the one sent last before each came. What
// is spare counts as come only where too few came without.
func (f *flight) copies(sent, got []indexed, way func(sent, got *packet) int64) {
	fits := func(x, y indexed) bool {
		return !f.told(&f.sent[x.i], &f.got[y.i]) && way(&f.sent[x.i], &f.got[y.i]) >= -slack
	}
	_, n := plain(f.sent, sent)
	_, m := plain(f.got, got)
	free := func(x, y indexed) bool {
		return f.fates[x.i] == Lost && f.from[y.i] < 0 && (n > m || f.got[y.i].marks&spare == 0) && fits(x, y)
	}
	if len(sent)*len(got) > mostCompared {
		f.many(sent, got, fits)
		return
	}
	if n <= len(got) {
		for _, x := range sent {
			for _, y := range got {
				if free(x, y) {
					f.land(x.i, y.i)
				}
			}
		}
	} else {
		for _, y := range slices.Backward(got) {
			for _, x := range slices.Backward(sent) {
				if free(x, y) {
					f.land(x.i, y.i)
				}
			}
		}
	}
	f.spares(sent, got, fits)
	for _, y := range got {
		if f.from[y.i] >= 0 || f.got[y.i].marks&spare != 0 {
			continue
		}
		for _, x := range sent {
			if f.fates[x.i] == Arrived && !f.told(&f.sent[x.i], &f.got[y.i]) &&
				(f.named(&f.sent[x.i], &f.got[y.i]) || m > n) {
				f.doubled[y.i], f.from[y.i] = true, x.i
				break
			}
		}
	}
}

// spares matches what is left: it may be one that the other place's capture told as a copy, or as
// another connection's.
func (f *flight) spares(sent, got []indexed, fits func(x, y indexed) bool) {
	for _, x := range sent {
		for _, y := range got {
			if f.from[y.i] >= 0 || !fits(x, y) {
				continue
			}
			switch a, b := f.sent[x.i].marks, f.got[y.i].marks; {
			case f.fates[x.i] == Lost && b&spare != 0, f.fates[x.i] == Spare && a&foreign == 0 && b&spare == 0:
				f.land(x.i, y.i)
			case f.fates[x.i] == Spare && b&spare == 0:
				f.from[y.i] = x.i // it is told where the other connection is
			}
		}
	}
}

// repeats notes which segments had been sent before: all of their part of the sequence space had.
func (f *flight) repeats() {
	end, began := uint32(0), false
	for i := range f.sent {
		p := &f.sent[i]
		n := p.span()
		if n == 0 || p.flags.Has(capture.RST) {
			continue
		}
		to := p.seq - f.sentBase + n
		if began && int32(to-end) <= 0 {
			f.again[i] = true
			continue
		}
		end, began = to, true
	}
}
