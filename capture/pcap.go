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
// (draft-ietf-opsawg-pcap). Where files stray from it, libpcap's ways are followed,
// but for packets longer than the file's snaplen: they are there, and not cut.
type pcapFile struct {
	swapped   bool // big-endian
	swapNFLOG bool // packets carry lengths in the writer's byte order, which is not ours
	lengths   lengthOrder
	headerLen int    // of a packet
	unit      int64  // nanoseconds in a unit of the fraction
	longest   uint32 // captured bytes in any packet; more is damage
	link      LinkType
	index     int // of the only interface, in the whole file's
}

// isPcap reports whether the magic number is one of pcap's.
func isPcap(magic uint32) bool {
	return magic == pcapMicro || magic == pcapNano || magic == pcapModified
}

// isPcapHeader reports whether b begins as a pcap file header does: magic number,
// version, and the time zone and accuracy that no program sets. No packet
// header looks like that: it would be one of no bytes.
func isPcapHeader(b []byte) bool {
	order := binary.ByteOrder(binary.LittleEndian)
	if !isPcap(order.Uint32(b)) {
		order = binary.BigEndian
	}
	_, known := pcapLengths(order.Uint16(b[4:]), order.Uint16(b[6:]))
	return isPcap(order.Uint32(b)) && known && allZero(b[8:16])
}

// pcapLengths is the order of lengths that a version has; false when the
// version is unknown.
func pcapLengths(major, minor uint16) (lengthOrder, bool) {
	switch {
	case major == 2 && minor == 4:
		return capturedFirst, true
	case major == 2 && minor == 3:
		return eitherFirst, true
	case major == 2 && minor < 3, major == 543 && minor == 0:
		return capturedLast, true
	}
	return 0, false
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// newPcapFile takes the file header.
func newPcapFile(in *buffer, all *described) (format, error) {
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
	var known bool
	if f.lengths, known = pcapLengths(major, minor); !known {
		return nil, damage(in.offset()+4, "pcap version %d.%d is unknown", major, minor)
	}
	// The upper half of the last word tells the length of frame check
	// sequences, which the IP header tells as well.
	f.link = LinkType(order.Uint32(h[20:]))
	f.longest = longestPacket(f.link)
	snaplen := order.Uint32(h[16:])
	if snaplen == 0 || snaplen > math.MaxInt32 {
		snaplen = f.longest
	}
	only := Interface{Link: f.link, Snaplen: int(snaplen), Resolution: 6}
	switch magic {
	case pcapNano:
		f.unit, only.Resolution = 1, 9
	case pcapModified:
		f.headerLen = 24
	}
	if f.index, known = all.add(describedAs{only, 0}); !known {
		return nil, damage(in.offset(), "more than %d interfaces", mostInterfaces)
	}
	f.swapNFLOG = f.link == LinkNFLOG && f.swapped != hostIsBigEndian()
	in.skip(pcapHeaderLen)
	return f, nil
}

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
	if captured == 0 {
		if err := f.header(in, length); err != nil {
			return err
		}
	} else if (captured > f.longest || length > f.longest) && isSection(h) {
		return errFileHeader
	}
	if captured > f.longest {
		return damage(in.offset(), "a packet of %d captured bytes, more than the %d a capture may hold", captured, f.longest)
	}
	n := f.headerLen + int(captured)
	whole := in.ready()
	switch {
	case len(whole) >= n:
		in.start += n
		in.lent = true
	case in.long(n):
		at := in.offset()
		if whole = in.head(n); whole == nil {
			return in.shortageAt(at, n, "a packet")
		}
		n = len(whole)
	default:
		if whole = in.whole(n); whole == nil {
			return in.shortage(n, "a packet")
		}
		in.lent = true
	}
	p.Data = whole[f.headerLen:n:n]
	// Files in which fewer bytes were on the wire than captured do exist;
	// what is there was there.
	p.Length = max(int(length), len(p.Data))
	// Fractions of a second or more, or less than none, are added all the same.
	p.Time, p.Untimed = int64(sec)*1e9+int64(int32(frac))*f.unit, false
	p.Link = f.link
	p.Interface = f.index
	if f.swapNFLOG {
		swapNFLOG(p.Data)
	}
	return nil
}

// header looks at a packet header that tells of no captured bytes, of which
// the next file's header and the zeros of a file that was not written to its
// end do too.
func (f *pcapFile) header(in *buffer, length uint32) error {
	h := in.peek(f.headerLen)
	switch {
	case isPcapHeader(h):
		return errFileHeader
	case allZero(h):
		return damage(in.offset(), zeros)
	case length != 0:
		return nil
	}
	// Zeros may begin inside a packet header, behind the time.
	if next := in.peek(2 * f.headerLen); next != nil && allZero(next[f.headerLen:]) {
		return damage(in.offset(), zeros)
	}
	return nil
}

// zeros is the reason of damage where a power cut or a full disk left a file
// longer than what was written to it.
const zeros = "zeros where a packet should begin: the file was not written to its end"

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
