package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tcpwatch/tracker/record"
)

// RecordReader makes records again of the lines that JSON writes, or of the values that Columns
// hands out. It is not safe for concurrent use.
type RecordReader struct {
	fields []Field
	leaves []Leaf
	of     []leafOf
	byName map[string]int // of the field, for its name and for that in the raw group
	rec    record.Record
	told   []told // of this record, values that are made
	// Of this record, what the objects of a list hold, and the list's field.
	objects []listed
	// Packets are numbered on from those before, and files from theirs.
	before uint64
	files  int
	local  map[int]bool
	path   []byte // of the group that is read
}

// told is a value that was read of a field.
type told struct {
	at  int
	raw bool
	v   Value
}

// listed are the objects that were read of a list.
type listed struct {
	at   int
	list [][maxParts]Value
}

// NewRecordReader returns a RecordReader.
func NewRecordReader() *RecordReader {
	rd := &RecordReader{fields: Fields(), byName: map[string]int{}, local: map[int]bool{}}
	for i, f := range rd.fields {
		rd.byName[f.Name] = i
		rd.byName[rawGroup+f.Name] = i
	}
	rd.leaves, rd.of = leaves(rd.fields)
	return rd
}

// Before says how many packets and files came before those of the lines to come: these are numbered on.
func (rd *RecordReader) Before(packets uint64, files int) { rd.before, rd.files = packets, files }

// Local tells of the ends of the record that was read, by number, whether they were the capturing
// host's; nothing where that was not known.
func (rd *RecordReader) Local() map[int]bool { return rd.local }

// Read makes the record of the object on a line. It is good until the next Read.
func (rd *RecordReader) Read(line []byte) (*record.Record, error) {
	rd.Begin()
	var any json.RawMessage
	if err := decode(line, &any); err != nil {
		return nil, err
	}
	s := scan{text: line}
	if s.peek() != '{' {
		return nil, errors.New("no object")
	}
	if err := rd.object(&s); err != nil {
		return nil, err
	}
	return rd.End(), nil
}

// Begin begins a record: one whose kinds are those without a word.
func (rd *RecordReader) Begin() {
	rd.told, rd.objects = rd.told[:0], rd.objects[:0]
	rd.rec = record.Record{}
	clear(rd.local)
	r := &rd.rec
	r.File = rd.files
	r.Close.First, r.Close.ResetBy, r.TimeWait.Holder = record.NoEnd, record.NoEnd, record.NoEnd
}

// End is the record, when all of its values were taken: what is made of them is put back. It is good
// until the next Begin.
func (rd *RecordReader) End() *record.Record {
	r := &rd.rec
	for _, o := range rd.objects {
		rd.endList(o)
	}
	r.FilePacket = r.FirstPacket - rd.before
	for _, raw := range [...]bool{false, true} {
		for i := range rd.told {
			t := &rd.told[i]
			if t.raw != raw {
				continue
			}
			s := &rd.fields[t.at].source
			if raw {
				s.rawBack(r, t.v)
			} else {
				s.back(r, t.v)
			}
		}
	}
	for e := range r.Ends {
		for i := range r.Ends[e].ZeroWindowList {
			x := &r.Ends[e].ZeroWindowList[i]
			x.Packet = rd.numberOf(x.Packet)
			x.EndPacket = rd.numberOf(x.EndPacket)
		}
	}
	for i := range r.Transitions {
		t := &r.Transitions[i]
		t.Packet = rd.numberOf(t.Packet)
	}
	return r
}

// endList puts a list of objects back.
func (rd *RecordReader) endList(o listed) {
	if o.at == len(rd.fields) {
		for i := range o.list {
			rd.rec.Transitions = append(rd.rec.Transitions, transitionOf(&o.list[i]))
		}
		return
	}
	v := noEpisodes()
	for i := range o.list {
		v.episode(&o.list[i])
	}
	rd.told = append(rd.told, told{o.at, false, v})
}

// numberOf is the number of a packet, numbered on; 0 for none.
func (rd *RecordReader) numberOf(packet uint64) uint64 {
	if packet == 0 {
		return 0
	}
	return packet + rd.before
}

// takeLocal notes which ends were the host's.
func (rd *RecordReader) takeLocal(v Value) {
	if e, ok := kindOf(record.NEnds, v.s); ok {
		for end := range 2 {
			rd.local[end] = e == record.Both || e == record.End(end)
		}
	}
}

// take takes a value of a field.
func (rd *RecordReader) take(name string, s *scan) error {
	if name == transitionsName {
		err := s.objects(partsOf(name), func(v *[maxParts]Value) {
			rd.rec.Transitions = append(rd.rec.Transitions, transitionOf(v))
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	i, ok := rd.byName[name]
	if !ok || !rd.wants(i) {
		return s.skip()
	}
	v, err := s.value(rd.fields[i].Type)
	if err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	return rd.put(i, strings.HasPrefix(name, rawGroup), v)
}

// localName is the field that says which ends were the host's.
const localName = "local"

// wants reports whether the value of a field goes into the record.
func (rd *RecordReader) wants(i int) bool {
	f := &rd.fields[i]
	return f.source.at != nil || f.source.back != nil || f.Name == localName
}

// put takes a value of a field that it wants.
func (rd *RecordReader) put(i int, raw bool, v Value) error {
	f := &rd.fields[i]
	if f.Name == localName {
		rd.takeLocal(v)
		return nil
	}
	switch f.source.numbers {
	case packets:
		v.n = int64(rd.numberOf(uint64(v.n)))
	case files:
		v.n += int64(rd.files)
	}
	if f.source.at == nil {
		rd.told = append(rd.told, told{i, raw, v})
		return nil
	}
	c := cell{place: f.source.at(&rd.rec)}
	if !c.set(v.n) {
		return fmt.Errorf("%s %w", f.Name, cannotBe(v.Text()))
	}
	return nil
}

// Take takes a value as Columns hands it over.
func (rd *RecordReader) Take(leaf, nth int, v Value) error {
	at := rd.of[leaf]
	switch {
	case at.field > len(rd.fields):
		return rd.takeRaw(v.s)
	case rd.leaves[leaf].Shape == Part:
		rd.takePart(at, nth, v)
		return nil
	case !rd.wants(at.field):
		return nil
	case rd.leaves[leaf].Shape == Many:
		return rd.takeNth(at.field, nth, v)
	}
	return rd.put(at.field, false, v)
}

// takeRaw takes the raw group.
func (rd *RecordReader) takeRaw(text string) error {
	s := scan{text: []byte(text)}
	if !json.Valid(s.text) || s.peek() != '{' {
		return errors.New("raw is no object of JSON")
	}
	rd.path = append(rd.path[:0], rawGroup...)
	defer func() { rd.path = rd.path[:0] }()
	return rd.object(&s)
}

// takePart notes a part of an object.
func (rd *RecordReader) takePart(at leafOf, nth int, v Value) {
	i := slices.IndexFunc(rd.objects, func(o listed) bool { return o.at == at.field })
	if i < 0 {
		i = len(rd.objects)
		rd.objects = append(rd.objects, listed{at: at.field})
	}
	o := &rd.objects[i]
	for nth >= len(o.list) {
		o.list = append(o.list, [maxParts]Value{})
	}
	if nth >= 0 {
		o.list[nth][at.part] = v
	}
}

// takeNth takes a value of a list.
func (rd *RecordReader) takeNth(field, nth int, v Value) error {
	if nth < 0 {
		return nil
	}
	counts := rd.fields[field].Type == Counts
	if nth == 0 {
		list := Value{}
		if !counts {
			list = noSYNs()
		}
		rd.told = append(rd.told, told{field, false, list})
	}
	list := &rd.told[len(rd.told)-1].v
	if fits := counts && list.tag(v.n) || !counts && list.again(v.n); !fits {
		return fmt.Errorf("%s cannot hold %s", rd.fields[field].Name, v.Text())
	}
	return nil
}

// object takes the fields of an object.
func (rd *RecordReader) object(s *scan) error {
	return s.object(func(key string) error {
		n := len(rd.path)
		rd.path = append(rd.path, key...)
		defer func() { rd.path = rd.path[:n] }()
		if s.peek() == '{' {
			rd.path = append(rd.path, '.')
			return rd.object(s)
		}
		return rd.take(string(rd.path), s)
	})
}
