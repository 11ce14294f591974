package report

import (
	"cmp"
	"slices"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// beat is what is counted for each step of time.
type beat uint8

const (
	beatOpens  beat = iota // connections that began with a SYN
	beatFailed             // attempts that failed, when they did: a beat for each cause
)

const (
	beatResets   = beatFailed + beat(nFailures) + iota // connections that a RST ended
	beatRepeats                                        // data segments sent again
	beatBytes                                          // payload as sent
	beatTrips                                          // round trips that were measured
	beatTripTime                                       // their smoothed times, in all, ns
	nBeats
)

// stepWidths are how many seconds a step may last; each divides the next, so that steps of
// one width make up those of the next.
var stepWidths = [...]int64{1, 10, 60, 600, 3600, 21600, 86400, 864000, 8640000, 86400000, 864000000, 8640000000}

// maxSteps is how many steps with something in them are kept: an hour of seconds, or
// eleven hours of ten seconds.
const maxSteps = 4096

// step is what came in one.
type step struct {
	Width uint8 // index of stepWidths
	At    int64 // when it began: seconds since 1970, divided by its width
	N     [nBeats]uint64
	Trip  int64 // the longest of the smoothed round trips, ns
}

// steps are those with something in them, in order, all of one width: the least at which
// there are no more than limit. That depends on what they hold alone.
type steps struct {
	limit int
	width uint8
	all   []step
	// The step that was found last, and the times that belong to it, ns: the next belongs
	// to it too, as a rule.
	last     *step
	from, to int64
}

// at is the step of a time, ns. It is good until the next call.
func (s *steps) at(ns int64) *step {
	if s.last == nil || ns < s.from || ns >= s.to {
		s.find(fold.Second(ns))
	}
	return s.last
}

// find looks the step of a second up, or makes it.
func (s *steps) find(second int64) {
	for {
		width := stepWidths[s.width]
		at := floored(second, width)
		i, found := slices.BinarySearchFunc(s.all, at, func(p step, at int64) int { return cmp.Compare(p.At, at) })
		if !found {
			s.all = slices.Insert(s.all, i, step{Width: s.width, At: at})
		}
		if len(s.all) <= max(s.limit, 1) || int(s.width) == len(stepWidths)-1 {
			s.last, s.from = &s.all[i], at*width*oneSecond
			s.to = s.from + width*oneSecond
			return
		}
		s.widen()
	}
}

// widen goes over to the next width.
func (s *steps) widen() {
	times := stepWidths[s.width+1] / stepWidths[s.width]
	s.width++
	kept := s.all[:0]
	for _, p := range s.all {
		p.Width, p.At = s.width, floored(p.At, times)
		if n := len(kept); n > 0 && kept[n-1].At == p.At {
			kept[n-1].add(&p)
			continue
		}
		kept = append(kept, p)
	}
	s.all, s.last = kept, nil
}

func (p *step) add(o *step) {
	for i := range p.N {
		p.N[i] += o.N[i]
	}
	p.Trip = max(p.Trip, o.Trip)
}

// floored is a divided by b, rounded down before 1970 too.
func floored(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Items are the steps.
func (s *steps) Items() []step { return s.all }

// Take takes in a step of another's.
func (s *steps) Take(p step) {
	if int(p.Width) >= len(stepWidths) {
		return // nothing writes that
	}
	for s.width < p.Width {
		s.widen()
	}
	s.last = nil
	s.find(p.At * stepWidths[p.Width])
	s.last.add(&p)
	s.last = nil
}

// timeline is the fold of what came when.
type timeline struct {
	steps   steps
	carried uint64 // connections that carried data
	told    uint64 // segments with data that Sent was told of
	untimed uint64 // connections with packets that have no time
}

func newTimeline(SummaryOptions) sums { return &timeline{steps: steps{limit: maxSteps}} }

func (t *timeline) narrow(by int) { t.steps.limit = max(maxSteps/by, 1) }

func (t *timeline) add(r *record.Record) {
	if r.Ends[record.Orig].WireBytes+r.Ends[record.Resp].WireBytes > 0 {
		t.carried++
	}
	if r.Capture.Untimed > 0 {
		t.untimed++
		return
	}
	if r.Open.SYNs > 0 {
		t.steps.at(r.Stamp(r.Start)).N[beatOpens]++
	}
	if c, failed := causeOf(r); failed && c != stillOpening {
		at := r.End
		if r.Open.Waited.OK {
			at = r.Start + r.Open.Waited.V
		}
		t.steps.at(r.Stamp(at)).N[beatFailed+beat(c)]++
	}
	if r.Close.Kind == record.CloseReset && r.Close.ResetTime.OK {
		t.steps.at(r.Stamp(r.Close.ResetTime.V)).N[beatResets]++
	}
}

// sent takes what a segment at a time carried; see Summary.Sent.
func (t *timeline) sent(at int64, bytes, repeats uint32, trip int64) {
	x := t.steps.at(at)
	if trip > 0 {
		x.N[beatTrips]++
		x.N[beatTripTime] += uint64(trip)
		x.Trip = max(x.Trip, trip)
	}
	if bytes|repeats == 0 {
		return
	}
	x.N[beatBytes] += uint64(bytes)
	x.N[beatRepeats] += uint64(repeats)
	t.told++
}

// Fields walks over what is counted.
func (t *timeline) Fields(w *fold.Walk) {
	fold.Items(w, &t.steps)
	fold.Sum(w, &t.carried, &t.told, &t.untimed)
}

// Timed reports whether s is to be told what each segment carried.
func (s *Summary) Timed() bool { return s.timeline != nil }

// Sent takes what a segment made known that has a time, nanoseconds since 1970: bytes of
// payload as sent, repeats of data, and the smoothed round trip where it told one, in
// nanoseconds. Segments of connections that are not added are not for Sent.
func (s *Summary) Sent(at int64, bytes, repeats uint32, trip int64) {
	s.timeline.sent(at, bytes, repeats, trip)
}
