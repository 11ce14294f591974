package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// scan walks through a text that encoding/json has found to be JSON.
type scan struct {
	text []byte
	at   int
}

// peek is the first byte of the next value.
func (s *scan) peek() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// object calls each with the keys of an object; each takes the value.
func (s *scan) object(each func(key string) error) error {
	for s.at++; ; {
		switch s.peek() {
		case '}', 0:
			s.at++
			return nil
		}
		key, err := s.string()
		if err != nil {
			return err
		}
		if err := each(key); err != nil {
			return err
		}
	}
}

// errNoText is that something else stands where a text has to be.
var errNoText = errors.New("no text")

// string takes one.
func (s *scan) string() (string, error) {
	raw := s.raw()
	if len(raw) < 2 || raw[0] != '"' {
		return "", errNoText
	}
	inner := raw[1 : len(raw)-1]
	for _, c := range inner {
		if c == '\\' {
			var text string
			err := json.Unmarshal(raw, &text)
			return text, err
		}
	}
	return string(inner), nil
}

// raw takes the text of a value.
func (s *scan) raw() []byte {
	first := s.peek()
	from, depth, quoted := s.at, 0, false
	for ; s.at < len(s.text); s.at++ {
		c := s.text[s.at]
		switch {
		case quoted && c == '\\':
			s.at++
		case c == '"':
			if quoted = !quoted; !quoted && depth == 0 {
				s.at++
				return s.text[from:s.at]
			}
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				s.at++
				return s.text[from:s.at]
			}
			if depth < 0 {
				return s.text[from:s.at]
			}
		case depth == 0 && first != '{' && first != '[' && (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			return s.text[from:s.at]
		}
	}
	return s.text[from:s.at]
}

// skip takes a value and forgets it.
func (s *scan) skip() error {
	s.raw()
	return nil
}

// value takes one of a type.
func (s *scan) value(t Type) (v Value, err error) {
	if t == Objects {
		return s.episodes()
	}
	first := s.peek()
	if t == Text || t == Address || t == Time {
		if first != '"' {
			said := s.raw()
			if ns, err := strconv.ParseInt(string(said), 10, 64); err == nil && t == Time {
				return momentOf(ns), nil // as the raw group has it
			}
			return v, cannotBe(said)
		}
		said, err := s.string()
		if err != nil || t != Time {
			return Value{kind: text, s: said}, err
		}
		at, err := time.Parse(time.RFC3339Nano, said)
		if err != nil {
			return v, cannotBe(strconv.Quote(said))
		}
		return momentOf(at.UnixNano()), nil
	}
	raw := s.raw()
	switch t {
	case Count:
		n, err := strconv.ParseUint(string(raw), 10, 64)
		if err != nil {
			return v, cannotBe(raw)
		}
		return countOf(n), nil
	case Seconds:
		ns, err := ParseSeconds(string(raw))
		if err != nil {
			return v, cannotBe(raw)
		}
		return secondsOf(ns), nil
	case Truth:
		if string(raw) != "true" && string(raw) != "false" {
			return v, cannotBe(raw)
		}
		return truthOf(raw[0] == 't'), nil
	case Counts:
		var tags []uint16
		if json.Unmarshal(raw, &tags) != nil {
			return v, cannotBe(raw)
		}
		for _, tag := range tags {
			if !v.tag(int64(tag)) {
				return v, cannotBe(raw)
			}
		}
		if v.kind == absent {
			return v, cannotBe(raw)
		}
		return v, nil
	case Spans:
		return repeatsOf(raw)
	}
	return v, cannotBe(raw)
}

// cannotBe is the error that a field cannot be what a text of JSON says.
type cannotBe string

func (text cannotBe) Error() string { return fmt.Sprintf("cannot be %.40s", string(text)) }

// ParseSeconds reads what AppendSeconds writes, exactly; any other number as near as
// nanoseconds are.
func ParseSeconds(text string) (int64, error) {
	whole, frac, _ := strings.Cut(text, ".")
	digits, negative := strings.CutPrefix(whole, "-")
	if len(frac) <= 9 && !strings.ContainsAny(text, "eE") {
		ns, err := strconv.ParseUint(digits+(frac + "000000000")[:9], 10, 64)
		switch {
		case err != nil:
			return 0, err
		case negative && ns <= 1<<63:
			return -int64(ns), nil
		case negative || ns >= 1<<63:
			return 0, strconv.ErrRange
		}
		return int64(ns), nil
	}
	s, err := strconv.ParseFloat(text, 64)
	return nanoseconds(s), err
}

// repeatsOf reads the seconds to each repeated SYN.
func repeatsOf(raw []byte) (v Value, err error) {
	var spans []json.Number
	if json.Unmarshal(raw, &spans) != nil {
		return v, cannotBe(raw)
	}
	v = noSYNs()
	for _, s := range spans {
		if ns, err := ParseSeconds(s.String()); err != nil || !v.again(ns) {
			return v, cannotBe(raw)
		}
	}
	return v, nil
}

// episodes takes the times in which an end had its window closed.
func (s *scan) episodes() (Value, error) {
	v := noEpisodes()
	err := s.objects(partsOf(""), v.episode)
	return v, err
}
