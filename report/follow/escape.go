package follow

import (
	"bytes"
	"unicode/utf8"

	"tcpwatch/internal/say"
)

const hexDigits = "0123456789abcdef"

// appendHex appends up to 16 bytes, the first of them at off in the stream, as
// a row of a hex dump.
func appendHex(b []byte, off int64, row []byte) []byte {
	shift := 28
	for off>>shift > 15 {
		shift += 4
	}
	for ; shift >= 0; shift -= 4 {
		b = append(b, hexDigits[off>>shift&15])
	}
	for i := range 16 {
		if i%8 == 0 {
			b = append(b, ' ')
		}
		if i < len(row) {
			b = append(b, ' ', hexDigits[row[i]>>4], hexDigits[row[i]&15])
		} else {
			b = append(b, "   "...)
		}
	}
	b = append(b, "  |"...)
	for _, x := range row {
		if x < ' ' || x > 0x7e {
			x = '.'
		}
		b = append(b, x)
	}
	return append(b, '|')
}

// textLength is how much of b from its beginning is to be read as text: all of
// it when little would have to be escaped, else the lines before what would
// (the header before a compressed body).
func textLength(b []byte) int {
	lead, odd := -1, 0
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r != '\r' && r != '\n' && !say.Prints(r, false) {
			if lead < 0 {
				lead = bytes.LastIndexByte(b[:i], '\n') + 1
			}
			odd += n
		}
		i += n
	}
	if lead < 0 || 4*odd <= len(b)-lead {
		return len(b)
	}
	return lead
}

// unfinished is the number of bytes at the end of b that begin a rune of UTF-8
// whose rest may follow.
func unfinished(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if utf8.FullRune(b[len(b)-n:]) {
				return 0
			}
			return n
		}
	}
	return 0
}
