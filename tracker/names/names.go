package names

import (
	"tcpwatch/tracker/record"
)

// Defaults of Options.
const (
	DefaultUndecided = 256
	DefaultWaiting   = 32
)

// Options of an Observer. The zero value is usable.
type Options struct {
	// Undecided is how many connections of a shard (record.NShards) may be
	// undecided at once, so that it does not matter who else's connections are
	// held here; a further one gets no name. 0 means DefaultUndecided.
	Undecided int
	// Waiting is how many directions of a shard may be waiting at once for bytes
	// that complete a message, each with a buffer of 4 KiB; a further one is
	// read as far as it goes. 0 means DefaultWaiting.
	Waiting int
	// Digests asks for record.KeyRecord's as well.
	Digests bool
}

// Observer names connections: it is handed their payload (Observe), and asked for the
// names when there is a record to put them on (Attach, Finish). It is not safe for
// concurrent use.
type Observer struct {
	opt     Options
	entries []*entry  // of those undecided, and nil
	named   []string  // of those decided that have names, packed; and ""
	digests []digests // with Options.Digests of those that have named, which may be ""
	free    [2][]uint32
	counts  [record.NShards]struct{ undecided, waiting int }
	unnamed uint64
	spare   []*buffer
	unused  []*entry
	scratch [window]byte
	packed  []byte
}

// New returns an Observer that has seen nothing.
func New(o Options) *Observer {
	if o.Undecided == 0 {
		o.Undecided = DefaultUndecided
	}
	if o.Waiting == 0 {
		o.Waiting = DefaultWaiting
	}
	return &Observer{opt: o}
}

// A connection's Placement.Mark is 0 before its first payload, then twice the
// number of its entry, from 1 on; when it is decided one more than twice the
// number of its names and digests, or decided where it has none.
const decided = 1

func isDecided(mark uint32) bool { return mark&1 != 0 }

// Observe takes the payload of the segment that the tracker placed last; wire
// is its length by the IP header, of which the snaplen may have cut some.
func (o *Observer) Observe(p *record.Placement, payload []byte, wire uint32) {
	if p.New || p.Over {
		o.observe(p, payload, wire)
	}
}

// observe is the part of Observe that is called; the test before it is inlined,
// and false for most segments.
func (o *Observer) observe(p *record.Placement, payload []byte, wire uint32) {
	if p.New {
		if !isDecided(*p.Mark) {
			o.payload(p, payload, wire)
		} else if p.Offset < digested && o.opt.Digests && *p.Mark > decided {
			o.digests[*p.Mark/2-1].take(p.From, p.Offset, payload)
		}
	}
	if p.Over && *p.Mark != 0 && !isDecided(*p.Mark) {
		e := o.entries[*p.Mark/2-1]
		o.conclude(e)
		o.settle(p.Mark)
	}
	if p.Kept != nil {
		*p.Kept = o.kept(*p.Mark)
	}
}

// payload takes payload of a connection that is not decided.
func (o *Observer) payload(p *record.Placement, payload []byte, wire uint32) {
	if *p.Mark == 0 {
		if o.counts[p.Shard].undecided >= o.opt.Undecided {
			o.unnamed++
			if *p.Mark = decided; o.opt.Digests {
				*p.Mark = o.keepAs("", digests{})
				o.digests[*p.Mark/2-1].take(p.From, p.Offset, payload)
			}
			return
		}
		*p.Mark = 2 * place(&o.entries, &o.free[0], o.entry(p.Shard))
		o.counts[p.Shard].undecided++
	}
	e := o.entries[*p.Mark/2-1]
	if o.opt.Digests {
		e.digests.take(p.From, p.Offset, payload)
	}
	o.take(e, p.From, p.Offset, payload, int64(wire) > int64(len(payload)))
	if e.decided() {
		o.settle(p.Mark)
	}
}

// entry is an empty one.
func (o *Observer) entry(shard uint8) *entry {
	n := len(o.unused)
	if n == 0 {
		return &entry{shard: shard}
	}
	e := o.unused[n-1]
	o.unused = o.unused[:n-1]
	e.shard = shard
	return e
}

// keep takes back an entry that is settled.
func (o *Observer) keep(e *entry) {
	if len(o.unused) == maxUnused {
		return
	}
	*e = entry{}
	o.unused = append(o.unused, e)
}

// What is kept for reuse at most.
const (
	maxUnused = 4096 // entries
	maxSpare  = 256  // buffers
)

// place puts v where nothing is and returns its number, from 1 on.
func place[T any](all *[]T, free *[]uint32, v T) uint32 {
	if n := len(*free); n > 0 {
		i := (*free)[n-1]
		*free = (*free)[:n-1]
		(*all)[i-1] = v
		return i
	}
	*all = append(*all, v)
	return uint32(len(*all))
}

// Unnamed is how many connections were not looked at because Options.Undecided
// others of their shard were undecided.
func (o *Observer) Unnamed() uint64 { return o.unnamed }

// settle gives back what an undecided connection holds and keeps its names.
func (o *Observer) settle(mark *uint32) {
	i := *mark / 2
	e := o.entries[i-1]
	o.entries[i-1] = nil
	o.free[0] = append(o.free[0], i)
	o.counts[e.shard].undecided--
	for k := range e.sides {
		o.release(e, &e.sides[k])
	}
	*mark = decided
	if e.names.Proto != "" { // else there are no names at all
		o.packed = pack(o.packed[:0], &e.names)
		*mark = o.keepAs(string(o.packed), e.digests)
	} else if e.digests != (digests{}) {
		*mark = o.keepAs("", e.digests)
	}
	o.keep(e)
}

// keepAs keeps what is known of one that is decided, and returns its mark.
func (o *Observer) keepAs(packed string, d digests) uint32 {
	n := place(&o.named, &o.free[1], packed)
	if o.opt.Digests {
		if int(n) > len(o.digests) {
			o.digests = append(o.digests, d)
		} else {
			o.digests[n-1] = d
		}
	}
	return 2*n + 1
}

// Attach puts what is known of a connection by now on its record.
func (o *Observer) Attach(r *record.Record) {
	switch {
	case r.Mark > decided && isDecided(r.Mark):
		i := r.Mark/2 - 1
		if packed := o.named[i]; packed != "" {
			n := unpack(packed)
			r.Names = &n
		}
		if o.opt.Digests {
			o.digests[i].put(r)
		}
	case r.Mark != 0 && !isDecided(r.Mark):
		e := o.entries[r.Mark/2-1]
		if n := e.names; n != (record.NamesRecord{}) {
			r.Names = &n
		}
		e.digests.put(r)
	}
}

// Finish is Attach for a record that the tracker hands out. Where the connection is over,
// what still waits for more bytes is read as far as it goes, and Forget is to follow.
func (o *Observer) Finish(r *record.Record) {
	if !r.Interim && r.Mark != 0 && !isDecided(r.Mark) {
		o.conclude(o.entries[r.Mark/2-1])
		o.settle(&r.Mark)
	}
	o.Attach(r)
}

// Forget gives back what is kept of a connection that is over, by its record.
func (o *Observer) Forget(r *record.Record) {
	if !r.Interim && r.Mark > decided {
		o.named[r.Mark/2-1] = ""
		o.free[1] = append(o.free[1], r.Mark/2)
	}
}
