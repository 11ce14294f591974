package capture

import (
	"math"
)

const (
	tcpHeaderLen = 20 // a TCP header without options (RFC 9293 section 3.1)
	// tcpNeeded is as much of it as makes a segment: all but checksum and urgent pointer.
	tcpNeeded = 16
)

// tcp reads a TCP header and fills what the IP layer has left open of the
// segment. v ends where the IP payload ends.
func (d *Decoder) tcp(v view) Outcome {
	b := v.data
	if len(b) < tcpNeeded {
		return d.short(v, tcpHeaderLen)
	}
	header := int(b[12]>>4) * 4
	if header < tcpHeaderLen || header > v.wire {
		return d.skip(SkipMalformed)
	}
	s := &d.Segment
	s.Src.Port, s.Dst.Port = be16(b), be16(b[2:])
	s.Seq, s.Ack = be32(b[4:]), be32(b[8:])
	s.Flags = Flags(be16(b[12:]) & 0x1ff)
	s.Window, s.Checksum = be16(b[14:]), 0
	if len(b) >= 18 {
		s.Checksum = be16(b[16:])
	}
	s.Marks = d.marks
	s.Len, s.Captured, s.Head = uint32(min(uint64(v.wire-header), math.MaxUint32)), 0, 0
	s.clearOptions()
	if header > tcpHeaderLen {
		if len(b) < header {
			s.Marks |= MarkCutOptions
		}
		s.tcpOptions(b[min(tcpHeaderLen, len(b)):min(header, len(b))])
	}
	if len(b) >= header {
		d.Payload = b[header:]
		s.Captured, s.Head = uint32(len(d.Payload)), headOf(d.Payload)
	}
	if s.Captured < s.Len {
		s.Marks |= MarkTruncated
	}
	d.segment = b
	if d.options.VerifyChecksums && len(b) == v.wire {
		if s.checksumOK(b) {
			s.Marks |= MarkChecksumOK
		} else {
			s.Marks |= MarkBadChecksum
		}
	}
	if d.rewrite != nil {
		d.rewrite.tcp(b, d.Payload, header)
	}
	return OutcomeSegment
}

// Kinds of TCP options (IANA, TCP parameters).
const (
	optEnd           = 0
	optNOP           = 1
	optMSS           = 2
	optWScale        = 3
	optSACKPermitted = 4
	optSACK          = 5
	optTimestamps    = 8
	optMD5           = 19
	optAO            = 29
	optMPTCP         = 30
	optFastOpen      = 34
	optExperiment1   = 253 // RFC 6994: a 16 bit magic number says what it is
	optExperiment2   = 254

	fastOpenMagic = 0xf989 // RFC 7413 section 4.1.1
	mpFastClose   = 7      // subtype of an MPTCP option (RFC 8684 section 3.5)

	// NOP, NOP, timestamps of 10 bytes: what nearly every segment carries.
	usualOptions = optNOP<<24 | optNOP<<16 | optTimestamps<<8 | 10
)

// clearOptions forgets the options of the segment before.
func (s *Segment) clearOptions() {
	s.Options, s.NSACK, s.Order = 0, 0, OrderUnknown
	s.MSS, s.WScale, s.FastOpen, s.TSVal, s.TSEcr = 0, 0, 0, 0, 0
}

// tcpOptions reads the options in o (RFC 9293 section 3.2). At the first
// malformed one it stops and keeps those before it; one that ends beyond o is
// malformed, unless the snaplen cut the options there.
func (s *Segment) tcpOptions(o []byte) {
	if s.Flags&SYN != 0 {
		s.Order = optionOrder(o)
	}
	if len(o) == 12 && be32(o) == usualOptions {
		s.Options |= OptTimestamps
		s.TSVal, s.TSEcr = be32(o[4:]), be32(o[8:])
		return
	}
	for len(o) > 0 {
		kind := o[0]
		if kind == optEnd {
			return
		}
		if kind == optNOP {
			o = o[1:]
			continue
		}
		if len(o) < 2 || o[1] >= 2 && int(o[1]) > len(o) {
			if s.Marks&MarkCutOptions == 0 {
				s.Marks |= MarkBadOptions
			}
			return
		}
		// Length counts kind and length themselves (RFC 9293 section 3.2).
		if o[1] < 2 || !s.tcpOption(kind, o[2:o[1]]) {
			s.Marks |= MarkBadOptions
			return
		}
		o = o[o[1]:]
	}
}

// tcpOption notes one option and reports whether its length is legal.
func (s *Segment) tcpOption(kind byte, value []byte) bool {
	n := len(value)
	switch kind {
	case optMSS: // RFC 9293 section 3.7.1
		if n != 2 {
			return false
		}
		s.Options |= OptMSS
		s.MSS = be16(value)
	case optWScale: // RFC 7323 section 2.2
		if n != 1 {
			return false
		}
		s.Options |= OptWScale
		s.WScale = value[0]
	case optSACKPermitted: // RFC 2018 section 2
		if n != 0 {
			return false
		}
		s.Options |= OptSACKPermitted
	case optSACK: // RFC 2018 section 3: at most 4 blocks fit
		if n == 0 || n%8 != 0 || n/8 > len(s.SACK) {
			return false
		}
		s.Options |= OptSACK
		s.NSACK = uint8(n / 8)
		for i := range n / 8 {
			s.SACK[i] = SACKBlock{be32(value[8*i:]), be32(value[8*i+4:])}
		}
	case optTimestamps: // RFC 7323 section 3.2
		if n != 8 {
			return false
		}
		s.Options |= OptTimestamps
		s.TSVal, s.TSEcr = be32(value), be32(value[4:])
	case optFastOpen: // RFC 7413 section 2: empty asks for a cookie
		s.Options |= OptFastOpen
		s.FastOpen = uint8(n)
	case optExperiment1, optExperiment2:
		if n < 2 || be16(value) != fastOpenMagic {
			s.Options |= OptOther
			break
		}
		s.Options |= OptFastOpen
		s.FastOpen = uint8(n - 2)
	case optMPTCP:
		s.Options |= OptMPTCP
		if n > 0 && value[0]>>4 == mpFastClose {
			s.Options |= OptFastClose
		}
	case optMD5:
		s.Options |= OptMD5
	case optAO:
		s.Options |= OptAO
	default:
		s.Options |= OptOther
	}
	return true
}
