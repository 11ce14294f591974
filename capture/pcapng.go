package capture

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng section 4). Others are skipped.
const (
	blockSection    = 0x0a0d0d0a // reads the same in both byte orders
	blockInterface  = 1
	blockPacket     = 2 // obsolete
	blockSimple     = 3
	blockStatistics = 5
	blockEnhanced   = 6
)

const (
	byteOrderMagic   = 0x1a2b3c4d
	blockOverhead    = 12       // type, length, body, length again
	longestBlock     = 16 << 20 // of those that are read, not skipped
	packetOverhead   = 128<<10 + blockOverhead + 20
	longestInterface = 255 // bytes kept of an interface name
)

// pcapngFile reads the packets of a pcapng file: any number of sections, each
// with its own byte order and interfaces.
type pcapngFile struct {
	swapped  bool // this section is big-endian
	longest  int  // bytes in a block that is read
	section  []sectionInterface
	all      *described          // of the whole file
	spans    map[uint32][2]int64 // when capturing from an interface of the section began and ended, where that is told
	latest   int64               // time of the latest packet that has one
	lost     uint64              // counted by finished sections
	counted  bool                // a finished section had a counter
	got      map[uint32]uint64   // packets from interfaces of the section, where that is told
	gotAll   uint64              // from all of those
	received uint64              // packets of the section of which statistics tell of the most
	at       int64               // offset of the block that is read
	size     uint32              // its bytes
}

// sectionInterface is an interface as one section describes it.
type sectionInterface struct {
	index     int // in the whole file's
	link      LinkType
	snaplen   uint32
	swapNFLOG bool
	clock     clock
	lost      uint64 // by the latest statistics block
	counted   bool   // such a block had a drop counter
}

// newPcapngFile takes the first section header.
func newPcapngFile(in *buffer, all *described) (format, error) {
	f := &pcapngFile{all: all}
	_, body, err := f.block(in)
	if err == nil {
		err = f.beginSection(body)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// isSection reports whether b begins as a section header block does: as no
// packet header of a pcap file may.
func isSection(b []byte) bool {
	mark := binary.LittleEndian.Uint32(b[8:])
	return binary.LittleEndian.Uint32(b) == blockSection && (mark == byteOrderMagic || mark == bits.ReverseBytes32(byteOrderMagic))
}

// drops adds up the latest counters of every interface in every section.
func (f *pcapngFile) drops() (uint64, bool) {
	lost, counted := f.lost, f.counted
	for i := range f.section {
		lost = addUpTo(lost, f.section[i].lost)
		counted = counted || f.section[i].counted
	}
	return lost, counted
}

// addUpTo is a + b, or the greatest number where that is more.
func addUpTo(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	return sum | -carry
}

func (f *pcapngFile) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if f.swapped {
		v = bits.ReverseBytes16(v)
	}
	return v
}

func (f *pcapngFile) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if f.swapped {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func (f *pcapngFile) u64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if f.swapped {
		v = bits.ReverseBytes64(v)
	}
	return v
}

func (f *pcapngFile) next(in *buffer, p *Packet) error {
	for {
		kind, body, err := f.block(in)
		if err != nil {
			return err
		}
		switch kind {
		case blockEnhanced, blockSimple, blockPacket:
			return f.packet(in, kind, body, p)
		case blockSection:
			err = f.beginSection(body)
		case blockInterface:
			err = f.addInterface(body)
		case blockStatistics:
			f.statistics(body)
		}
		if err != nil {
			return err
		}
	}
}

// block takes the next block and lends its body, or the beginning of one that
// is longer than may be held; a block of no use here has none.
func (f *pcapngFile) block(in *buffer) (kind uint32, body []byte, err error) {
	f.at = in.offset()
	h := in.peek(blockOverhead)
	if h == nil {
		return 0, nil, in.shortage(blockOverhead, "a block header")
	}
	kind = f.u32(h)
	if kind == blockSection && !f.setOrder(h[8:]) {
		return 0, nil, damage(f.at+8, "a section without a byte order mark")
	}
	f.size = f.u32(h[4:])
	switch kind {
	case blockEnhanced, blockSimple, blockPacket, blockSection, blockInterface, blockStatistics:
	default:
		if isPcap(kind) || isPcap(bits.ReverseBytes32(kind)) {
			if h = in.peek(pcapHeaderLen); h != nil && isPcapHeader(h) {
				return 0, nil, errFileHeader
			}
		}
		return kind, nil, f.skip(in)
	}
	if !f.sizeFits() || f.size > longestBlock && f.size > uint32(f.longest) {
		return 0, nil, damage(f.at+4, "a block of %d bytes", f.size)
	}
	n := int(f.size)
	if in.long(n) {
		if body = in.head(n - 4); body == nil {
			return 0, nil, in.shortageAt(f.at, n, "a block")
		}
		return kind, body[8:], f.trailer(in)
	}
	b := in.whole(n)
	if b == nil {
		return 0, nil, in.shortage(n, "a block")
	}
	return kind, b[8 : n-4], f.ends(b[n-4:])
}

// trailer takes the length that ends a block.
func (f *pcapngFile) trailer(in *buffer) error {
	b := in.whole(4)
	if b == nil {
		return damage(f.at, "%s inside a block", in.stop())
	}
	return f.ends(b)
}

// ends compares a block's length with the one that ends it.
func (f *pcapngFile) ends(b []byte) error {
	if again := f.u32(b); again != f.size {
		return damage(f.at, "a block of %d bytes that ends as one of %d", f.size, again)
	}
	return nil
}

// sizeFits reports whether a block can be as long as its header says.
func (f *pcapngFile) sizeFits() bool { return f.size >= blockOverhead && f.size%4 == 0 }

// skip takes a block of no use here, however long, without holding it.
func (f *pcapngFile) skip(in *buffer) error {
	switch {
	case f.size == 0 && allZero(in.peek(blockOverhead)):
		return damage(f.at, zeros)
	case !f.sizeFits():
		return damage(f.at+4, "a block of %d bytes", f.size)
	case !in.skip(int64(f.size) - 4):
		return damage(f.at, "%s inside a block", in.stop())
	}
	return f.trailer(in)
}

// setOrder takes the byte order from a section header's mark.
func (f *pcapngFile) setOrder(mark []byte) bool {
	switch binary.LittleEndian.Uint32(mark) {
	case byteOrderMagic:
		f.swapped = false
	case bits.ReverseBytes32(byteOrderMagic):
		f.swapped = true
	default:
		return false
	}
	return true
}

// beginSection forgets the interfaces of the section before (section 4.1).
func (f *pcapngFile) beginSection(body []byte) error {
	if len(body) < 16 {
		return damage(f.at, "a section header of %d bytes", f.size)
	}
	if major := f.u16(body[4:]); major != 1 {
		return damage(f.at+12, "pcapng version %d.%d is unknown", major, f.u16(body[6:]))
	}
	f.lost, f.counted = f.drops()
	f.section, f.spans, f.got, f.gotAll = f.section[:0], nil, nil, 0
	f.longest = 0
	return nil
}

// packet takes what any of the three packet blocks tells (sections 4.3, 4.4 and appendix A).
func (f *pcapngFile) packet(in *buffer, kind uint32, body []byte, p *Packet) error {
	fixed := 20
	if kind == blockSimple {
		fixed = 4
	}
	if len(body) < fixed {
		return damage(f.at, "a packet block of %d bytes", f.size)
	}
	var id uint32
	switch kind {
	case blockEnhanced:
		id = f.u32(body)
	case blockPacket:
		id = uint32(f.u16(body))
	}
	if id >= uint32(len(f.section)) {
		return damage(f.at, "a packet of interface %d, which is not described", id)
	}
	i := &f.section[id]
	room := f.size - blockOverhead - uint32(fixed)
	var captured, length uint32
	var ticks uint64
	if kind == blockSimple {
		length = f.u32(body)
		captured = simpleCaptured(length, i.snaplen, room)
	} else {
		ticks = uint64(f.u32(body[4:]))<<32 | uint64(f.u32(body[8:]))
		captured, length = f.u32(body[12:]), f.u32(body[16:])
	}
	if captured > room {
		return damage(f.at, "a packet of %d captured bytes in a block of %d", captured, f.size)
	}
	data := body[fixed:]
	captured = min(captured, uint32(len(data)))
	p.Data = in.lend(data[:captured:captured])
	p.Length = max(int(length), len(p.Data))
	p.Untimed = kind == blockSimple
	if !p.Untimed {
		t := i.clock.nanoseconds(ticks)
		if p.Untimed = t == math.MaxInt64; !p.Untimed { // beyond the year 2262: no clock of a packet is there
			f.latest = t
		}
	}
	p.Time = f.latest
	p.Link = i.link
	p.Interface = i.index
	if i.swapNFLOG {
		swapNFLOG(p.Data)
	}
	return nil
}

// simpleCaptured is the captured length of a simple packet block with room for
// so many bytes, which does not tell it: the whole packet, or what the snaplen
// leaves of it. A snaplen that says less than there is, but for the padding, is
// not believed.
func simpleCaptured(length, snaplen, room uint32) uint32 {
	captured := length
	if snaplen != 0 {
		captured = min(captured, snaplen)
	}
	if captured < room && room-captured > 3 {
		captured = min(length, room)
	}
	return captured
}
