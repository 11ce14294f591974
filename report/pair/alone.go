package pair

// Alone are the connections that only one place saw.
type Alone struct {
	Outside   uint64   // in a time in which the other place did not capture
	Elsewhere uint64   // to listeners of which the other place saw nothing
	Missing   examples // that should have passed the other place
	Dead      uint64   // of those, that did not open

	missed map[uint64]bool // by ID: of Missing those that a finding of the place names, and that of Options.Why
}

// mostListeners is how many listeners are remembered so that they are not noted again.
const mostListeners = 1 << 16

// alone sorts the connections that were not paired by what that means.
func (x *comparison) alone(m *matcher) error {
	for i := range m.sides {
		if err := x.aloneAt(m, i); err != nil {
			return err
		}
	}
	return nil
}

// aloneAt does that for one place.
func (x *comparison) aloneAt(m *matcher, at int) error {
	here, there, off := &m.sides[at], &m.sides[1-at], m.offset
	alone, other, sign := &x.Alone[at], there.place, int64(1)
	if at == 1 {
		sign = -1
	}
	// By listener: first whether another connection to it was paired, or seen at the other place, then those left.
	by := &sorter{room: m.room}
	defer by.close()
	missing := &sorter{room: m.room}
	defer missing.close()
	from, until := other.watch()
	left := false
	err := here.place.each(here.paired, func(c *Conn) error {
		switch {
		case here.unsure.has(c.at):
			return nil
		case off.OK && c.Start != 0 && (c.Start+sign*off.V > until || c.End+sign*off.V < from),
			!off.OK && (c.Start > until || c.End < from):
			alone.Outside++
			return nil
		}
		left = true
		return by.add(item{key: hashEnd(&c.Resp), i: 1, j: uint32(c.at)})
	})
	if err != nil || !left {
		return err
	}
	seen := map[uint64]bool{}
	note := func(c *Conn) error {
		key := hashEnd(&c.Resp)
		if seen[key] {
			return nil
		}
		if len(seen) < mostListeners {
			seen[key] = true
		}
		return by.add(item{key: key})
	}
	if err := there.place.each(nil, note); err != nil {
		return err
	}
	err = here.place.each(nil, func(c *Conn) error {
		if here.paired.has(c.at) {
			return note(c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	known, any := uint64(0), false
	err = by.each(func(i item) error {
		switch {
		case i.i == 0:
			known, any = i.key, true
			return nil
		case !any || known != i.key:
			alone.Elsewhere++
			return nil
		}
		c, err := here.place.get(int(i.j))
		if err != nil {
			return err
		}
		return missing.add(item{key: c.ID, i: i.j})
	})
	if err != nil {
		return err
	}
	alone.missed = map[uint64]bool{}
	return missing.each(func(i item) error {
		c, err := here.place.get(int(i.i))
		if err != nil {
			return err
		}
		alone.Missing.add(c)
		if c.Open.Failed() {
			alone.Dead++
		}
		if _, cited := x.tally.cited[at][c.ID]; cited || c.ID == x.opt.Why {
			alone.missed[c.ID] = true
		}
		return nil
	})
}
