package fold

import (
	"cmp"
	"slices"
)

// Series is a population over time, kept as how many came and went in each
// second: so populations add up, and so do their peaks. When more than Limit
// seconds are in use it goes over to 2, 4, 8 ... seconds a step, which depends
// on what it holds alone and not on the order in which that came.
type Series struct {
	Limit int // at least 2; of two that are merged the greater
	shift uint8
	steps []step // each 1<<shift seconds long
	// The steps of who came last and who went last: the next is mostly there
	// too, and found in a fifth of the time.
	came, out int32
}

type step struct {
	at        int64 // seconds since 1970, shifted
	came, out uint32
}

// Second is the one that a time (ns) lies in, before 1970 too.
func Second(ns int64) int64 {
	s := ns / 1e9
	if ns%1e9 < 0 {
		s--
	}
	return s
}

// Add takes in one that was there from since to until (ns).
func (s *Series) Add(since, until int64) {
	s.at(Second(since)>>s.shift, &s.came).came++
	s.widen()
	s.at(Second(max(until, since))>>s.shift, &s.out).out++
	s.widen()
}

// at is a step, looked for first where the last one was.
func (s *Series) at(at int64, last *int32) *step {
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

func (s *Series) widen() {
	for len(s.steps) > max(s.Limit, 2) {
		s.double()
	}
}

// double makes each step twice as long.
func (s *Series) double() {
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

// Fields walks over the steps.
func (s *Series) Fields(w *Walk) {
	if o := other(w, s); o != nil {
		s.take(o)
		return
	}
	if !w.codes() {
		return
	}
	from := Series{Limit: s.Limit, shift: s.shift, steps: s.steps}
	code(w, &from.Limit)
	code(w, &from.shift)
	if w.doing == reading {
		from.steps = make([]step, w.length(0))
	} else {
		w.length(len(s.steps))
	}
	for i := range from.steps {
		p := &from.steps[i]
		code(w, &p.at)
		code(w, &p.came)
		code(w, &p.out)
	}
	if from.shift > 63 {
		w.fail(errRange)
	}
	if w.doing == reading && w.err == nil {
		s.take(&from)
	}
}

// take takes in another.
func (s *Series) take(o *Series) {
	s.Limit = max(s.Limit, o.Limit)
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

// Width is the length of a step in seconds.
func (s *Series) Width() int64 { return 1 << s.shift }

// Peak returns the greatest population, and the second (since 1970) in which
// it was first reached. Who came and went within a step counts as one.
func (s *Series) Peak() (n uint64, at int64) {
	var now int64
	for _, p := range s.steps {
		now += int64(p.came) - int64(p.out)
		if c := max(now, int64(min(p.came, 1))); c > int64(n) {
			n, at = uint64(c), p.at<<s.shift
		}
	}
	return n, at
}

// Entered is how many came in or after a second (since 1970), to a step.
func (s *Series) Entered(from int64) (n uint64) {
	for _, p := range s.steps {
		if p.at<<s.shift >= from {
			n += uint64(p.came)
		}
	}
	return n
}

// Growth is how many more came than went from a second to another (since 1970), both
// included, to a step.
func (s *Series) Growth(from, to int64) (n int64) {
	for _, p := range s.steps {
		if at := p.at << s.shift; at >= from && at <= to {
			n += int64(p.came) - int64(p.out)
		}
	}
	return n
}

// Sample returns the greatest population in each of n equal parts of the time
// from the second from to the second to, both included.
func (s *Series) Sample(from, to int64, n int) []uint64 {
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
