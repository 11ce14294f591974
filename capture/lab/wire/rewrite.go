package wire

import (
	"encoding/binary"
	"net/netip"
)

// Rewrite changes a segment over IPv4 on its way, as a box does that translates
// addresses or numbers. Numbers are added; checksums are made right.
type Rewrite struct {
	Src, Dst     netip.Addr // the new ones, where valid
	Seq, Ack     uint32     // those in SACK blocks stay as they are
	TSVal, TSEcr uint32     // of the timestamps option (RFC 7323)
	Hops         uint8      // by which the TTL is less, beside those of routers
	Clear, Set   uint8      // TCP flags
}

// apply changes the segment in an Ethernet frame that ParseFrame takes.
func (r *Rewrite) apply(frame []byte) {
	be := binary.BigEndian
	if be.Uint16(frame[12:]) != 0x0800 {
		return
	}
	ip := frame[14:]
	ip = ip[:be.Uint16(ip[2:])]
	header := ip[:int(ip[0]&15)*4]
	tcp := ip[len(header):]
	if r.Src.IsValid() {
		copy(ip[12:16], r.Src.AsSlice())
	}
	if r.Dst.IsValid() {
		copy(ip[16:20], r.Dst.AsSlice())
	}
	ip[8] -= min(r.Hops, ip[8]-1)
	tcp[13] = tcp[13]&^r.Clear | r.Set
	add(tcp[4:], r.Seq)
	if tcp[13]&ACK != 0 {
		add(tcp[8:], r.Ack)
	}
	if at := timestamps(tcp[20 : int(tcp[12]>>4)*4]); at >= 0 {
		add(tcp[20+at:], r.TSVal)
		if be.Uint32(tcp[24+at:]) != 0 {
			add(tcp[24+at:], r.TSEcr)
		}
	}
	be.PutUint16(ip[10:], 0)
	be.PutUint16(ip[10:], checksum(header, 0))
	be.PutUint16(tcp[16:], 0)
	sum := append(append([]byte{}, ip[12:20]...), tcp...)
	be.PutUint16(tcp[16:], checksum(append(sum, 0), 6+uint32(len(tcp))))
}

// add adds to a number of four bytes.
func add(b []byte, n uint32) { binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)+n) }

// timestamps is where TSval is among options, -1 when it is not.
func timestamps(options []byte) int {
	const end, pad, kind, size = 0, 1, 8, 10
	for at := 0; at < len(options) && options[at] != end; {
		switch {
		case options[at] == pad:
			at++
			continue
		case at+1 >= len(options) || options[at+1] < 2:
			return -1
		case options[at] == kind && options[at+1] == size && at+size <= len(options):
			return at + 2
		}
		at += int(options[at+1])
	}
	return -1
}
