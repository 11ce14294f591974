package schema

import (
	"fmt"
	"math/bits"

	"tcpwatch/tracker/record"
)

// fieldSet is a set of fields by their index.
type fieldSet [8]uint64

// maxFields is how many fields there may be.
const maxFields = len(fieldSet{}) * 64

func (s *fieldSet) add(i int)      { s[i>>6] |= 1 << (i & 63) }
func (s *fieldSet) has(i int) bool { return s[i>>6]>>(i&63)&1 != 0 }

// join adds those of another set.
func (s *fieldSet) join(o *fieldSet) {
	for w := range s {
		s[w] |= o[w]
	}
}

// next is the first in the set from i on; maxFields where there is none.
func (s *fieldSet) next(i int) int {
	if i >= maxFields {
		return i
	}
	w := i >> 6
	for set := s[w] >> (i & 63) << (i & 63); ; set = s[w] {
		if set != 0 {
			return w<<6 + bits.TrailingZeros64(set)
		}
		if w++; w == len(s) {
			return maxFields
		}
	}
}

// sheet is what a record holds of all fields that are numbers, or words for small numbers. It
// reads them by their width, a list after the other: nine instructions for one that is 0. A call
// and a type switch for each were a fifth of all that a line of JSON took.
type sheet struct {
	n      [maxFields]int64 // of the fields in filled
	filled fieldSet         // what is not 0, and kinds that have a word
	known  fieldSet         // of numbers that may be unknown, those that are not
	ifAny  fieldSet         // 0 of them is none

	u8          []place[uint8]
	u16         []place[uint16]
	u32         []place[uint32]
	u64         []place[uint64]
	i64         []place[int64]
	ints        []place[int]
	truths      []place[bool]
	optU8       []place[record.Opt[uint8]]
	optU16      []place[record.Opt[uint16]]
	optU32      []place[record.Opt[uint32]]
	optU64      []place[record.Opt[uint64]]
	optI64      []place[record.Opt[int64]]
	optTruths   []place[record.Opt[bool]]
	kinds       []place[uint8]
	wordsOfKind [][]string // of each of kinds
}

// place is where a field's number lies in a record.
type place[T any] struct {
	at    *T
	field uint16
}

// add adds the number of a field, by a pointer to it, and tells whether it may be unknown.
func (s *sheet) add(i int, at any) (optional bool) {
	f := uint16(i)
	switch x := at.(type) {
	case *uint8:
		s.u8 = append(s.u8, place[uint8]{x, f})
	case *uint16:
		s.u16 = append(s.u16, place[uint16]{x, f})
	case *uint32:
		s.u32 = append(s.u32, place[uint32]{x, f})
	case *uint64:
		s.u64 = append(s.u64, place[uint64]{x, f})
	case *int64:
		s.i64 = append(s.i64, place[int64]{x, f})
	case *int:
		s.ints = append(s.ints, place[int]{x, f})
	case *bool:
		s.truths = append(s.truths, place[bool]{x, f})
	default:
		s.addOptional(f, at)
		return true
	}
	return false
}

// addOptional adds a number that may be unknown.
func (s *sheet) addOptional(f uint16, at any) {
	switch x := at.(type) {
	case *record.Opt[uint8]:
		s.optU8 = append(s.optU8, place[record.Opt[uint8]]{x, f})
	case *record.Opt[uint16]:
		s.optU16 = append(s.optU16, place[record.Opt[uint16]]{x, f})
	case *record.Opt[uint32]:
		s.optU32 = append(s.optU32, place[record.Opt[uint32]]{x, f})
	case *record.Opt[uint64]:
		s.optU64 = append(s.optU64, place[record.Opt[uint64]]{x, f})
	case *record.Opt[int64]:
		s.optI64 = append(s.optI64, place[record.Opt[int64]]{x, f})
	case *record.Opt[bool]:
		s.optTruths = append(s.optTruths, place[record.Opt[bool]]{x, f})
	default:
		panic(fmt.Sprintf("%T is no number", x))
	}
}

// addKind adds the kind of a field that tells it in words.
func (s *sheet) addKind(i int, at *uint8, words []string) {
	s.kinds = append(s.kinds, place[uint8]{at, uint16(i)})
	s.wordsOfKind = append(s.wordsOfKind, words)
}

// fill sets the number of a field that is not 0.
func (s *sheet) fill(field uint16, n int64) {
	s.n[field] = n
	s.filled.add(int(field))
}

// number is the number of a field; 0 where none is known.
func (s *sheet) number(i int) int64 {
	if !s.filled.has(i) {
		return 0
	}
	return s.n[i]
}

// read reads all numbers anew.
func (s *sheet) read() {
	s.filled, s.known = fieldSet{}, fieldSet{}
	readAll(s, s.u8)
	readAll(s, s.u16)
	readAll(s, s.u32)
	readAll(s, s.u64)
	readAll(s, s.i64)
	readAll(s, s.ints)
	for i := range s.truths {
		if p := &s.truths[i]; *p.at {
			s.fill(p.field, 1)
		}
	}
	readKnown(s, s.optU8)
	readKnown(s, s.optU16)
	readKnown(s, s.optU32)
	readKnown(s, s.optU64)
	readKnown(s, s.optI64)
	for i := range s.optTruths {
		if p := &s.optTruths[i]; p.at.OK {
			s.known.add(int(p.field))
			if p.at.V {
				s.fill(p.field, 1)
			}
		}
	}
	for i := range s.kinds {
		p, words := &s.kinds[i], s.wordsOfKind[i]
		if k := *p.at; int(k) < len(words) && words[k] != "" {
			s.fill(p.field, int64(k))
		}
	}
	for w := range s.known {
		s.known[w] &^= s.ifAny[w] &^ s.filled[w]
	}
}

// integer is what numbers of a record are.
type integer interface {
	uint8 | uint16 | uint32 | uint64 | int | int64
}

// readAll reads numbers.
func readAll[T integer](s *sheet, all []place[T]) {
	for i := range all {
		if p := &all[i]; *p.at != 0 {
			s.fill(p.field, int64(*p.at))
		}
	}
}

// readKnown reads numbers that may be unknown.
func readKnown[T integer](s *sheet, all []place[record.Opt[T]]) {
	for i := range all {
		if p := &all[i]; p.at.OK {
			s.known.add(int(p.field))
			if p.at.V != 0 {
				s.fill(p.field, int64(p.at.V))
			}
		}
	}
}
