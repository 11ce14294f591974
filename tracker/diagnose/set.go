package diagnose

import (
	"slices"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// Set is the folds of all chosen detectors. It is not safe for concurrent use.
type Set struct {
	detectors []Detector
	opt       *Options
	folds     []Fold
	always    []needed // those of them that take every record
	some      []needed // and those that take records with certain traits
	census    census
	tried     tried
	quality   quality
	sample    sampled
	endings   endings
	forgotten forgotten
	twins     twins
	sightings sightings
	systems   systems
	watched   watched
	subjects  int // that a detector has places for
	narrowed  int // what that was divided by
	damaged   damaged

	// past tells what of a record is not added; nil: all is.
	past    func(r *record.Record) groups
	strange bool // see OnlyRecent
	notes   bool // see NoteCited
	cited   bool // see Cited
}

// needed is a Fold with the signs of the records that it takes.
type needed struct {
	needs traits
	fold  Fold
	about groups
	rest  uint8 // its bit in Set.TellsAtRest; 0 for none
}

// NewSet returns an empty Set. The Options are kept and must not be changed any more.
func NewSet(detectors []Detector, o *Options) *Set {
	s := &Set{detectors: detectors, opt: o, census: newCensus(), tried: newTried(), sample: newSampled(maxSampled), endings: newEndings(maxSampled), twins: newTwins(), sightings: newSightings(), systems: newSystems(), watched: newWatched(), subjects: maxSubjects}
	bit := uint8(1)
	for i := range detectors {
		f := detectors[i].New(o)
		s.folds = append(s.folds, f)
		n := needed{needs: detectors[i].needsWith(o), fold: f, about: aboutOf(&detectors[i])}
		if detectors[i].atRest {
			n.rest, bit = bit, bit<<1
		}
		if n.needs == 0 {
			s.always = append(s.always, n)
		} else {
			s.some = append(s.some, n)
		}
	}
	return s
}

// OnlyRecent has an empty Set leave out what a record shows of long ago, and Findings tell of
// what goes on, not of an input that has ended. Whose numbers a stranger may have is kept only
// with strange: see Strange.
func (s *Set) OnlyRecent(strange bool) {
	s.past, s.strange = pastOf, strange
	for _, f := range s.folds {
		if x, ok := f.(*strangers); ok && !strange {
			x.owner = nil
		}
	}
}

// Strange tells that something came that may be of another connection's: the next Set of what is
// recent has to keep more of the others.
func (s *Set) Strange() bool {
	for _, f := range s.folds {
		if x, ok := f.(*strangers); ok && x.n > 0 {
			return true
		}
	}
	return false
}

// Narrow divides how many subjects and listeners an empty Set has places for.
func (s *Set) Narrow(by int) {
	s.census.kept.Narrow(by)
	s.tried.kept.Narrow(by)
	s.twins.kept.Narrow(by)
	s.sightings.kept.Narrow(by)
	s.systems.kept.Narrow(by)
	s.watched.kept.Narrow(by)
	s.sample, s.endings = newSampled(max(maxSampled/by, 1)), newEndings(max(maxSampled/by, 1))
	for _, f := range s.folds {
		if x, ok := f.(interface{ narrow(by int) }); ok {
			x.narrow(by)
		}
	}
	s.subjects, s.narrowed = max(maxSubjects/by, 1), by
}

// Subjects is how many subjects a detector has places for.
func (s *Set) Subjects() int { return s.subjects }

// Add takes the record of a connection and keeps nothing of what is borrowed.
func (s *Set) Add(r *record.Record) {
	s.cited = false
	if len(s.folds) > 0 {
		s.quality.add(r)
		s.watched.add(r)
	}
	if s.damaged.counts(r) {
		s.apart().add(r)
		s.cited = s.notes
		return
	}
	s.add(r)
	s.cited = s.cited || s.notes && s.quality.cites(r.ID)
}

// add takes a record in for all but what it says of the capture.
func (s *Set) add(r *record.Record) {
	if len(s.folds) > 0 {
		s.context(r)
	}
	if r.Capture.Twice == record.TwiceMixed {
		return // what the other place saw may be among what it seems to have sent
	}
	s.each(r, func(n *needed) { n.fold.Add(r) })
}

// context takes a record in for what detectors compare with.
func (s *Set) context(r *record.Record) {
	s.census.add(r)
	s.tried.add(r)
	s.sample.add(r)
	s.endings.add(r)
	s.forgotten.add(r)
	s.twins.add(r)
	s.sightings.add(r)
	s.systems.add(r)
}

// Fields walks over all that was gathered. Sets that are merged must have been made
// with the same detectors and Options.
func (s *Set) Fields(w *fold.Walk) {
	s.census.kept.Fields(w)
	s.tried.kept.Fields(w)
	s.quality.Fields(w)
	s.sample.Fields(w)
	s.endings.Fields(w)
	s.forgotten.Fields(w)
	s.twins.kept.Fields(w)
	s.sightings.kept.Fields(w)
	s.systems.kept.Fields(w)
	s.watched.kept.Fields(w)
	for _, f := range s.folds {
		f.Fields(w)
	}
	if !s.damaged.inside {
		s.damaged.fields(w, s)
	}
}

// Findings tells what was found: what weakens the rest first, then by
// severity and weight: see compare.
func (s *Set) Findings(c *Context) []Finding {
	damaged := s.Damaged()
	s = s.judged()
	with := *c
	with.recent, with.damaged = s.past != nil, damaged
	s.census.kept.Trim()
	s.tried.kept.Trim()
	s.systems.kept.Trim()
	s.watched.kept.Trim()
	with.census, with.tried, with.quality, with.watched, with.suspects, with.sightings = &s.census, &s.tried, &s.quality, &s.watched, newSuspects(), &s.sightings
	with.contrasts, with.ended, with.systems = s.sample.join(), &s.endings, &s.systems
	for _, f := range s.folds {
		if x, ok := f.(suspecter); ok {
			x.Suspects(&with)
		}
	}
	weak := s.Weak(c)
	var all []Finding
	lesser := s.twins.lesser()
	for i, f := range s.folds {
		d := &s.detectors[i]
		if d.onACKs && s.quality.lacksACKs() {
			continue
		}
		for _, x := range f.Findings(&with) {
			x.Detector, x.Group, x.ID = d.Name, d.Group, d.Name+":"+x.Subject.String()
			x.Title, x.Explanation = sentence(x.Title), sentence(x.Explanation)
			if (weak || c.Chosen) && d.Group != GroupCapture {
				x.Confidence = Possible // what was left out might tell otherwise
			}
			x.lacking(s.subjects)
			x.goesOn(&with)
			x.refute()
			s.systems.refute(&x)
			x.asMade()
			x.stayOnHost(&s.quality)
			x.write()
			s.forgotten.weaken(&x)
			lower(&x, lesser)
			x.reasoned()
			s.systems.advise(&x)
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(a, b Finding) int { return compare(&a, &b) })
	all = likewise(oneCause(all))
	for i := range all {
		all[i].tellsAlso()
	}
	return all
}

// Weak tells that packets are missing from the capture in such numbers that
// Findings gives nothing as more than possible but what is said of the capture itself.
func (s *Set) Weak(c *Context) bool { return c.weak() || s.quality.lossy() || s.quality.lacksACKs() }

// Forgot is how many connections a full table dropped before their end was seen,
// and how many that go on may be such: what they can have touched is no more than
// possible, and nothing is proven beside them.
func (s *Set) Forgot() uint64 { return s.judged().forgotten.n }

// Left is how many connections with trouble belong to subjects beyond the
// limit of a detector: they are in no finding.
func (s *Set) Left() (n uint64) {
	for _, f := range s.judged().folds {
		if x, ok := f.(interface{ Left() uint64 }); ok {
			n += x.Left()
		}
	}
	return n
}
