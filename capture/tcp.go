package capture

import "math"

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
	s.Len, s.Captured = uint32(min(uint64(v.wire-header), math.MaxUint32)), 0
	s.clearOptions()
	if header > tcpHeaderLen {
		if len(b) < header {
			s.Marks |= MarkCutOptions
		}
		s.tcpOptions(b[min(tcpHeaderLen, len(b)):min(header, len(b))])
	}
	if len(b) >= header {
		d.Payload = b[header:]
		s.Captured = uint32(len(d.Payload))
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
	return OutcomeSegment
}
