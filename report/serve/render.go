package serve

import (
	"fmt"
	"slices"
	"time"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/html"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/diagnose"
)

// render makes the page of the newest View, until the run has ended.
func (s *Server) render() {
	defer close(s.done)
	for more := true; more; {
		select {
		case <-s.wake:
		case <-s.over:
			more = false
		}
		v := s.newest.Swap(nil)
		if v == nil {
			continue
		}
		s.trail.Take(v)
		if v.All == nil {
			continue // nobody looks
		}
		began := time.Now()
		x, err := s.stateOf(v)
		if err != nil {
			s.o.Tell(fmt.Sprintf("the page: %v", err))
			continue
		}
		s.mu.Lock()
		old := s.state
		s.state, s.cost = x, time.Since(began)
		s.mu.Unlock()
		close(old.next)
	}
}

// stateOf is what is shown of a View.
func (s *Server) stateOf(v *report.View) (*state, error) {
	open, past := standing(v, &s.trail)
	listed := s.listOf(v, s.usual())
	x := &html.Shown{Headline: v.Headline, All: v.All, Running: !v.Ended, Now: s.nowOf(v, open, past), Listed: report.NewSummary(report.SummaryOptions{Rows: pageRows, Sort: newestFirst, Records: s.o.Tables.Records, OnDemand: []string{}})}
	for i := range listed.rows {
		x.Listed.Add(&listed.rows[i])
	}
	x.Which = fmt.Sprintf("%s; the %s that began last.", say.Thousands(v.All.Conns()), say.Thousands(uint64(len(listed.rows))))
	pieces, err := s.live.Pieces(x)
	if err != nil {
		return nil, err
	}
	y := s.current().after(pieces)
	y.view, y.open, y.past = v, open, past
	y.title, y.line, y.asOf = s.titleOf(open), s.lineOf(v), "as of "+s.o.Tables.Clock.TimeOfDay(timeOf(v))
	if timeOf(v) == 0 {
		y.asOf = ""
	}
	y.page, err = s.live.Page(pieces)
	return y, err
}

// standing are the findings that stand, but for what is only so because the run goes on, and
// those that are resolved.
func standing(v *report.View, trail *watch.Trail) (open, past []watch.Trailed) {
	for _, f := range trail.Open() {
		if v.Ended || f.Detector != "still-open" {
			open = append(open, *f)
		}
	}
	for _, f := range trail.Resolved() {
		past = append(past, *f)
	}
	return open, past
}

// timeOf is the packet time of a View, ns since 1970; of an input that has ended, its end.
func timeOf(v *report.View) int64 {
	if v.Ended {
		return max(v.At, v.Headline.End)
	}
	return v.At
}

// titleOf is that of the window: the worst that is wrong.
func (s *Server) titleOf(open []watch.Trailed) string {
	title := s.o.Input + " - tcpwatch"
	bad := slices.DeleteFunc(slices.Clone(open), func(f watch.Trailed) bool { return f.Severity < diagnose.Warning })
	if len(bad) > 0 {
		title = fmt.Sprintf("(%d) %s", len(bad), title)
	}
	return say.Escape(title)
}

// lineOf says how far the run has come.
func (s *Server) lineOf(v *report.View) string {
	switch {
	case v.Ended:
		return "all is read"
	case s.o.Live:
		return "live on " + say.Escape(s.o.Input)
	case s.o.Size > 0:
		s.mu.Lock()
		defer s.mu.Unlock()
		return fmt.Sprintf("reading: %d%%", 100*min(s.offset, s.o.Size)/s.o.Size)
	}
	return "reading"
}

// nowOf is what stands first on the page.
func (s *Server) nowOf(v *report.View, open, past []watch.Trailed) html.Now {
	c := s.o.Tables.Clock
	k := &v.Headline.Tracker
	n := html.Now{Text: fmt.Sprintf("%s open, of them %s opening; %s in TIME-WAIT.", say.Plural(uint64(k.Open-k.TimeWait-k.Over), "connection"), say.Thousands(v.Standing.Opening), say.Thousands(uint64(k.TimeWait)))}
	t := &v.Totals
	n.Counts = fmt.Sprintf("Since the run began: %s opened, %s failed, %s closed by both ends, %s reset; %s, of them %s sent again.", say.Plural(t.Opened, "connection"),
		say.Thousands(t.Failed), say.Thousands(t.Closed), say.Thousands(t.Reset), say.Plural(t.Segments, "segment"), say.Thousands(t.Again))
	if age := max(v.Age, v.ListAge); age > 2e9 {
		n.Counts += " The connections were looked at within the last " + say.Duration(age, false) + "."
	}
	for i := range open {
		f := &open[i]
		n.Open = append(n.Open, findingNow(f, "since "+c.TimeOfDay(sinceOf(f))))
	}
	for i := range past {
		f := &past[i]
		n.Resolved = append(n.Resolved, findingNow(f, "not any more since "+c.TimeOfDay(f.Missed)))
	}
	return n
}

// sinceOf is since when there is a finding: by its own account, else since it was shown.
func sinceOf(f *watch.Trailed) int64 {
	if f.Since > 0 {
		return f.Since
	}
	return f.Shown
}

func findingNow(f *watch.Trailed, when string) html.NowFinding {
	return html.NowFinding{ID: f.ID, Severity: f.Severity.String(), Title: say.Escape(say.WithoutRules(f.Title)), When: when}
}
