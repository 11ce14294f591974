package tracker

import (
	"cmp"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// Defaults of Options.
const (
	DefaultMaxConns = 1 << 21
	MinMaxConns     = 256
	MinMaxBytes     = 64 << 20
)

// Options of a Tracker. The zero value is usable.
type Options struct {
	MSL      int64 // maximum segment lifetime, nanoseconds; 0 means DefaultMSL
	MaxConns int   // most connections held at once, by all trackers of an input, when a Tick is over; 0 means DefaultMaxConns
	MaxBytes int64 // most memory that they may take, about; 0: no such limit
	Interval int64 // nanoseconds between interim records of long connections; 0: none
	Events   bool  // call Sink.Event
	ByVLAN   bool  // the VLAN is part of the identity
	Count    bool  // Observe tells what each segment carried
	// Input is what records tell of the input; it is filled in before the first is made. nil: nothing.
	Input *record.Input
	// Keyless leaves out by what a connection is known again elsewhere: see record.KeyRecord.
	Keyless bool
	// Mark chooses the connections whose packets go to Sink.Step; nil for none.
	// It is asked once, at a connection's first packet.
	Mark func(id uint64, orig, resp capture.Endpoint) bool
	// Verify verifies the checksum of the segment that is being observed, as
	// capture.Decoder.VerifyChecksum does; nil for never.
	Verify func() capture.Marks
	// Text is what the segment that is being observed carries, if that can be printed, else "";
	// nil for never. It is asked for RSTs.
	Text func() string
	// WrongIP tells whether the IP header of the segment that is being observed has a
	// wrong checksum, as capture.Decoder.WrongIPChecksum does; nil for never.
	WrongIP func() bool
	// Goodbye tells whether the segment that is being observed carries the message by which a
	// protocol ends, as names.Goodbye does; nil for never. It is asked for short ones.
	Goodbye func() bool
	// Speaker tells which end the payload of the segment that is being observed is by, as
	// names.Speaker does; nil for never. It is asked of the first segment of a connection whose
	// SYN was not captured.
	Speaker func() record.End
}

// Tracker holds the connections of one input, or those of some of its shards.
// It is not safe for concurrent use.
type Tracker struct {
	opt         Options
	sink        record.Sink
	marker      record.Marker // sink, where it is one
	clock       clock
	ticks       uint32 // how often Tick was called
	shards      [record.NShards]shard
	held        int   // connections
	bytes       int64 // that they take, about
	forgot      bool  // the table was full: what goes on may be what was dropped
	candidates  []candidate
	index       table.Index
	entries     table.Entries
	states      []*conn  // the first is never used
	touched     []uint32 // by state: the tick in which it was last used, idle when it is spare
	spare       []uint32 // states that nobody uses
	arena       table.Arena
	saver       packer[saving]
	loader      packer[loading]
	code        table.Code
	done        []finished
	interim     []record.Record
	record      record.Record
	key         table.Key // of the segment at hand
	placed      record.Placement
	history     string // of the last record
	latest      latest
	senders     []*sender         // spare
	zeroLists   []*zeroWindowList // spare
	spareAsides []*asides
	parts       parts
	embryos     table.Slab[embryo]
	late        capture.Segment // one that was set aside and counts now
	emitted     uint64
	looking     looking
	awake       awake
	rests       table.Rests
	leaving     uint32 // the entry of the connection that is being handed to the Sink; 0 for none
	followed    followed
	anomalies   [nAnomalies]uint64
	longWay     bool // tests: no segment is predicted
}

// latest is the connection of the segment before, the newest on its endpoints:
// segments come in runs, and a look-up in the table costs a cache miss.
type latest struct {
	hash uint64
	conn *conn
}

// New returns a Tracker that tells sink what it finds.
func New(o Options, sink record.Sink) *Tracker {
	if o.MSL == 0 {
		o.MSL = record.DefaultMSL
	}
	if o.MaxConns == 0 {
		o.MaxConns = DefaultMaxConns
	}
	marker, _ := sink.(record.Marker)
	return &Tracker{opt: o, marker: marker, sink: sink, index: table.NewIndex(),
		states: []*conn{nil}, touched: []uint32{unused}}
}

// Observe takes one segment, in input order, and tells where it was placed: good until
// the next call. It and Tick serve callers with one Tracker for all of an input, tests
// among them; the pipeline has several, and calls ObserveHashed, Advance, MakeRoom and
// HandOut.
func (t *Tracker) Observe(s *capture.Segment) *record.Placement { return t.ObserveHashed(s, t.Hash(s)) }

// ObserveHashed is Observe where the caller has the segment's Hash.
func (t *Tracker) ObserveHashed(s *capture.Segment, hash uint64) *record.Placement {
	t.clock.advance(s.Time - s.Stepped - s.Uncovered)
	k := t.segmentKey(s)
	top := t.latest.conn
	if top == nil || hash != t.latest.hash || !k.Is(&t.entries.At(top.entry).Key) {
		top = t.newest(k, s)
	}
	sh := &t.shards[record.ShardOf(hash)]
	sh.stats.Segments++
	for top != nil {
		at := t.deadline(t.entries.At(top.entry))
		if at > t.clock.now || top.repeatsClose(s) {
			break
		}
		t.drop(sh, top.entry, endTimeout, at)
		top = t.newest(k, s)
	}
	if top == nil && t.isLone(s) {
		t.conceive(sh, k, s)
		t.latest = latest{}
		t.placed.Shard = record.ShardOf(hash)
		return &t.placed
	}
	c := t.match(sh, top, k, s)
	t.latest = latest{}
	if c == top {
		t.latest = latest{hash, c}
	}
	if t.opt.Count {
		bytes, again := c.carried()
		trips := c.trips()
		t.observe(c, s)
		t.placed.Bytes, t.placed.Again = c.since(bytes, again)
		t.placed.Trip = c.tripSince(trips)
	} else {
		t.observe(c, s)
	}
	t.touch(sh, c)
	t.placed.Shard, t.placed.Over = record.ShardOf(hash), c.over()
	return &t.placed
}

// newest is the connection that a segment's key finds, the newest on its ends, or
// the one in another network that its numbers continue, whose key k then is; nil
// for none.
func (t *Tracker) newest(k *table.Key, s *capture.Segment) *conn {
	i, others := t.index.Find(&t.entries, k)
	if i != 0 || !others {
		return t.stateOf(i)
	}
	c := t.elsewhere(k, s)
	if c != nil {
		*k = t.entries.At(c.entry).Key
	}
	return c
}

// Pass tells the time of a packet that is not for this Tracker, less how far the
// clock was stepped before it and for how long nobody captured: the Tracker's clock
// runs on the whole input's packets, whoever takes them.
func (t *Tracker) Pass(now int64) { t.clock.advance(now) }

// Holds reports whether a connection on a segment's endpoints is held.
func (t *Tracker) Holds(s *capture.Segment) bool {
	i, others := t.index.Find(&t.entries, t.segmentKey(s))
	return i != 0 || others
}

// Tick lets time-driven edges happen, drops what is too much for the table and
// hands out what has finished. The caller calls it at every 4,096th packet of
// the input, whatever the packet was, so that results do not depend on how the
// work is divided; now is the latest packet time so far.
//
// Trackers that share an input share Options.MaxConns and MaxBytes too: there
// Advance, MakeRoom with all of them, and HandOut take the place of Tick.
func (t *Tracker) Tick(now int64) {
	t.Advance(now)
	MakeRoom(t)
	t.HandOut()
}

// Advance is the first part of Tick: time-driven edges happen.
func (t *Tracker) Advance(now int64) {
	t.clock.advance(now)
	t.expireAll()
	if t.opt.MaxBytes > 0 {
		t.weighBodies()
	}
}

// HandOut is the last part of Tick: what has finished is handed out.
func (t *Tracker) HandOut() {
	t.flush()
	t.ticks++
	t.packIdle()
}

// Held is how many connections are held, those that are over included.
func (t *Tracker) Held() int { return t.held }

func (t *Tracker) expireAll() {
	for i := range t.shards {
		t.expire(&t.shards[i])
	}
}

// Finish hands out every connection that is left; the input has ended.
func (t *Tracker) Finish() {
	t.expireAll() // since the last tick
	for i := range t.shards {
		for at := t.shards[i].lists[table.Attempt].Oldest; at != 0; {
			next := t.entries.At(at).Newer
			t.absorbChallenged(&t.shards[i], at)
			at = next
		}
	}
	t.done = slices.Grow(t.done, t.held)
	// In the order of memory: along the lists each was a cache miss (1.8 % of
	// the time with 200,000 short connections; 0.1 so).
	for i := uint32(1); i < t.entries.Next; i++ {
		if x := t.entries.At(i); x.Class != table.Gone {
			// What would have ended later has not ended: the input did.
			t.leave(i, x, endInput, t.deadline(x))
		}
	}
	for i := range t.shards {
		sh := &t.shards[i]
		sh.lists = [table.NClasses]table.List{}
	}
	t.held, t.bytes = 0, 0
	t.index, t.latest = table.NewIndex(), latest{}
	t.flush()
}

// Snapshot hands out what has finished, then hands f an interim record of every
// connection held, in order of ID.
func (t *Tracker) Snapshot(f func(*record.Record)) {
	t.expireAll()
	t.flush()
	var held []uint32
	for i := range t.shards {
		for k := range t.shards[i].lists {
			for c := t.shards[i].lists[k].Oldest; c != 0; c = t.entries.At(c).Newer {
				held = append(held, c)
			}
		}
	}
	slices.SortFunc(held, func(a, b uint32) int { return cmp.Compare(t.entries.At(a).ID, t.entries.At(b).ID) })
	for _, i := range held {
		t.show(i, func(r *record.Record, _ *table.Rest) { f(r) })
	}
}

// Stats returns the counts so far.
func (t *Tracker) Stats() record.Stats {
	s := record.Stats{Emitted: t.emitted, Open: t.held, Anomalies: make(map[string]uint64), Limits: make(map[string]uint64), EvictedBy: make(map[string]uint64)}
	for i := range t.shards {
		x := &t.shards[i]
		s.Segments += x.stats.Segments
		s.Conns += x.stats.Conns
		for k, n := range x.evicted {
			if s.Evicted += n; n > 0 {
				s.EvictedBy[table.Class(k).String()] += n
			}
		}
		s.Quotes += x.stats.Quotes
		s.Unmatched += x.stats.Unmatched
		s.TimeWait += x.lists[table.TimeWait].N
		s.Over += x.lists[table.Closed].N + x.lists[table.Stray].N
	}
	for i, n := range t.anomalies {
		if n > 0 {
			by := s.Anomalies
			if anomaly(i) >= costGaps {
				by = s.Limits
			}
			by[anomaly(i).String()] = n
		}
	}
	return s
}

// MergeStats adds up the counts of trackers that share an input by shards.
func MergeStats(all []record.Stats) record.Stats {
	sum := record.Stats{Anomalies: make(map[string]uint64), Limits: make(map[string]uint64), EvictedBy: make(map[string]uint64)}
	for _, s := range all {
		sum.Segments += s.Segments
		sum.Conns += s.Conns
		sum.Emitted += s.Emitted
		sum.Open += s.Open
		sum.TimeWait += s.TimeWait
		sum.Over += s.Over
		sum.Evicted += s.Evicted
		sum.Quotes += s.Quotes
		sum.Unmatched += s.Unmatched
		for k, n := range s.Anomalies {
			sum.Anomalies[k] += n
		}
		for k, n := range s.Limits {
			sum.Limits[k] += n
		}
		for k, n := range s.EvictedBy {
			sum.EvictedBy[k] += n
		}
	}
	return sum
}

// segmentKey is a segment's; borrowed until the next call.
func (t *Tracker) segmentKey(s *capture.Segment) *table.Key {
	t.key.Set(&s.Src, &s.Dst, t.vlanOf(s.NVLAN, s.VLAN[0]), s.Tunnel, s.TunnelID, s.TunnelPart)
	return &t.key
}

// quoteKey is that of the segment that an ICMP error quotes; borrowed as well.
func (t *Tracker) quoteKey(q *capture.Quote) *table.Key {
	t.key.Set(&q.Src, &q.Dst, t.vlanOf(q.NVLAN, q.VLAN[0]), q.Tunnel, q.TunnelID, q.TunnelPart)
	return &t.key
}

// vlanOf is the VLAN that is part of a key: the outermost of n, 0 where it does not count.
func (t *Tracker) vlanOf(n uint8, outermost uint16) uint16 {
	if t.opt.ByVLAN && n > 0 {
		return outermost
	}
	return 0
}

// Hash is the hash of the connection that a segment belongs to. For a packet
// that capture.PeekHash has told about it is that.
func (t *Tracker) Hash(s *capture.Segment) uint64 {
	return t.segmentKey(s).Hash()
}

// QuoteHash is the hash of the connection that an ICMP error is about.
func (t *Tracker) QuoteHash(q *capture.Quote) uint64 {
	return t.quoteKey(q).Hash()
}
