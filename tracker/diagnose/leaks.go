package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// leaks sums up connections that one end does not close though the other has.
type leaks struct {
	tally
	held    uint64 // not closed when they were last seen
	longest int64  // ns in CLOSE-WAIT
	began   fold.Range[int64]
	young   tally     // of those that are not closed yet, and not for long enough to be counted
	oldest  int64     // of those, ns
	fresh   tally     // of those that wait now, while the input goes on, whatever their age
	from    sources   // the other ends of all of those
	ids     explained // all of those: what the other end shows of it is the same trouble
}

// Fields walks over what is summed up.
func (x *leaks) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.held)
	x.young.Fields(w)
	x.fresh.Fields(w)
	fold.Max(w, &x.longest, &x.oldest)
	x.from.Fields(w)
	fold.Packets(w, &x.ids)
	x.began.Fields(w)
}

func (x *leaks) add(r *record.Record, packet uint64, since, lasted int64, held bool) {
	x.began.Take(since)
	x.hit(r, packet, since, since+lasted)
	x.longest = max(x.longest, lasted)
	if held {
		x.held++
	}
}

// of notes the other end of one of those.
func (x *leaks) of(r *record.Record, e record.End) {
	x.from.add(sideOf(r, e.Peer()).A.Addr)
	x.ids.Take(r.ID)
}

// ends tells who the other ends of those are.
func (x *leaks) ends() string {
	if x.from.all.Count() == 1 {
		return fmt.Sprintf(" The other end is %s.", x.from.who())
	}
	return fmt.Sprintf(" The other ends are %s.", x.from.who())
}

// slope tells how fast they become more.
func (x *leaks) slope() string {
	if x.n < 3 || x.began.Most-x.began.Least < second {
		return ""
	}
	return fmt.Sprintf(" One more begins every %s.", span((x.began.Most-x.began.Least)/int64(x.n-1)))
}
