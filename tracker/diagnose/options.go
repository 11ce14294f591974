package diagnose

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Unit is what the value of a Threshold counts.
type Unit uint8

const (
	Number Unit = iota // a plain number
	Span               // nanoseconds
	Share              // per cent
)

// Threshold is a limit from which on a detector speaks up.
type Threshold struct {
	Name    string // lower case, words joined by hyphens; unique among all detectors
	Unit    Unit
	Default int64
	Doc     string // what must reach it
}

// String is the default as it is written.
func (t Threshold) String() string { return t.Unit.format(t.Default) }

func (u Unit) format(v int64) string {
	switch u {
	case Span:
		return time.Duration(v).String()
	case Share:
		return strconv.FormatInt(v, 10) + "%"
	}
	return strconv.FormatInt(v, 10)
}

func (u Unit) parse(text string) (int64, error) {
	switch u {
	case Span:
		if s, err := strconv.ParseFloat(text, 64); err == nil {
			text = strconv.FormatFloat(s, 'f', -1, 64) + "s"
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return 0, errors.New("not a span of time such as 90s, 1h30m or 5")
		}
		return int64(d), nil
	case Share:
		v, err := strconv.ParseInt(strings.TrimSuffix(text, "%"), 10, 64)
		if err != nil || v < 0 || v > 100 {
			return 0, errors.New("not a share from 0% to 100%")
		}
		return v, nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < 0 {
		return 0, errors.New("not a number from 0 on")
	}
	return v, nil
}

// Options are the thresholds of all detectors.
type Options struct {
	units  map[string]Unit
	values map[string]int64
}

// NewOptions returns the defaults.
func NewOptions() *Options {
	o := &Options{units: make(map[string]Unit), values: make(map[string]int64)}
	for _, d := range Detectors() {
		for _, t := range d.Thresholds {
			o.units[t.Name], o.values[t.Name] = t.Unit, t.Default
		}
	}
	return o
}

// Set takes NAME=VALUE.
func (o *Options) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("%q: NAME=VALUE is wanted", text)
	}
	unit, ok := o.units[name]
	if !ok {
		return fmt.Errorf("unknown threshold %q; --explain of a detector lists its own", name)
	}
	v, err := unit.parse(value)
	if err != nil {
		return fmt.Errorf("%s=%s: %w", name, value, err)
	}
	o.values[name] = v
	return nil
}

// Ports is how many ports an opener chooses from, where its own range is not known.
func (o *Options) Ports() int64 { return o.get("ports") }

// get is the value of a threshold, which a detector of the list must have.
func (o *Options) get(name string) int64 {
	v, ok := o.values[name]
	if !ok {
		panic("no detector has a threshold " + name)
	}
	return v
}
