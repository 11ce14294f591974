package say

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// ParseSpan reads a span of time as people write it: 90s, 1h30m, or a plain number of seconds.
func ParseSpan(text string) (time.Duration, error) {
	if s, err := strconv.ParseFloat(text, 64); err == nil {
		text = strconv.FormatFloat(s, 'f', -1, 64) + "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, errors.New("not a span of time such as 90s, 1h30m or 5")
	}
	return d, nil
}

// ParseSize reads a number of bytes as people write it: 512M, 2G, or a plain number.
func ParseSize(text string) (int64, error) {
	digits := strings.TrimSuffix(strings.TrimSuffix(text, "B"), "i")
	shift := 0
	if n := len(digits); n > 0 {
		if i := strings.IndexByte("kMGT", digits[n-1]); i >= 0 {
			digits, shift = digits[:n-1], 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > 1<<(62-shift) {
		return 0, errors.New("not a size such as 512M or 2G")
	}
	return n << shift, nil
}
