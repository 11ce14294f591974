package schema

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// kind is what a value is made of: more than the Type of its field tells, so that it
// can be written without an allocation.
type kind uint8

const (
	absent    kind = iota
	text           // s
	counted        // n, an unsigned number
	seconds        // n, nanoseconds, printed as seconds
	moment         // n, nanoseconds since 1970, printed as RFC 3339
	truth          // n is 0 or 1
	address        // a
	vlans          // n: outer<<16|inner, m: how many
	icmp           // n: type<<8|code, s: "icmp" or "icmp6"
	community      // p: the two ends
	episodes       // r, n: those with a closed window of one end
	lacking        // n: Reasons
	syns           // r: seconds to each repeated SYN
	identity       // r: its UID
	digest         // n, printed in 16 hex digits
)

// Value is what a field holds for one record. It is small and holds no array,
// so that it travels in registers and no field costs an allocation.
type Value struct {
	kind kind
	m    uint8
	n    int64
	s    string
	a    *capture.Addr
	p    *[2]capture.Endpoint
	r    *record.Record
}

func textOf(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{kind: text, s: s}
}

func countOf[T ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int](n T) Value {
	return Value{kind: counted, n: int64(n)}
}

// someOf is a count, absent when it is 0.
func someOf[T ~uint8 | ~uint16 | ~uint32 | ~uint64](n T) Value {
	if n == 0 {
		return Value{}
	}
	return countOf(n)
}

func secondsOf(ns int64) Value { return Value{kind: seconds, n: ns} }

func optSeconds(o record.Opt[int64]) Value {
	if !o.OK {
		return Value{}
	}
	return secondsOf(o.V)
}

func momentOf(ns int64) Value { return Value{kind: moment, n: ns} }

func optMoment(o record.Opt[int64]) Value {
	if !o.OK {
		return Value{}
	}
	return momentOf(o.V)
}

func truthOf(b bool) Value {
	if b {
		return Value{kind: truth, n: 1}
	}
	return Value{kind: truth}
}

// Absent reports whether there is no value.
func (v Value) Absent() bool { return v.kind == absent }

// Text is a text, or any other value as CSV has it; "" when it is absent.
func (v Value) Text() string {
	if v.kind == text {
		return v.s
	}
	return string(v.appendPlain(nil))
}

// Count is a number; 0 when it is absent.
func (v Value) Count() uint64 { return uint64(v.n) }

// ValueOf is a value of a type that is no list: a number as Number has it, or a text.
func ValueOf(t Type, n int64, s string) Value {
	if k := t.kind(); k != absent {
		return Value{kind: k, n: n}
	}
	return Value{kind: text, s: s}
}

// Number is a count, a span or a time since 1970 in nanoseconds, or 1 for true.
func (v Value) Number() int64 { return v.n }

// AppendText appends Text to b.
func (v Value) AppendText(b []byte) []byte { return v.appendPlain(b) }

// Nanoseconds is a span, or a time since 1970.
func (v Value) Nanoseconds() record.Opt[int64] {
	if v.kind != seconds && v.kind != moment {
		return record.Opt[int64]{}
	}
	return record.Some(v.n)
}

// Truth is true or false.
func (v Value) Truth() record.Opt[bool] {
	if v.kind != truth {
		return record.Opt[bool]{}
	}
	return record.Some(v.n != 0)
}

// appendJSON appends v as a JSON value.
func (v Value) appendJSON(b []byte) []byte {
	switch v.kind {
	case text:
		return say.AppendJSON(b, v.s)
	case counted, seconds, truth:
		return v.appendPlain(b)
	case vlans:
		b = append(b, '[')
		b = strconv.AppendInt(b, v.n>>16, 10)
		if v.m > 1 {
			b = append(b, ',')
			b = strconv.AppendInt(b, v.n&0xffff, 10)
		}
		return append(b, ']')
	case lacking:
		b = Reasons(v.n).appendWords(append(b, '['), `"`, ",")
		return append(b, ']')
	case episodes:
		return appendEpisodes(b, v.r, record.End(v.n))
	case syns:
		return append(appendSYNs(append(b, '['), v.r, ','), ']')
	}
	b = append(b, '"')
	b = v.appendPlain(b)
	return append(b, '"')
}

// appendPlain appends v without quotes or brackets, as CSV has it.
func (v Value) appendPlain(b []byte) []byte {
	switch v.kind {
	case text:
		return append(b, v.s...)
	case counted:
		return strconv.AppendUint(b, uint64(v.n), 10)
	case seconds:
		return AppendSeconds(b, v.n)
	case moment:
		return AppendTime(b, v.n)
	case truth:
		return strconv.AppendBool(b, v.n != 0)
	case address:
		return v.a.Netip().AppendTo(b)
	case vlans:
		b = strconv.AppendInt(b, v.n>>16, 10)
		if v.m > 1 {
			b = append(b, ' ')
			b = strconv.AppendInt(b, v.n&0xffff, 10)
		}
		return b
	case lacking:
		return Reasons(v.n).appendWords(b, "", " ")
	case icmp:
		b = append(b, v.s...)
		b = append(b, ':')
		b = strconv.AppendInt(b, v.n>>8, 10)
		b = append(b, '/')
		return strconv.AppendInt(b, v.n&0xff, 10)
	case syns:
		return appendSYNs(b, v.r, ' ')
	case community:
		return appendCommunityID(b, v.p[0], v.p[1])
	case digest:
		var d [8]byte
		binary.BigEndian.PutUint64(d[:], uint64(v.n))
		return hex.AppendEncode(b, d[:])
	case identity:
		id := v.r.Unique()
		return hex.AppendEncode(b, id[:])
	}
	return b
}

// synsAgain are the milliseconds from the first SYN to each repeat that is known.
func synsAgain(r *record.Record) []uint32 {
	return r.Open.SYNsAgain[:min(int(r.Open.NSYNsAgain), len(r.Open.SYNsAgain))]
}

// appendSYNs appends the seconds from the first SYN to each repeat.
func appendSYNs(b []byte, r *record.Record, between byte) []byte {
	for i, ms := range synsAgain(r) {
		if i > 0 {
			b = append(b, between)
		}
		b = AppendSeconds(b, int64(ms)*1e6)
	}
	return b
}
