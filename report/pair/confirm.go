package pair

import (
	"fmt"
	"strings"

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
	here, there := r.names(side)
	var sums [NDirections]Flow
	var made [NDirections][NClasses]uint64
	paired, missing := uint64(0), uint64(0)
	for _, id := range f.Conns {
		d := r.tally.cited[side][id]
		if d == nil {
			if r.isMissing(side, id) {
				missing++
			}
			continue
		}
		paired++
		for dir := range sums {
			sums[dir].Merge(&d.Flows[dir])
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
	for dir := range sums {
		from, to := r.names(dir)
		s := &sums[dir]
		switch lost := All(s.Lost); {
		case lost > 0:
			tell("From %s to %s %s of %s were lost between the two (%s).", from, to, say.Thousands(lost), say.Plural(s.Known(), "segment"), byClass(s.Lost))
		case s.Known() > 0:
			tell("From %s to %s all %s arrived.", from, to, say.Plural(s.Known(), "segment"))
		}
		for _, c := range [...]Class{ClassRST, ClassFIN} {
			if made[dir][c] > 0 {
				tell("%s came to %s without having been sent at %s: made between.", say.Plural(made[dir][c], c.String()), to, from)
			}
		}
	}
	if All(sums[Forth].Lost)+All(sums[Back].Lost)+made[Forth][ClassRST]+made[Back][ClassRST] == 0 && sums[Forth].Known()+sums[Back].Known() > 0 {
		tell("So its cause is not between the two: it lies at a host, or beyond %s or %s.", here, there)
	}
	return strings.Join(parts, " ")
}

// isMissing reports whether a connection never came to the other place.
func (r *Result) isMissing(side int, id uint64) bool {
	for _, c := range r.Alone[side].Missing {
		if c.ID == id {
			return true
		}
	}
	return false
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
