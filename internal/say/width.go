package say

import "unicode"

// Width is how many columns of a terminal s takes: characters of Chinese, Japanese and
// Korean take two, marks that combine with the letter before them none (Unicode Standard
// Annex #11). Escape sequences are not known to it.
func Width(s string) (columns int) {
	for _, r := range s {
		columns += widthOf(r)
	}
	return columns
}

func widthOf(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0x3000 && r <= 0x303e, r >= 0xff01 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff,
		unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) && (r < 0xff61 || r > 0xffdc): // but those of half width
		return 2
	}
	return 1
}
