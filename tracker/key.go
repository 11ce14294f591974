package tracker

import (
	"bytes"
	"encoding/binary"

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

// shard is the same on every run and machine, unlike a map's own hash.
func (k *key) shard() uint8 {
	const m = 0x9E3779B97F4A7C15
	h := uint64(k.tunnelID)<<32 ^ uint64(k.vlan)<<16 ^ uint64(k.tunnel)
	for _, e := range [...]*capture.Endpoint{&k.low, &k.high} {
		h = (h ^ binary.LittleEndian.Uint64(e.Addr[:8])) * m
		h = (h ^ h>>29 ^ binary.LittleEndian.Uint64(e.Addr[8:])) * m
		h = (h ^ h>>32 ^ uint64(e.Port)) * m
	}
	return uint8(h >> 56)
}
