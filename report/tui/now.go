package tui

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/diagnose"
)

// wide is from how many columns on what stands below the findings is laid out in two columns.
const wide = 140

// now is the first view: what is wrong, then how it goes. Each part has few lines at first, and
// more of what it could tell as long as all of it fits: as many as it had before, where the findings are the same.
func (m *model) now(h int) []line {
	at := drawnOf{m.view, m.width, h, m.private != nil}
	d := m.drawnNow
	if d.drawnOf != at {
		ids := m.titlesShown()
		s := nowSize{}
		if d.width == m.width && d.h == h && slices.Equal(d.ids, ids) && len(m.nowLines(d.size, h)) <= h {
			s = d.size
		}
		s, lines := m.grown(s, h)
		d.drawnOf, d.size, d.ids, d.lines, d.targets = at, s, ids, lines, m.targets
	}
	m.targets = d.targets
	return d.lines
}

// titlesShown are the findings that stand, and those that are resolved.
func (m *model) titlesShown() (ids []string) {
	for _, all := range [][]watch.Trailed{m.open, m.resolved} {
		for i := range all {
			ids = append(ids, all[i].ID)
		}
	}
	return ids
}

// grown is a size of the view from s on in which no part can have more in h lines, and its lines.
func (m *model) grown(s nowSize, h int) (nowSize, []line) {
	lines := m.nowLines(s, h)
	for more := true; more; {
		more = false
		for part := range s {
			next := s
			if next[part]++; 1+next[nowBars] > tallest(h) || h < roomy && next[nowWhole]+next[nowTables] > 0 {
				continue
			}
			if all := m.nowLines(next, h); len(all) <= h && !sameLines(all, lines) {
				s, lines, more = next, all, true
			}
		}
	}
	m.targets = nil
	return s, m.nowLines(s, h)
}

// drawnOf is what the lines of a view follow from.
type drawnOf struct {
	view     *report.View
	width, h int
	private  bool
}

// drawnNow is the first view as it was drawn last: that takes a while, and frames come more often
// than what they show.
type drawnNow struct {
	drawnOf
	lines     []line
	targets   map[int]int
	size      nowSize
	ids       []string // of the findings
	tables    [][]line // see recentTables
	tablesOf  drawnOf
	answers   []float64 // see rates.answers
	answersOf drawnOf
}

// nowSize is by how much each part is longer than it is at least.
type nowSize [nNowParts]int

// The parts of the view, that first which gets a line first.
const (
	nowTitles  = iota // lines of findings besides the first
	nowStates         // states, one a line
	nowClients        // clients in trouble
	nowServers
	nowHolders // of TIME-WAIT
	nowFull    // findings that are told with cause and advice, besides the first
	nowWhole   // findings of which all is told
	nowBars    // lines of a bar of the rates
	nowTables  // tables of what is recent
	nNowParts
)

// roomy is from how many lines on all there is to tell of a finding is told in the first view.
const roomy = 30

// tallest is of how many lines the bars of the rates are at most, in h lines.
func tallest(h int) int { return max(h/11, 1) }

// nowLines are those of the view at a size; what is wrong is shortened to what h leaves.
func (m *model) nowLines(s nowSize, h int) []line {
	lower := m.lower(m.width, s)
	lines := m.worstFirst(s, max(h-len(lower), min(h, 8)))
	if len(lines)+len(lower) < h {
		lines = append(lines, nil)
	}
	lines = append(lines, lower...)
	for _, t := range m.recentTables()[:min(s[nowTables], len(recentTables()))] {
		lines = append(lines, t...)
	}
	return lines
}

// recentTables names the tables of the report that a large screen has room for: of what is recent, or of an
// input that has ended.
func recentTables() []string { return []string{"handshakes", "closes", "transfers"} }

// recentTables are those tables, each with an empty line before it; one without rows is empty.
func (m *model) recentTables() [][]line {
	d := m.drawnNow
	if at := (drawnOf{m.view, m.width, 0, m.private != nil}); d.tablesOf != at {
		d.tablesOf, d.tables = at, nil
		var head []line
		if !m.view.Ended {
			head = []line{nil, text(quiet, "Of connections that are open or ended within 40 s:")}
		}
		for _, name := range recentTables() {
			var b bytes.Buffer
			o := m.tables()
			o.Top = 5
			if err := report.WriteTable(&b, name, m.sums(), m.view.Headline, o); err != nil {
				b.Reset()
			}
			lines := m.printed(b.String())
			if bytes.HasPrefix(bytes.TrimSpace(b.Bytes()), []byte("Not seen")) {
				lines = nil
			} else {
				lines, head = append(head, lines...), nil
			}
			d.tables = append(d.tables, lines)
		}
	}
	return d.tables
}

// sameLines reports whether two views read the same.
func sameLines(a, b []line) bool {
	return slices.EqualFunc(a, b, func(x, y line) bool { return slices.Equal(x, y) })
}

// quietLast puts findings about the capture behind those about the network, and what only
// informs behind both, as the report does.
func quietLast(all []watch.Trailed) []watch.Trailed {
	weight := func(f *watch.Trailed) int {
		switch {
		case f.Severity < diagnose.Notice:
			return 2
		case f.Group == diagnose.GroupCapture:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b watch.Trailed) int { return weight(&a) - weight(&b) })
	return all
}

// soonest is how long a run has to be watched until most troubles can show, ns: what must wait for a
// repeat or an age takes seconds.
const soonest = int64(10e9)

// worstFirst tells the finding that matters most with its cause, and the others in a line or two
// each, in h lines; some of them with their causes too where s says so.
func (m *model) worstFirst(s nowSize, h int) (lines []line) {
	wrong := len(m.open) > 0 && m.open[0].Severity >= diagnose.Notice
	if !wrong {
		words := "Nothing is wrong so far"
		if watched := m.at() - m.view.Headline.Start; m.view.Ended {
			words = "Nothing was found"
		} else if m.view.Headline.Live && watched < soonest {
			words = "Nothing is wrong in the first " + m.ago(watched)
		}
		if n := m.sums().Conns(); n > 0 {
			words += ": " + say.Plural(n, "connection") + " looked at"
		}
		lines = append(lines, text(good, words+"."))
	}
	full := 0
	for wrong && full < len(m.open) && full <= s[nowFull] && m.open[full].Severity >= diagnose.Notice && (full == 0 || len(m.open[full].Causes) > 0) {
		for _, l := range m.inShort(&m.open[full], full < s[nowWhole]) {
			m.target(len(lines), full)
			lines = append(lines, l)
		}
		full++
	}
	others := append(slices.Clone(m.open[full:]), m.resolved...)
	room := min(max(h-len(lines), 0), min(len(others), 3)+s[nowTitles])
	for i, title := range m.titles(others[:min(len(others), room+1)], m.width, room) {
		if rest := len(others) - i; rest > 1 && room < 2 || room < 1 || len(title) > room {
			lines = append(lines, text(quiet, fmt.Sprintf("  and %d more: 2 shows all", rest)))
			break
		}
		for _, l := range title {
			m.target(len(lines), full+i)
			lines = append(lines, l)
		}
		room -= len(title)
	}
	return lines
}

// inShort is a finding with what it likely comes from and the first thing to do, or all there is
// to tell.
func (m *model) inShort(f *watch.Trailed, whole bool) []line {
	lines := m.headOf(f, m.width)
	if whole {
		lines = append(lines, m.wrapped(plain, f.Explanation, 2)...)
	}
	if !whole && len(f.Causes) > 0 {
		lines = append(lines, m.wrapped(plain, f.CauseInShort()+".", 2)...)
	}
	for i, c := range f.Causes {
		word := "Or"
		if i == 0 {
			word = f.CauseWord()
		}
		if whole {
			lines = append(lines, m.wrapped(plain, word+": "+c+".", 2)...)
		}
	}
	for i, a := range m.advice(f) {
		if i == 0 || whole {
			lines = append(lines, m.wrapped(quiet, "Do: "+a, 2)...)
		}
	}
	return lines
}

// headOf is how bad, and what; as many lines as that takes.
func (m *model) headOf(f *watch.Trailed, width int) (lines []line) {
	word := severity(f)
	words := say.WrapHard(m.alias(f.Title)+"; "+m.standing(f), max(width-len(word)-2, 20))
	for i, w := range words {
		l := text(roleOf(f.Severity), word+"  ")
		if i > 0 {
			l = text(plain, strings.Repeat(" ", len(word)+2))
		}
		lines = append(lines, l.more(strong, w))
	}
	return lines
}

func severity(f *watch.Trailed) string {
	if f.Severity < diagnose.Notice {
		return f.Severity.String()
	}
	return strings.ToUpper(f.Severity.String())
}

// standing tells whether a finding stands.
func (m *model) standing(f *watch.Trailed) string {
	switch {
	case f.Resolved:
		return "resolved " + m.ago(m.at()-f.Missed) + " ago"
	case m.view.Ended:
		return f.Confidence.String()
	case f.Missed > 0:
		return "not seen for " + m.ago(m.at()-f.Missed)
	}
	if f.Since == 0 {
		return "so far"
	}
	return m.since(f.Since)
}

// since is when something began.
func (m *model) since(at int64) string {
	since := "since " + m.phrases.TimeOfDay(at)
	if m.mayBeOlder(at) {
		since += " or before"
	}
	return since
}

// mayBeOlder reports whether what was seen first at a time may have begun before one looked.
func (m *model) mayBeOlder(at int64) bool {
	return m.view.Headline.MayBeOlder(at)
}

// ago is a span in whole seconds.
func (m *model) ago(ns int64) string { return m.phrases.Span(max(ns, 0) / 1e9 * 1e9) }

// titles are findings, each in a line or two where they all have room; else in one, but for the first,
// which has three at most, and the second, which has two.
func (m *model) titles(all []watch.Trailed, width, room int) (titles [][]line) {
	const indent = 10
	most := func(i int) int { return max(3-i, 2) }
	total, words := 0, make([][]string, len(all))
	for i := range all {
		words[i] = say.WrapHard(m.alias(all[i].Title)+"; "+m.standing(&all[i]), max(width-indent, 20))
		total += min(len(words[i]), most(i))
	}
	used := 0
	for i := range all {
		f := &all[i]
		r, t := roleOf(f.Severity), plain
		if f.Resolved {
			r, t = quiet, quiet
		}
		n := most(i)
		switch behind := min(len(all)-i-1, 1); { // in a line at least those are counted
		case total > room && i < 2:
			n = max(min(n, room-used-behind), 1)
		case total > room:
			n = 1
		}
		if len(words[i]) > n {
			words[i] = m.fewer(f, n, max(width-indent, 20))
		}
		lines := []line{text(r, fmt.Sprintf("%-*s", indent, severity(f))).more(t, words[i][0])}
		for _, w := range words[i][1:] {
			lines = append(lines, text(t, strings.Repeat(" ", indent)+w))
		}
		titles = append(titles, lines)
		used += len(lines)
	}
	return titles
}

// fewer is a title in n lines at most: since when it stands gives way first, then its end.
func (m *model) fewer(f *watch.Trailed, n, width int) []string {
	end := ""
	if f.Resolved || f.Missed > 0 && !m.view.Ended {
		end = "; " + m.standing(f)
	}
	title := m.alias(f.Title)
	words := say.WrapHard(title+end, width)
	for some := strings.Fields(title); len(words) > n && len(some) > 1; {
		some = some[:len(some)-1]
		words = say.WrapHard(strings.Join(some, " ")+more(m.theme.ascii)+end, width)
	}
	return words[:min(len(words), n)]
}

// wrapped is a text in as many lines as it takes.
func (m *model) wrapped(r role, words string, indent int) (lines []line) {
	for i, w := range say.WrapHard(m.alias(words), max(m.width-indent-2, 20)) {
		lines = append(lines, text(r, strings.Repeat(" ", indent+2*min(i, 1))+w))
	}
	return lines
}

// lower is how it goes: clients in trouble, rates, states, servers, TIME-WAIT, the capture.
func (m *model) lower(width int, s nowSize) []line {
	tail := append(m.holders(1+s[nowHolders]), m.capture())
	if width >= wide {
		half := width/2 - 1
		left := append(m.drawRates(half, 1+s[nowBars]), nil)
		left = append(left, m.worstListeners(half, 3+s[nowServers])...)
		right := m.stateTable(half, 3+s[nowStates])
		lines := append(m.troubled(width, 1+s[nowClients]), beside(left, right, half)...)
		return append(lines, tail...)
	}
	lines := m.troubled(width, 1+s[nowClients])
	lines = append(lines, m.drawRates(width, 1+s[nowBars])...)
	if s[nowStates] == 0 {
		lines = append(lines, m.statesInShort())
	} else {
		lines = append(lines, m.stateTable(width, 1+s[nowStates])...)
	}
	lines = append(lines, m.worstListeners(width, 1+s[nowServers])...)
	return append(lines, tail...)
}

// beside puts lines next to others.
func beside(left, right []line, width int) []line {
	out := make([]line, max(len(left), len(right)))
	for i := range out {
		var l line
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			l = append(l.padded(width+2), right[i]...)
		}
		out[i] = l
	}
	return out
}
