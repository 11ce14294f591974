package wire

import (
	"encoding/binary"
)

// Link types as capture files number them.
const (
	Ethernet = 1
	SLL      = 113
	SLL2     = 276
)

// Frame is one captured packet.
type Frame struct {
	Time   int64 // nanoseconds since 1970-01-01 UTC
	Data   []byte
	Length int // bytes on the wire
}

// PcapFile is a capture file in the pcap format with nanosecond times.
func PcapFile(link, snaplen uint32, frames []Frame) []byte {
	const magicNanoseconds = 0xa1b23c4d
	le := binary.LittleEndian
	b := le.AppendUint32(nil, magicNanoseconds)
	b = le.AppendUint16(b, 2) // version 2.4
	b = le.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...) // time zone and accuracy: always 0
	b = le.AppendUint32(b, snaplen)
	b = le.AppendUint32(b, link)
	for _, f := range frames {
		b = le.AppendUint32(b, uint32(f.Time/1e9))
		b = le.AppendUint32(b, uint32(f.Time%1e9))
		b = le.AppendUint32(b, uint32(len(f.Data)))
		b = le.AppendUint32(b, uint32(f.Length))
		b = append(b, f.Data...)
	}
	return b
}

// cooked is what AF_PACKET tells about a packet whose link header it took off.
type cooked struct {
	protocol uint16
	hardware uint16 // ARPHRD_
	kind     uint8  // PACKET_
	address  []byte
	device   uint32
}

// header is the header of LINKTYPE_LINUX_SLL or LINKTYPE_LINUX_SLL2.
func (c *cooked) header(link uint32) []byte {
	be := binary.BigEndian
	var address [8]byte
	copy(address[:], c.address)
	var b []byte
	if link == SLL {
		b = be.AppendUint16(b, uint16(c.kind))
		b = be.AppendUint16(b, c.hardware)
		b = be.AppendUint16(b, uint16(len(c.address)))
		b = append(b, address[:]...)
		return be.AppendUint16(b, c.protocol)
	}
	b = be.AppendUint16(b, c.protocol)
	b = be.AppendUint16(b, 0)
	b = be.AppendUint32(b, c.device)
	b = be.AppendUint16(b, c.hardware)
	b = append(b, c.kind, uint8(len(c.address)))
	return append(b, address[:]...)
}
