package diagnose

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
)

// Separates begins the sentence of an explanation that tells the bad from the good.
const Separates = "What separates them"

// Tested begins, in parentheses that end by a full stop, how sure that is.
const Tested = "(Fisher's exact test"

// found is a sign that separates the attempts, or connections, that failed from those that
// went well.
type found struct {
	*mark
	text          string  // what they did: "asked for ECN"
	failed, all   int     // attempts that failed and have the sign, of so many of which it is known
	well, allWell int     // the same of those that went well
	tries         int     // at how many places it was looked for
	p             float64 // Fisher's exact test, two-sided, times the signs, and the places of this one, that were tried
}

// wrong is how many attempts the sign puts on the wrong side.
func (x *found) wrong() int { return x.all - x.failed + x.well }

// verdict is what a contrast found.
type verdict struct {
	failed, well int
	tried        int
	sampled      bool    // there were more attempts than are remembered
	why, where   []found // the signs that separate best, all equally well
	compared     bool    // there were enough of both that a sign would have shown
}

// named tells that a sign of why separates the two.
func (v *verdict) named() bool { return v != nil && len(v.why) > 0 }

// somewhere tells that a sign of where separates the two: those that failed came another way.
func (v *verdict) somewhere() bool {
	return v != nil && slices.ContainsFunc(v.where, func(t found) bool { return !t.moments })
}

// together tells that those that failed came when no other was answered, and the rest did
// not: the listener, or the way, failed as such at these moments.
func (v *verdict) together() bool {
	return slices.ContainsFunc(v.where, func(t found) bool { return t.moments })
}

const (
	// chanceMost is the greatest probability, corrected for the number of signs, with
	// which what was found may be chance.
	chanceMost = 0.01
	// separates is from which share on a sign separates nearly perfectly, in per cent:
	// so many of those that failed have it, and so many of those that went well lack it.
	separates = 95
)

// contrasts compares attempts that failed with those that went well, listener by listener.
type contrasts struct {
	byListener map[capture.Endpoint][]*joined
	running    map[capture.Endpoint][]*attempt // connections that ran when first seen
	heard      map[capture.Addr]bool           // hosts that sent anything, as far as the sample tells
	sent       map[capture.Addr][]int64        // some times at which they did, in order
	sampled    bool
	told       map[contrastKey]*verdict
}

type contrastKey struct {
	at     capture.Endpoint
	failed outcome
}

// of compares the attempts to a listener that failed in one way with those that went
// well; nil when there is nothing to compare.
func (x *contrasts) of(at capture.Endpoint, failed outcome) *verdict {
	if x == nil {
		return nil
	}
	k := contrastKey{at, failed}
	v, ok := x.told[k]
	if !ok {
		v = x.compare(x.byListener[at], failed)
		if v != nil {
			v.sampled = x.sampled
		}
		x.told[k] = v
	}
	return v
}

// compare tries on the attempts to a listener the signs that can tell of such a failure.
func (x *contrasts) compare(all []*joined, failed outcome) *verdict {
	takeTurns(all, failed)
	var bad, good []*joined
	for _, a := range all {
		switch a.Result {
		case failed:
			bad = append(bad, a)
		case wentWell:
			good = append(good, a)
		}
	}
	fits := func(s *sign[joined]) bool {
		return s.where || s.only == failed || s.only == wentUnknown && failed != wentIgnored && failed != wentHalfOpen
	}
	return compareTwo(bad, good, signs(), fits)
}

// compareTwo tries the signs that fit on two groups; it is nil where one of them is empty.
func compareTwo[T any](bad, good []*T, list []sign[T], fits func(*sign[T]) bool) *verdict {
	if len(bad) == 0 || len(good) == 0 {
		return nil
	}
	v := &verdict{failed: len(bad), well: len(good)}
	var tables []found
	for i := range list {
		if s := &list[i]; fits(s) {
			tables = append(tables, s.tables(bad, good)...)
		}
	}
	v.tried = len(tables)
	v.compared = fisher(len(bad), 0, 0, len(good))*float64(v.tried) < chanceMost
	var hold []found
	for _, t := range tables {
		t.p = min(fisher(t.failed, t.all-t.failed, t.well, t.allWell-t.well)*float64(v.tried*t.tries), 1)
		if t.p < chanceMost && t.failed*100 >= t.all*separates && t.well*100 <= t.allWell*(100-separates) && t.all*2 > len(bad) {
			hold = append(hold, t)
		}
	}
	v.keepBest(hold)
	return v
}

// keepBest keeps the signs that put the fewest attempts on the wrong side.
func (v *verdict) keepBest(hold []found) {
	slices.SortStableFunc(hold, func(a, b found) int { return cmp.Compare(a.wrong(), b.wrong()) })
	best := hold
	for i, t := range hold {
		if t.wrong() > hold[0].wrong() {
			best = hold[:i]
			break
		}
	}
	for _, t := range best {
		if t.yields && len(best) > 1 {
			continue
		}
		if t.where {
			v.where = append(v.where, t)
		} else {
			v.why = append(v.why, t)
		}
	}
}

// tables counts a sign: those that failed and those that went well, with and without it.
// Of a sign with values it is the value that most of those that failed have.
func (s *sign[T]) tables(bad, good []*T) []found {
	value, ok := s.mostly(bad)
	if s.from {
		value, ok = s.atLeast(bad)
	}
	if !ok {
		return nil
	}
	t := found{mark: &s.mark, text: s.say(value), tries: 1}
	if s.tries != nil {
		t.tries = s.tries(value)
	}
	t.failed, t.all = s.count(bad, value)
	t.well, t.allWell = s.count(good, value)
	if t.all == 0 || t.allWell == 0 || s.oneSided && value == 0 {
		return nil // not known of either, or nobody shows it
	}
	if s.detail != nil {
		t.text += s.detail(bad)
	}
	return []found{t}
}

// mostly is the value of a sign that most attempts have, the least of equals.
func (s *sign[T]) mostly(all []*T) (value uint64, ok bool) {
	n := make(map[uint64]int)
	for _, a := range all {
		if v, known := s.of(a); known {
			n[v]++
		}
	}
	for v, k := range n {
		if !ok || k > n[value] || k == n[value] && v < value {
			value, ok = v, true
		}
	}
	return value, ok
}

// atLeast is what all but a few have reached, of a sign that is a size.
func (s *sign[T]) atLeast(all []*T) (value uint64, ok bool) {
	var values []uint64
	for _, a := range all {
		if v, known := s.of(a); known {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return 0, false
	}
	slices.Sort(values)
	few := len(values) * (100 - separates) / 100
	least, most := values[few], values[len(values)-1-few]
	return least, least > 0 && (!s.tight || most-least <= least/tightest)
}

// tightest: sizes that differ by no more than one part in so many are one limit.
const tightest = 10

func (s *sign[T]) count(all []*T, value uint64) (n, of int) {
	for _, a := range all {
		v, known := s.of(a)
		if known {
			of++
		}
		if known && (v == value || s.from && v > value) {
			n++
		}
	}
	return n, of
}

// fisher is Fisher's exact test of the table a b / c d, two-sided: the probability of
// it and of all tables with the same sums that are no more probable.
func fisher(a, b, c, d int) float64 {
	row, column, n := a+b, a+c, a+b+c+d
	lowest, highest := max(0, column-(n-row)), min(row, column)
	chance := func(x int) float64 {
		return math.Exp(choose(row, x) + choose(n-row, column-x) - choose(n, column))
	}
	seen, sum := chance(a)*(1+1e-7), 0.0
	for x := lowest; x <= highest; x++ {
		if p := chance(x); p <= seen {
			sum += p
		}
	}
	return min(sum, 1)
}

// choose is the logarithm of n over k.
func choose(n, k int) float64 {
	x, _ := math.Lgamma(float64(n) + 1)
	y, _ := math.Lgamma(float64(k) + 1)
	z, _ := math.Lgamma(float64(n-k) + 1)
	return x - y - z
}

// into tells in a finding what separates those that failed from those that went well:
// a sign of why is its first cause and decides how sure it is; verb is what those that
// went well did.
func (v *verdict) into(f *Finding, at capture.Endpoint, verb string) {
	if v == nil {
		return
	}
	most := Likely
	if len(v.why) > 1 || len(v.where) > 0 {
		most = Possible
	}
	if v.named() {
		f.Confidence = most
		if most == Likely {
			f.causes, f.Advice = nil, nil // the sign rules the others out
		}
	}
	for i := len(v.why) - 1; i >= 0; i-- {
		s := v.why[i].mark
		f.lead(s.cause(&v.why[i]), v.order())
		f.Advice = append(s.advice(at), f.Advice...)
	}
	f.Explanation += v.text(verb)
}

// beside tells in a finding of connections that ended badly what separates them from those
// that both ends closed: a sign of why is its first cause, beside the others.
func (v *verdict) beside(f *Finding, at capture.Endpoint) {
	if v == nil || !v.named() && len(v.where) == 0 {
		return
	}
	for i := len(v.why) - 1; i >= 0; i-- {
		f.lead(v.why[i].cause(&v.why[i]), v.order())
		f.Advice = append(v.why[i].advice(at), f.Advice...)
	}
	f.Explanation += v.text("both ends closed")
}

// order is why the cause of a sign stands before the others.
func (v *verdict) order() string {
	t := &v.why[0]
	return fmt.Sprintf("%s %s, %s of %s others did", sharePhrase(t.failed, t.all), t.text, say.Thousands(uint64(t.well)), say.Thousands(uint64(t.allWell)))
}

// tell tells in a finding whose cause is known whom it meets.
func (v *verdict) tell(f *Finding) {
	if v != nil {
		f.Explanation += v.text("opened")
	}
}

// openedAtOnce is what went well where those that are compared opened too, but late.
const openedAtOnce = "opened at once"

// text is the sentence about what separates the two.
func (v *verdict) text(verb string) string {
	all := append(slices.Clone(v.why), v.where...)
	if len(all) == 0 {
		if !v.compared {
			return ""
		}
		if verb == openedAtOnce {
			return fmt.Sprintf(" The %s that opened late look like the %s that opened at once (%d signs compared).",
				say.Thousands(uint64(v.failed)), say.Thousands(uint64(v.well)), v.tried)
		}
		return fmt.Sprintf(" No sign in the capture separates the %s that failed from the %s that %s (%d compared).",
			say.Thousands(uint64(v.failed)), say.Thousands(uint64(v.well)), verb, v.tried)
	}
	text := ""
	for i := range all {
		t := &all[i]
		switch {
		case i == 0 && !t.where:
			text = " " + Separates + ": "
		case i == 0:
			text = " " + Separates + " shows where or when, not why: "
		default:
			text += "; "
		}
		text += fmt.Sprintf("%s %s, %s of %s that %s did", sharePhrase(t.failed, t.all), t.text,
			say.Thousands(uint64(t.well)), say.Thousands(uint64(t.allWell)), verb)
	}
	text += "."
	if len(v.why) > 1 || len(v.why) > 0 && len(v.where) > 0 {
		text += " These separate equally well: which of them matters the capture does not tell."
	}
	text += fmt.Sprintf(" "+Tested+", corrected for %d signs: p below %s.)", v.tried, chance(all[0].p))
	if v.sampled {
		text += " Of many attempts a sample was compared."
	}
	return text
}

// sharePhrase is "all 5 that failed" or "12 of 13 that failed".
func sharePhrase(n, all int) string {
	if n == all {
		return fmt.Sprintf("all %s that failed", say.Thousands(uint64(all)))
	}
	return fmt.Sprintf("%s of %s that failed", say.Thousands(uint64(n)), say.Thousands(uint64(all)))
}

// chance puts a small probability in words, rounded up to a power of ten.
func chance(p float64) string {
	for _, x := range []float64{1e-9, 1e-6, 1e-4, 1e-3} {
		if p < x {
			return fmt.Sprintf("%g", x)
		}
	}
	return fmt.Sprintf("%g", chanceMost)
}

// because is the end of a title: what separates them, "" when nothing does.
func (v *verdict) because() string {
	if !v.named() || len(v.why) > 1 {
		return ""
	}
	return ": they " + v.why[0].text
}
