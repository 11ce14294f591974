package report

import (
	"cmp"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// maxShapes is how many ways through the states are told apart, shapeEdges how many changes of
// state are kept of one.
const (
	maxShapes  = 512
	shapeEdges = 24
)

// shape is what connections have in common that went the same way: how they opened and closed,
// where each end was left, and whether something went wrong.
type shape struct {
	Open     record.OpenKind
	Close    record.CloseKind
	Reset    record.ResetCause
	Left     [2]record.State
	Troubled bool
}

// Hash chooses which shapes are kept.
func (s shape) Hash() uint64 {
	var troubled uint64
	if s.Troubled {
		troubled = 1
	}
	return fold.Mix(troubled<<40 | uint64(s.Open)<<32 | uint64(s.Close)<<24 | uint64(s.Reset)<<16 | uint64(s.Left[0])<<8 | uint64(s.Left[1]))
}

// example is a connection of a shape.
type example struct {
	ID         uint64 `fold:"packet"`
	Orig, Resp capture.Endpoint
	Start, End int64
	Heard      [2]int64 // until when each end sent something
	Edges      []record.Transition
}

// Before tells that it is the one to show, of two. The same id can only come from different
// inputs; the order is total all the same.
func (x example) Before(o example) bool {
	return cmp.Or(cmp.Compare(x.ID, o.ID), cmp.Compare(x.Start, o.Start), cmp.Compare(x.End, o.End),
		compareEndpoints(x.Orig, o.Orig), compareEndpoints(x.Resp, o.Resp)) < 0
}

// alike sums up the connections of a shape.
type alike struct {
	n     uint64
	first fold.First[example]
}

// Fields walks over what is summed up.
func (a *alike) Fields(w *fold.Walk) {
	fold.Sum(w, &a.n)
	a.first.Fields(w)
}

// shapes is the fold of the ways that connections went through the states.
type shapes struct {
	by fold.Worst[shape, alike, *alike]
}

func newShapes(SummaryOptions) sums { return &shapes{fold.NewWorst[shape, alike](maxShapes)} }

func (s *shapes) narrow(by int) { s.by.Narrow(by) }

func (s *shapes) add(r *record.Record) {
	if len(r.Transitions) == 0 {
		return // there is no way to draw: stored records have none unless they were asked for
	}
	a := s.of(shape{r.Open.Kind, r.Close.Kind, r.Close.ResetCause, r.States, Troubled(r)}, r)
	a.n++
	if a.first.Some && a.first.V.ID < r.ID {
		return
	}
	x := example{ID: r.ID, Orig: r.Orig, Resp: r.Resp, Start: r.Start, End: r.End, Heard: Heard(r),
		Edges: slices.Clone(r.Transitions[:min(len(r.Transitions), shapeEdges)])}
	switch {
	case r.TimeWait.Holder != record.NoEnd:
		x.End = max(x.End, r.TimeWait.Until)
	case r.Unfinished:
		x.End += r.Silent
	}
	a.first.Take(x)
}

// of is where connections of a shape are counted.
func (s *shapes) of(k shape, r *record.Record) *alike {
	if k.Troubled {
		return s.by.Bad(k, diagnose.Sample(r))
	}
	return s.by.At(k)
}

// Weight is how many there are.
func (a *alike) Weight() uint64 { return a.n }

// Heard is until when each end of a connection sent something, ns since 1970: what is told of it
// after that is concluded. It is the end of the connection where that is not known.
func Heard(r *record.Record) (until [2]int64) {
	for e := range r.Ends {
		switch x := &r.Ends[e]; {
		case x.Packets == 0:
			until[e] = r.Start
		case x.LastSent != 0:
			until[e] = x.LastSent
		default:
			until[e] = r.End
		}
	}
	return until
}

// Fields walks over the shapes.
func (s *shapes) Fields(w *fold.Walk) { s.by.Fields(w) }

// Lane is how a connection went through the states, and how many went the same way.
type Lane struct {
	ID         uint64 // the first of them
	Orig, Resp capture.Endpoint
	Start, End int64    // ns; the end of its TIME-WAIT where it had one
	Heard      [2]int64 // until when each end sent something
	Alike      uint64
	AtLeast    bool // there were too many ways to count all of each
	Troubled   bool
	Edges      []record.Transition
}

// Lanes are the ways that connections went through the states, those with trouble first, then
// those that most went, n at most; and how many more there are.
func (s *Summary) Lanes(n int) (lanes []Lane, more int) {
	f := sumsOf[*shapes](s)
	if f == nil {
		return nil, 0
	}
	for k, a := range f.by.All() {
		x := &a.first.V
		if len(x.Edges) > 0 {
			lanes = append(lanes, Lane{ID: x.ID, Orig: x.Orig, Resp: x.Resp, Start: x.Start, End: x.End, Heard: x.Heard, Alike: a.n, AtLeast: f.by.Lacks(k).Any(), Troubled: k.Troubled, Edges: x.Edges})
		}
	}
	slices.SortFunc(lanes, func(a, b Lane) int {
		first := 0
		if a.Troubled != b.Troubled {
			first = 1
			if a.Troubled {
				first = -1
			}
		}
		return cmp.Or(first, cmp.Compare(b.Alike, a.Alike), cmp.Compare(a.ID, b.ID))
	})
	shown := lanes[:min(len(lanes), n)]
	return shown, len(lanes) - len(shown)
}

// Title names the connection, and says how many went the same way.
func (l *Lane) Title() string {
	return sentence.ID(l.ID) + " " + l.Orig.String() + sentence.Arrow + l.Resp.String()
}

// maxQuiets is how many connections that were idle are kept.
const maxQuiets = 40

// quiets is the fold of connections that were idle for long, or probed.
type quiets struct{ first ranking }

func newQuiets(SummaryOptions) sums { return &quiets{newRanking(maxQuiets, byQuiet)} }

func (q *quiets) narrow(int) {}

func (q *quiets) add(r *record.Record) {
	if n, _ := probed(r); n > 0 || idled(r) > 0 {
		q.first.Add(r)
	}
}

// Fields walks over the connections.
func (q *quiets) Fields(w *fold.Walk) { q.first.Fields(w) }

// idled is the longest idle time of a connection, ns; 0 for none.
func idled(r *record.Record) int64 { return max(r.Idle.Longest.V, r.Idle.Gap) }

// byQuiet ranks first what was found dead, then what ended badly when it was idle, then the
// longest idle times, then who probed most.
func byQuiet(a, b *record.Record) int {
	bad := func(r *record.Record) int {
		switch {
		case r.KeepaliveOutcome == record.KeepaliveDead:
			return 2
		case r.Idle.Gap > 0 && r.Idle.Outcome != record.IdleAnswered:
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(bad(b), bad(a)), cmp.Compare(idled(b), idled(a)), byProbes(a, b))
}

// Quiet are the connections that were idle for long, or whose ends sent keepalive probes, those
// that this ended badly for first, n at most; and how many there are in all.
func (s *Summary) Quiet(n int) (first []*record.Record, of uint64) {
	q := sumsOf[*quiets](s)
	if q == nil {
		return nil, 0
	}
	first = q.first.Sorted()
	return first[:min(len(first), n)], q.first.Offered()
}
