package table

import "tcpwatch/capture"

// Key identifies a connection whichever way its segments go: both endpoints,
// in any order, and the network they are in, or the first of two; see Network.
type Key struct {
	A, B     capture.Endpoint
	tunnelID uint32             // of a VXLAN or Geneve tunnel, or a GRE key
	tunnel   capture.TunnelKind // only with an identifier that counts
	VLAN     uint16             // only with Options.ByVLAN
}

// Is reports whether two keys are of one connection.
func (k *Key) Is(o *Key) bool { return k.pairs(o) && k.tunnelID == o.tunnelID && k.tunnel == o.tunnel }

// pairs reports whether two keys have the same ends.
func (k *Key) pairs(o *Key) bool {
	return (k.A.Is(&o.A) && k.B.Is(&o.B) || k.A.Is(&o.B) && k.B.Is(&o.A)) && k.VLAN == o.VLAN
}

// Set makes k the key of two ends in a VLAN (0 where it does not count), field by
// field: a copy of a whole Endpoint that was just put together waits for what has
// been stored of it (some 15 ns a segment).
func (k *Key) Set(src, dst *capture.Endpoint, vlan uint16, kind capture.TunnelKind, id uint32, counts bool) {
	k.A.Addr, k.A.Port = src.Addr, src.Port
	k.B.Addr, k.B.Port = dst.Addr, dst.Port
	k.tunnel, k.tunnelID, k.VLAN = 0, 0, vlan
	if counts {
		k.tunnel, k.tunnelID = kind, id
	}
}

// Hash is the same on every run and machine: a connection's shard is its upper
// eight bits. The network does not count, as a connection may have one for each
// direction. Without a VLAN that counts it is capture.PairHash.
func (k *Key) Hash() uint64 {
	h := capture.PairHash(&k.A, &k.B)
	if k.VLAN != 0 {
		h = (h ^ uint64(k.VLAN)) * 0x9E3779B97F4A7C15
		h ^= h >> 32
		h *= 0x9E3779B97F4A7C15
	}
	return h
}

// Network is what a tunnel's identifier names: equal addresses in two of them
// are different hosts, unless a connection's numbers show that its two
// directions are carried differently: each in a network of its own, or one of
// them in none. The zero value is that of packets without such a tunnel.
type Network struct {
	ID   uint32
	Kind capture.TunnelKind
}

// Network is the one of a key.
func (k *Key) Network() Network { return Network{k.tunnelID, k.tunnel} }
