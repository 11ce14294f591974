package diagnose

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// A connection that is at rest is not looked at again until a packet of it comes. What it tells is
// counted once, with all others at rest (Set.AddAtRest): how many there are, which host answers.
// Where it wakes, what happens to it from then on is added apart (Set.AddAwake).

// restAge is for how long nothing came of a connection at rest: a sender that waits has asked again.
const restAge = 10 * second

// AtRest tells that both ends of a connection that is held are in ESTABLISHED, that none waits for
// anything that it has to ask for again, and that it has been silent for some time: nothing is known
// of it later that is not known now, until a packet comes.
func AtRest(r *record.Record) bool {
	return r.Interim && r.Silent >= restAge && !r.Vague && r.Close.ResetBy == record.NoEnd &&
		r.States == [2]record.State{record.Established, record.Established} && !awaits(r) &&
		min(r.Ends[record.Orig].Packets, r.Ends[record.Resp].Packets) > 0 && !r.Capture.OneWay && r.Capture.Untimed == 0 && r.Idle.Outcome != record.IdleUnanswered
}

// parted is a Fold that takes some things of a record at rest, and others of what happens: Add takes both.
type parted interface {
	addAtRest(r *record.Record)
	addAwake(r *record.Record)
}

// taking is a Fold that tells whether it took something of a record, which it adds.
type taking interface{ takes(r *record.Record) bool }

// takes adds a record, and tells whether a subject was asked for.
func (f *bySubject[V, P]) takes(r *record.Record) bool {
	f.kept.Forget()
	f.Add(r)
	return f.kept.Asked()
}

// takes adds a record to one of both.
func (f attempting) takes(r *record.Record) bool {
	if rawSYN(r) {
		return f.raw.takes(r)
	}
	return f.own.takes(r)
}

// TellsAtRest adds a record of a connection at rest to a Set that is for nothing else, and is as recent
// as those it is asked for. Where none of the detectors takes anything of it but those of which that is
// in no hurry it is all right, and told is which of these do, a bit each.
func (s *Set) TellsAtRest(r *record.Record) (told uint8, ok bool) {
	ok = true
	s.each(r, func(n *needed) {
		if f, is := n.fold.(taking); is && f.takes(r) {
			told |= n.rest
			ok = ok && n.rest != 0
		}
	})
	return told, ok
}

// AddAtRest is the part of Add that counts a connection at rest, with what it told then.
func (s *Set) AddAtRest(r *record.Record, told uint8) {
	s.count(r)
	s.each(r, func(n *needed) {
		switch x, is := n.fold.(parted); {
		case is && (n.rest == 0 || n.rest&told != 0):
			x.addAtRest(r)
		case n.rest&told != 0:
			n.fold.Add(r)
		}
	})
}

// AddAwake is the other part: what happened to it since.
func (s *Set) AddAwake(r *record.Record, told uint8) {
	s.cited, s.damaged.judged = false, nil
	s.hear(r)
	s.each(r, func(n *needed) {
		switch x, is := n.fold.(parted); {
		case is && (n.rest == 0 || n.rest&told != 0):
			x.addAwake(r)
		case n.rest&told == 0:
			n.fold.Add(r)
		}
	})
}

// each goes through the folds that may take something of a record.
func (s *Set) each(r *record.Record, f func(n *needed)) {
	var past groups
	if s.past != nil {
		past = s.past(r)
	}
	for i := range s.always {
		if s.always[i].about&past == 0 {
			f(&s.always[i])
		}
	}
	found := traitsOf(r)
	if found == 0 {
		return
	}
	for i := range s.some {
		if x := &s.some[i]; x.needs&found != 0 && x.about&past == 0 {
			f(x)
		}
	}
}

// hear takes in what no connection at rest has shown yet: how it ended, who was heard since, and what the
// table forgot.
func (s *Set) hear(r *record.Record) {
	if len(s.folds) == 0 {
		return
	}
	s.watched.add(r)
	s.endings.add(r)
	s.twins.add(r)
	s.sightings.add(r)
	if r.Close.Kind == record.CloseEvicted && !r.Capture.Forgotten {
		s.forgotten.add(r)
	}
	if r.Open.Kind != record.OpenMidstream && r.Open.Kind != record.OpenHandshake && r.Open.Kind != record.OpenSimultaneous {
		return
	}
	s.census.kept.At(port(r.Resp)).hear(r)
	for e, addr := range [...]capture.Addr{r.Orig.Addr, r.Resp.Addr} {
		s.systems.kept.At(hostKey(addr)).hear(r, record.End(e))
	}
}

// count takes a record in for all but the detectors.
func (s *Set) count(r *record.Record) {
	s.cited = false
	if len(s.folds) == 0 {
		return
	}
	s.quality.add(r)
	s.watched.add(r)
	s.damaged.counts(r)
	s.context(r)
}
