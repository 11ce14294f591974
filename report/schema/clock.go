package schema

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

// digits are the numbers of two digits, each as binary.LittleEndian puts it.
var digits = func() (all [100]uint16) {
	for n := range all {
		all[n] = '0' + uint16(n/10) | ('0'+uint16(n%10))<<8
	}
	return all
}()

// powers are those of ten.
var powers = [...]uint64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10}

// block is the room for a number or a time: more than any takes. Room of a known size needs no
// check for each byte that is put into it.
const block = 32

// appendCount appends a whole number.
func appendCount(b []byte, n uint64) []byte {
	var p [block]byte
	return append(b, p[:putCount(&p, n)]...)
}

// putCount puts a whole number at the start of p, and returns its length. strconv takes twice as long
// for it (BenchmarkCount).
func putCount(p *[block]byte, n uint64) int {
	if n < 10 {
		p[0] = '0' + byte(n)
		return 1
	}
	if n >= 1e10 {
		return len(strconv.AppendUint(p[:0], n, 10))
	}
	size := bits.Len64(n) * 1233 >> 12 // of 2^10 to 10^3, less than 1 too small
	if n >= powers[size] {
		size++
	}
	at := size & (block - 1)
	for ; n >= 100; n /= 100 {
		at -= 2
		binary.LittleEndian.PutUint16(p[at:], digits[n%100])
	}
	if n >= 10 {
		binary.LittleEndian.PutUint16(p[:], digits[n])
	} else {
		p[0] = '0' + byte(n)
	}
	return size
}

// AppendSeconds appends nanoseconds as an exact decimal number of seconds.
func AppendSeconds(b []byte, ns int64) []byte {
	var p [block]byte
	return append(b, p[:putSeconds(&p, ns)]...)
}

// putSeconds puts what AppendSeconds appends at the start of p, and returns its length.
func putSeconds(p *[block]byte, ns int64) int {
	if ns < 0 {
		return putNegative(p, ns)
	}
	whole := uint64(ns) / 1e9
	size := putCount(p, whole)
	frac := uint32(uint64(ns) - whole*1e9)
	if frac == 0 {
		return size
	}
	f := (*[10]byte)(p[size&15:]) // the greatest whole number has 10 digits
	f[0] = '.'
	put6((*[6]byte)(f[1:]), frac/1000)
	n := 7
	if left := frac % 1000; left != 0 { // not of a capture with microseconds
		put3((*[3]byte)(f[7:]), left)
		n = 10
	}
	for f[n-1] == '0' {
		n--
	}
	return size + n
}

// putNegative is putSeconds of less than 0.
func putNegative(p *[block]byte, ns int64) int {
	if ns == math.MinInt64 {
		return copy(p[:], "-9223372036.854775808")
	}
	var q [block]byte
	p[0] = '-'
	return 1 + copy(p[1:], q[:putSeconds(&q, -ns)])
}

// put6 puts a number in six digits, put3 one in three.
func put6(p *[6]byte, n uint32) {
	binary.LittleEndian.PutUint16(p[:], digits[n/10_000])
	binary.LittleEndian.PutUint16(p[2:], digits[n/100%100])
	binary.LittleEndian.PutUint16(p[4:], digits[n%100])
}

func put3(p *[3]byte, n uint32) {
	p[0] = '0' + byte(n/100)
	binary.LittleEndian.PutUint16(p[1:], digits[n%100])
}

// AppendTime appends a time, nanoseconds since 1970, as RFC 3339 with nanoseconds, UTC.
func AppendTime(b []byte, ns int64) []byte {
	var c clock
	var p [block]byte
	return append(b, p[:c.put(&p, ns)]...)
}

// clock puts times. It keeps the text of the second that it put last: most times of a record are in
// few seconds, and the rest is a tenth of what a time costs (BenchmarkTime).
type clock struct {
	second int64
	text   [block]byte // of it, as RFC 3339 has it, with a point; nothing at first
}

// put puts what AppendTime appends at the start of p, and returns its length.
func (c *clock) put(p *[block]byte, ns int64) int {
	second, left := ns/1e9, ns%1e9
	if left < 0 {
		second, left = second-1, left+1e9
	}
	if second != c.second || c.text[0] == 0 {
		c.set(second)
	}
	putBlock(p, &c.text)
	put6((*[6]byte)(p[20:]), uint32(left/1000))
	put3((*[3]byte)(p[26:]), uint32(left%1000))
	p[29] = 'Z'
	return 30
}

// set makes the text of a second since 1970.
func (c *clock) set(second int64) {
	const day = 86_400
	days, of := second/day, second%day
	if of < 0 {
		days, of = days-1, of+day
	}
	year, month, date := date(days)
	c.second = second
	copy(c.text[:], "0000-00-00T00:00:00.")
	for i, n := range [...]int64{year / 100, year % 100, month, date, of / 3600, of / 60 % 60, of % 60} {
		binary.LittleEndian.PutUint16(c.text[[...]int{0, 2, 5, 8, 11, 14, 17}[i]:], digits[n])
	}
}

// date is the day of the Gregorian calendar that is so many days after 1970-01-01. It
// counts years from March on, so that a leap day is the last of its year: 400 of these
// years have 146,097 days, and 1970-01-01 is 719,468 days after the first of March of
// the year 0.
func date(days int64) (year, month, day int64) {
	const in400, to1970 = 146_097, 719_468
	n := days + to1970 // never negative for a time in 64 bits of nanoseconds: these begin in 1677
	of := n % in400    // the day of its 400 years
	year = (of - of/1460 + of/36_524 - of/146_096) / 365
	of -= 365*year + year/4 - year/100 // the day of its year
	year += n / in400 * 400
	fromMarch := (5*of + 2) / 153 // months of 31, 30, 31, 30 and 31 days are 153
	day = of - (153*fromMarch+2)/5 + 1
	if month = fromMarch + 3; month > 12 {
		return year + 1, month - 12, day
	}
	return year, month, day
}
