package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// size is a flag for a number of bytes: 512M, 2G, or a plain number.
type size int64

func (s *size) String() string { return strconv.FormatInt(int64(*s), 10) }
func (s *size) Type() string   { return "size" }

func (s *size) Set(text string) error {
	digits := strings.TrimSuffix(strings.TrimSuffix(text, "B"), "i")
	shift := 0
	if n := len(digits); n > 0 {
		if i := strings.IndexByte("kMGT", digits[n-1]); i >= 0 {
			digits, shift = digits[:n-1], 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > 1<<(62-shift) {
		return errors.New("not a size such as 512M or 2G")
	}
	*s = size(n << shift)
	return nil
}

// seconds is a flag for a span of time: 90s, 1h30m, or a plain number of seconds.
type seconds time.Duration

func (s *seconds) String() string { return time.Duration(*s).String() }
func (s *seconds) Type() string   { return "duration" }

func (s *seconds) Set(text string) error {
	d, err := time.ParseDuration(text)
	if n, bad := strconv.ParseFloat(text, 64); bad == nil {
		d, err = time.Duration(n*float64(time.Second)), nil
	}
	if err != nil || d < 0 {
		return errors.New("not a span of time such as 90s, 1h30m or 5")
	}
	*s = seconds(d)
	return nil
}
