package capture

import (
	"encoding/binary"
	"math/bits"
)

// PairHash hashes the two ends of a connection, the same whichever comes first
// and the same on every run and machine: connections are divided by it.
func PairHash(a, b *Endpoint) uint64 { return pairHash(a.hash(), b.hash()) }

func pairHash(a, b uint64) uint64 { return mulFold((a+b)^hashC, hashA) }

// SeededPairHash is PairHash for a hash table: with a seed that nobody else
// knows, nobody can choose addresses that collide.
func SeededPairHash(a, b *Endpoint, seed uint64) uint64 {
	return pairHash(a.seeded(seed), b.seeded(seed)) ^ seed
}

func (e *Endpoint) seeded(seed uint64) uint64 {
	first, second := binary.LittleEndian.Uint64(e.Addr[:8]), binary.LittleEndian.Uint64(e.Addr[8:])
	return mulFold(mulFold(first^seed, hashB^seed)+second^seed, uint64(e.Port)^seed^hashC)
}

// Odd constants with about as many bits set as not (the golden ratio's and two
// of SplitMix64's).
const (
	hashA = 0x9E3779B97F4A7C15
	hashB = 0xBF58476D1CE4E5B9
	hashC = 0x94D049BB133111EB
)

// mulFold is the product of two numbers, its upper half folded onto the lower.
func mulFold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

func (e *Endpoint) hash() uint64 {
	return endHash(binary.LittleEndian.Uint64(e.Addr[:8]), binary.LittleEndian.Uint64(e.Addr[8:]), e.Port)
}

// endHash takes the two halves of an address one after the other, so that
// neither makes the other count for nothing.
func endHash(first, second uint64, port uint16) uint64 {
	h := (first ^ hashA) * hashB
	h = (h ^ h>>32 ^ second) * hashC
	return mulFold(h^h>>29, uint64(port)+hashA)
}

// ip4Second are the last eight bytes of an Addr that holds an IPv4 address, as
// a little-endian number without the address itself.
const ip4Second = ip4Mark<<16 | ip4Mark<<24

// PeekPair is PairHash of the addresses and ports of a packet, without decoding
// it; ok is false where that takes more than a look: tags and tunnels,
// fragments, options in the IP header, extension headers, anything but TCP.
// Where it is true, Decoder.Decode finds a segment between these two ends, in
// no tunnel and without a VLAN, or nothing.
//
// It takes 4 ns where Decode takes 10 to 20 (BenchmarkPeekPair): one look at each
// packet of the input tells whose it is, and that worker decodes it.
func PeekPair(p *Packet) (hash uint64, ok bool) {
	b := p.Data
	switch p.Link {
	case LinkEthernet:
		if len(b) < ethernetHeaderLen {
			return 0, false
		}
		switch be16(b[ethernetAddressesLen:]) {
		case 0x0800:
			return peekIP4(b[ethernetHeaderLen:])
		case 0x86dd:
			return peekIP6(b[ethernetHeaderLen:])
		}
	case LinkLinuxSLL2:
		// Only what names Ethernet or loopback as its hardware is read as plain IP by all.
		if len(b) >= 20 && (be16(b[8:]) == 1 || be16(b[8:]) == 772) {
			switch be16(b) {
			case 0x0800:
				return peekIP4(b[20:])
			case 0x86dd:
				return peekIP6(b[20:])
			}
		}
	case LinkRaw:
		if len(b) > 0 && b[0]>>4 == 4 {
			return peekIP4(b)
		}
		return peekIP6(b)
	}
	return 0, false
}

// PeekHash is PeekPair through VLAN tags, unless they are part of who a connection is,
// and through the tunnels that most such captures have: VXLAN, Geneve, GRE with Ethernet
// or IP in it. Where ok is true, Decoder.Decode finds a segment between ends with this
// hash, or nothing. It takes 29 ns through VXLAN, where Decode takes 86 (BenchmarkPeekHash).
func PeekHash(p *Packet, byVLAN bool) (hash uint64, ok bool) {
	if hash, ok = PeekPair(p); ok {
		return hash, true
	}
	const tunnels = 2 // one in the other
	switch b := p.Data; p.Link {
	case LinkEthernet:
		return peekEthernet(b, byVLAN, tunnels)
	case LinkLinuxSLL2:
		if len(b) >= 20 && (be16(b[8:]) == 1 || be16(b[8:]) == 772) {
			return peekType(be16(b), b[20:], byVLAN, tunnels)
		}
	case LinkRaw:
		return peekCarried(b, byVLAN, tunnels)
	}
	return 0, false
}

func peekEthernet(b []byte, byVLAN bool, tunnels int) (uint64, bool) {
	if len(b) < ethernetHeaderLen {
		return 0, false
	}
	return peekType(be16(b[ethernetAddressesLen:]), b[ethernetHeaderLen:], byVLAN, tunnels)
}

// peekType looks at what an EtherType names.
func peekType(t uint16, b []byte, byVLAN bool, tunnels int) (hash uint64, ok bool) {
	for tags := 0; ; tags++ {
		switch t {
		case 0x0800:
			if hash, ok = peekIP4(b); ok {
				return hash, true
			}
			return peekCarried(b, byVLAN, tunnels)
		case 0x86dd:
			return peekIP6(b)
		case 0x8100, 0x88a8:
			if byVLAN || tags == 2 || len(b) < 4 {
				return 0, false
			}
			t, b = be16(b[2:]), b[4:]
		default:
			return 0, false
		}
	}
}

// peekCarried looks at what an IPv4 packet carries that is not TCP.
func peekCarried(b []byte, byVLAN bool, tunnels int) (uint64, bool) {
	const ports, udp, gre = ip4HeaderLen, 17, 47
	if tunnels == 0 || len(b) < ports+udpHeaderLen+8 || b[0] != 0x45 || be16(b[6:])&(ip4MoreFrags|ip4Offset) != 0 {
		return 0, false
	}
	proto, b := b[9], b[ports:]
	switch {
	case proto == udp && (be16(b[2:]) == portVXLAN || be16(b[2:]) == portVXLANOld):
		if b = b[udpHeaderLen:]; b[0]&0x08 != 0 { // it names a network
			return peekEthernet(b[8:], byVLAN, tunnels-1)
		}
	case proto == udp && be16(b[2:]) == portGeneve:
		b = b[udpHeaderLen:]
		if n := 8 + int(b[0]&0x3f)*4; b[0]>>6 == 0 && len(b) >= n {
			return peekBridged(be16(b[2:]), b[n:], byVLAN, tunnels-1)
		}
	case proto == gre && be16(b)&^greKey == 0: // of the flags at most a key
		n := 4
		if be16(b)&greKey != 0 {
			n = 8
		}
		return peekBridged(be16(b[2:]), b[n:], byVLAN, tunnels-1)
	}
	return 0, false
}

// peekBridged is peekType of a tunnel that may carry Ethernet as well.
func peekBridged(t uint16, b []byte, byVLAN bool, tunnels int) (uint64, bool) {
	if t == 0x6558 {
		return peekEthernet(b, byVLAN, tunnels)
	}
	return peekType(t, b, byVLAN, tunnels)
}

func peekIP4(b []byte) (uint64, bool) {
	const ports = ip4HeaderLen
	if len(b) < ports+4 || b[0] != 0x45 || b[9] != 6 || be16(b[6:])&(ip4MoreFrags|ip4Offset) != 0 {
		return 0, false
	}
	src := uint64(binary.LittleEndian.Uint32(b[12:]))<<32 | ip4Second
	dst := uint64(binary.LittleEndian.Uint32(b[16:]))<<32 | ip4Second
	return pairHash(endHash(0, src, be16(b[ports:])), endHash(0, dst, be16(b[ports+2:]))), true
}

func peekIP6(b []byte) (uint64, bool) {
	const ports = ip6HeaderLen
	if len(b) < ports+4 || b[0]>>4 != 6 || b[6] != 6 {
		return 0, false
	}
	le := binary.LittleEndian
	return pairHash(endHash(le.Uint64(b[8:]), le.Uint64(b[16:]), be16(b[ports:])),
		endHash(le.Uint64(b[24:]), le.Uint64(b[32:]), be16(b[ports+2:]))), true
}
