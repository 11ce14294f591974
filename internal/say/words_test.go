package say

import (
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text       string
		width      int
		soft, hard string
	}{
		{"opened in 1.6 ms, then 2 min 5 s of silence", 11, "opened in|1.6 ms,|then 2 min|5 s of|silence", "opened in|1.6 ms,|then 2 min|5 s of|silence"},
		{"short", 80, "short", "short"},
		{"a word_that_is_longer than the line", 8, "a|word_that_is_longer|than the|line", "a|word_tha|t_is_lon|ger|than the|line"},
		{"漢字漢字漢字", 4, "漢字漢字漢字", "漢字|漢字|漢字"},
	} {
		if got := strings.Join(Wrap(c.text, c.width), "|"); got != c.soft {
			t.Errorf("%q in %d columns: %q, want %q", c.text, c.width, got, c.soft)
		}
		if got := strings.Join(WrapHard(c.text, c.width), "|"); got != c.hard {
			t.Errorf("%q in %d columns at most: %q, want %q", c.text, c.width, got, c.hard)
		}
	}
	if got := Wrap("as it was  written", 0); len(got) != 1 || got[0] != "as it was  written" {
		t.Errorf("without a width: %q", got)
	}
}

func TestICMPError(t *testing.T) {
	for _, c := range []struct {
		v6        bool
		typ, code uint8
		want      string
	}{
		{false, 3, 1, "ICMP 3/1 (host unreachable)"},
		{false, 3, 4, "ICMP 3/4 (fragmentation needed)"},
		{false, 3, 13, "ICMP 3/13 (administratively prohibited)"},
		{false, 3, 99, "ICMP 3/99"},
		{false, 4, 0, "ICMP 4/0 (source quench)"},
		{false, 11, 0, "ICMP 11/0 (TTL exceeded)"},
		{false, 12, 0, "ICMP 12/0 (parameter problem)"},
		{false, 0, 0, "ICMP 0/0"},
		{true, 1, 4, "ICMPv6 1/4 (port unreachable)"},
		{true, 2, 0, "ICMPv6 2/0 (packet too big)"},
		{true, 3, 0, "ICMPv6 3/0 (hop limit exceeded)"},
		{true, 4, 1, "ICMPv6 4/1 (parameter problem)"},
		{true, 200, 0, "ICMPv6 200/0"},
	} {
		if got := ICMPError(c.v6, c.typ, c.code); got != c.want {
			t.Errorf("%t %d/%d: %q, want %q", c.v6, c.typ, c.code, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"same", "same", 0}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"refuse", "refused", 1}} {
		if got, back := Distance(c.a, c.b), Distance(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("%q and %q: %d and back %d, want %d", c.a, c.b, got, back, c.want)
		}
	}
}

func TestPaint(t *testing.T) {
	for _, c := range [][3]string{{Red, "x", "\x1b[31mx\x1b[0m"}, {"", "x", "x"}, {Bold, "", ""}} {
		if got := Paint(c[0], c[1]); got != c[2] {
			t.Errorf("%q in %q: %q, want %q", c[1], c[0], got, c[2])
		}
	}
}
