package capture

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Magic numbers of pcap files, as the writing host's byte order shows them.
const (
	pcapMicro    = 0xa1b2c3d4
	pcapNano     = 0xa1b23c4d
	pcapModified = 0xa1b2cd34 // Kuznetzov's patch: 8 bytes more in each packet header
)

const pcapHeaderLen = 24

// lengthOrder says in which order a packet header has its two lengths.
type lengthOrder uint8

const (
	capturedFirst lengthOrder = iota // since version 2.4
	eitherFirst                      // version 2.3: the captured one is the smaller
	capturedLast                     // before, and version 543.0
)

// pcapFile reads the packets of a pcap file
// (draft-ietf-opsawg-pcap). Where files stray from it, libpcap's ways are followed.
type pcapFile struct {
	swapped   bool // big-endian
	swapNFLOG bool // packets carry lengths in the writer's byte order, which is not ours
	lengths   lengthOrder
	headerLen int    // of a packet
	unit      int64  // nanoseconds in a unit of the fraction
	longest   uint32 // captured bytes in any packet; more is damage
	cut       uint32 // bytes kept of a packet
	one       [1]Interface
}

// isPcap reports whether the magic number is one of pcap's.
func isPcap(magic uint32) bool {
	return magic == pcapMicro || magic == pcapNano || magic == pcapModified
}

// newPcapFile takes the file header.
func newPcapFile(in *buffer) (format, error) {
	h := in.peek(pcapHeaderLen)
	if h == nil {
		return nil, in.shortage(pcapHeaderLen, "the file header")
	}
	f := &pcapFile{headerLen: 16, unit: 1000}
	order := binary.ByteOrder(binary.LittleEndian)
	magic := order.Uint32(h)
	if !isPcap(magic) {
		order, f.swapped = binary.BigEndian, true
		magic = order.Uint32(h)
	}
	major, minor := order.Uint16(h[4:]), order.Uint16(h[6:])
	switch {
	case major == 2 && minor == 4:
	case major == 2 && minor == 3:
		f.lengths = eitherFirst
	case major == 2 && minor < 3, major == 543 && minor == 0:
		f.lengths = capturedLast
	default:
		return nil, damage(4, "pcap version %d.%d is unknown", major, minor)
	}
	// The upper half of the last word tells the length of frame check
	// sequences, which the IP header tells as well.
	link := LinkType(order.Uint32(h[20:]))
	f.longest = longestPacket(link)
	f.cut = order.Uint32(h[16:])
	if f.cut == 0 || f.cut > math.MaxInt32 {
		f.cut = f.longest
	}
	f.one[0] = Interface{Link: link, Snaplen: int(f.cut), Resolution: 6}
	switch magic {
	case pcapNano:
		f.unit, f.one[0].Resolution = 1, 9
	case pcapModified:
		f.headerLen = 24
		if link == LinkEthernet && f.cut <= math.MaxInt32-14 {
			f.cut += 14 // the patch put an Ethernet header before what the snaplen had cut
		}
	}
	f.swapNFLOG = link == LinkNFLOG && f.swapped != hostIsBigEndian()
	in.skip(pcapHeaderLen)
	return f, nil
}

func (f *pcapFile) interfaces() []Interface { return f.one[:] }

func (f *pcapFile) drops() (uint64, bool) { return 0, false }

func (f *pcapFile) next(in *buffer, p *Packet) error {
	h := in.ready()
	if len(h) < f.headerLen {
		if h = in.peek(f.headerLen); h == nil {
			return in.shortage(f.headerLen, "a packet header")
		}
	}
	sec, frac := binary.LittleEndian.Uint32(h), binary.LittleEndian.Uint32(h[4:])
	captured, length := binary.LittleEndian.Uint32(h[8:]), binary.LittleEndian.Uint32(h[12:])
	if f.swapped {
		sec, frac = bits.ReverseBytes32(sec), bits.ReverseBytes32(frac)
		captured, length = bits.ReverseBytes32(captured), bits.ReverseBytes32(length)
	}
	if f.lengths == capturedLast || f.lengths == eitherFirst && captured > length {
		captured, length = length, captured
	}
	if captured > f.longest {
		return damage(in.offset(), "a packet of %d captured bytes, more than the %d a capture may hold", captured, f.longest)
	}
	n := f.headerLen + int(captured)
	whole := in.ready()
	if len(whole) < n {
		if whole = in.peek(n); whole == nil {
			return in.shortage(n, "a packet")
		}
	}
	in.start += n
	if captured > f.cut {
		n = f.headerLen + int(f.cut)
	}
	p.Data = whole[f.headerLen:n:n]
	// Files in which fewer bytes were on the wire than captured do exist;
	// what is there was there.
	p.Length = max(int(length), len(p.Data))
	// Fractions of a second or more, or less than none, are added all the same.
	p.Time, p.Untimed = int64(sec)*1e9+int64(int32(frac))*f.unit, false
	p.Link = f.one[0].Link
	p.Interface = 0
	if f.swapNFLOG {
		swapNFLOG(p.Data)
	}
	return nil
}

// longestPacket is the most captured bytes that a packet of a link type may
// have (libpcap's limits): a length beyond is damage, not a packet.
func longestPacket(link LinkType) uint32 {
	switch link {
	case LinkDBus, LinkUSBLinux, LinkUSBLinuxMmapped, LinkUSBPcap, LinkUSBDarwin:
		return 128 << 20
	case LinkEBHSCR:
		return 8 << 20
	default:
		return 256 << 10
	}
}

func hostIsBigEndian() bool { return binary.NativeEndian.Uint16([]byte{0, 1}) == 1 }

// swapNFLOG turns the attributes of an NFLOG packet, whose types and lengths
// are in the byte order of the host that wrote them, into this host's.
func swapNFLOG(b []byte) {
	if len(b) < 4 || b[1] != 0 { // version 0 is the only one
		return
	}
	for b = b[4:]; len(b) >= 4; {
		b[0], b[1], b[2], b[3] = b[1], b[0], b[3], b[2]
		n := (int(binary.NativeEndian.Uint16(b)) + 3) &^ 3
		if n < 4 || n > len(b) {
			return
		}
		b = b[n:]
	}
}
