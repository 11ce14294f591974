package diagnose

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tcpwatch/internal/say"
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
		d, err := say.ParseSpan(text)
		return int64(d), err
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

// Options are the thresholds of all detectors as they are set. A detector declares each of
// its own where it makes its Fold, as package flag does it, and keeps the values in a struct
// of its own: a count, a span of time in nanoseconds, or a share in per cent.
//
//	l := raceLimits{few: o.count("idle-race-few", 2, "requests that must have died for a warning and no notice")}
type Options struct {
	set  map[string]int64 // those that do not have their defaults
	list *[]Threshold     // what is declared; nil when nobody asks
}

// NewOptions returns the defaults.
func NewOptions() *Options { return &Options{set: make(map[string]int64)} }

// Set takes NAME=VALUE.
func (o *Options) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("%q: NAME=VALUE is wanted", text)
	}
	for _, d := range Detectors() {
		for _, t := range d.Thresholds() {
			if t.Name != name {
				continue
			}
			v, err := t.Unit.parse(value)
			if err != nil {
				return fmt.Errorf("%s=%s: %w", name, value, err)
			}
			o.set[name] = v
			return nil
		}
	}
	return fmt.Errorf("unknown threshold %q; --explain of a detector lists its own", name)
}

// SetUsual is Set for a threshold that is not set yet: what a file of settings says gives way to
// what was asked for.
func (o *Options) SetUsual(text string) error {
	name, _, _ := strings.Cut(text, "=")
	if _, ok := o.set[name]; ok {
		return nil
	}
	return o.Set(text)
}

// Thresholds are those that a detector declares.
func (d *Detector) Thresholds() (all []Threshold) {
	d.New(&Options{list: &all})
	return all
}

// Values are the thresholds that some detectors go by, as they are set, each NAME=VALUE, in their order.
func (o *Options) Values(detectors []Detector) (all []string) {
	for i := range detectors {
		for _, t := range detectors[i].Thresholds() {
			all = append(all, t.Name+"="+t.Unit.format(o.value(t)))
		}
	}
	return all
}

// others are the same Options for a detector that goes by a threshold of another one,
// which is listed there only.
func (o *Options) others() *Options { return &Options{set: o.set} }

func (o *Options) count(name string, usual int64, doc string) uint64 {
	return uint64(o.value(Threshold{name, Number, usual, doc}))
}

func (o *Options) span(name string, usual int64, doc string) int64 {
	return o.value(Threshold{name, Span, usual, doc})
}

func (o *Options) share(name string, usual int64, doc string) uint64 {
	return uint64(o.value(Threshold{name, Share, usual, doc}))
}

// atLeast is the threshold of a detector that has one: how many it takes.
type atLeast struct{ least uint64 }

// value is what a threshold is set to.
func (o *Options) value(t Threshold) int64 {
	if o.list != nil {
		*o.list = append(*o.list, t)
	}
	if v, ok := o.set[t.Name]; ok {
		return v
	}
	return t.Default
}
