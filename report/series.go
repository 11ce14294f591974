package report

import (
	"cmp"
	"slices"
)

// series is a population over time, kept as how many came and went in each
// second: so populations add up, and so do their peaks. When more than limit
// seconds are in use it goes over to 2, 4, 8 ... seconds a step, which depends
// on what it holds alone and not on the order in which that came.
type series struct {
	limit int
	shift uint8 // a step is 1<<shift seconds
	steps []step
	// The steps of who came last and who went last: the next is mostly there
	// too, and found in a fifth of the time.
	came, out int32
}

type step struct {
	at        int64 // seconds since 1970, shifted
	came, out uint32
}

// second is the one that a time lies in, before 1970 too.
func second(ns int64) int64 {
	s := ns / 1e9
	if ns%1e9 < 0 {
		s--
	}
	return s
}

// add takes in one that was there from since to until (ns).
func (s *series) add(since, until int64) {
	s.at(second(since)>>s.shift, &s.came).came++
	s.widen()
	s.at(second(max(until, since))>>s.shift, &s.out).out++
	s.widen()
}

// at is a step, looked for first where the last one was.
func (s *series) at(at int64, last *int32) *step {
	if i := int(*last); i < len(s.steps) && s.steps[i].at == at {
		return &s.steps[i]
	}
	i, found := slices.BinarySearchFunc(s.steps, at, func(p step, at int64) int { return cmp.Compare(p.at, at) })
	if !found {
		s.steps = slices.Insert(s.steps, i, step{at: at})
	}
	*last = int32(i)
	return &s.steps[i]
}

func (s *series) widen() {
	for len(s.steps) > s.limit {
		s.double()
	}
}

// double makes each step twice as long.
func (s *series) double() {
	s.shift++
	kept := s.steps[:0]
	for _, p := range s.steps {
		p.at >>= 1
		if n := len(kept); n > 0 && kept[n-1].at == p.at {
			kept[n-1].came += p.came
			kept[n-1].out += p.out
			continue
		}
		kept = append(kept, p)
	}
	s.steps = kept
}

func (s *series) merge(o *series) {
	for s.shift < o.shift {
		s.double()
	}
	for _, p := range o.steps {
		q := s.at(p.at>>(s.shift-o.shift), &s.came)
		q.came += p.came
		q.out += p.out
	}
	s.widen()
}

// width is the length of a step in seconds.
func (s *series) width() int64 { return 1 << s.shift }

// peak returns the greatest population, and the second (since 1970) in which
// it was first reached. Who came and went within a step counts as one.
func (s *series) peak() (n uint64, at int64) {
	var now int64
	for _, p := range s.steps {
		now += int64(p.came) - int64(p.out)
		if c := max(now, int64(min(p.came, 1))); c > int64(n) {
			n, at = uint64(c), p.at<<s.shift
		}
	}
	return n, at
}

// entered is how many came in or after a second (since 1970), to a step.
func (s *series) entered(from int64) (n uint64) {
	for _, p := range s.steps {
		if p.at<<s.shift >= from {
			n += uint64(p.came)
		}
	}
	return n
}

// sample returns the greatest population in each of n equal parts of the time
// from the second from to the second to, both included.
func (s *series) sample(from, to int64, n int) []uint64 {
	parts := make([]uint64, n)
	span := max(to-from+1, 1)
	var now int64
	done := 0 // parts that have their carried-over population
	for _, p := range s.steps {
		at := p.at<<s.shift - from
		part := int(min(max(at*int64(n)/span, 0), int64(n-1)))
		for ; done <= part; done++ {
			parts[done] = uint64(max(now, 0))
		}
		now += int64(p.came) - int64(p.out)
		parts[part] = max(parts[part], uint64(max(now, int64(min(p.came, 1)))))
	}
	for ; done < n; done++ {
		parts[done] = uint64(max(now, 0))
	}
	return parts
}
