package diagnose

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// attempts sums up the connections to a listener that one cause kept from opening.
type attempts struct {
	tally
	sources        sources
	waited         int64  // the longest, from the first SYN
	syns           uint32 // the most that one attempt sent
	repeated       uint64 // attempts that repeated their SYN
	retried        uint64 // attempts that opened after all
	answered       uint64 // attempts whose SYN/ACK came again
	ttlMin, ttlMax uint8  // of the RSTs that answered
	ends           [nEndings]uint64
	from, to       int64 // the shortest wait of an application, at least and at most
	schedules      [3]uint64
	reasons        [nReasons]uint64 // of ICMP errors
	by             capture.Addr     // who sent the ICMP error of the attempt with the least id
	byConn         uint64
}

// failed counts a failed attempt; packet is what ended it, or 0.
func (a *attempts) failed(r *record.Record, packet uint64) {
	a.hitAt(r, packet)
	a.sources.add(r.Orig.Addr)
	if r.Open.Waited.OK {
		a.waited = max(a.waited, r.Open.Waited.V)
	}
	a.syns = max(a.syns, r.Open.SYNs)
	if r.Open.NSYNsAgain > 0 {
		a.repeated++
	}
	if r.Open.NSYNACKsAgain > 0 {
		a.answered++
	}
	if t := r.Close.ResetTTL; t.OK && r.Close.ResetBy == record.Resp {
		a.ttl(t.V, t.V)
	}
}

func (a *attempts) ttl(low, high uint8) {
	if high == 0 {
		return
	}
	if a.ttlMax == 0 {
		a.ttlMin = low
	}
	a.ttlMin, a.ttlMax = min(a.ttlMin, low), max(a.ttlMax, high)
}

func (a *attempts) answeredBy(from capture.Addr, conn uint64) {
	if a.byConn == 0 || conn < a.byConn {
		a.by, a.byConn = from, conn
	}
}

// Merge takes in another.
func (a *attempts) Merge(o *attempts) {
	if o.n == 0 {
		return
	}
	a.tally.Merge(&o.tally)
	a.sources.merge(&o.sources)
	a.waited, a.syns = max(a.waited, o.waited), max(a.syns, o.syns)
	a.repeated += o.repeated
	a.answered += o.answered
	a.retried += o.retried
	a.ttl(o.ttlMin, o.ttlMax)
	for i := range a.ends {
		a.ends[i] += o.ends[i]
	}
	a.patience(o.from, o.to)
	for i := range a.schedules {
		a.schedules[i] += o.schedules[i]
	}
	for i := range a.reasons {
		a.reasons[i] += o.reasons[i]
	}
	if o.byConn != 0 {
		a.answeredBy(o.by, o.byConn)
	}
}

// patience takes in between which times an application gave up; 0 for unknown.
func (a *attempts) patience(from, to int64) {
	if to != 0 && (a.to == 0 || to < a.to || to == a.to && from < a.from) {
		a.from, a.to = from, to
	}
}

// attempting is a Fold of attempts. Those whose SYN no system's connect() made
// are kept apart, so that a scan of all ports by such SYNs cannot push out the
// listeners that matter.
type attempting struct {
	own, raw *bySubject[attempts, *attempts]
}

// rawSubjects is the part of maxSubjects that raw SYNs may take.
const rawSubjects = maxSubjects / 4

// rawSYN tells that a SYN carries none of the options that systems send.
func rawSYN(r *record.Record) bool {
	e := &r.Ends[record.Orig]
	return e.SACK.OK && !e.SACK.V && !e.Timestamps.V && !e.WScale.OK
}

func (f attempting) narrow(by int) {
	f.own.narrow(by)
	f.raw.narrow(by)
}

// Add takes in a record.
func (f attempting) Add(r *record.Record) {
	if rawSYN(r) {
		f.raw.Add(r)
	} else {
		f.own.Add(r)
	}
}

// Merge takes in a fold of the same detector.
func (f attempting) Merge(o Fold) {
	f.own.Merge(o.(attempting).own)
	f.raw.Merge(o.(attempting).raw)
}

// Findings tells of both together.
func (f attempting) Findings(c *Context) []Finding {
	f.own.shelf.Trim()
	f.raw.shelf.Trim()
	all := f.own.gathered()
	for s, v := range f.raw.shelf.All() {
		if own, ok := all[s]; ok {
			sum := new(attempts)
			sum.Merge(own)
			sum.Merge(v)
			v = sum
		}
		all[s] = v
	}
	return f.own.tellAll(c, all)
}

// Left is how many connections belong to subjects that found no place.
func (f attempting) Left() uint64 { return f.own.Left() + f.raw.Left() }

// newAttempts is the Fold of a cause: picks tells which records it is the
// cause of and which packet shows it, and may note more.
func newAttempts(picks func(r *record.Record) (packet uint64, ok bool), more func(a *attempts, r *record.Record), tell func(c *Context, s Subject, a *attempts, n uint64) (Finding, bool)) Fold {
	f := attempting{}
	f.own = newFold(func(s *subjects[attempts, *attempts], r *record.Record) {
		packet, ok := picks(r)
		if !ok {
			return
		}
		a := s.At(listener(r.Resp))
		a.failed(r, packet)
		if more != nil {
			more(a, r)
		}
	}, func(c *Context, s Subject, a *attempts) (Finding, bool) {
		n := a.sources.blameless(c, a.n)
		if n == 0 {
			return Finding{}, false
		}
		return tell(c, s, a, n)
	}).(*bySubject[attempts, *attempts])
	f.own.shelf = NewShelf[Subject, attempts](maxSubjects - rawSubjects)
	raw := *f.own
	raw.shelf = NewShelf[Subject, attempts](rawSubjects)
	f.raw = &raw
	return f
}

// few and many are from how many failures on a listener it gets worse.
type scale struct{ few, many uint64 }

// failureThresholds are those of a detector of failed attempts.
func failureThresholds(name string) []Threshold {
	return []Threshold{
		{name + "-few", Number, 3, "connections to one listener from which on it is a warning and no notice"},
		{name + "-many", Number, 20, "connections from which on it is critical, when none got through"},
	}
}

func scaleOf(o *Options, name string) scale {
	return scale{uint64(o.get(name + "-few")), uint64(o.get(name + "-many"))}
}

// severity of n failures on a listener; through tells that others got through.
func (s scale) severity(n uint64, through bool) Severity {
	switch {
	case n >= s.many && !through:
		return Critical
	case n >= s.few:
		return Warning
	}
	return Notice
}
