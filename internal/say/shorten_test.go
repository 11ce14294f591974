package say

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Both ends of a long text stay, and no rune is cut.
func TestShorten(t *testing.T) {
	for _, text := range []string{"", "short", strings.Repeat("x", 100)} {
		if got := Shorten(text, 100); got != text {
			t.Errorf("%q is %q", text, got)
		}
	}
	if got := Shorten("begin"+strings.Repeat("x", 1000)+"end", 100); !strings.HasPrefix(got, "beginxx") || !strings.HasSuffix(got, "xxend") || !strings.Contains(got, " ... (908 bytes left out) ... ") {
		t.Error(got)
	}
	for n := -2; n < 160; n++ {
		if got := Shorten(strings.Repeat("漢", 50), n); !utf8.ValidString(got) || len(got) > max(n, 0)+40 || len(got) > 150 {
			t.Errorf("%d: %q", n, got)
		}
	}
	for _, text := range []string{"x", "漢", "abcdefgh", "\xa0\xa0\xa0"} {
		for n := -1; n <= len(text); n++ {
			if got := Shorten(text, n); got != text {
				t.Errorf("%q to %d bytes is %q", text, n, got)
			}
		}
	}
}
