package capture

import "encoding/binary"

// maxLayers bounds how many headers of one packet are followed, tags and
// IPv6 extension headers included. Real stacks stay below 20.
const maxLayers = 48

// view is what is left of a packet behind the headers read so far: the bytes
// that were captured, and how many there were on the wire. data is never
// longer than wire.
type view struct {
	data []byte
	wire int
}

// from is v behind its first n bytes; n is at most len(v.data).
func (v view) from(n int) view { return view{v.data[n:], v.wire - n} }

// clip is v without what comes after its first n bytes on the wire: padding, a
// frame check sequence, the next message.
func (v view) clip(n int) view {
	if n >= v.wire {
		return v
	}
	return view{v.data[:min(n, len(v.data))], n}
}

// version is the IP version nibble at the start of v, 0 when nothing was captured.
func (v view) version() byte {
	if len(v.data) == 0 {
		return 0
	}
	return v.data[0] >> 4
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
