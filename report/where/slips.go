package where

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"tcpwatch/internal/say"
)

// The parser's complaint about what people write most often without knowing the language
// (10.0.0.1, 20ms, 2026-11-29) names a part of it. These say what is meant instead.

// slip is what is wrong with an expression that the library refused, where it is an address,
// a time or a length of time written as elsewhere; nil for any other.
func slip(text string) error {
	for i := 0; i < len(text); {
		if n := passedOver(text[i:]); n > 0 {
			i += n
			continue
		}
		n := len(leadingLiteral(text[i:]))
		if n == 0 {
			i++
			continue
		}
		if err := plainly(strings.TrimRight(text[i:i+n], ":/-.")); err != nil {
			return fmt.Errorf("%w (at column %d)", err, i+1)
		}
		i += n
	}
	return nil
}

// leadingLiteral is the number, address or time with which text begins.
func leadingLiteral(text string) string {
	n := 0
	for n < len(text) && (leadingWord(text[n:n+1]) != "" || strings.IndexByte(":./-", text[n]) >= 0 && n > 0 || text[n] == ':' && strings.HasPrefix(text[n:], "::")) {
		n++
	}
	return text[:n]
}

// plainly says how a word is written in an expression; nil where it may be right.
func plainly(word string) error {
	if p, err := netip.ParsePrefix(word); err == nil {
		return fmt.Errorf("%s is a prefix: orig_ip in cidr(%s)", word, p.Masked())
	}
	if a, err := netip.ParseAddr(word); err == nil && strings.ContainsAny(word, ".:") {
		return fmt.Errorf("an address stands between quotes: %q", a.String())
	}
	if a, err := netip.ParseAddrPort(word); err == nil {
		return fmt.Errorf("%s is two fields: resp_ip == %q && resp_port == %d", word, a.Addr().String(), a.Port())
	}
	if len(word) >= len("2026-11-29") && word[4] == '-' && word[7] == '-' && word[0] == '2' {
		return fmt.Errorf("a time stands between quotes and is UTC: %q", word)
	}
	if word == "" || word[0] < '0' || word[0] > '9' {
		return nil
	}
	if _, err := strconv.ParseFloat(word, 64); err == nil {
		return nil
	}
	if span, err := say.ParseSpan(word); err == nil {
		return fmt.Errorf("%s is written as a number of seconds, %s", word, strconv.FormatFloat(span.Seconds(), 'f', -1, 64))
	}
	if size, err := say.ParseSize(word); err == nil {
		return fmt.Errorf("%s is written as a number, %d", word, size)
	}
	return nil
}
