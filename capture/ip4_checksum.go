package capture

// WrongIPChecksum reports whether the innermost IPv4 header of the packet decoded last
// has a wrong checksum: its receiver throws the packet away (RFC 1122 section 3.2.1.2).
// False where that can't be told: of what the capturing host sent or merged, and of a
// field that was not filled in.
func (d *Decoder) WrongIPChecksum() bool {
	const field = 10
	h := d.header
	return len(h) >= ip4HeaderLen && be16(h[field:]) != 0 && d.Segment.Marks&(MarkOffload|MarkOutbound) == 0 && fold(addWords(0, h)) != 0xffff
}
