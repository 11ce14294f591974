package tui

import (
	"slices"

	"tcpwatch/report"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/diagnose"
)

// take takes a View: what is shown stays while the screen is paused.
func (m *model) take(v *report.View) {
	if v = m.completed(v); !v.Partial || m.whole == nil {
		m.trail.Take(v)
	}
	now := sampleOf(v)
	m.rates.take(&now)
	if m.o.Cost != nil {
		m.costs = append(m.costs, costAt{timeOf(v), m.o.Cost()})
		m.costs = m.costs[max(len(m.costs)-10, 0):]
	}
	if m.paused && m.answers() {
		m.held = v
		return
	}
	m.show(v)
}

// completed is a View in which what is not counted anew yet is as it was counted last: of many
// connections it takes a while until all were looked at for another view or list.
func (m *model) completed(v *report.View) *report.View {
	if !v.Partial {
		m.whole = v
		return v
	}
	if m.whole == nil {
		return v
	}
	c, w := *v, m.whole
	c.Recent, c.Findings, c.Age = w.Recent, w.Findings, w.Age+v.At-w.At
	c.Standing = w.Standing
	c.Standing.Held, c.Standing.TimeWait = v.Standing.Held, v.Standing.TimeWait
	if c.All = nil; v.Wanted.All {
		c.All = w.All
	}
	return &c
}

// show makes a View the one that is shown.
func (m *model) show(v *report.View) {
	first := m.view == nil
	m.view, m.held = v, nil
	m.phrases.Running = !v.Ended
	m.open, m.resolved = stable(m.open, values(m.trail.Open())), values(m.trail.Resolved())
	m.recall()
	if !v.Ended {
		m.open = slices.DeleteFunc(m.open, func(f watch.Trailed) bool { return f.Detector == "still-open" })
	} else if v.All != nil {
		m.open, m.resolved = foundIn(v), nil
	}
	m.open = quietLast(m.open)
	if !v.Ended {
		m.steady()
	}
	m.states = m.countStates()
	m.chooseFinding(m.chosen)
	m.listeners, _ = m.sums().WorstListeners(shownNow)
	m.clients = m.earliest(m.sums())
	m.holding = m.sums().Holders(v.Headline, shownNow)
	m.list.take(v)
	m.hosts.take(v)
	m.conn.see(v)
	if first && v.Partial || v.Ended && !m.answers() {
		m.due = true
	}
}

// shownNow is of how many servers, and of how many clients, the first view tells.
const shownNow = 20

// sums are those of what is shown: of the whole input when that has ended, else of what is recent.
func (m *model) sums() *report.Summary {
	if v := m.view; v.Ended && v.All != nil {
		return v.All
	}
	return m.view.Recent
}

// foundIn are the findings of an input that has ended, as the report has them.
func foundIn(v *report.View) (all []watch.Trailed) {
	for _, f := range v.All.Findings(v.Headline) {
		all = append(all, watch.Trailed{Finding: f, Shown: v.At})
	}
	return all
}

// earliest are the clients for which it goes worst, each that is in trouble all the while with the
// first connection that showed it: sums of what is recent forget that.
func (m *model) earliest(s *report.Summary) []report.Client {
	all, _ := s.TroubledClients(shownNow)
	for i := range all {
		c := &all[i]
		k := slices.IndexFunc(m.clients, func(x report.Client) bool { return x.Addr == c.Addr })
		if k >= 0 && c.Bad > 0 && m.clients[k].Bad > 0 && m.clients[k].Since <= c.Since {
			old := &m.clients[k]
			c.Since, c.Conn, c.Packet, c.PacketAt, c.Server = old.Since, old.Conn, old.Packet, old.PacketAt, old.Server
		}
	}
	return all
}

// stable are findings in the order in which they were shown, as far as each is as grave and as sure
// as its neighbour and not twice as frequent: counts alone move nothing about while one reads.
func stable(before, now []watch.Trailed) []watch.Trailed {
	return settled(before, now, func(x watch.Trailed) string { return x.ID }, func(a, b watch.Trailed) bool {
		return a.Severity == b.Severity && a.Confidence == b.Confidence && a.Count < 2*b.Count
	})
}

// settled are items that are in order now, in the order of before as far as neighbours are close to each
// other, the first of them being the greater. What was not shown before goes behind what was.
func settled[T any, K comparable](before, now []T, key func(T) K, close func(a, b T) bool) []T {
	place := make(map[K]int)
	for i, x := range before {
		place[key(x)] = i + 1
	}
	for i := range now {
		for k := i; k > 0; k-- {
			a, b := now[k-1], now[k]
			if p, q := place[key(a)], place[key(b)]; q == 0 || p != 0 && p <= q || !close(a, b) {
				break
			}
			now[k-1], now[k] = b, a
		}
	}
	return now
}

// steadyFor is for how long, ns, a count stands that has fallen since: what is recent is forgotten in parts,
// so counts rise and fall though all goes on as it did.
const steadyFor = report.RecentSpan / 4

// steadied is a finding as it was when it had its greatest count of late.
type steadied struct {
	diagnose.Finding
	at int64
}

// steady has findings that stand told as they were when they counted most of late, as long as nothing
// else is new of them.
func (m *model) steady() {
	now, next := m.at(), make(map[string]steadied)
	for i := range m.open {
		x := &m.open[i]
		s, ok := m.counted[x.ID]
		if !ok || now-s.at >= steadyFor || now < s.at || x.Count >= s.Count || x.Severity != s.Severity || x.Confidence != s.Confidence || !slices.Equal(x.Causes, s.Causes) {
			s = steadied{x.Finding, now}
		}
		since := x.Since
		x.Finding, next[x.ID] = s.Finding, s
		x.Since = since
	}
	m.counted = next
}

// at is the time of what is shown, ns since 1970.
func (m *model) at() int64 { return timeOf(m.view) }

// timeOf is that of a View: of an input that has ended, its end.
func timeOf(v *report.View) int64 {
	if v.Ended {
		return max(v.At, v.Headline.End)
	}
	return v.At
}

// recall has what is resolved told as it was when it was worst: what dwindles is told last of
// the few that were left.
func (m *model) recall() {
	worst := make(map[string]diagnose.Finding)
	for _, x := range m.open {
		f, ok := m.worst[x.ID]
		if !ok || x.Severity > f.Severity || x.Severity == f.Severity && x.Count >= f.Count {
			f = x.Finding
		}
		worst[x.ID] = f
	}
	for i := range m.resolved {
		x := &m.resolved[i]
		if f, ok := m.worst[x.ID]; ok {
			x.Finding, worst[x.ID] = f, f
		}
	}
	m.worst = worst
}

// values are findings as they are now: the trail goes on changing them.
func values(all []*watch.Trailed) []watch.Trailed {
	out := make([]watch.Trailed, len(all))
	for i, x := range all {
		out[i] = *x
	}
	return out
}
