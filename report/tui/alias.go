package tui

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"
)

// aliases have a number for each address that was shown, so that a screen can be shown around.
type aliases struct {
	pattern *regexp.Regexp
	numbers map[netip.Addr]int
}

// mostAliases is how many addresses are told apart.
const mostAliases = 1 << 16

// newAliases has none yet.
func newAliases() *aliases {
	return &aliases{regexp.MustCompile(`\[[0-9a-fA-F]*:[0-9a-fA-F:.]*\]|[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*`), make(map[netip.Addr]int)}
}

// replace has each address of a text replaced by a word. What stands behind two blanks or more, in
// a column, stays where it is.
func (a *aliases) replace(text string) string {
	var b strings.Builder
	at, behind := 0, 0 // behind is how many columns the words were shorter than the addresses
	for _, found := range a.pattern.FindAllStringIndex(text, -1) {
		addr, err := netip.ParseAddr(strings.Trim(text[found[0]:found[1]], "[]"))
		if err != nil {
			continue
		}
		behind = columns(&b, text[at:found[0]], behind)
		n, ok := a.numbers[addr]
		if !ok && len(a.numbers) < mostAliases {
			n = len(a.numbers) + 1
			a.numbers[addr] = n
		}
		word := fmt.Sprint("host", n)
		b.WriteString(word)
		at, behind = found[1], behind+utf8.RuneCountInString(text[found[0]:found[1]])-len(word)
	}
	columns(&b, text[at:], behind)
	return b.String()
}

// columns appends a text that stands so many columns further to the left than it did, and brings
// it back at the first gap between columns; it returns what is left to bring back.
func columns(b *strings.Builder, text string, behind int) int {
	i := strings.Index(text, "  ")
	if behind == 0 || i < 0 {
		b.WriteString(text)
		return behind
	}
	gap := len(text[i:]) - len(strings.TrimLeft(text[i:], " "))
	b.WriteString(text[:i])
	b.WriteString(strings.Repeat(" ", max(gap+behind, 1)))
	b.WriteString(text[i+gap:])
	return min(gap+behind-1, 0)
}

// alias is a text with no address in it that is to be private.
func (m *model) alias(s string) string {
	if m.private == nil {
		return s
	}
	return m.private.replace(s)
}
