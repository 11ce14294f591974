package report

import (
	"strconv"
	"time"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// kind is the type of a field's value.
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
	lacking        // n: reasons
	syns           // r: seconds to each repeated SYN
)

// value is what a field holds for one record. It is small and holds no array,
// so that it travels in registers and no field costs an allocation.
type value struct {
	kind kind
	m    uint8
	n    int64
	s    string
	p    *[2]capture.Endpoint
	r    *record.Record
}

func textOf(s string) value {
	if s == "" {
		return value{}
	}
	return value{kind: text, s: s}
}

// unlessNone is a count that is absent when it is 0.
func unlessNone(n uint32) value {
	if n == 0 {
		return value{}
	}
	return countOf(n)
}

func countOf[T ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int](n T) value {
	return value{kind: counted, n: int64(n)}
}

func secondsOf(ns int64) value { return value{kind: seconds, n: ns} }

func momentOf(ns int64) value { return value{kind: moment, n: ns} }

func truthOf(b bool) value {
	if b {
		return value{kind: truth, n: 1}
	}
	return value{kind: truth}
}

// appendJSON appends v as a JSON value.
func (v value) appendJSON(b []byte) []byte {
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
		b = reasons(v.n).appendWords(append(b, '['), `"`, ",")
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
func (v value) appendPlain(b []byte) []byte {
	switch v.kind {
	case text:
		return append(b, v.s...)
	case counted:
		return strconv.AppendUint(b, uint64(v.n), 10)
	case seconds:
		return appendSeconds(b, v.n)
	case moment:
		return appendTime(b, v.n)
	case truth:
		return strconv.AppendBool(b, v.n != 0)
	case address:
		return appendAddr(b, v.p[v.n].Addr)
	case vlans:
		b = strconv.AppendInt(b, v.n>>16, 10)
		if v.m > 1 {
			b = append(b, ' ')
			b = strconv.AppendInt(b, v.n&0xffff, 10)
		}
		return b
	case lacking:
		return reasons(v.n).appendWords(b, "", " ")
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
	}
	return b
}

// appendEpisodes appends the times in which an end had its window closed.
func appendEpisodes(b []byte, r *record.Record, e record.End) []byte {
	b = append(b, '[')
	for i, x := range r.Ends[e].ZeroWindowList {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"start":"`...)
		b = appendTime(b, x.Start)
		b = append(b, '"')
		b = appendNumber(b, "packet", x.Packet)
		if x.EndPacket != 0 {
			b = append(b, `,"end":"`...)
			b = appendTime(b, x.End)
			b = append(b, '"')
			b = appendNumber(b, "end_packet", x.EndPacket)
		}
		b = appendNumber(b, "probes", uint64(x.Probes))
		if by := x.EndedBy.String(); by != "" && !(r.Interim && x.EndPacket == 0) {
			b = append(b, `,"ended_by":"`...)
			b = append(b, by...)
			b = append(b, '"')
		}
		b = append(b, '}')
	}
	return append(b, ']')
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
		b = appendSeconds(b, int64(ms)*millisecond)
	}
	return b
}

// appendAddr appends the address as text.
func appendAddr(b []byte, a capture.Addr) []byte { return a.Netip().AppendTo(b) }

// appendSeconds appends nanoseconds as an exact decimal number of seconds.
func appendSeconds(b []byte, ns int64) []byte {
	u := uint64(ns)
	if ns < 0 {
		b = append(b, '-')
		u = -u
	}
	b = strconv.AppendUint(b, u/1e9, 10)
	frac := u % 1e9
	if frac == 0 {
		return b
	}
	var digits [9]byte
	for i := 8; i >= 0; i-- {
		digits[i] = byte('0' + frac%10)
		frac /= 10
	}
	n := 9
	for digits[n-1] == '0' {
		n--
	}
	b = append(b, '.')
	return append(b, digits[:n]...)
}

// appendTime appends a time as RFC 3339 with nanoseconds, UTC.
func appendTime(b []byte, ns int64) []byte {
	return time.Unix(0, ns).UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z")
}
