package capture

import (
	"encoding/binary"
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
	mostInterfaces   = 1 << 16
	longestInterface = 255 // bytes kept of an interface name
)

// pcapngFile reads the packets of a pcapng file: any number of sections, each
// with its own byte order and interfaces.
type pcapngFile struct {
	swapped bool // this section is big-endian
	longest int  // bytes in a block that is read
	section []sectionInterface
	all     []Interface         // of the whole file, in the order of their first description
	known   map[describedAs]int // index in all
	latest  int64               // time of the latest packet that has one
	lost    uint64              // counted by finished sections
	counted bool                // a finished section had a counter
}

// sectionInterface is an interface as one section describes it.
type sectionInterface struct {
	index     int // in pcapngFile.all
	link      LinkType
	snaplen   uint32
	swapNFLOG bool
	clock     clock
	lost      uint64 // by the latest statistics block
	counted   bool   // such a block had a drop counter
}

// describedAs tells whether interfaces of two sections are the same one: same
// position, same description.
type describedAs struct {
	Interface
	position int
}

// newPcapngFile checks the first section header and leaves it to next.
func newPcapngFile(in *buffer) (format, error) {
	f := &pcapngFile{known: map[describedAs]int{}}
	b, err := f.block(in)
	if err == nil {
		err = f.beginSection(in, b)
	}
	if err != nil {
		return nil, err
	}
	in.start += len(b)
	return f, nil
}

func (f *pcapngFile) interfaces() []Interface { return f.all }

// drops adds up the latest counters of every interface in every section.
func (f *pcapngFile) drops() (uint64, bool) {
	lost, counted := f.lost, f.counted
	for i := range f.section {
		lost += f.section[i].lost
		counted = counted || f.section[i].counted
	}
	return lost, counted
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
		b, err := f.block(in)
		if err != nil {
			return err
		}
		if b == nil {
			continue
		}
		packet := false
		switch f.u32(b) {
		case blockEnhanced, blockSimple, blockPacket:
			packet, err = true, f.packet(in, b, p)
		case blockSection:
			err = f.beginSection(in, b)
		case blockInterface:
			err = f.addInterface(in, b)
		case blockStatistics:
			f.statistics(b)
		}
		if err != nil {
			return err
		}
		in.start += len(b)
		if packet {
			return nil
		}
	}
}

// block lends the next block, whole, header and trailer included, without
// taking it; or skips it and returns nil when it is of no use here.
func (f *pcapngFile) block(in *buffer) ([]byte, error) {
	h := in.peek(blockOverhead)
	if h == nil {
		return nil, in.shortage(blockOverhead, "a block header")
	}
	kind := f.u32(h)
	if kind == blockSection && !f.setOrder(h[8:]) {
		return nil, damage(in.offset()+8, "a section without a byte order mark")
	}
	size := f.u32(h[4:])
	if size < blockOverhead || size%4 != 0 {
		return nil, damage(in.offset()+4, "a block of %d bytes", size)
	}
	switch kind {
	case blockEnhanced, blockSimple, blockPacket, blockSection, blockInterface, blockStatistics:
	default:
		return nil, f.skip(in, size)
	}
	if size > longestBlock && size > uint32(f.longest) {
		return nil, damage(in.offset()+4, "a block of %d bytes", size)
	}
	b := in.peek(int(size))
	if b == nil {
		return nil, in.shortage(int(size), "a block")
	}
	if again := f.u32(b[size-4:]); again != size {
		return nil, damage(in.offset(), "a block of %d bytes that ends as one of %d", size, again)
	}
	return b, nil
}

// skip takes a block of no use here, however long, without holding it.
func (f *pcapngFile) skip(in *buffer, size uint32) error {
	start := in.offset()
	if !in.skip(int64(size) - 4) {
		return damage(start, "%s inside a block", in.stop())
	}
	b := in.peek(4)
	if b == nil {
		return damage(start, "%s inside a block", in.stop())
	}
	if again := f.u32(b); again != size {
		return damage(start, "a block of %d bytes that ends as one of %d", size, again)
	}
	in.start += 4
	return nil
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
func (f *pcapngFile) beginSection(in *buffer, b []byte) error {
	if len(b) < blockOverhead+16 {
		return damage(in.offset(), "a section header of %d bytes", len(b))
	}
	if major := f.u16(b[12:]); major != 1 {
		return damage(in.offset()+12, "pcapng version %d.%d is unknown", major, f.u16(b[14:]))
	}
	f.lost, f.counted = f.drops()
	f.section = f.section[:0]
	f.longest = 0
	return nil
}

// packet takes what any of the three packet blocks tells (sections 4.3, 4.4 and appendix A).
func (f *pcapngFile) packet(in *buffer, b []byte, p *Packet) error {
	kind := f.u32(b)
	body := b[8 : len(b)-4]
	fixed := 20
	if kind == blockSimple {
		fixed = 4
	}
	if len(body) < fixed {
		return damage(in.offset(), "a packet block of %d bytes", len(b))
	}
	var id, captured, length uint32
	var ticks uint64
	switch kind {
	case blockEnhanced:
		id = f.u32(body)
	case blockPacket:
		id = uint32(f.u16(body))
	}
	if id >= uint32(len(f.section)) {
		return damage(in.offset(), "a packet of interface %d, which is not described", id)
	}
	i := &f.section[id]
	if kind == blockSimple {
		// Neither time nor captured length: the snaplen gives the latter.
		length = f.u32(body)
		captured = length
		if i.snaplen != 0 {
			captured = min(captured, i.snaplen)
		}
	} else {
		ticks = uint64(f.u32(body[4:]))<<32 | uint64(f.u32(body[8:]))
		captured, length = f.u32(body[12:]), f.u32(body[16:])
	}
	data := body[fixed:]
	if uint64(captured) > uint64(len(data)) {
		return damage(in.offset(), "a packet of %d captured bytes in a block of %d", captured, len(b))
	}
	p.Data = data[:captured:captured]
	p.Length = max(int(length), len(p.Data))
	if p.Untimed = kind == blockSimple; !p.Untimed {
		f.latest = i.clock.nanoseconds(ticks)
	}
	p.Time = f.latest
	p.Link = i.link
	p.Interface = i.index
	if i.swapNFLOG {
		swapNFLOG(p.Data)
	}
	return nil
}
