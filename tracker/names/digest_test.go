package names

import (
	"hash/fnv"
	"testing"

	"tcpwatch/tracker/record"
)

// fnvOf is what hash/fnv makes of the first bytes.
func fnvOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s[:min(len(s), digested)]))
	return h.Sum64()
}

// A digest is of the first 64 bytes of a direction, however they were cut, repeated or named, and of
// all where they are fewer; where one of them is not there, there is none.
func TestDigests(t *testing.T) {
	request := "GET /a-path-that-is-longer-than-most HTTP/1.1\r\nHost: www.example.com\r\n\r\nand more behind it"
	odd := "\x00\x01\x02\x03 is the beginning of no protocol that is known here, and goes on for 64 bytes"
	type piece struct {
		off  int64
		b    string
		wire int
	}
	for _, x := range []struct {
		name   string
		pieces []piece
		bytes  uint64 // sent in all
		want   string // "" for none
	}{
		{"in one", []piece{{0, request, 0}}, uint64(len(request)), request},
		{"short", []piece{{0, "PING", 0}}, 4, "PING"},
		{"byte by byte", []piece{{0, "P", 0}, {1, "I", 0}, {2, "N", 0}, {3, "G", 0}}, 4, "PING"},
		{"no protocol, in two", []piece{{0, odd[:20], 0}, {20, odd[20:], 0}}, uint64(len(odd)), odd},
		{"more behind what was named", []piece{{0, request[:50], 0}, {50, request[50:], 0}, {int64(len(request)), odd, 0}}, 500, request},
		{"a repeat with more", []piece{{0, odd[:20], 0}, {10, odd[10:], 0}}, uint64(len(odd)), odd},
		{"out of order", []piece{{20, odd[20:], 0}, {0, odd[:20], 0}}, uint64(len(odd)), ""},
		{"out of order, and repeated", []piece{{20, odd[20:], 0}, {0, odd, 0}}, uint64(len(odd)), odd},
		{"a hole", []piece{{0, odd[:20], 0}, {21, odd[21:], 0}}, uint64(len(odd)), ""},
		{"the end was not captured", []piece{{0, "PING", 0}}, 5, ""},
		{"cut by the snaplen", []piece{{0, odd[:20], len(odd)}, {int64(len(odd)), odd, 0}}, 200, ""},
		{"below the first", []piece{{-3, odd, 0}}, uint64(len(odd)), ""},
	} {
		for _, undecided := range []int{0, -1} { // -1: no place for one that is not decided
			f := &feed{o: New(Options{Digests: true, Undecided: undecided}), id: 1}
			for _, p := range x.pieces {
				f.place(record.Resp, p.off, []byte(p.b), max(p.wire, len(p.b)))
			}
			r := record.Record{ID: 1, Mark: f.mark}
			r.Ends[record.Resp].Bytes, r.Ends[record.Resp].Key.ISN = record.Some(x.bytes), record.Some(uint32(7))
			f.o.Finish(&r)
			f.o.Forget(&r)
			got := r.Ends[record.Resp].Key.Digest
			if got.OK != (x.want != "") || got.OK && got.V != fnvOf(x.want) {
				t.Errorf("%s, undecided %d: %x, %v", x.name, undecided, got.V, got.OK)
			}
			if r.Ends[record.Orig].Key.Digest.OK {
				t.Errorf("%s: of the end that sent nothing", x.name)
			}
		}
	}
}

// Without the number of its SYN nobody knows which bytes were the first; and nobody is told who did not ask.
func TestDigestsAbsent(t *testing.T) {
	for _, x := range []struct {
		asked, syn bool
	}{{false, true}, {true, false}, {true, true}} {
		f := &feed{o: New(Options{Digests: x.asked}), id: 1}
		f.next(record.Orig, []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
		r := record.Record{ID: 1, Mark: f.mark}
		r.Ends[record.Orig].Bytes = record.Some(uint64(f.at[record.Orig]))
		if x.syn {
			r.Ends[record.Orig].Key.ISN = record.Some(uint32(7))
		}
		f.o.Finish(&r)
		if got := r.Ends[record.Orig].Key.Digest.OK; got != (x.asked && x.syn) {
			t.Errorf("asked %v, SYN %v: told %v", x.asked, x.syn, got)
		}
		if r.Names == nil || r.Names.HTTPHost != "a" {
			t.Errorf("names %+v", r.Names)
		}
		f.o.Forget(&r)
	}
}

// A place that is used again begins anew.
func TestDigestsPlaceAgain(t *testing.T) {
	o := New(Options{Digests: true, Undecided: -1})
	for i, s := range []string{"first", "second"} {
		f := &feed{o: o, id: uint64(i)}
		f.next(record.Orig, []byte(s))
		r := record.Record{ID: uint64(i), Mark: f.mark}
		r.Ends[record.Orig].Bytes, r.Ends[record.Orig].Key.ISN = record.Some(uint64(len(s))), record.Some(uint32(7))
		f.o.Finish(&r)
		f.o.Forget(&r)
		if got := r.Ends[record.Orig].Key.Digest; got.V != fnvOf(s) {
			t.Errorf("%s: %x", s, got.V)
		}
	}
	if len(o.digests) != 1 {
		t.Errorf("%d places", len(o.digests))
	}
}
