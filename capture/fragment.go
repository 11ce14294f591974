package capture

import (
	"math/bits"

	"github.com/google/gopacket/layers"
)

// Limits of the fragment store.
const (
	maxDatagrams     = 4096
	maxDatagramLen   = 65535             // RFC 791 section 3.1
	maxFragmentBytes = 16 << 20          // of all buffers together
	fragmentTimeout  = 30 * 1000_000_000 // nanoseconds of packet time; Linux ipfrag_time 30 s

	fragmentUnit  = 8 // offsets count in units of 8 bytes (RFC 791 section 3.1)
	unitsWords    = (maxDatagramLen/fragmentUnit + 64) / 64
	initialBuffer = 2048
)

// fragmentKey tells datagrams apart (RFC 791 section 3.2, RFC 8200 section 4.5).
type fragmentKey struct {
	src, dst Addr
	id       uint32
	proto    layers.IPProtocol // 0 for IPv6, where later fragments need not repeat it
	v6       bool
	vlan     [2]uint16 // with DecoderOptions.ByVLAN
	network  uint32    // tunnel identifier that is part of the identity
}

// unitSet says for each 8 byte unit of a datagram whether it is there.
type unitSet [unitsWords]uint64

// add adds units [from, to).
func (u *unitSet) add(from, to int) {
	for i := from; i < to; i++ {
		u[i/64] |= 1 << (i % 64)
	}
}

func (u *unitSet) has(i int) bool { return u[i/64]&(1<<(i%64)) != 0 }

// prefix is how many units are there without a gap from the first on.
func (u *unitSet) prefix() int {
	for i, w := range u {
		if w != ^uint64(0) {
			return i*64 + bits.TrailingZeros64(^w)
		}
	}
	return len(u) * 64
}

// datagram is one whose fragments are being collected.
type datagram struct {
	key        fragmentKey
	number     uint64 // of all datagrams that were begun
	since      int64  // time of the first fragment that came
	pieces     uint64
	total      int     // bytes, once the last fragment was seen; else -1
	sent       unitSet // on the wire
	captured   unitSet // and in data
	data       []byte
	first      bool // the first fragment was seen; what follows is from it
	head       Segment
	marks      Marks
	proto      layers.IPProtocol
	ttl, ecn   uint8
	prev, next *datagram // by age; next also chains free ones
}

// fragments is a bounded store of incomplete datagrams. The oldest makes room.
type fragments struct {
	byKey          map[fragmentKey]*datagram
	oldest, newest *datagram
	free           *datagram
	begun          uint64    // datagrams
	done           *datagram // put together for the packet being decoded: payloads point into them
	bytes          int       // in the buffers of all of them, free ones included
}

// fragment takes one IP fragment of a datagram whose header is in d.Segment,
// offset bytes into it, with more to follow or not, and reads the datagram
// when it is complete.
//
// Where fragments overlap, the byte that came first stays. Hosts differ:
// Linux drops the whole datagram unless one is an exact copy (RFC 5722; since
// 4.19 for IPv4 too), BSD keeps the first; the sender's segment is evidence
// all the same.
func (d *Decoder) fragment(proto layers.IPProtocol, id uint32, offset int, more bool, v view) Outcome {
	if proto == layers.IPProtocolESP {
		return d.skip(SkipEncrypted)
	}
	if !carriesTCP(proto) {
		return d.skip(SkipNotTCP)
	}
	if d.rewrite != nil {
		return d.rewrite.fragment(proto, offset, v.data)
	}
	end := offset + v.wire
	if more {
		end &^= fragmentUnit - 1 // Linux ip_frag_queue does the same
	}
	if end <= offset || end > maxDatagramLen {
		return d.skip(SkipMalformed)
	}
	s := &d.Segment
	key := fragmentKey{src: s.Src.Addr, dst: s.Dst.Addr, id: id, proto: proto, v6: d.v6}
	if d.v6 {
		key.proto = 0
	}
	if d.options.ByVLAN {
		key.vlan = s.VLAN
	}
	if s.TunnelPart {
		key.network = s.TunnelID
	}
	g := d.frags.find(key, d.now, &d.Skipped)
	g.pieces++
	d.Datagram = g.number
	if offset == 0 && !g.first {
		g.first, g.proto, g.ttl, g.ecn = true, proto, s.TTL, s.ECN
		g.head, g.marks, g.head.Marks = *s, d.marks, 0
	}
	d.frags.put(g, offset, end, more, v.data)
	if !g.complete() {
		return d.skip(SkipFragment)
	}

	d.frags.finish(g)
	d.Joined += g.pieces - 1
	d.Segment.TTL, d.Segment.ECN = g.ttl, g.ecn
	d.marks |= MarkFragmented
	whole := min(g.captured.prefix()*fragmentUnit, g.total, len(g.data))
	return d.transport(g.proto, view{g.data[:whole], g.total})
}

// Flush reads, after the last packet, the oldest datagram that was never
// complete, as far as it is there without a gap: what became of the rest is not
// known, but its sender has sent the segment. The segment has the number and
// time of the first fragment. The caller calls it until it reports false;
// datagrams in which no segment shows stay counted as SkipFragment.
func (d *Decoder) Flush() bool {
	for d.frags.recycle(); d.frags.oldest != nil; d.frags.recycle() {
		g := d.frags.oldest
		d.frags.finish(g)
		if !g.first {
			continue
		}
		d.Datagram = g.number
		d.Segment, d.marks, d.now = g.head, g.marks|MarkFragmented, g.head.Time
		d.v6, d.layers, d.bounded = g.key.v6, 0, false
		sent := g.sent.prefix() * fragmentUnit
		whole := min(g.captured.prefix()*fragmentUnit, sent, len(g.data))
		skipped := d.Skipped
		if d.transport(g.proto, view{g.data[:whole], sent}) == OutcomeSegment {
			d.Skipped[SkipFragment]--
			return true
		}
		d.Skipped = skipped
	}
	return false
}

// carriesTCP reports whether transport follows proto at all.
func carriesTCP(proto layers.IPProtocol) bool {
	switch proto {
	case layers.IPProtocolTCP, layers.IPProtocolUDP, layers.IPProtocolICMPv4, layers.IPProtocolICMPv6,
		layers.IPProtocolIPv4, layers.IPProtocolIPv6, layers.IPProtocolGRE, layers.IPProtocolEtherIP,
		layers.IPProtocolAH, layers.IPProtocolIPv6Destination, layers.IPProtocolMPLSInIP, protoEthernet, protoIPComp:
		return true
	}
	return false
}

// complete reports whether every byte of g was on the wire.
func (g *datagram) complete() bool {
	return g.first && g.total >= 0 && g.sent.prefix() >= (g.total+fragmentUnit-1)/fragmentUnit
}

// find returns the datagram of key, a new one if there is none yet.
func (f *fragments) find(key fragmentKey, now int64, skipped *[NSkipReasons]uint64) *datagram {
	for f.oldest != nil && now-f.oldest.since > fragmentTimeout {
		f.drop(f.oldest)
	}
	if g := f.byKey[key]; g != nil {
		return g
	}
	if f.byKey == nil {
		f.byKey = make(map[fragmentKey]*datagram)
	}
	f.makeRoom(skipped)
	g := f.free
	if g == nil {
		g = &datagram{}
	} else {
		f.free = g.next
	}
	f.begun++
	*g = datagram{key: key, number: f.begun, since: now, total: -1, data: g.data[:0], prev: f.newest}
	if f.newest != nil {
		f.newest.next = g
	} else {
		f.oldest = g
	}
	f.newest = g
	f.byKey[key] = g
	return g
}

// makeRoom brings the store below its limits for one more datagram, which will
// use the first spare buffer: other spare ones go first, then the oldest
// datagrams.
func (f *fragments) makeRoom(skipped *[NSkipReasons]uint64) {
	for {
		spare := 0
		if f.free != nil {
			spare = cap(f.free.data)
		}
		over := f.bytes-spare > maxFragmentBytes
		switch {
		case over && f.free != nil:
			f.bytes -= spare
			f.free = f.free.next
		case f.oldest != nil && (over || len(f.byKey) >= maxDatagrams):
			skipped[SkipFragment] -= f.oldest.pieces
			skipped[SkipFragmentLimit] += f.oldest.pieces
			f.drop(f.oldest)
		default:
			return
		}
	}
}

// put adds bytes [offset, end) of g, of which b were captured. What
// contradicts a length already known, a second end among it, is ignored, as
// Linux does.
func (f *fragments) put(g *datagram, offset, end int, more bool, b []byte) {
	if g.total >= 0 && (end > g.total || !more && end != g.total) || !more && g.total < 0 && end < g.sent.highest() {
		return
	}
	if !more && g.total < 0 {
		g.total = end
	}
	if end > cap(g.data) {
		grown := make([]byte, len(g.data), max(initialBuffer, min(2*end, maxDatagramLen)))
		copy(grown, g.data)
		f.bytes += cap(grown) - cap(g.data)
		g.data = grown
	}
	if end > len(g.data) {
		g.data = g.data[:end]
	}
	b = b[:min(len(b), end-offset)]
	units := len(b) / fragmentUnit
	if offset+len(b) == end {
		units = (len(b) + fragmentUnit - 1) / fragmentUnit
	}
	first := offset / fragmentUnit
	for i := range units {
		if !g.captured.has(first + i) {
			from := i * fragmentUnit
			copy(g.data[offset+from:], b[from:min(from+fragmentUnit, len(b))])
		}
	}
	g.captured.add(first, first+units)
	g.sent.add(first, (end+fragmentUnit-1)/fragmentUnit)
}

// highest is the byte behind the last unit that is there.
func (u *unitSet) highest() int {
	for i := len(u) - 1; i >= 0; i-- {
		if u[i] != 0 {
			return (i*64 + bits.Len64(u[i])) * fragmentUnit
		}
	}
	return 0
}

// unlink takes g out of the store.
func (f *fragments) unlink(g *datagram) {
	delete(f.byKey, g.key)
	if g.prev != nil {
		g.prev.next = g.next
	} else {
		f.oldest = g.next
	}
	if g.next != nil {
		g.next.prev = g.prev
	} else {
		f.newest = g.prev
	}
	g.prev, g.next = nil, nil
}

// drop forgets g and keeps its memory for another.
func (f *fragments) drop(g *datagram) {
	f.unlink(g)
	g.next, f.free = f.free, g
}

// finish takes g out of the store; its bytes stand until recycle.
func (f *fragments) finish(g *datagram) {
	f.unlink(g)
	g.next, f.done = f.done, g
}

// recycle frees what was put together for the packet before.
func (f *fragments) recycle() {
	for f.done != nil {
		g := f.done
		f.done = g.next
		g.next, f.free = f.free, g
	}
}
