package tracker

import (
	"bytes"

	"tcpwatch/capture"
)

// nShards is fixed, whatever the number of workers: clocks, caps, eviction
// and top-N belong to a shard, so results do not depend on how shards are
// divided among workers.
const nShards = 256

// key identifies a connection whichever way its segments go: both endpoints
// in order of value, and the network identifier of a VXLAN or Geneve tunnel.
type key struct {
	low, high capture.Endpoint
	tunnelID  uint32
	tunnel    capture.TunnelKind // only with an identifier that counts
	vlan      uint16             // only with Options.ByVLAN
}

func makeKey(src, dst capture.Endpoint, kind capture.TunnelKind, id uint32, counts bool) key {
	k := key{low: src, high: dst}
	if c := bytes.Compare(src.Addr[:], dst.Addr[:]); c > 0 || c == 0 && src.Port > dst.Port {
		k.low, k.high = dst, src
	}
	if counts {
		k.tunnel, k.tunnelID = kind, id
	}
	return k
}

func (t *Tracker) segmentKey(s *capture.Segment) key {
	k := makeKey(s.Src, s.Dst, s.Tunnel, s.TunnelID, s.TunnelPart)
	if t.opt.ByVLAN && s.NVLAN > 0 {
		k.vlan = s.VLAN[0]
	}
	return k
}

func (t *Tracker) quoteKey(q *capture.Quote) key {
	k := makeKey(q.Src, q.Dst, q.Tunnel, q.TunnelID, q.TunnelPart)
	if t.opt.ByVLAN && q.NVLAN > 0 {
		k.vlan = q.VLAN[0]
	}
	return k
}

// hash is the same on every run and machine: a connection's shard is its upper
// eight bits.
func (k *key) hash() uint64 {
	h := capture.PairHash(&k.low, &k.high)
	if x := uint64(k.tunnelID)<<32 ^ uint64(k.vlan)<<16 ^ uint64(k.tunnel); x != 0 {
		h = (h ^ x) * 0x9E3779B97F4A7C15
		h ^= h >> 32
		h *= 0x9E3779B97F4A7C15
	}
	return h
}

// shardOf is the shard of a connection with a hash.
func shardOf(hash uint64) uint8 { return uint8(hash >> 56) }

// Shard is the shard of the connection that a segment belongs to. Trackers
// whose segments are divided by shards give, taken together, what one gives.
func (t *Tracker) Shard(s *capture.Segment) uint8 {
	k := t.segmentKey(s)
	return shardOf(k.hash())
}

// QuoteShard is the shard of the connection that an ICMP error is about.
func (t *Tracker) QuoteShard(q *capture.Quote) uint8 {
	k := t.quoteKey(q)
	return shardOf(k.hash())
}

// PeekedShard is the shard of a packet on whose ends capture.PeekPair agreed.
func PeekedShard(hash uint64) uint8 { return shardOf(hash) }
