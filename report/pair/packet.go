package pair

import (
	"encoding/binary"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// packet is what is kept of a segment. It holds no pointer: there is one for each segment of an input.
type packet struct {
	time     int64  // nanoseconds since 1970, by the place's own clock
	number   uint64 // in the input
	seq, ack uint32
	len      uint32 // payload
	tsval    uint32
	flags    capture.Flags
	ipid     uint16
	head     uint16 // digest of the first 8 bytes of payload; 0 where fewer were captured
	ttl      uint8
	ecn      uint8
	end      uint8 // record.End that sent it
	marks    packetMarks
}

// packetMarks say what is special about a packet.
type packetMarks uint8

const (
	hasTS   packetMarks = 1 << iota // tsval is one
	untimed                         // time says nothing
	copied                          // it may be a copy that the capture made
	foreign                         // the place tells it of another connection with the same addresses and ports
)

// spare are packets of which nothing is said but where they are what another place lacks.
const spare = copied | foreign

// packetSize is how many bytes a packet takes where it is written down.
const packetSize = 8 + 8 + 4*4 + 3*2 + 4

// packetOf describes a segment that an end sent.
func packetOf(s *capture.Segment, end record.End) packet {
	p := packet{time: s.Time, number: s.Packet, seq: s.Seq, ack: s.Ack, len: s.Len, tsval: s.TSVal, flags: s.Flags,
		ipid: s.IPID, head: s.Head, ttl: s.TTL, ecn: s.ECN, end: uint8(end)}
	if s.Options&capture.OptTimestamps != 0 {
		p.marks |= hasTS
	}
	if s.Untimed || s.Misstamped {
		p.marks |= untimed
	}
	return p
}

// append appends the packet to b.
func (p *packet) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(p.time))
	b = binary.LittleEndian.AppendUint64(b, p.number)
	for _, x := range [...]uint32{p.seq, p.ack, p.len, p.tsval} {
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	for _, x := range [...]uint16{uint16(p.flags), p.ipid, p.head} {
		b = binary.LittleEndian.AppendUint16(b, x)
	}
	return append(b, p.ttl, p.ecn, p.end, uint8(p.marks))
}

// read is what append wrote.
func (p *packet) read(b []byte) {
	le := binary.LittleEndian
	*p = packet{time: int64(le.Uint64(b)), number: le.Uint64(b[8:]), seq: le.Uint32(b[16:]), ack: le.Uint32(b[20:]),
		len: le.Uint32(b[24:]), tsval: le.Uint32(b[28:]), flags: capture.Flags(le.Uint16(b[32:])), ipid: le.Uint16(b[34:]),
		head: le.Uint16(b[36:]), ttl: b[38], ecn: b[39], end: b[40], marks: packetMarks(b[41])}
}

// Class is what a segment is for.
type Class uint8

// Classes of segments.
const (
	ClassSYN Class = iota
	ClassSYNACK
	ClassData
	ClassACK // neither payload nor SYN, FIN or RST
	ClassFIN // with or without payload
	ClassRST

	NClasses
)

// String is the class as tables name it.
func (c Class) String() string {
	return [NClasses]string{"SYN", "SYN/ACK", "data", "ACK", "FIN", "RST"}[c]
}

// class is what the packet is for.
func (p *packet) class() Class {
	switch {
	case p.flags.Has(capture.RST):
		return ClassRST
	case p.flags.Has(capture.SYN | capture.ACK):
		return ClassSYNACK
	case p.flags.Has(capture.SYN):
		return ClassSYN
	case p.flags.Has(capture.FIN):
		return ClassFIN
	case p.len > 0:
		return ClassData
	}
	return ClassACK
}

// span is the packet's part of the sequence space: SYN and FIN count one each.
func (p *packet) span() uint32 {
	n := p.len
	if p.flags.Has(capture.SYN) {
		n++
	}
	if p.flags.Has(capture.FIN) {
		n++
	}
	return n
}
