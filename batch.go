package tcpwatch

import (
	"sync/atomic"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

const (
	batchPackets = 1024      // most packets in a batch; tickEvery is a multiple of it
	batchBytes   = 512 << 10 // of captured bytes, but for a packet longer than that
	keptBytes    = 2 << 20   // the same, of data that are kept where they are
	batchesAhead = 8         // that the reader may be ahead of the slowest worker
	// liveAhead is batchesAhead for a live capture. What comes while the workers
	// are held up waits there, about 150 MiB, and not in the kernel's buffer,
	// which is smaller.
	liveAhead = 256
)

// batch is a run of the input's packets, which every worker goes through for
// those of its own connections. What follows the packets is done after them.
type batch struct {
	packets []capture.Packet
	looks   []peek   // at them
	bytes   []byte   // that the packets' data lie in, unless they are kept where they are
	kept    int      // bytes of data that are kept where they are
	blocks  [][]byte // of files, read to their end: packets of later batches lie in none of them

	ticks    bool // time goes on to tick.Time
	tick     record.Tick
	now      int64          // the latest packet time, or tick.Time
	meet     bool           // all workers make room together then; there are no packets in the batch
	passed   uint64         // packets until then
	snapshot bool           // the tables are printed as they stand
	wanted   *report.Wanted // what those who watch want to see; nil: nothing now
	held     bool           // the input has ended, and they want what was read
	end      bool           // the input has ended
	asked    *question      // the batch is only this

	users atomic.Int32 // workers, and the writer, that are not done with it
}

// peek is what the reader tells every worker of a packet: those that it does
// not concern need not fetch the rest.
type peek struct {
	time int64  // as timeOf has it
	hash uint64 // of the packet's ends; 0 where decoding has to tell
}

// add puts a packet into the batch, its data too unless those may be kept where
// they are; false when it is full.
func (b *batch) add(p *capture.Packet, kept, byVLAN bool) bool {
	if len(b.packets) == batchPackets {
		return false
	}
	if kept {
		if b.kept > keptBytes {
			return false
		}
		b.kept += len(p.Data)
		b.put(p, byVLAN)
		return true
	}
	n := len(b.bytes)
	if n+len(p.Data) > batchBytes && n > 0 {
		return false
	}
	b.bytes = append(b.bytes, p.Data...)
	b.put(p, byVLAN)
	b.packets[len(b.packets)-1].Data = b.bytes[n : n+len(p.Data) : n+len(p.Data)]
	return true
}

// put adds a packet and the look at it.
func (b *batch) put(p *capture.Packet, byVLAN bool) {
	hash, _ := capture.PeekHash(p, byVLAN)
	b.looks = append(b.looks, peek{timeOf(p), hash})
	b.packets = b.packets[:len(b.packets)+1] // add has seen that there is room
	b.packets[len(b.packets)-1].Set(p)
}

// reset empties the batch for use again.
func (b *batch) reset() {
	*b = batch{packets: b.packets[:0], looks: b.looks[:0], bytes: b.bytes[:0]}
	if b.packets == nil {
		b.packets, b.looks = make([]capture.Packet, 0, batchPackets), make([]peek, 0, batchPackets)
	}
}

// chunk is what a worker has for the writer: lines of each parallel output, records and
// events for the others, in the order in which they are to come, and between which of
// another worker's they belong.
type chunk struct {
	keys    []key
	ends    []uint32 // of each key for each parallel output: where its lines end
	lines   [][]byte // by output
	told    []told   // of each key; none where no output takes them
	last    bool     // of the batch
	living  living
	summary *report.Summary // when the batch asks for a snapshot
	counts  *counts         // likewise
	glance  *glance         // when it asks for what there is to see
}

// living is what a worker holds now, for record.Tick.
type living struct{ open, timeWait int }

// told is a copy of a record or of an event.
type told struct {
	conn  *record.Record
	event *record.Event
	step  *record.Step // of a connection that somebody who watches follows
}

// toldBytes is about what one takes.
const toldBytes = 4096

// key is the place of a connection's lines among those of all workers.
type key struct {
	phase phase
	at    int64 // packet number or time
	id    uint64
}

// phase is the part of a batch in which something is told.
type phase uint8

const (
	phasePackets  phase = iota // live lines: as packets come
	phaseInterim               // records of connections that go on, by their last packet
	phaseFinished              // and of those that are over, by when they were
)

func (k *key) before(o *key) bool {
	switch {
	case k.phase != o.phase:
		return k.phase < o.phase
	case k.at != o.at:
		return k.at < o.at
	}
	return k.id < o.id
}

// chunkBytes is how long a chunk becomes before it is handed on.
const chunkBytes = 256 << 10

func (c *chunk) reset(streams int) {
	lines := c.lines
	clear(c.told)
	*c = chunk{keys: c.keys[:0], ends: c.ends[:0], told: c.told[:0], lines: lines}
	for len(c.lines) < streams {
		c.lines = append(c.lines, nil)
	}
	for i := range c.lines {
		c.lines[i] = c.lines[i][:0]
	}
}
