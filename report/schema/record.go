package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"tcpwatch/tracker/record"
)

// RecordReader makes records again of the lines that JSON writes. It is not safe for
// concurrent use.
type RecordReader struct {
	fields []Field
	byName map[string]int // of the field, for its name and for that in the raw group
	rec    record.Record
	told   []told // of this line, values that are made
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

// NewRecordReader returns a RecordReader.
func NewRecordReader() *RecordReader {
	rd := &RecordReader{fields: Fields(), byName: map[string]int{}, local: map[int]bool{}}
	for i, f := range rd.fields {
		rd.byName[f.Name] = i
		rd.byName[rawGroup+f.Name] = i
	}
	return rd
}

// Before says how many packets and files came before those of the lines to come: these are numbered on.
func (rd *RecordReader) Before(packets uint64, files int) { rd.before, rd.files = packets, files }

// Local tells of the ends of the record that was read, by number, whether they were the capturing
// host's; nothing where that was not known.
func (rd *RecordReader) Local() map[int]bool { return rd.local }

// Read makes the record of the object on a line. It is good until the next Read.
func (rd *RecordReader) Read(line []byte) (*record.Record, error) {
	rd.begin()
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
	rd.end()
	return &rd.rec, nil
}

// begin makes an empty record: one whose kinds are those without a word.
func (rd *RecordReader) begin() {
	rd.told = rd.told[:0]
	rd.rec = record.Record{}
	clear(rd.local)
	r := &rd.rec
	r.File = rd.files
	r.Close.First, r.Close.ResetBy, r.TimeWait.Holder = record.NoEnd, record.NoEnd, record.NoEnd
}

// end puts back what is made of numbers that are there by now.
func (rd *RecordReader) end() {
	r := &rd.rec
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
}

// numberOf is the number of a packet, numbered on; 0 for none.
func (rd *RecordReader) numberOf(packet uint64) uint64 {
	if packet == 0 {
		return 0
	}
	return packet + rd.before
}

// takeLocal notes which ends were the host's.
func (rd *RecordReader) takeLocal(s *scan) error {
	v, err := s.value(Text)
	if err != nil {
		return fmt.Errorf("local %w", err)
	}
	if e, ok := kindOf(record.NEnds, v.s); ok {
		for end := range 2 {
			rd.local[end] = e == record.Both || e == record.End(end)
		}
	}
	return nil
}

// transitions takes the edges of a connection.
func (rd *RecordReader) transitions(s *scan) error {
	err := s.transitions(&rd.rec)
	for i := range rd.rec.Transitions {
		t := &rd.rec.Transitions[i]
		t.Packet = rd.numberOf(t.Packet)
	}
	return err
}

// take notes a value of a field.
func (rd *RecordReader) take(name string, s *scan) error {
	i, ok := rd.byName[name]
	switch {
	case name == "transitions":
		return rd.transitions(s)
	case name == "local":
		return rd.takeLocal(s)
	case !ok:
		return s.skip()
	}
	f := &rd.fields[i]
	if f.source.at == nil && f.source.back == nil {
		return s.skip()
	}
	raw := strings.HasPrefix(name, rawGroup)
	v, err := s.value(f.Type)
	if err != nil {
		return fmt.Errorf("%s %w", name, err)
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
		return fmt.Errorf("%s %w", name, cannotBe(v.Text()))
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
