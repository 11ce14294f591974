package diagnose

import (
	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// attempts sums up the connections to a listener that one cause kept from opening.
type attempts struct {
	tally
	sources   sources
	waited    int64              // the longest, from the first SYN
	most      fold.First[tries]  // of the attempt that sent the most SYNs
	unheard   uint64             // attempts that repeated their SYN after a SYN/ACK had passed
	lateSYNs  fold.Range[uint32] // of attempts that were answered when their SYN had come more than once: how often
	retried   uint64             // attempts that opened after all
	answered  uint64             // attempts whose SYN/ACK came again
	ttl       fold.Range[uint8]  // of the RSTs that answered
	signed    uint64             // attempts whose SYN was signed (RFC 2385, RFC 5925)
	looped    uint64             // attempts whose SYN passed the capture point again, with fewer hops left
	unfit     uint64             // attempts that drew a RST which does not acknowledge the SYN
	others    uint64             // attempts whose SYN came again with other data or options
	replaced  uint64             // attempts that the client gave up for another from the same port
	soonest   int64              // after what time one was
	raw       uint64             // attempts whose SYN has none of the options that systems send
	mute      uint64             // attempts whose client sent no byte
	once      uint64             // attempts whose SYN never came again, though it would have been due
	hops      uint8              // the most that were lost so
	ends      [nEndings]uint64
	patience  fold.First[wait] // the shortest of an application
	schedules [nBackoffs]uint64
	reasons   [nReasons]uint64   // of ICMP errors
	by        fold.First[teller] // who sent the ICMP error of the attempt with the least id
}

// failed counts a failed attempt; packet is what ended it, or 0.
func (a *attempts) failed(r *record.Record, packet uint64) {
	until := r.End
	if r.Open.RefusedFirst && r.Open.Felt.OK {
		until = r.Start + r.Open.Felt.V // it opened after all
	}
	a.hit(r, packet, r.Start, until)
	a.sources.add(r.Orig.Addr)
	if r.Open.Waited.OK {
		a.waited = max(a.waited, r.Open.Waited.V)
	}
	a.most.Take(tries{r.Open.SYNs, triedFor(r)})
	switch {
	case r.Open.SYNUnheard:
		a.unheard++
	case r.Open.SYNs > 1 && r.Open.SYNACKs > 0:
		a.lateSYNs.Take(r.Open.SYNs)
	}
	if r.Open.NSYNACKsAgain > 0 {
		a.answered++
	}
	if g := &r.Close.Ignored; g.Packet != 0 && g.By == record.Resp && r.Open.Kind == record.OpenNoAnswer {
		a.unfit++
	}
	if r.Open.SYNsOther > 0 {
		a.others++
	}
	if r.Open.NextConn != 0 {
		a.replaced++
		fold.TakeLeast(&a.soonest, max(r.Open.NextAfter, 1))
	}
	if rawSYN(r) {
		a.raw++
	}
	if sentNothing(r, record.Orig) {
		a.mute++
	}
	if r.Open.Signed {
		a.signed++
	}
	if r.Capture.HopsLost > 1 {
		a.looped++
		a.hops = max(a.hops, r.Capture.HopsLost)
	}
	if r.Close.ResetBy == record.Resp {
		takeTTL(&a.ttl, r.Close.ResetTTL)
	}
}

// Fields walks over what is summed up.
func (a *attempts) Fields(w *fold.Walk) {
	a.tally.Fields(w)
	a.sources.Fields(w)
	fold.Max(w, &a.waited)
	a.most.Fields(w)
	fold.Sum(w, &a.unheard, &a.retried, &a.answered)
	a.lateSYNs.Fields(w)
	fold.Sum(w, &a.signed, &a.looped, &a.unfit, &a.others, &a.replaced, &a.once, &a.raw, &a.mute)
	fold.Least(w, &a.soonest)
	fold.Max(w, &a.hops)
	a.ttl.Fields(w)
	fold.Sums(w, a.ends[:])
	fold.Sums(w, a.schedules[:])
	fold.Sums(w, a.reasons[:])
	a.patience.Fields(w)
	a.by.Fields(w)
}

// tries are the SYNs of an attempt, and the time from the first to the last.
type tries struct {
	SYNs uint32
	In   int64
}

// triedFor is how long an attempt went on sending SYNs: something else may have come later.
func triedFor(r *record.Record) int64 {
	if in := r.Open.LastSYNAt - r.Start; in > 0 {
		return min(in, r.Open.Waited.V)
	}
	return r.Open.Waited.V
}

// Before tells that there were more of them, or as many in a longer time.
func (x tries) Before(o tries) bool {
	return x.SYNs > o.SYNs || x.SYNs == o.SYNs && x.In > o.In
}

// wait is between which times an application gave up, in nanoseconds.
type wait struct{ From, To int64 }

// Before tells that it is shorter than another.
func (x wait) Before(o wait) bool { return x.To < o.To || x.To == o.To && x.From < o.From }

// teller is who told something, and when: by a connection's id or a packet's number.
type teller struct {
	At   uint64 `fold:"packet"`
	Addr capture.Addr
}

// Before tells that it came before another.
func (x teller) Before(o teller) bool { return x.At < o.At }

// takeTTL widens a range of TTLs by one that is known.
func takeTTL(x *fold.Range[uint8], ttl record.Opt[uint8]) {
	if ttl.OK && ttl.V != 0 {
		x.Take(ttl.V)
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

// Fields walks over both.
func (f attempting) Fields(w *fold.Walk) {
	f.own.Fields(w)
	f.raw.Fields(w)
}

// Findings tells of both together.
func (f attempting) Findings(c *Context) []Finding {
	all := f.own.gathered()
	for s, v := range f.raw.kept.All() {
		if own, ok := all[s]; ok {
			sum := new(attempts)
			fold.Merge(sum, own)
			fold.Merge(sum, v)
			v = sum
		}
		all[s] = v
	}
	return f.own.tellAll(c, all, func(s Subject) fold.Lack { return f.own.kept.Lacks(s).Or(f.raw.kept.Lacks(s)) })
}

// Left is how many connections belong to subjects that found no place.
func (f attempting) Left() uint64 { return f.own.Left() + f.raw.Left() }

// cause is what keeps connections to a listener from opening.
type cause struct {
	scale
	picks func(r *record.Record) (packet uint64, ok bool) // which records, and what shows it
	more  func(a *attempts, r *record.Record)             // notes more; nil for nothing
	tell  func(c *Context, s Subject, a *attempts, n uint64, k scale) (Finding, bool)
	keeps func(a *attempts) bool // those of hosts that scan too; nil for none
}

// newAttempts is the Fold of a cause.
func newAttempts(k cause) Fold {
	f := newFold(k.add, k.tellBlameless)
	f.kept = newSubjects[attempts](maxSubjects - rawSubjects)
	raw := *f
	raw.kept = newSubjects[attempts](rawSubjects)
	return attempting{own: f, raw: &raw}
}

func (k cause) add(s *subjects[attempts, *attempts], r *record.Record) {
	packet, ok := k.picks(r)
	if !ok {
		return
	}
	a := s.At(listener(r.Resp))
	a.failed(r, packet)
	if k.more != nil {
		k.more(a, r)
	}
}

// tellBlameless leaves out the attempts of hosts that scan, but for those that no scan explains.
func (k cause) tellBlameless(c *Context, s Subject, a *attempts) (Finding, bool) {
	n := a.n
	if k.keeps == nil || !k.keeps(a) {
		n = a.sources.blameless(c, a.n)
	}
	if n == 0 {
		return Finding{}, false
	}
	return k.tell(c, s, a, n, k.scale)
}
