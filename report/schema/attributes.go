package schema

import (
	"strconv"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// Attributes writes records as lists of attributes in the JSON of OpenTelemetry's protocol, with
// every field but the arrays of objects: {"key":"tcpwatch.open.felt_s","value":{"doubleValue":1.2}}.
// The two ends have the names that OpenTelemetry has for them. It is not safe for concurrent use.
type Attributes struct {
	encoder
	keys []string // of each field, with what stands before its value
}

// ownNames are the fields that OpenTelemetry has a name for.
var ownNames = map[string]string{"orig_ip": "source.address", "orig_port": "source.port", "resp_ip": "destination.address", "resp_port": "destination.port"}

// NewAttributes returns Attributes with these options. Transitions are left out.
func NewAttributes(o Options) *Attributes {
	flat := flatFields()
	a := &Attributes{}
	a.init(o, flat)
	for i := range flat {
		name, ok := ownNames[flat[i].Name]
		if !ok {
			name = "tcpwatch." + flat[i].Name
		}
		a.keys = append(a.keys, `{"key":"`+name+`","value":{`)
	}
	return a
}

// AppendConn appends the attributes of one connection to b, with commas between them.
func (a *Attributes) AppendConn(b []byte, r *record.Record) []byte {
	a.set(r)
	first := a.told.next(0)
	for i := first; i < maxFields; i = a.told.next(i + 1) {
		if i > first {
			b = append(b, ',')
		}
		b = a.value(i).appendAny(append(b, a.keys[i]...))
		b = append(b, '}', '}')
	}
	return b
}

// appendAny appends v as OpenTelemetry's AnyValue, without its braces: a whole number of 64 bits is
// text there.
func (v Value) appendAny(b []byte) []byte {
	switch v.kind {
	case counted:
		b = strconv.AppendUint(append(b, `"intValue":"`...), uint64(v.n), 10)
		return append(b, '"')
	case seconds:
		return AppendSeconds(append(b, `"doubleValue":`...), v.n)
	case truth:
		return strconv.AppendBool(append(b, `"boolValue":`...), v.n != 0)
	case text:
		return say.AppendJSON(append(b, `"stringValue":`...), v.s)
	}
	b = v.appendPlain(append(b, `"stringValue":"`...))
	return append(b, '"')
}
