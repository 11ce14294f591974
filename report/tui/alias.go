package tui

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// aliases have a number for each address that was shown, so that a screen can be shown around.
type aliases struct {
	pattern *regexp.Regexp
	numbers map[netip.Addr]int
}

// newAliases has none yet.
func newAliases() *aliases {
	return &aliases{regexp.MustCompile(`[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*`), make(map[netip.Addr]int)}
}

// replace has each address of a text replaced by a word as long, so that columns stay.
func (a *aliases) replace(text string) string {
	return a.pattern.ReplaceAllStringFunc(text, func(found string) string {
		addr, err := netip.ParseAddr(found)
		if err != nil {
			return found
		}
		n, ok := a.numbers[addr]
		if !ok {
			n = len(a.numbers) + 1
			a.numbers[addr] = n
		}
		number := fmt.Sprint(n)
		word := "host"
		if len(found) < len(word)+len(number) {
			word = "h"
		}
		return word + strings.Repeat("-", max(len(found)-len(word)-len(number), 0)) + number
	})
}
