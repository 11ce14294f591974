package capture

import (
	"encoding/binary"
	"math/bits"

	"github.com/google/gopacket/layers"
)

// checksumOK verifies the TCP checksum of the whole segment b, header
// included, with the pseudo-header of s's addresses (RFC 9293 section 3.1,
// RFC 8200 section 8.1).
func (s *Segment) checksumOK(b []byte) bool {
	sum := uint64(len(b)) + uint64(layers.IPProtocolTCP)
	sum = addWords(sum, s.Src.Addr.Wire())
	sum = addWords(sum, s.Dst.Addr.Wire())
	return fold(addWords(sum, b)) == 0xffff
}

// VerifyChecksum verifies the TCP checksum of the segment decoded last, as its
// receiver did: MarkChecksumOK or MarkBadChecksum. It is 0 where that can't be
// told: of what was not captured whole, of what the capturing host sent or merged
// (offload), and where the field was not filled in.
func (d *Decoder) VerifyChecksum() Marks {
	s, b := &d.Segment, d.segment
	switch {
	case s.Marks&(MarkTruncated|MarkCutOptions|MarkOffload|MarkOutbound) != 0, uint64(len(b)) != uint64(b[12]>>4)*4+uint64(s.Len):
		return 0
	case s.checksumOK(b):
		return MarkChecksumOK
	case s.Checksum != 0 && s.Unfilled(s.Checksum):
		return 0
	}
	return MarkBadChecksum
}

// Unfilled reports whether sum can be the checksum field of s before the network
// card has filled it in: what the host leaves there is 0 or the pseudo-header's
// sum, with the length of the segment or, where the card divides it, without.
func (s *Segment) Unfilled(sum uint16) bool {
	ends := addWords(addWords(uint64(layers.IPProtocolTCP), s.Src.Addr.Wire()), s.Dst.Addr.Wire())
	if sum == 0 || fold(ends) == sum {
		return true
	}
	const most = 60 // a TCP header with all options
	for header := uint64(tcpHeaderLen); header <= most; header += 4 {
		if fold(ends+header+uint64(s.Len)) == sum {
			return true
		}
	}
	return false
}

// addWords adds b to a one's complement sum, as big-endian 16 bit words, 32
// bytes a turn. 64 bit words may be added instead of 16 bit ones because
// 2^16-1 divides 2^64-1.
func addWords(sum uint64, b []byte) uint64 {
	var carry uint64
	for len(b) >= 32 {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), 0)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[8:]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[16:]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[24:]), carry)
		sum, carry = bits.Add64(sum, 0, carry)
		sum += carry
		b = b[32:]
	}
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), 0)
		sum += carry
		b = b[8:]
	}
	if len(b) > 0 {
		var last [8]byte // an odd byte counts as if zeros followed
		copy(last[:], b)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(last[:]), 0)
		sum += carry
	}
	return sum
}

// fold brings a sum down to 16 bits.
func fold(sum uint64) uint16 {
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	return uint16(sum)
}
