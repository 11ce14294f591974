package report

import (
	"fmt"
	"math/bits"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Limits of what a Summary holds, so that its memory is bounded whatever the
// input. What did not fit is summed up and printed.
const (
	maxListeners   = 16384 // with completed handshakes, and as many with failed ones
	maxCulprits    = 16384 // kinds of incomplete closes by host
	maxHolders     = 8192  // pairs of TIME-WAIT holder and destination
	holderSteps    = 2048  // of the population of each of those
	totalSteps     = 32768 // of the population of all
	defaultKept    = 100
	defaultRows    = 10000
	defaultRowSort = "id"
)

// SummaryOptions bound a Summary. The zero value is usable.
type SummaryOptions struct {
	Kept int    // connections kept for "worst" lists: at least TableOptions.Top; 0 means 100
	Rows int    // connections kept for the connections report; 0 means 10,000, less than 0 none
	Sort string // which connections those are, and which transfers are kept: a sort key of those reports; others and "" mean their own
	// Records are the options of the outputs: Sort may name a field that needs them.
	Records schema.Options
	// OnDemand names the tables of that kind whose sums are kept; nil means all of them.
	OnDemand []string
	// Pictures has the sums kept that only pictures are drawn from: Lanes and Quiet.
	Pictures bool
	// Counters has the sums kept that only Counters are made from.
	Counters bool
	// Narrow divides the limits on how many listeners, hosts and subjects are told
	// apart, for little memory; 0 means 1.
	Narrow int
	// Recent has findings tell what is wrong now, where connections that are open are added:
	// see diagnose.Set.OnlyRecent.
	Recent bool
	// Cited has Summary.Cited tell of the connection that was added last.
	Cited bool
	// Strange is whether the Summary of what was recent before was Strange.
	Strange bool
	// Detectors look for trouble; without any nothing is found. Thresholds are
	// theirs; nil means the defaults.
	Detectors  []diagnose.Detector
	Thresholds *diagnose.Options
}

// Summary is a fold over connection records. Adding the same records in any
// order, or to several summaries that are merged, gives the same result. It
// is not safe for concurrent use.
type Summary struct {
	opt      SummaryOptions
	conns    uint64
	leftOut  uint64                  // connections that were not added because they were not asked for
	end      int64                   // latest time known: of a packet, or the clock's when the input ended
	unknown  [schema.NReasons]uint64 // connections of which something can't be known, by the reason told
	sums     []sums                  // of the tables, in their order
	damaged  []sums                  // of attempts and closes, those of connections of damaged packets only: see undamaged
	ofDamage uint64                  // how many connections those are
	timeline *timeline               // among those; nil where it is not kept
	rows     ranking
	findings *diagnose.Set
	oneWay   uint64             // see diagnose.OneWay
	judged   *Headline          // what found was made for; nil for nothing yet
	found    []diagnose.Finding // see Findings
	held     bool               // see Judge
}

// NewSummary returns an empty Summary.
func NewSummary(o SummaryOptions) *Summary {
	if o.Kept <= 0 {
		o.Kept = defaultKept
	}
	if o.Rows == 0 {
		o.Rows = defaultRows
	}
	asked := o.Sort
	order, err := connectionOrder(o.Sort, o.Records)
	if err != nil {
		o.Sort, order = defaultRowSort, byID
	}
	if o.Thresholds == nil {
		o.Thresholds = diagnose.NewOptions()
	}
	s := &Summary{
		opt:      o,
		rows:     newRanking(max(o.Rows, 0), order),
		findings: diagnose.NewSet(o.Detectors, o.Thresholds),
	}
	if o.Recent {
		s.findings.OnlyRecent(o.Strange)
	}
	o.Sort = asked // which may be another table's key
	for _, t := range AllTables() {
		if t.sums != nil && s.sumsUp(&t) {
			s.sums = append(s.sums, t.sums(o))
		}
	}
	if o.Pictures {
		s.sums = append(s.sums, newShapes(o), newQuiets(o))
	}
	if o.Counters {
		s.sums = append(s.sums, newCounters(o))
	}
	if o.Cited {
		s.findings.NoteCited()
	}
	s.timeline = sumsOf[*timeline](s)
	s.damaged = s.apart()
	if o.Narrow > 1 {
		for _, x := range slices.Concat(s.sums, s.damaged) {
			x.narrow(o.Narrow)
		}
		s.findings.Narrow(o.Narrow)
	}
	return s
}

// Add takes the record of a connection and keeps nothing of what is borrowed.
// A connection is to be added once: interim records that a final one will
// follow are not for Add, those of a Tracker's Snapshot are.
func (s *Summary) Add(r *record.Record) {
	s.count(r)
	s.findings.Add(r)
}

// AddAtRest is the part of Add for a connection at rest, with what it told then, and AddAwake the other part,
// of what happened to it since: see diagnose.Set.TellsAtRest. Both are for Summaries of what is recent.
func (s *Summary) AddAtRest(r *record.Record, told uint8) {
	s.count(r)
	s.findings.AddAtRest(r, told)
}

// AddAwake is the other part of AddAtRest.
func (s *Summary) AddAwake(r *record.Record, told uint8) {
	s.judged, s.held = nil, false
	s.findings.AddAwake(r, told)
}

// TellsAtRest is that of a Summary that is for nothing else: see diagnose.Set.TellsAtRest.
func (s *Summary) TellsAtRest(r *record.Record) (told uint8, ok bool) {
	return s.findings.TellsAtRest(r)
}

// count takes a record in for all but findings.
func (s *Summary) count(r *record.Record) {
	s.conns++
	s.judged, s.held = nil, false
	if end := r.LastAt(); end.OK {
		if r.Unfinished {
			end.V += r.Silent
		}
		s.end = max(s.end, end.V)
	}
	if diagnose.OneWay(r) {
		s.oneWay++
	}
	for told := schema.ReasonsOf(r).Told(); told != 0; told &= told - 1 {
		s.unknown[bits.TrailingZeros16(uint16(told))]++
	}
	damaged := diagnose.OfDamage(r)
	for _, x := range s.sums {
		if !damaged || !countsAttempts(x) {
			x.add(r)
		}
	}
	if damaged {
		s.ofDamage++
		for _, x := range s.damaged {
			x.add(r)
		}
	}
	s.rows.Add(r)
}

// Cited reports whether a finding may cite the connection that was added last, where SummaryOptions.Cited asks.
func (s *Summary) Cited(id uint64) bool {
	if s.findings.Cited() {
		return true
	}
	t := sumsOf[*timeWaits](s)
	return t != nil && t.cites(id)
}

// LeaveOut counts connections that are not added because they were not asked for.
func (s *Summary) LeaveOut(n uint64) { s.leftOut += n }

// Fields walks over all that was summed up.
func (s *Summary) Fields(w *fold.Walk) {
	fold.Sum(w, &s.conns, &s.leftOut, &s.oneWay, &s.ofDamage)
	fold.Max(w, &s.end)
	fold.Sums(w, s.unknown[:])
	for _, x := range slices.Concat(s.sums, s.damaged) {
		x.Fields(w)
	}
	s.rows.Fields(w)
	s.findings.Fields(w)
}

// Merge adds all that o holds; o is left as it was. Both must have been made
// with the same options.
func (s *Summary) Merge(o *Summary) {
	s.judged, s.held = nil, false
	fold.Merge(s, o)
}

// summaryVersion is that of what AppendBinary writes: greater after each change of what
// a Summary or one of its parts, the folds of the detectors too, lists as its fields.
const summaryVersion = 15

// AppendBinary writes the sums after b, for UnmarshalBinary of a Summary made with
// the same options. It never fails.
func (s *Summary) AppendBinary(b []byte) ([]byte, error) {
	return fold.Append(b, summaryVersion, s), nil
}

// UnmarshalBinary fills an empty Summary. After an error it is of no use.
func (s *Summary) UnmarshalBinary(b []byte) error {
	if err := fold.Read(s, summaryVersion, b); err != nil {
		return fmt.Errorf("reading a summary: %w", err)
	}
	return nil
}

// sumsUp tells that the sums of a table are kept.
func (s *Summary) sumsUp(t *Table) bool {
	return !t.OnDemand || s.opt.OnDemand == nil || slices.Contains(s.opt.OnDemand, t.Name)
}

// sumsOf are the sums of type T, which some table has.
func sumsOf[T sums](s *Summary) (found T) {
	for _, x := range s.sums {
		if t, ok := x.(T); ok {
			found = t
		}
	}
	return found
}

// countsAttempts tells whether sums are of attempts or of closes, which packets that their receiver
// throws away are none of.
func countsAttempts(x sums) bool {
	switch x.(type) {
	case *handshakes, *closes, *counters:
		return true
	}
	return false
}

// apart makes empty sums of attempts and closes.
func (s *Summary) apart() (empty []sums) {
	for _, t := range AllTables() {
		if t.sums != nil && s.sumsUp(&t) {
			if x := t.sums(s.opt); countsAttempts(x) {
				empty = append(empty, x)
			}
		}
	}
	if s.opt.Counters {
		empty = append(empty, newCounters(s.opt))
	}
	return empty
}

// undamaged are the sums of attempts or of closes that count: without those of damaged packets only,
// unless the capture was edited, so that wrong checksums tell nothing.
func undamaged[T sums](s *Summary) T {
	x := sumsOf[T](s)
	if s.ofDamage == 0 || s.findings.Damaged() > 0 {
		return x
	}
	for i, empty := range s.apart() {
		if all, ok := empty.(T); ok {
			fold.Merge[sums](empty, x)
			fold.Merge[sums](empty, s.damaged[i])
			return all
		}
	}
	return x
}

// Strange is whether the next Summary of what is recent has to be told so.
func (s *Summary) Strange() bool { return s.findings.Strange() }

// Conns is the number of connections added.
func (s *Summary) Conns() uint64 { return s.conns }

// Findings tells what the detectors of the summary found, in the order in
// which every output has it. They are worked out once for a headline, which is
// complete by then; they are not to be changed. Without one they are those of the
// headline before, as of a summary that tcpwatch.Analyze returned.
func (s *Summary) Findings(h *Headline) []diagnose.Finding {
	if h != nil && s.judged != h && !s.held {
		s.found, s.judged = s.findings.Findings(s.context(h)), h
	}
	return s.found
}

// Judge is Findings; whatever headline these are asked for afterwards, they stay as they are until something
// is added. So who was handed the Summary with them changes nothing by asking.
func (s *Summary) Judge(h *Headline) []diagnose.Finding {
	s.held = false
	found := s.Findings(h)
	s.held = true
	return found
}

// twice is what is known of connections that files of two places hold.
func (s *Summary) twice(h *Headline) diagnose.Twice {
	return s.findings.Twice(&diagnose.Context{Files: h.Files})
}

// context is what judgement needs to know of the run.
func (s *Summary) context(h *Headline) *diagnose.Context {
	return &diagnose.Context{
		Drops: h.KernelDrops, Received: h.Received, Packets: h.Packets, Undecoded: h.Undecoded, Fragments: h.skipped(capture.SkipFragment), Conns: s.conns, OneWay: s.oneWay,
		Misstamped: h.Clock.Misstamped, Steps: h.Clock.Steps, ClockAt: h.Clock.At, Start: h.Start, End: max(h.End, s.end), Live: h.Live, Chosen: h.Where != "", MSL: h.MSL,
		Ports: h.Ports, Local: h.Local, Files: h.Files, TimeWaits: sumsOf[*timeWaits](s).ledger(max(h.End, s.end), h.MSL),
	}
}
