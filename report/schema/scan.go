package schema

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tcpwatch/tracker/record"
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

// string takes one.
func (s *scan) string() (string, error) {
	raw := s.raw()
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

// cannotBe is the error that a field cannot be what a text of JSON says.
type cannotBe string

func (text cannotBe) Error() string { return fmt.Sprintf("cannot be %.40s", string(text)) }

// value takes one of a type.
func (s *scan) value(t Type) (v Value, err error) {
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
		if json.Unmarshal(raw, &tags) != nil || len(tags) == 0 || len(tags) > 2 {
			return v, cannotBe(raw)
		}
		v = Value{kind: vlans, m: uint8(len(tags)), n: int64(tags[0]) << 16}
		if len(tags) > 1 {
			v.n |= int64(tags[1])
		}
		return v, nil
	case Spans:
		return repeatsOf(raw)
	case Objects:
		return episodesOf(raw)
	}
	return v, cannotBe(raw)
}

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
func repeatsOf(raw []byte) (Value, error) {
	var spans []json.Number
	if json.Unmarshal(raw, &spans) != nil || len(spans) > record.MaxSYNsAgain {
		return Value{}, cannotBe(raw)
	}
	r := new(record.Record)
	for i, s := range spans {
		ns, err := ParseSeconds(s.String())
		if err != nil || ns < 0 {
			return Value{}, cannotBe(raw)
		}
		r.Open.SYNsAgain[i] = uint32(ns / 1e6)
	}
	r.Open.NSYNsAgain = uint8(len(spans))
	return Value{kind: syns, r: r}, nil
}

// episodesOf reads the times in which an end had its window closed: of the originator of the
// value's record.
func episodesOf(raw []byte) (Value, error) {
	var list []struct {
		Start, End time.Time
		Packet     uint64
		EndPacket  uint64 `json:"end_packet"`
		Probes     uint32
		EndedBy    string `json:"ended_by"`
	}
	if err := decode(raw, &list); err != nil {
		return Value{}, err
	}
	r := new(record.Record)
	for _, x := range list {
		by, _ := kindOf(record.NZeroWindowEnds, x.EndedBy)
		e := record.ZeroWindowEpisode{Start: x.Start.UnixNano(), Packet: x.Packet, EndPacket: x.EndPacket, Probes: x.Probes, EndedBy: by}
		if x.EndPacket != 0 {
			e.End = x.End.UnixNano()
		}
		r.Ends[record.Orig].ZeroWindowList = append(r.Ends[record.Orig].ZeroWindowList, e)
	}
	return Value{kind: episodes, r: r}, nil
}

// transitions reads the edges of a connection.
func (s *scan) transitions(r *record.Record) error {
	var list []struct {
		T                    time.Time
		Packet               uint64
		End, From, To, Proof string
	}
	if err := decode(s.raw(), &list); err != nil {
		return fmt.Errorf("transitions: %w", err)
	}
	for _, x := range list {
		t := record.Transition{Packet: x.Packet}
		if !x.T.IsZero() {
			t.Time = x.T.UnixNano()
		}
		t.End, _ = kindOf(record.NEnds, x.End)
		t.From, _ = kindOf(record.NStates, x.From)
		t.To, _ = kindOf(record.NStates, x.To)
		t.Basis, _ = kindOf(record.NBases, x.Proof)
		r.Transitions = append(r.Transitions, t)
	}
	return nil
}
