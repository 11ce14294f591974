package schema

import (
	"slices"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Version is that of the record: greater when what a field means has changed, or one is gone.
const Version = 1

// Field is one field of the record.
type Field struct {
	Name string // with dots, as in CSV: open.felt_s
	Type Type
	Unit string // what a number counts; "" where the name says it
	Doc  string // what it means, for docs/record.md

	hidden hidden
	source source // its value, where nothing hides it
}

// Detail reports whether the field is there for what reads records back, as detectors that
// judge them again: CSV leaves it out.
func (f *Field) Detail() bool { return f.source.detail }

// Type is what a field holds, as JSON Lines writes it.
type Type uint8

// Types.
const (
	Text    Type = iota // a string
	Address             // a string: an IPv4 or IPv6 address
	Time                // a string: RFC 3339 with nanoseconds, UTC
	Count               // a whole number
	Seconds             // a number with its fraction
	Truth               // true or false
	Counts              // a list of whole numbers
	Spans               // a list of seconds
	Texts               // a list of strings
	Objects             // a list of objects, which CSV cannot hold
)

// String names the type as docs/record.md does.
func (t Type) String() string {
	return [...]string{"text", "address", "time", "number", "seconds", "true or false", "list of numbers", "list of seconds", "list of texts", "list of objects"}[t]
}

// kind is what a number of that type is printed as.
func (t Type) kind() kind {
	switch t {
	case Count:
		return counted
	case Seconds:
		return seconds
	case Time:
		return moment
	case Truth:
		return truth
	}
	return absent
}

// timed reports whether a value of that type is a time or made of times.
func (t Type) timed() bool { return t == Time || t == Seconds || t == Spans || t == Objects }

// Options say what a record alone does not tell.
type Options struct {
	Transitions bool     // every edge of every connection (not in CSV)
	Files       []string // input files by index; "file" is written when there are several
	Interfaces  []string // interface names by index; an index without a name is left out
	// Unplaced leaves out where the connection was captured.
	Unplaced bool
	// Local tells the addresses of this host, of which a connection's ends may be one; nil
	// when they are unknown.
	Local func(a capture.Addr) bool
}

// row is what the fields read: a record, what about its capture hides fields, and
// the names that belong to the indices in it.
type row struct {
	*record.Record
	flaws flaw
	lacks lack
	opt   *Options
	pair  [2]capture.Endpoint
}

// set points the row at another record.
func (w *row) set(r *record.Record) {
	w.Record = r
	w.flaws, w.lacks = flawsOf(r), lacksOf(r, w.opt)
	w.pair = [2]capture.Endpoint{r.Orig, r.Resp}
}

// Fields lists the fields of the record in the order of output. Fields of one
// group follow each other.
func Fields() []Field {
	all := slices.Concat(identityFields(), openFields(), closeFields(), timeWaitFields(), keepaliveFields(), idleFields(),
		endFields("orig", "originator", record.Orig), endFields("resp", "responder", record.Resp),
		nameFields(), keyFields(), exchangeFields(), captureFields(), evidenceFields())
	for i := range all {
		// Without times of packets there is none and no span; the tracker knows
		// when the connection's own can be told all the same.
		if f := &all[i]; f.Type.timed() && f.hidden.perhaps&untimed == 0 {
			f.hidden.by |= untimed
		}
	}
	return all
}

// read is the field's value; absent where something hides it.
func (f *Field) read(w *row) Value {
	if f.hidden.from(w) {
		return Value{}
	}
	if f.source.made != nil {
		return f.source.made(w)
	}
	c := f.cell(w.Record)
	n, ok := c.number()
	if !ok {
		return Value{}
	}
	return Value{kind: c.kind, n: n}
}

// groups of a field: "keepalive.orig.probes" is in keepalive and orig.
func (f *Field) groups() []string {
	parts := strings.Split(f.Name, ".")
	return parts[:len(parts)-1]
}

// leaf is the last part of the name.
func (f *Field) leaf() string { return f.Name[strings.LastIndexByte(f.Name, '.')+1:] }
