package schema

import (
	"strings"

	"tcpwatch/tracker/record"
)

// Leaf is a column of formats that have one for each single value.
type Leaf struct {
	Path  []string // the names of its groups and its own, legal in SQL
	Type  Type     // of one value: no list
	Shape Shape
	JSON  bool // the text is an object of JSON
}

// Shape is how many values of a Leaf there are for a record.
type Shape uint8

// Shapes.
const (
	One   Shape = iota // one, or none
	Many               // a list of them
	Part               // of each object of a list, whose name is before its own: one, or none
	Entry              // of a map, whose name is before its own: "key" or "value"
)

// Take takes a value of a leaf, by its number; of a list the nth, from 0, or an absent one with nth
// -1 of a list that is empty. Of the objects of a list each Part is handed over, absent ones too.
type Take func(leaf, nth int, v Value)

// LegalName is a part of a field's name as SQL allows it without quotes, unless it is one of the
// words of SQL.
func LegalName(part string) string { return strings.ToLower(strings.ReplaceAll(part, "-", "_")) }

// part is a field of the objects in a list.
type part struct {
	name string
	typ  Type
}

// maxParts is how many an object has at the most.
const maxParts = 6

// transitionsName is the list of the edges of a connection, which is no field.
const transitionsName = "transitions"

// partsOf are those of the objects in a list of that name.
func partsOf(list string) []part {
	if list == transitionsName {
		return []part{{"t", Time}, {"packet", Count}, {"end", Text}, {"from", Text}, {"to", Text}, {"proof", Text}}
	}
	return []part{{"start", Time}, {"packet", Count}, {"end", Time}, {"end_packet", Count}, {"probes", Count}, {"ended_by", Text}}
}

// leafOf is where a leaf belongs.
type leafOf struct {
	field int // of Fields; len of them for the transitions, one more for the raw group
	part  int
}

// leaves are all leaves of a record, in the order of Fields, and where each belongs.
func leaves(fields []Field) (all []Leaf, of []leafOf) {
	add := func(field, part int, l Leaf) {
		for i := range l.Path {
			l.Path[i] = LegalName(l.Path[i])
		}
		all, of = append(all, l), append(of, leafOf{field, part})
	}
	objects := func(field int, path []string) {
		for i, p := range partsOf(path[len(path)-1]) {
			add(field, i, Leaf{Path: append(append([]string{}, path...), p.name), Type: p.typ, Shape: Part})
		}
	}
	for i := range fields {
		f := &fields[i]
		path := append(f.groups(), f.leaf())
		if single, list := f.Type.elements(); f.Type == Objects {
			objects(i, path)
		} else if list {
			add(i, 0, Leaf{Path: path, Type: single, Shape: Many})
		} else {
			add(i, 0, Leaf{Path: path, Type: f.Type})
		}
	}
	objects(len(fields), []string{transitionsName})
	add(len(fields)+1, 0, Leaf{Path: []string{strings.TrimSuffix(rawGroup, ".")}, Type: Text, JSON: true})
	return all, of
}

// elements is the type of what a list of that type holds; false for what is no list.
func (t Type) elements() (Type, bool) {
	switch t {
	case Counts:
		return Count, true
	case Spans:
		return Seconds, true
	case Texts:
		return Text, true
	}
	return t, false
}

// Leaves are the columns of a record, in the order of output.
func Leaves() []Leaf {
	all, _ := leaves(Fields())
	return all
}

// Columns hands out the values of records, for formats with a column for each. It is not safe for
// concurrent use.
type Columns struct {
	*JSON
	first []int // leaf of each field
	raw   []byte
}

// NewColumns returns a Columns with these options.
func NewColumns(o Options) *Columns {
	c := &Columns{JSON: NewJSON(o)}
	_, of := leaves(Fields())
	for i, l := range of {
		if l.part == 0 {
			c.first = append(c.first, i)
		}
	}
	return c
}

// Each hands over the values of a record, leaf by leaf.
func (c *Columns) Each(r *record.Record, take Take) {
	c.set(r)
	for i := c.told.next(0); i < maxFields; i = c.told.next(i + 1) {
		c.value(i).each(c.first[i], take)
	}
	if at := c.first[len(c.cells)]; c.opt.Transitions {
		for i := range r.Transitions {
			takeObject(at, i, transitionValues(&r.Transitions[i], r), take)
		}
		if len(r.Transitions) == 0 {
			takeNone(at, take)
		}
	}
	if c.raw = c.appendRaw(c.raw[:0]); len(c.raw) > 0 {
		take(c.first[len(c.cells)+1], 0, textOf(string(c.raw[len(`,"raw":`):])))
	}
}

// each hands over the value, or the values of the list that it is.
func (v Value) each(leaf int, take Take) {
	switch v.kind {
	case vlans:
		for i, tag := range []int64{v.n >> 16, v.n & 0xffff}[:v.m] {
			take(leaf, i, Value{kind: counted, n: tag})
		}
	case syns:
		for i, ms := range synsAgain(v.r) {
			take(leaf, i, secondsOf(int64(ms)*1e6))
		}
	case lacking:
		n := 0
		for r := range NReasons {
			if Reasons(v.n).Has(r) {
				take(leaf, n, textOf(r.String()))
				n++
			}
		}
	case episodes:
		list := v.r.Ends[v.n].ZeroWindowList
		for i := range list {
			takeObject(leaf, i, episodeValues(&list[i], v.r), take)
		}
	default:
		take(leaf, 0, v)
	}
}

// takeObject hands over the parts of an object of a list.
func takeObject(first, nth int, parts [maxParts]Value, take Take) {
	for i := range parts {
		take(first+i, nth, parts[i])
	}
}

// takeNone hands over that a list of objects is empty.
func takeNone(first int, take Take) {
	for i := range maxParts {
		take(first+i, -1, Value{})
	}
}
