package tcpwatch

import (
	"slices"

	"tcpwatch/report"
)

// view hands those who watch what the workers show. What a worker showed last counts until it
// has completed another walk.
func (x *writer) view(n *batchNote, all []*glance) {
	v := x.again(n, all)
	if v == nil {
		v = x.anew(n, all)
	}
	if x.shown = nil; !v.Partial && !v.Ended {
		x.shown = v
	}
	for _, o := range x.w.out.watchers {
		x.w.out.note(o.View(v))
	}
	x.seeing.Store(false)
}

// again is the View before with the counts of now, where no worker has completed a walk since; nil where
// one has, or another View is wanted.
func (x *writer) again(n *batchNote, all []*glance) *report.View {
	old := x.shown
	if old == nil || n.ended || !old.Wanted.SameSums(n.wanted) || slices.ContainsFunc(all, func(g *glance) bool { return g.newest != nil || g.awake != nil }) {
		return nil
	}
	v := *old
	v.Wanted, v.At, v.Headline = *n.wanted, n.now, n.headline
	v.Age, v.ListAge = 0, old.ListAge+n.now-old.At
	v.Totals, v.Followed = report.Totals{}, nil
	v.Standing.Held, v.Standing.TimeWait = 0, 0
	count(&v, all)
	return &v
}

// count takes into a View, and its headline, what the workers count.
func count(v *report.View, all []*glance) {
	counted := make([]*counts, len(all))
	for i, g := range all {
		counted[i] = g.counts
		v.Age = max(v.Age, v.At-g.looked)
		v.Totals.Add(&g.totals)
		v.Totals.Segments += g.counts.segments
		v.Standing.Held += uint64(g.held)
		v.Standing.TimeWait += uint64(g.timeWait)
		if g.followed != nil {
			v.Followed = g.followed
		}
	}
	addCounts(v.Headline, counted)
}

// anew is a View of what the workers have shown last.
func (x *writer) anew(n *batchNote, all []*glance) *report.View {
	first := x.w.workers[0] // whose options are those of all
	v := &report.View{Wanted: *n.wanted, Ended: n.ended, At: n.now, Headline: n.headline, Recent: first.summaryOfRecent()}
	var listed *report.Listing
	complete := true
	for i := range all {
		if a := x.seen[i]; a == nil {
			complete = false
		} else {
			v.Standing.Add(&a.standing)
			for _, b := range a.base { // first what is greatest
				v.Recent.Merge(b)
			}
			v.Recent.Merge(a.recent)
		}
		s := x.sights[i]
		if s == nil || !s.wanted.SameSums(n.wanted) {
			complete = complete && !n.wanted.All && n.wanted.Rows == 0
			continue
		}
		v.ListAge = max(v.ListAge, v.At-s.at)
		if s.all != nil {
			if v.All == nil {
				v.All = first.summaryOfView()
			}
			v.All.Merge(s.all)
		}
		if listed == nil {
			a := *n.wanted
			a.Where = nil // what workers list was chosen by it
			listed = report.NewListing(a, first.sums.Records)
		}
		listed.Merge(s.listed)
	}
	count(v, all)
	v.Partial = !complete
	x.w.strange.Store(v.Recent.Strange())
	v.Findings = v.Recent.Judge(n.headline)
	if v.Ended && v.All != nil && complete {
		v.Final = v.All.Judge(n.headline)
	}
	if listed != nil {
		v.Listed, v.Matching = listed.Records()
	}
	return v
}
