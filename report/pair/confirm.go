package pair

import (
	"fmt"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/diagnose"
)

// Verdict is what the other place says of a finding that one place made alone.
type Verdict struct {
	Place   *Place
	Finding *diagnose.Finding
	Text    string // sentences
}

// Verdicts are what each place's findings look like from the other, the worst first.
func (r *Result) Verdicts() (all []Verdict) {
	for side, p := range [...]*Place{r.A, r.B} {
		for i := range p.Found {
			f := &p.Found[i]
			if f.Severity < diagnose.Notice || len(f.Conns) == 0 {
				continue
			}
			if text := r.seenFrom(side, f); text != "" {
				all = append(all, Verdict{p, f, text})
			}
		}
	}
	return all
}

// seenFrom is what became of the segments of the connections that a finding names.
func (r *Result) seenFrom(side int, f *diagnose.Finding) string {
	_, there := r.names(side)
	var sums [NDirections]Flow
	var made [NDirections][NClasses]uint64
	paired, missing := uint64(0), uint64(0)
	for _, id := range f.Conns {
		d := r.tally.cited[side][id]
		if d == nil {
			if r.Alone[side].missed[id] {
				missing++
			}
			continue
		}
		paired++
		for dir := range sums {
			fold.Merge(&sums[dir], &d.Flows[dir])
			for c := range NClasses {
				made[dir][c] += d.Made[dir][c]
			}
		}
	}
	var parts []string
	tell := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if missing > 0 {
		tell("%d of the %d connections that it names never came to %s.", missing, len(f.Conns), there)
	}
	if paired == 0 {
		return strings.Join(parts, " ")
	}
	unsure := uint64(0)
	for dir := range sums {
		from, to := r.names(dir)
		s := &sums[dir]
		switch lost := All(s.Lost); {
		case lost > 0:
			tell("From %s to %s %s of %s were lost between the two (%s).", from, to, say.Thousands(lost), say.Plural(s.Known(), "segment"), byClass(s.Lost))
		case s.Known() > 0:
			tell("From %s to %s %s.", from, to, allArrived(s.Known()))
		}
		if n := All(s.Unwatched); n > 0 {
			unsure += n
			tell("Of %s from %s it is not known whether they came to %s.", say.Plural(n, "segment"), from, to)
		}
		for _, c := range [...]Class{ClassRST, ClassFIN} {
			if made[dir][c] > 0 {
				tell("%s came to %s without having been sent at %s: made between.", say.Plural(made[dir][c], c.String()), to, from)
			}
		}
	}
	if All(sums[Forth].Lost)+All(sums[Back].Lost)+made[Forth][ClassRST]+made[Back][ClassRST]+unsure == 0 && sums[Forth].Known()+sums[Back].Known() > 0 {
		tell("So no loss between the two is its cause, and no RST that was made there.")
	}
	return strings.Join(parts, " ")
}

// allArrived is "all 5 segments arrived".
func allArrived(n uint64) string {
	if n == 1 {
		return "the only segment arrived"
	}
	return "all " + say.Plural(n, "segment") + " arrived"
}

// confirm prints them.
func (r *Result) confirm(l *lines) {
	all := r.Verdicts()
	if len(all) == 0 {
		return
	}
	l.WriteString("\nWhat each place alone would say, and what the other shows of it\n")
	for _, v := range all {
		l.par(4, "  ", fmt.Sprintf("%s, %s: %s.", say.Escape(v.Place.Name()), v.Finding.Severity, say.Escape(v.Finding.Title)))
		l.par(4, "    ", say.Escape(v.Text))
	}
}
