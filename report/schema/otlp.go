package schema

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tcpwatch/tracker/record"
)

// Names of the events that tcpwatch sends, and of the attribute of a RunEvent that holds what is known
// of the run besides the connections: the object that ends JSON Lines.
const (
	ConnEvent      = "tcpwatch.connection"
	RunEvent       = "tcpwatch.run"
	StatsAttribute = "tcpwatch.stats"
)

// Event is a log record of OpenTelemetry's protocol in its JSON, as a Collector writes it to a file.
type Event struct {
	Name string
	// The lists of the attributes of what sent it and of its own, in JSON: borrowed from the line.
	Resource, Attributes []byte
}

// IsOTLP looks for what lines begin with that a Collector writes, and takes nothing from in.
func IsOTLP(in *bufio.Reader) bool {
	b, _ := in.Peek(64)
	return strings.HasPrefix(strings.Join(strings.Fields(string(b)), ""), `{"resource`)
}

// Events calls each with the events on a line. What else a Collector writes is left out: spans and metrics.
func Events(line []byte, each func(e *Event) error) error {
	var all json.RawMessage
	if err := decode(line, &all); err != nil {
		return err
	}
	top := scan{text: line}
	return top.members("resourceLogs", func(from []byte) error {
		var e Event
		in := scan{text: from}
		var scopes []byte
		err := in.fields(func(key string) {
			switch key {
			case "resource":
				r := scan{text: in.raw()}
				r.fields(func(key string) {
					if part := r.raw(); key == "attributes" {
						e.Resource = part
					}
				})
			case "scopeLogs":
				scopes = in.raw()
			default:
				in.raw()
			}
		})
		if err != nil {
			return err
		}
		list := scan{text: scopes}
		return list.elements(func(scope []byte) error {
			s := scan{text: scope}
			return s.members("logRecords", func(record []byte) error {
				r := scan{text: record}
				e.Name, e.Attributes = "", nil
				err := r.fields(func(key string) {
					switch part := r.raw(); key {
					case "eventName":
						e.Name = string(bytes.Trim(part, `"`))
					case "attributes":
						e.Attributes = part
					}
				})
				if err != nil {
					return err
				}
				return each(&e)
			})
		})
	})
}

// errNoEvents is that a line holds something else.
var errNoEvents = errors.New("no events as a Collector writes them")

// fields calls each with the keys of an object; each takes the value.
func (s *scan) fields(each func(key string)) error {
	if s.peek() != '{' {
		return errNoEvents
	}
	return s.object(func(key string) error {
		each(key)
		return nil
	})
}

// members calls each with the elements of the list of that name in an object.
func (s *scan) members(name string, each func(element []byte) error) error {
	if s.peek() != '{' {
		return errNoEvents
	}
	return s.object(func(key string) error {
		list := scan{text: s.raw()}
		if key != name {
			return nil
		}
		return list.elements(each)
	})
}

// elements calls each with the elements of a list; none of what is no list.
func (s *scan) elements(each func(element []byte) error) error {
	if s.peek() != '[' {
		return nil
	}
	for s.at++; ; {
		switch s.peek() {
		case ']', 0:
			return nil
		}
		if err := each(s.raw()); err != nil {
			return err
		}
	}
}

// EachAttribute calls each with the keys and values of a list of attributes, the values as JSON: a text
// or a number; others are left out.
func EachAttribute(list []byte, each func(key string, value []byte) error) error {
	in := scan{text: list}
	return in.elements(func(one []byte) error {
		var key string
		var value []byte
		s := scan{text: one}
		err := s.fields(func(name string) {
			switch part := s.raw(); name {
			case "key":
				key = textOfJSON(part)
			case "value":
				v := scan{text: part}
				v.fields(func(kind string) {
					switch part := v.raw(); kind {
					case "intValue":
						if value = bytes.Trim(part, `"`); !isInt(value) {
							value = nil
						}
					case "stringValue", "doubleValue", "boolValue":
						value = part
					}
				})
			}
		})
		if err != nil || len(value) == 0 {
			return err
		}
		return each(key, value)
	})
}

// isInt reports whether a text is a whole number.
func isInt(text []byte) bool {
	_, err := strconv.ParseInt(string(text), 10, 64)
	return err == nil
}

// TextOf is an attribute as a text; "" where there is none.
func TextOf(list []byte, key string) (text string) {
	EachAttribute(list, func(name string, value []byte) error {
		switch {
		case name != key:
		case value[0] == '"':
			text = textOfJSON(value)
		default:
			text = string(value)
		}
		return nil
	})
	return text
}

// textOfJSON is a text in JSON; "" of what is none.
func textOfJSON(b []byte) (text string) {
	if json.Unmarshal(b, &text) != nil {
		return ""
	}
	return text
}

// fieldOf is the field that an attribute of that name tells; "" for none.
func fieldOf(key string) string {
	if name, ok := strings.CutPrefix(key, attributePrefix); ok {
		return name
	}
	for name, other := range ownNames {
		if other == key {
			return name
		}
	}
	return ""
}

// ReadAttributes makes the record of attributes, as Attributes writes them. It is good until the next Read.
func (rd *RecordReader) ReadAttributes(list []byte) (*record.Record, error) {
	rd.Begin()
	err := EachAttribute(list, func(key string, value []byte) error {
		name := fieldOf(key)
		if name == detailsName {
			return rd.takeDetails(value)
		}
		if i, known := rd.byName[name]; known && len(value) > 1 && value[0] == '"' {
			switch rd.fields[i].Type {
			case Counts, Spans: // numbers with blanks between
				value = []byte("[" + strings.ReplaceAll(textOfJSON(value), " ", ",") + "]")
				if !json.Valid(value) {
					return fmt.Errorf("%s %w", name, cannotBe(value))
				}
			}
		}
		return rd.take(name, &scan{text: value})
	})
	if err != nil {
		return nil, err
	}
	return rd.End(), nil
}

// takeDetails takes the fields that are no attributes of their own.
func (rd *RecordReader) takeDetails(value []byte) error {
	s := scan{text: []byte(textOfJSON(value))}
	if !json.Valid(s.text) || s.peek() != '{' {
		return errors.New(attributePrefix + detailsName + " is no object of JSON")
	}
	defer func() { rd.path = rd.path[:0] }()
	return rd.object(&s)
}
