package diagnose

import (
	"cmp"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// outlived is how a connection that had opened came to its end.
type outlived uint8

const (
	endedUnknown  outlived = iota // or for a reason that has a detector of its own
	endedWell                     // both ends closed
	endedBare                     // a RST without ACK ended it
	endedInjected                 // a RST from somewhere else ended it
	endedAborted                  // an end aborted it
	endedSilent                   // data was repeated into silence
)

// finish is what is remembered of how one connection ended.
type finish struct {
	ID         uint64 `fold:"packet"`
	At         int64  // of the RST, of the first repeat into silence, or of the close
	Age        int64  // then, ns; 0 where its beginning or that moment is not known
	Bytes      uint64
	Orig, Resp capture.Endpoint
	Tunnel     uint64
	Interface  uint32
	VLAN       uint16
	TTL        uint8
	Result     outlived
	ECN        bool
	Optioned   bool // the SYN was captured
	Rank       uint64
}

// endingOf tells how a connection ended.
func endingOf(r *record.Record) outlived {
	c := &r.Close
	if r.Capture.OneWay || r.Start == 0 || r.Interim || r.Unfinished && c.Kind != record.CloseTimedOut {
		return endedUnknown
	}
	switch {
	case c.Kind == record.CloseNormal:
		return endedWell
	case c.Kind == record.CloseTimedOut:
		if diedAtRest(r) {
			return endedUnknown
		}
		return endedSilent
	case !cutOff(r) || diedAtRest(r):
		return endedUnknown
	case c.ResetCause == record.ResetMiddlebox:
		return endedInjected
	case c.ResetCause == record.ResetAbort:
		return endedAborted
	case bare(r):
		return endedBare
	}
	return endedUnknown
}

// endings is a sample of ends, the same ones for any division of the work: those of the
// seconds with the least hashes, so that what ended at one moment is kept together. Those
// that ended badly and the others have places of their own.
type endings struct {
	twoKinds[finish]
	next finish // room to make one in
}

func newEndings(limit int) endings { return endings{twoKinds: newTwoKinds(limit, compareEndings)} }

func compareEndings(a, b *finish) int {
	return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.ID, b.ID))
}

// add takes in the end of a connection.
func (s *endings) add(r *record.Record) {
	result := endingOf(r)
	if result == endedUnknown {
		return
	}
	a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]
	e := &s.next
	*e = finish{ID: r.ID, At: r.End, Bytes: a.SeenBytes + b.SeenBytes, Orig: r.Orig, Resp: r.Resp, Result: result,
		Tunnel: uint64(r.Tunnel)<<32 | uint64(r.TunnelID), Interface: uint32(r.Interface), TTL: a.TTL.V, ECN: a.ECN.V, Optioned: a.SACK.OK}
	if r.Close.ResetTime.OK && result != endedWell {
		e.At = r.Close.ResetTime.V
	}
	known := !r.Capture.Midstream
	if result == endedSilent { // its last packet is the sender's last try, which its own timer chose
		began := inVainSince(r)
		known = known && began > 0
		e.At = cmp.Or(began, e.At)
	}
	if known {
		e.Age = e.At - r.Start
	}
	if r.NVLAN > 0 {
		e.VLAN = r.VLANs[r.NVLAN-1]
	}
	e.Rank = fold.Mix(uint64(e.At / second))
	s.keep(e, result == endedWell)
}

// inVainSince is when data was first repeated that nobody ever acknowledged; 0 for never.
func inVainSince(r *record.Record) (first int64) {
	for e := range r.Path {
		if x := &r.Path[e].Stuck; x.Since > 0 && !x.Passed && (first == 0 || x.Since < first) {
			first = x.Since
		}
	}
	return first
}

// ended is a finish with what the others tell of it.
type ended struct {
	*finish
	together bool // it came within atOneMoment with most that ended so
}

// endingsAt compares the connections to a listener that ended in one way with those that
// both ends closed; nil when there is nothing to compare.
func (c *Context) endingsAt(at capture.Endpoint, how outlived) *verdict {
	if c.ended == nil {
		return nil
	}
	var bad, good []*ended
	sampled := false
	for _, list := range [...]*fold.Ranking[finish]{&c.ended.bad, &c.ended.well} {
		kept := list.Sorted()
		sampled = sampled || list.Offered() > uint64(len(kept))
		for _, e := range kept {
			switch {
			case e.Resp != at:
			case e.Result == how:
				bad = append(bad, &ended{finish: e})
			case e.Result == endedWell:
				good = append(good, &ended{finish: e})
			}
		}
	}
	joinMoment(bad, good)
	v := compareTwo(bad, good, signsOfEnds(), func(*sign[ended]) bool { return true })
	if v != nil {
		v.sampled = sampled
	}
	return v
}

// joinMoment tells which ended around the moment at which the middle one of the bad did.
func joinMoment(bad, good []*ended) {
	if len(bad) < 3 {
		return
	}
	times := make([]int64, len(bad))
	for i, e := range bad {
		times[i] = e.At
	}
	slices.Sort(times)
	middle := times[len(times)/2]
	for _, list := range [...][]*ended{bad, good} {
		for _, e := range list {
			e.together = max(e.At-middle, middle-e.At) <= atOneMoment/2
		}
	}
}
