package schema

import (
	"strconv"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// Attributes writes records as lists of attributes in the JSON of OpenTelemetry's protocol:
// {"key":"tcpwatch.open.felt_s","value":{"doubleValue":1.2}}. The two ends have the names that
// OpenTelemetry has for them. Details, lists of objects and the raw group, which only serve to read
// the record back, are one text of JSON in the attribute tcpwatch.details. It is not safe for
// concurrent use.
type Attributes struct {
	*JSON
	flat    fieldSet
	keys    []string // of each flat field, with what stands before its value
	details []byte
}

// attributePrefix is before the names of attributes that are fields; detailsName is the field that has
// those which are no attributes.
const (
	attributePrefix = "tcpwatch."
	detailsName     = "details"
)

// ownNames are the fields that OpenTelemetry has a name for.
var ownNames = map[string]string{"orig_ip": "source.address", "orig_port": "source.port", "resp_ip": "destination.address", "resp_port": "destination.port"}

// NewAttributes returns Attributes with these options. Transitions are left out.
func NewAttributes(o Options) *Attributes {
	a := &Attributes{JSON: NewJSON(o)}
	for i, f := range Fields() {
		name, ok := ownNames[f.Name]
		if !ok {
			name = attributePrefix + f.Name
		}
		a.keys = append(a.keys, `{"key":"`+name+`","value":{`)
		if f.Type != Objects && !f.Detail() {
			a.flat.add(i)
		}
	}
	return a
}

// AppendConn appends the attributes of one connection to b, with commas between them.
func (a *Attributes) AppendConn(b []byte, r *record.Record) []byte {
	a.set(r)
	a.details = append(a.details[:0], '{')
	in := nest{fresh: true}
	for i := a.told.next(0); i < maxFields; i = a.told.next(i + 1) {
		if !a.flat.has(i) {
			a.details = a.value(i).appendJSON(a.appendKey(a.details, &in, i))
			continue
		}
		b = a.value(i).appendAny(append(b, a.keys[i]...))
		b = append(b, '}', '}', ',')
	}
	a.details = append(a.details, a.moves[in.open][0]...)
	raw := len(a.details)
	if a.details = a.appendRaw(a.details); in.fresh && len(a.details) > raw {
		a.details = append(a.details[:raw], a.details[raw+1:]...) // its comma
	}
	b = append(b, `{"key":"`+attributePrefix+detailsName+`","value":{"stringValue":`...)
	b = say.AppendJSON(b, string(append(a.details, '}')))
	return append(b, '}', '}')
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
