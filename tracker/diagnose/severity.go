package diagnose

import (
	"fmt"
	"math"
)

// Severity says how bad it is, if it is true.
type Severity uint8

const (
	Info     Severity = iota // worth knowing, nothing to do
	Notice                   // unusual, or a habit that will hurt one day
	Warning                  // users feel it, or soon will
	Critical                 // something does not work
)

// severities are the names, least first.
func severities() [4]string { return [...]string{"info", "notice", "warning", "critical"} }

func (s Severity) String() string { return severities()[s] }

// ParseSeverity reads the name of a severity.
func ParseSeverity(name string) (*Severity, error) {
	for i, known := range severities() {
		if known == name {
			s := Severity(i)
			return &s, nil
		}
	}
	return nil, fmt.Errorf("unknown severity %q; known are info, notice, warning, critical", name)
}

// effect is what a finding's severity is read from: a detector tells what it measured, by its
// thresholds. What always has the same severity names it. Later, a severity is only lowered,
// but for that of a finding that explains a worse one, or that stands for several of one event.
type effect struct {
	harmless bool // there is nothing to do
	minor    bool // few mind, or nobody can tell: it is unusual and no more, whatever else holds
	broken   bool // something does not work at all, or is about to stop
	felt     bool // so many users feel it, and such a part of all
}

// severity is the rule for all detectors: the first that holds, else Notice.
func (e effect) severity() Severity {
	switch {
	case e.harmless:
		return Info
	case e.minor:
		return Notice
	case e.broken:
		return Critical
	case e.felt:
		return Warning
	}
	return Notice
}

// asBadAs raises a finding to the severity of one that it explains.
func (f *Finding) asBadAs(x *Finding) { f.Severity = max(f.Severity, x.Severity) }

// atMost lowers a finding to a severity and a confidence at most: where it stands for several of one event as well, for
// what failed beside it is no sign of more then.
func (f *Finding) atMost(s Severity, c Confidence) {
	f.Severity, f.Confidence, f.failing = min(f.Severity, s), min(f.Confidence, c), failing{}
}

// failing is what a severity was read from: how many connections of all failed; none where it does not rest on them alone.
type failing struct {
	scale  scale
	n, all uint64
}

// take adds what failed elsewhere, of the same detector.
func (x *failing) take(o failing) {
	if o.n > 0 {
		x.scale, x.n, x.all = o.scale, x.n+o.n, x.all+o.all
	}
}

// asBadAsInAll raises a finding of one event at several places to the severity of what failed at all of them.
func (f *Finding) asBadAsInAll() {
	if x := f.failing; x.n > 0 {
		f.Severity = max(f.Severity, x.scale.severity(x.n, x.all))
	}
}

// scale is from where on so many connections of a listener are felt, and broken.
type scale struct {
	few   uint64 // from which on they are felt
	share uint64 // of all, in per cent, that they must be besides
	many  uint64 // from which on it is broken when none got through
}

// never is a scale's many where others got through by all means.
const never = math.MaxUint64

// effect of n connections of all, the others of which got through.
func (k scale) effect(n, all uint64) effect {
	return effect{broken: n >= k.many && n >= all, felt: n >= k.few && n*100 >= all*k.share}
}

// severity is that of the effect.
func (k scale) severity(n, all uint64) Severity { return k.effect(n, all).severity() }

// fewAndShare is the scale of a detector that warns when many connections of a
// listener are so, and a good part of them.
func (o *Options) fewAndShare(detector string, few, share int64, what, whole string) scale {
	return scale{o.count(detector+"-few", few, what+" from which on it is a warning and no notice"),
		o.share(detector+"-share", share, "of "+whole+" that must be so for a warning"), never}
}

// fewAlone is the scale of a detector of attempts that failed although the listener answers,
// which is never critical.
func (o *Options) fewAlone(detector string) scale {
	return scale{few: o.count(detector+"-few", 3, "connections to one server from which on it is a warning and no notice"), many: never}
}

// fewAndMany is the scale of a detector of attempts that failed.
func (o *Options) fewAndMany(detector string) scale {
	k := o.fewAlone(detector)
	k.many = o.count(detector+"-many", 10, "connections from which on it is critical, when none got through")
	return k
}
