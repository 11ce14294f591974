package stored

import (
	"errors"
	"io"
	"slices"

	"tcpwatch/tracker/record"
)

// Next is the record of the next connection, borrowed until it is called again; io.EOF when there is
// none. A final record that comes again is left out, as is an interim one that tells nothing new. Of
// a connection that has no final record, the last interim one comes again in the end, as if the input
// had ended there.
func (s *Set) Next() (*record.Record, error) {
	for {
		r, err := s.next()
		switch {
		case err == io.EOF && !s.again:
			s.readAgain()
		case err != nil:
			return nil, err
		case !s.wanted(r):
		case s.again && s.isLast():
			s.goingOn = s.goingOn[1:]
			r.Interim = false
			if r.TimeWait.Holder != record.NoEnd && r.TimeWait.EndedBy == record.TimeWaitLasts {
				r.TimeWait.EndedBy = record.TimeWaitInputEnd
			}
			s.note(r)
			return r, nil
		case !s.again && s.once.Take(r, s.at, s.row):
			s.note(r)
			return r, nil
		}
	}
}

// Only has the records of one place count alone. When its runs began and ended is not known then: others are
// joined with them.
func (s *Set) Only(place string) {
	s.only = place
	if len(s.runs) > 1 {
		s.joined.Start, s.joined.End, s.joined.RanFrom, s.joined.RanUntil = 0, 0, record.Opt[int64]{}, record.Opt[int64]{}
	}
}

// maxPlaces is how many places are remembered, to be told.
const maxPlaces = 20

// Places are those that the records are of, the first ones that came, where one place's count alone.
func (s *Set) Places() []string { return s.places }

// wanted reports whether a record counts by its place.
func (s *Set) wanted(r *record.Record) bool {
	if s.only == "" {
		return true
	}
	place := ""
	if r.Input != nil {
		place = r.Input.Place
	}
	if (len(s.places) < maxPlaces || place == s.only) && !slices.Contains(s.places, place) {
		s.places = append(s.places, place)
	}
	return place == s.only
}

// readAgain goes back for the last records of connections that have no final one, and tells what was
// left out.
func (s *Set) readAgain() {
	s.again, s.goingOn, s.at = true, s.once.GoingOn(), 0
	for _, line := range s.once.Told() {
		s.warn(errors.New(line))
	}
}

// isLast reports whether the record that was read is the next of goingOn.
func (s *Set) isLast() bool {
	return len(s.goingOn) > 0 && s.goingOn[0].Input == s.at && s.goingOn[0].Row == s.row
}
