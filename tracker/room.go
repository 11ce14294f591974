package tracker

// candidate is the least valuable connection of one list, of one tracker of a table.
type candidate struct {
	filed   int64
	id      uint64
	tracker int
	entry   uint32
	shard   uint8
	class   class
}

// before reports whether a goes before b when both are worth the same.
func (a *candidate) before(b *candidate) bool {
	if a.filed != b.filed {
		return a.filed < b.filed
	}
	return a.id < b.id
}

// MakeRoom drops what is too much for the table that all these trackers hold
// together: by worth, then by when they were filed, then by number, so that
// neither who holds a connection nor which shard it is in decides. Between Tracker.Advance and
// Tracker.HandOut, when no other goroutine uses any of them. What Options allow
// is read from the first.
func MakeRoom(table ...*Tracker) {
	o := &table[0].opt
	held, bytes := 0, int64(0)
	for _, t := range table {
		held += t.held
		bytes += t.bytes
	}
	full := func() bool { return held > o.MaxConns || o.MaxBytes > 0 && bytes > o.MaxBytes && held > 0 }
	if !full() {
		return
	}
	for _, t := range table {
		t.forgot = true
	}
	q := table[0].candidates[:0]
	for _, same := range worths {
		q = q[:0]
		for n, t := range table {
			for s := range t.shards {
				for _, k := range same {
					if i := t.shards[s].lists[k].oldest; i != 0 {
						x := t.entries.at(i)
						q = append(q, candidate{x.filed, x.id, n, i, uint8(s), k})
					}
				}
			}
		}
		for i := len(q)/2 - 1; i >= 0; i-- {
			sink(q, i)
		}
		for len(q) > 0 && full() {
			c := &q[0]
			t := table[c.tracker]
			sh := &t.shards[c.shard]
			sh.evicted[c.class]++
			bytes -= t.weight(t.entries.at(c.entry))
			held--
			t.drop(sh, c.entry, endEvicted, t.clock.now)
			if next := sh.lists[c.class].oldest; next != 0 {
				x := t.entries.at(next)
				c.filed, c.id, c.entry = x.filed, x.id, next
			} else {
				q[0] = q[len(q)-1]
				q = q[:len(q)-1]
			}
			sink(q, 0)
		}
		if !full() {
			break
		}
	}
	table[0].candidates = q[:0]
}

// sink moves candidate i of a heap down to its place: the first to go is on top.
func sink(q []candidate, i int) {
	for {
		k := 2*i + 1
		if k >= len(q) {
			return
		}
		if k+1 < len(q) && q[k+1].before(&q[k]) {
			k++
		}
		if !q[k].before(&q[i]) {
			return
		}
		q[i], q[k] = q[k], q[i]
		i = k
	}
}
