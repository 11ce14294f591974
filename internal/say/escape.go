package say

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Safe reports whether a rune may be printed as it is: a letter, mark, number,
// punctuation mark or symbol that shows as such, or the ASCII blank. All other
// general categories of Unicode are not: controls (Cc), what formats or turns
// the direction of text (Cf), line and paragraph separators (Zl, Zp), every other
// blank (Zs: of another width, or not to be told from the ASCII one), surrogates,
// private use, what is not assigned. Nor are letters, marks and symbols that show
// nothing (hidden), and U+FFFD, which stands for bytes that are no UTF-8.
func Safe(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r < 0x7f
	}
	return unicode.IsPrint(r) && r != utf8.RuneError && !unicode.Is(hidden, r)
}

// hidden are the runes of the categories that print which show nothing:
// default-ignorable code points (Unicode 5.21: fillers, variation selectors, the
// grapheme joiner), and symbols that are blank.
var hidden = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x034f, Hi: 0x034f, Stride: 1}, // combining grapheme joiner
		{Lo: 0x115f, Hi: 0x1160, Stride: 1}, // Hangul fillers
		{Lo: 0x17b4, Hi: 0x17b5, Stride: 1}, // Khmer vowels that are not to be used
		{Lo: 0x180b, Hi: 0x180f, Stride: 1}, // Mongolian variation selectors
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, // Braille pattern blank
		{Lo: 0x3164, Hi: 0x3164, Stride: 1}, // Hangul filler
		{Lo: 0xfe00, Hi: 0xfe0f, Stride: 1}, // variation selectors
		{Lo: 0xffa0, Hi: 0xffa0, Stride: 1}, // halfwidth Hangul filler
		{Lo: 0xfffc, Hi: 0xfffc, Stride: 1}, // object replacement character
	},
	R32: []unicode.Range32{
		{Lo: 0x16fe4, Hi: 0x16fe4, Stride: 1}, // Khitan small script filler
		{Lo: 0x1d159, Hi: 0x1d159, Stride: 1}, // musical symbol null notehead
		{Lo: 0xe0100, Hi: 0xe01ef, Stride: 1}, // variation selectors supplement
	},
}

// Printed is b as text, less line ends and zeros at its end, at most n bytes of it; "" where
// not all of that may be printed as it is.
func Printed(b []byte, n int) string {
	b = bytes.TrimRight(b, "\x00\r\n")
	if len(b) > n {
		b = b[:n]
		for len(b) > 0 && !utf8.Valid(b) && n-len(b) < utf8.UTFMax-1 {
			b = b[:len(b)-1] // a rune was cut
		}
	}
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if !Safe(r) {
			return ""
		}
		i += size
	}
	return string(b)
}

// Shorten leaves out the middle of a text that is longer than n bytes, and tells how much of it; a text
// that would get no shorter stays.
func Shorten(s string, n int) string {
	n = max(n, 0)
	if len(s) <= n {
		return s
	}
	from, to := n*3/4, len(s)-n/4
	for from > 0 && !utf8.RuneStart(s[from]) {
		from--
	}
	for to < len(s) && !utf8.RuneStart(s[to]) {
		to++
	}
	if short := fmt.Sprintf("%s ... (%d bytes left out) ... %s", s[:from], to-from, s[to:]); len(short) < len(s) {
		return short
	}
	return s
}

// Escape makes text from outside harmless: runes that are not Safe, and bytes
// that are no UTF-8, are shown as Go writes them in a string (\n, \x1b, \u3000).
func Escape(s string) string {
	for i, r := range s {
		if !Safe(r) {
			return string(appendEscaped([]byte(s[:i]), s[i:]))
		}
	}
	return s
}

func appendEscaped(b []byte, s string) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case Safe(r):
			b = append(b, s[:n]...)
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < utf8.RuneSelf || r == utf8.RuneError && n == 1:
			b = appendHex(append(b, '\\', 'x'), uint32(s[0]), 2)
		case r > 0xffff:
			b = appendHex(append(b, '\\', 'U'), uint32(r), 8)
		default:
			b = appendHex(append(b, '\\', 'u'), uint32(r), 4)
		}
		s = s[n:]
	}
	return b
}

// appendHex appends the last digits of x.
func appendHex(b []byte, x uint32, digits int) []byte {
	for digits--; digits >= 0; digits-- {
		b = append(b, hexDigits[x>>(4*digits)&15])
	}
	return b
}

// plain is how many bytes s begins with that are printable ASCII, but for two. Most texts are no
// others, and then need no look at each rune (a tenth of a line of JSON).
func plain(s string, but, nor byte) int {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == but || c == nor {
			return i
		}
	}
	return len(s)
}

// AppendJSON appends s as a JSON string (RFC 8259 section 7) that is harmless on
// a terminal too: what is not Safe is escaped; bytes that are no UTF-8 become
// U+FFFD.
func AppendJSON(b []byte, s string) []byte {
	i := plain(s, '"', '\\')
	b = append(append(b, '"'), s[:i]...)
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case Safe(r):
			b = append(b, s[i:i+n]...)
		case r == '\n':
			b = append(b, '\\', 'n')
		case r > 0xffff:
			r -= 0x10000
			b = appendHex(append(b, '\\', 'u'), uint32(0xd800+r>>10), 4)
			b = appendHex(append(b, '\\', 'u'), uint32(0xdc00+r&0x3ff), 4)
		default:
			b = appendHex(append(b, '\\', 'u'), uint32(r), 4)
		}
		i += n
	}
	return append(b, '"')
}

// AppendPayload appends a line of payload as it may go to a terminal: a tab as it
// is, a carriage return as \r, a backslash as \\, whatever does not print as \xNN
// for each of its bytes; with ascii whatever is not ASCII too.
func AppendPayload(b, line []byte, ascii bool) []byte {
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		switch {
		case r == '\\':
			b = append(b, `\\`...)
		case r == '\r':
			b = append(b, `\r`...)
		case Prints(r, ascii):
			b = append(b, line[:n]...)
		default:
			for _, x := range line[:n] {
				b = appendHex(append(b, '\\', 'x'), uint32(x), 2)
			}
		}
		line = line[n:]
	}
	return b
}

// Prints reports whether AppendPayload leaves a rune of a text as it is.
func Prints(r rune, ascii bool) bool {
	return r == '\t' || Safe(r) && (!ascii || r < utf8.RuneSelf)
}

// AppendCell appends s as a cell of CSV (RFC 4180 section 2), escaped as by
// Escape. What a spreadsheet would take for a formula gets an apostrophe before
// it, so that it is shown and not worked out.
func AppendCell(b []byte, s string) []byte {
	if s != "" && s[0] > '@' && plain(s, ',', '"') == len(s) {
		return append(b, s...)
	}
	s = Escape(s)
	formula := s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@')
	quoted := false
	for i := range len(s) {
		quoted = quoted || s[i] == ',' || s[i] == '"'
	}
	if quoted {
		b = append(b, '"')
	}
	if formula {
		b = append(b, '\'')
	}
	for i := range len(s) {
		if b = append(b, s[i]); s[i] == '"' {
			b = append(b, '"')
		}
	}
	if quoted {
		b = append(b, '"')
	}
	return b
}
