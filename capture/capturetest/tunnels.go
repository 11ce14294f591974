package capturetest

// NSH makes a network service header (RFC 8300) of metadata type 1.
func NSH(next byte, payload []byte) []byte {
	return append(append([]byte{0x0f, 0xc6, 1, next, 0, 0, 1, 0xff}, make([]byte, 16)...), payload...)
}

// ERF makes a record of Endace's format, padded to 8 bytes. Of what it carries the
// first pad bytes were not on the wire.
func ERF(kind byte, extensions, carried []byte, pad int) []byte {
	b := append(make([]byte, 8), kind, 4)
	length := 16 + len(extensions) + len(carried)
	padding := -length & 7
	b = be.AppendUint16(b, uint16(length+padding))
	b = be.AppendUint16(b, 0)
	b = be.AppendUint16(b, uint16(len(carried)-pad))
	b = append(append(b, extensions...), carried...)
	return append(b, make([]byte, padding)...)
}
