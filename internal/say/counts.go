package say

import (
	"math"
	"strconv"
	"strings"
)

// Thousands is a number with a comma at every third digit: 1,234,567.
func Thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Plural is a count with its noun: 1 packet, 1,234 packets.
func Plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Thousands(n) + " " + noun + "s"
}

// Bytes is a number of bytes in decimal units: 512 B, 1.2 MB.
func Bytes(n uint64) string {
	if n < 1000 {
		return strconv.FormatUint(n, 10) + " B"
	}
	v, i := float64(n)/1e3, 0
	for ; v >= 999.95 && i < 5; i++ {
		v /= 1e3
	}
	return Digits(v, 1) + " " + [...]string{"kB", "MB", "GB", "TB", "PB", "EB"}[i]
}

// Rate is bits per second in decimal units: 512 bit/s, 6.5 Mbit/s.
func Rate(n uint64) string {
	if n < 1000 {
		return strconv.FormatUint(n, 10) + " bit/s"
	}
	v, i := float64(n)/1e3, 0
	for ; v >= 999.5 && i < 3; i++ {
		v /= 1e3
	}
	decimals := 1
	if v >= 99.95 {
		decimals = 0
	}
	return Digits(v, decimals) + " " + [...]string{"kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"}[i]
}

// Digits is v with at most dec decimals and no zeros at their end.
func Digits(v float64, dec int) string {
	s := strconv.FormatFloat(v, 'f', dec, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// Duration is a span of time, in nanoseconds, with at most four digits: 320 µs
// (us with ascii), 12.3 ms, 1.003 s, 2 min 5 s.
func Duration(ns int64, ascii bool) string {
	ns = max(ns, 0)
	switch s := float64(ns) / 1e9; {
	case ns < 1e6:
		unit := " µs"
		if ascii {
			unit = " us"
		}
		return Digits(float64(ns)/1e3, 1) + unit
	case ns < 1e9:
		return Digits(float64(ns)/1e6, 1) + " ms"
	case s < 10:
		return Digits(s, 3) + " s"
	case s < 119.95:
		return Digits(s, 1) + " s"
	}
	switch s := (ns + 5e8) / 1e9; {
	case s < 3600:
		return twoUnits(s, 60, "min", "s")
	case s < 86400:
		return twoUnits(s/60, 60, "h", "min")
	default:
		return twoUnits(s/3600, 24, "d", "h")
	}
}

// About is the roundest number that is off from a positive one by no more than a part of it, as 0.016:
// what is known no better is told with no more digits.
func About(n int64, part float64) int64 {
	power := int64(1)
	for n/power >= 10 {
		power *= 10
	}
	for ; power > 1; power /= 10 {
		for _, m := range [...]int64{power, power / 2} { // 1, 2, 3 ... before 1.5, 2.5 ...
			if m == 0 {
				continue
			}
			if round := (n + m/2) / m * m; math.Abs(float64(round-n)) <= float64(n)*part {
				return round
			}
		}
	}
	return n
}

func twoUnits(n, per int64, big, small string) string {
	s := strconv.FormatInt(n/per, 10) + " " + big
	if n%per != 0 {
		s += " " + strconv.FormatInt(n%per, 10) + " " + small
	}
	return s
}

// List joins parts as a sentence does: "a", "a and b", "a, b and c".
func List(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}
