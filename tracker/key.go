package tracker

import "tcpwatch/capture"

// key identifies a connection whichever way its segments go: both endpoints,
// in any order, and the network they are in, or the first of two; see network.
type key struct {
	a, b     capture.Endpoint
	tunnelID uint32             // of a VXLAN or Geneve tunnel, or a GRE key
	tunnel   capture.TunnelKind // only with an identifier that counts
	vlan     uint16             // only with Options.ByVLAN
}

// is reports whether two keys are of one connection.
func (k *key) is(o *key) bool { return k.pairs(o) && k.tunnelID == o.tunnelID && k.tunnel == o.tunnel }

// pairs reports whether two keys have the same ends.
func (k *key) pairs(o *key) bool {
	return (k.a.Is(&o.a) && k.b.Is(&o.b) || k.a.Is(&o.b) && k.b.Is(&o.a)) && k.vlan == o.vlan
}

// set makes k the key of two ends, field by field: a copy of a whole Endpoint
// that was just put together waits for what has been stored of it (some 15 ns a
// segment).
func (k *key) set(src, dst *capture.Endpoint, kind capture.TunnelKind, id uint32, counts bool) {
	k.a.Addr, k.a.Port = src.Addr, src.Port
	k.b.Addr, k.b.Port = dst.Addr, dst.Port
	k.tunnel, k.tunnelID, k.vlan = 0, 0, 0
	if counts {
		k.tunnel, k.tunnelID = kind, id
	}
}

// segmentKey is a segment's; borrowed until the next call.
func (t *Tracker) segmentKey(s *capture.Segment) *key {
	t.key.set(&s.Src, &s.Dst, s.Tunnel, s.TunnelID, s.TunnelPart)
	if t.opt.ByVLAN && s.NVLAN > 0 {
		t.key.vlan = s.VLAN[0]
	}
	return &t.key
}

// quoteKey is that of the segment that an ICMP error quotes; borrowed as well.
func (t *Tracker) quoteKey(q *capture.Quote) *key {
	t.key.set(&q.Src, &q.Dst, q.Tunnel, q.TunnelID, q.TunnelPart)
	if t.opt.ByVLAN && q.NVLAN > 0 {
		t.key.vlan = q.VLAN[0]
	}
	return &t.key
}

// hash is the same on every run and machine: a connection's shard is its upper
// eight bits. The network does not count, as a connection may have one for each
// direction. Without a VLAN that counts it is capture.PairHash.
func (k *key) hash() uint64 {
	h := capture.PairHash(&k.a, &k.b)
	if k.vlan != 0 {
		h = (h ^ uint64(k.vlan)) * 0x9E3779B97F4A7C15
		h ^= h >> 32
		h *= 0x9E3779B97F4A7C15
	}
	return h
}

// ShardOf is the shard, of 256, of the connection with a hash. Trackers whose
// segments are divided by shards give, taken together, what one gives.
func ShardOf(hash uint64) uint8 { return uint8(hash >> 56) }

// Hash is the hash of the connection that a segment belongs to. For a packet
// that capture.PeekPair has told about it is that.
func (t *Tracker) Hash(s *capture.Segment) uint64 {
	return t.segmentKey(s).hash()
}

// QuoteHash is the hash of the connection that an ICMP error is about.
func (t *Tracker) QuoteHash(q *capture.Quote) uint64 {
	return t.quoteKey(q).hash()
}
