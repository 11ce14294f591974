package compare

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
)

// The rule. A difference counts as worse or better when it is beyond the
// threshold and beyond noise; noise is what chance does to two samples of the
// same.
const (
	DefaultThreshold = 0.1 // relative change
	// enough is how many standard errors a difference must have: 3, which
	// chance alone passes once in 700 (one-sided).
	enough = 3.0
	// enoughOfMany is the same for a listener: there are many, and a chance for each.
	enoughOfMany = 5.0
	// leastSeconds is how much a time must grow as well: less is the machine's mood.
	leastSeconds = 100e-6
	// fewest is how many cases there must be in both inputs together.
	fewest = 5
)

// Verdict is what became of a measure.
type Verdict string

// Verdicts.
const (
	Worse    Verdict = "worse"
	Better   Verdict = "better"
	Same     Verdict = "same"     // within the threshold
	Noise    Verdict = "noise"    // beyond the threshold, but chance alone would do as much
	Unjudged Verdict = "unjudged" // more or less of it is neither good nor bad, or one input has none
)

// Unit is what a measure counts in.
type Unit string

// Units.
const (
	UnitShare   Unit = "share" // 0 to 1
	UnitSeconds Unit = "seconds"
	UnitRate    Unit = "per_second"
	UnitCount   Unit = "count"
)

// Row is one measure of both inputs.
type Row struct {
	Listener string // "" for all connections
	Measure  string
	Unit     Unit
	A, B     float64
	InA, InB bool    // there is something to measure
	NA, NB   uint64  // connections (or durations) that A and B rest on
	Errors   float64 // standard errors that B is above A
	Verdict  Verdict
}

// Change is how much more B has, relative to A; infinite from nothing to something.
func (r *Row) Change() float64 {
	switch {
	case r.A == r.B:
		return 0
	case r.A == 0:
		return math.Inf(1)
	}
	return r.B/r.A - 1
}

// judge sets the verdict of a measure of which less is better.
func (r *Row) judge(cases, limit, threshold float64) {
	beyond := math.Abs(r.Change()) > threshold && (r.Unit != UnitSeconds || math.Abs(r.B-r.A) > leastSeconds)
	switch {
	case !r.InA || !r.InB:
		r.Verdict = Unjudged
	case !beyond:
		r.Verdict = Same
	case cases < fewest || math.Abs(r.Errors) < limit:
		r.Verdict = Noise
	case r.Errors > 0:
		r.Verdict = Worse
	default:
		r.Verdict = Better
	}
}

// Options of a comparison. The zero value is usable.
type Options struct {
	Threshold float64 // relative change that counts; 0 means DefaultThreshold
	Top       int     // listeners that are told of; 0 means 10
}

// Result is a comparison.
type Result struct {
	A, B      *Fold
	Rows      []Row     // all connections
	Listeners []Row     // of those that changed most, worst first
	Changed   int       // listeners with a measure that got worse or better
	OnlyA     []string  // listeners that only A has, in order
	OnlyB     []string  // and only B
	Findings  []Finding // nothing when neither input has any
	opt       Options
}

// Compare compares two inputs.
func Compare(a, b *Fold, o Options) *Result {
	if o.Threshold <= 0 {
		o.Threshold = DefaultThreshold
	}
	if o.Top <= 0 {
		o.Top = 10
	}
	r := &Result{A: a, B: b, opt: o}
	r.Rows = append(r.load(), measures(&a.all, &b.all, enough, o.Threshold)...)
	r.Rows = append(r.Rows, r.timeWaits()...)
	r.listeners()
	r.Findings = r.findings()
	return r
}

// Worse reports whether anything got worse.
func (r *Result) Worse() bool { return len(r.worse()) > 0 }

// worse lists what did, in words.
func (r *Result) worse() (all []string) {
	for _, row := range slices.Concat(r.Rows, r.Listeners) {
		if row.Verdict == Worse {
			all = append(all, fmt.Sprintf("%s %s to %s", row.name(), row.say(row.A), row.say(row.B)))
		}
	}
	for _, f := range r.Findings {
		if f.Verdict == Worse {
			all = append(all, f.Change+" finding "+f.Title)
		}
	}
	return all
}

// load is how much there was: no judgement.
func (r *Result) load() []Row {
	rows := []Row{{Measure: "connections", Unit: UnitCount, A: float64(r.A.all.connections), B: float64(r.B.all.connections),
		InA: true, InB: true, NA: r.A.all.connections, NB: r.B.all.connections, Verdict: Unjudged}}
	if sa, sb := r.A.span(), r.B.span(); sa > 0 && sb > 0 {
		row := rows[0]
		row.Measure, row.Unit, row.A, row.B = "connections a second", UnitRate, row.A/sa, row.B/sb
		rows = append(rows, row)
	}
	return rows
}

// timeWaits compares how many TIME-WAITs began and how many one host held.
func (r *Result) timeWaits() (rows []Row) {
	a, b := float64(r.A.timeWaits), float64(r.B.timeWaits)
	if sa, sb := r.A.span(), r.B.span(); sa > 0 && sb > 0 {
		row := Row{Measure: "TIME-WAIT entered", Unit: UnitRate, A: a / sa, B: b / sb, InA: true, InB: true,
			NA: r.A.timeWaits, NB: r.B.timeWaits, Errors: rateErrors(a, sa, b, sb)}
		row.judge(a+b, enough, r.opt.Threshold)
		rows = append(rows, row)
	}
	pa, okA := r.A.peak()
	pb, okB := r.B.peak()
	row := Row{Measure: "TIME-WAIT peak of a host", Unit: UnitCount, A: float64(pa), B: float64(pb), InA: okA, InB: okB, NA: pa, NB: pb}
	if okA && okB {
		row.Errors = rateErrors(row.A, 1, row.B, 1)
	}
	row.judge(row.A+row.B, enough, r.opt.Threshold)
	return append(rows, row)
}

// listeners finds those that changed most.
func (r *Result) listeners() {
	var all []Row
	changed := map[netip.AddrPort]bool{}
	for _, at := range r.A.sorted() {
		b := r.B.listeners[at]
		if b == nil {
			r.OnlyA = append(r.OnlyA, at.String())
			continue
		}
		for _, row := range measures(r.A.listeners[at], b, enoughOfMany, r.opt.Threshold) {
			if row.Verdict == Worse || row.Verdict == Better {
				row.Listener = at.String()
				all = append(all, row)
				changed[at] = true
			}
		}
	}
	for _, at := range r.B.sorted() {
		if r.A.listeners[at] == nil {
			r.OnlyB = append(r.OnlyB, at.String())
		}
	}
	slices.SortStableFunc(all, func(a, b Row) int { return cmp.Compare(b.Errors, a.Errors) })
	r.Changed = len(changed)
	told := map[string]bool{}
	for _, row := range all {
		if told[row.Listener] || len(told) < r.opt.Top {
			told[row.Listener] = true
			r.Listeners = append(r.Listeners, row)
		}
	}
}
