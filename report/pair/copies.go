package pair

// mostCompared is how many pairs of copies of one segment are compared, each with each; of more, as of a million
// equal ACKs, only those with the same identification are, or each with the next.
const mostCompared = 1 << 12

// learnIDs notes whether the copies of a segment have the same IP identifications at both places.
func (f *flight) learnIDs(sent, got []indexed) {
	if len(sent) == 0 || len(got) == 0 {
		return
	}
	of := map[uint16]int{}
	for _, x := range sent {
		of[f.sent[x.i].ipid]++
	}
	for _, y := range got {
		if id := f.got[y.i].ipid; id != 0 {
			f.ids.note(of[id] > 0)
		}
	}
}

// many matches many copies of one segment in their order: each with the first that fits and has the same
// identification, where that tells. What is left of those that came without a mark came twice.
func (f *flight) many(sent, got []indexed, fits func(x, y indexed) bool) {
	left := map[uint16][]indexed{} // by identification, in order
	id := func(p *packet) uint16 {
		if f.ids.holds() {
			return p.ipid
		}
		return 0
	}
	for _, y := range got {
		k := id(&f.got[y.i])
		left[k] = append(left[k], y)
	}
	for _, x := range sent {
		k := id(&f.sent[x.i])
		for len(left[k]) > 0 && f.fates[x.i] == Lost {
			y := left[k][0]
			switch {
			case fits(x, y):
				f.land(x.i, y.i)
			case f.got[y.i].marks&spare == 0:
				f.doubled[y.i], f.from[y.i] = true, x.i
			}
			left[k] = left[k][1:]
		}
	}
}
