package schema

import (
	"net/netip"
	"reflect"
	"unicode/utf8"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// source is where a field comes from, and where it goes when a record is read back: a
// number that the record holds as it is told, or a value that is made.
type source struct {
	at      func(r *record.Record) any // a pointer to the number: see cell
	notZero bool                       // 0 means that there is none
	detail  bool                       // it is there for what reads records back: see Field.Detail
	numbers numbering                  // what is numbered on from one input to the next
	made    func(w *row) Value
	// Of a value that is made and is the word of a kind, where the kind lies, and the words by it.
	kind   func(r *record.Record) *uint8
	words  []string
	number func(r *record.Record) any // where a number that is made lies, as at
	other  bool                       // what is made may differ from what the record holds, where nothing hides it too
	// raw is what the record holds, where what is told of it is another value or none: see
	// rawGroup. Of a number of the record that something hides, it is the number.
	raw func(w *row, told Value) Value
	// back puts a value that was read into a record, and rawBack one that raw told; nil for
	// what follows from other fields. They are called when all numbers of the record are back.
	back, rawBack func(r *record.Record, v Value)
}

// numbering is what a number counts that goes on where the input before ended; 0 for any other number.
type numbering uint8

const (
	packets numbering = 1 + iota // of the input, by which connections go too; 0 is none
	files                        // of the input
)

// packetAt is the number of a packet, or the id of a connection, in the record.
func packetAt(place func(r *record.Record) any) source { return at(place).numbered(packets) }

// at is a number of the record: a pointer to it.
func at(place func(r *record.Record) any) source { return source{at: place} }

// made is any other value.
func made(value func(w *row) Value) source { return source{made: value} }

// numbered is a number that goes on where the input before ended.
func (s source) numbered(as numbering) source {
	s.numbers = as
	return s
}

// ifAny is a number that is absent when it is 0, or false.
func (s source) ifAny() source {
	s.notZero = true
	return s
}

// into is a value that is made and put back.
func (s source) into(back func(r *record.Record, v Value)) source {
	s.back = back
	if s.rawBack == nil {
		s.rawBack = back
	}
	return s
}

// intoRaw is how a value that raw told is put back, where that is another way.
func (s source) intoRaw(back func(r *record.Record, v Value)) source {
	s.rawBack = back
	return s
}

// where what a record holds is told otherwise, or not at all.
func (s source) where(raw func(w *row, told Value) Value) source {
	s.raw, s.other = raw, true
	return s
}

// whereAbsent what a record holds is not told.
func (s source) whereAbsent(raw func(w *row) Value) source {
	s.raw = func(w *row, told Value) Value {
		if told.kind != absent {
			return Value{}
		}
		return raw(w)
	}
	return s
}

// evenHidden is a value that the record holds where something hides it too.
func (s source) evenHidden() source {
	return s.whereAbsent(s.made)
}

// wordOf is one of the words of a kind: of those below n, "" and initial for none.
func wordOf[K interface {
	~uint8
	String() string
}](n, initial K, place func(r *record.Record) *K) source {
	word := func(w *row) Value { return textOf((*place(w.Record)).String()) }
	s := made(word)
	s.kind = func(r *record.Record) *uint8 {
		return reflect.ValueOf(place(r)).Convert(reflect.TypeFor[*uint8]()).Interface().(*uint8)
	}
	for k := range n {
		s.words = append(s.words, k.String())
	}
	s.raw = func(w *row, told Value) Value {
		switch own := word(w); {
		case told.kind == absent && *place(w.Record) == initial, own == told:
			return Value{}
		case own.kind == absent:
			return textOf(noWord)
		default:
			return own
		}
	}
	return s.into(func(r *record.Record, v Value) {
		if k, ok := kindOf(n, v.s); ok {
			*place(r) = k
		}
	})
}

// unlessInitial leaves the word of the initial kind out.
func (s source) unlessInitial() source {
	told := s.raw
	s.made = func(w *row) Value { return told(w, Value{}) }
	s.raw, s.kind = nil, nil
	return s
}

// noWord is what stands for a kind without a word.
const noWord = "none"

// kindOf is the kind below n with a word.
func kindOf[K interface {
	~uint8
	String() string
}](n K, word string) (K, bool) {
	if word == noWord {
		word = ""
	}
	for k := range n {
		if k.String() == word {
			return k, true
		}
	}
	return 0, false
}

// toldAs is a kind of which another word may be told than its own.
func (s source) toldAs(value func(w *row) Value) source {
	s.made, s.kind, s.other = value, nil, true
	return s
}

// textAt is a text of the record. What came from the wire may be no UTF-8: then the raw
// value has a letter for each byte.
func textAt(place func(r *record.Record) *string) source {
	return textFrom(func(w *row) string { return *place(w.Record) }, place)
}

// textFrom is a text of the record that is read at one place and put back at another, which may
// have to be made.
func textFrom(of func(w *row) string, place func(r *record.Record) *string) source {
	s := made(func(w *row) Value { return textOf(of(w)) }).where(func(w *row, told Value) Value {
		own := of(w)
		if told.kind == absent && own == "" || told.kind != absent && utf8.ValidString(own) {
			return Value{}
		}
		letters := make([]rune, len(own))
		for i := range len(own) {
			letters[i] = rune(own[i])
		}
		return textOf(string(letters))
	})
	return s.into(func(r *record.Record, v Value) { *place(r) = v.s }).intoRaw(func(r *record.Record, v Value) {
		var own []byte
		for _, letter := range v.s {
			own = append(own, byte(letter))
		}
		*place(r) = string(own)
	})
}

// stamped is a time of the record, as the capture's clock showed it.
func stamped(place func(r *record.Record) *int64) source {
	return momentAt(func(r *record.Record) (record.Opt[int64], *int64) {
		own := place(r)
		return record.Some(r.Stamp(*own)), own
	})
}

// withCopies is a number of packets, the copies that the capture made of them included; told
// says whether there is anything to tell, nil that there is.
func withCopies(of func(r *record.Record) (n, copies *uint32), told func(w *row, n uint32) Value) source {
	return made(func(w *row) Value {
		n, copies := of(w.Record)
		if told == nil {
			return countOf(*n + *copies)
		}
		return told(w, *n+*copies)
	}).whereAbsent(func(w *row) Value {
		n, _ := of(w.Record)
		return someOf(*n)
	}).into(func(r *record.Record, v Value) {
		n, copies := of(r)
		*n = uint32(v.n) - *copies
	}).intoRaw(func(r *record.Record, v Value) {
		n, _ := of(r)
		*n = uint32(v.n)
	})
}

// momentAt is a time of the record of which another may be told, or none.
func momentAt(of func(r *record.Record) (told record.Opt[int64], own *int64)) source {
	return made(func(w *row) Value {
		told, _ := of(w.Record)
		return optMoment(told)
	}).where(func(w *row, told Value) Value {
		_, own := of(w.Record)
		if told.kind == absent && *own == 0 || told.kind != absent && told.n == *own {
			return Value{}
		}
		return momentOf(*own)
	}).into(func(r *record.Record, v Value) {
		_, own := of(r)
		*own = v.n
	})
}

// addressAt is an address of the record; absent when it is none.
func addressAt(place func(r *record.Record) *capture.Addr) source {
	return made(func(w *row) Value {
		if a := place(w.Record); *a != (capture.Addr{}) {
			return Value{kind: address, a: a}
		}
		return Value{}
	}).into(func(r *record.Record, v Value) { *place(r) = addressOf(v) })
}

// addressOf is an address that was read; the zero one when the text is none.
func addressOf(v Value) capture.Addr {
	a, err := netip.ParseAddr(v.s)
	if err != nil {
		return capture.Addr{}
	}
	return capture.AddrFrom(a)
}

// details are fields that are there for what reads records back.
func details(fields ...Field) []Field {
	for i := range fields {
		s := &fields[i].source
		if s.detail = true; s.at != nil {
			s.notZero = true
		}
	}
	return fields
}
