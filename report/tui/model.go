package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"tcpwatch/report"
	"tcpwatch/report/sentence"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// page is which view is shown.
type page uint8

const (
	pageNow page = iota
	pageFindings
	pageConnections
	pageConnection
	pageHosts
	pageTimeWait
	pageKeepalive
	nTabs
	pageReport = nTabs // not among the tabs
	nPages     = nTabs + 1
)

// pageNames are the tabs.
func pageNames() [nTabs]string {
	return [...]string{"Now", "Findings", "Connections", "Connection", "Hosts", "TIME-WAIT", "Keepalive"}
}

// What is handed to the model besides keys and sizes.
type (
	viewMsg    struct{ *report.View }
	stepsMsg   []*record.Step
	countedMsg []sample
	warningMsg string
	againMsg   time.Time // another View is due
)

// model is the screen: what it shows follows from it alone.
type model struct {
	o             Options
	theme         theme
	keys          keys
	phrases       sentence.Phrases
	width, height int

	view     *report.View // that is shown; nil before the first
	held     *report.View // while paused: the newest
	whole    *report.View // the last that was not partial; nil before any
	trail    *watch.Trail
	open     []watch.Trailed // of the trail, as they were at the View shown
	resolved []watch.Trailed
	worst    map[string]diagnose.Finding // of those, each as it was when it was worst
	counted  map[string]steadied         // those that stand, each as it was when it counted most of late
	states   []record.State              // those in which an end is, in the order in which they are shown
	rates    *rates
	// listeners and clients are those that the first view shows, where it goes worst first.
	listeners []report.Listener
	clients   []report.Client
	holding   []report.Holder // that hold the most ports in TIME-WAIT
	drawnNow  *drawnNow
	costs     []costAt
	silence   silence
	due       bool
	paused    bool

	page     page
	back     []place
	help     bool
	prompt   *prompt // nil while nothing is typed
	note     string  // told in the last line until the next key
	warnings []string
	private  *aliases // nil while addresses are shown
	top      [nPages]int
	chosen   int              // of the findings
	pinned   string           // its ID, once the user has looked at it: it stays chosen wherever it stands
	read     diagnose.Finding // as it was then: what it cites stays while it is read
	targets  map[int]int      // what of the view's list each of its lines stands for, when it was drawn last
	list     list
	hosts    hosts
	conn     connection

	paging     bool // the report goes to the pager as soon as it is there
	quit, keep bool
}

// costAt is what the process had taken at a time.
type costAt struct {
	at int64
	Cost
}

func newModel(o Options) model {
	t := o.Tables
	m := model{o: o, theme: newTheme(o.Config.Dark, o.Color, t.ASCII), keys: newKeys(o.Config), width: 80, height: 24,
		phrases: sentence.Phrases{Clock: t.Clock, ASCII: t.ASCII, MSL: o.MSL, Running: true}, trail: &watch.Trail{}, rates: &rates{}, drawnNow: &drawnNow{}, due: true}
	m.list = newList(o)
	return m
}

// again asks for another View after a while.
func (m model) again() tea.Cmd {
	return tea.Tick(time.Duration(m.o.Config.Refresh), func(now time.Time) tea.Msg { return againMsg(now) })
}

// wanted is what the next View is to hold.
func (m *model) wanted() report.Wanted {
	w := report.Wanted{Due: m.due, Hold: !m.quit}
	switch m.page {
	case pageConnections:
		m.list.ask(&w, m.bodyHeight())
	case pageConnection:
		w.Follow = m.conn.id
	case pageHosts, pageTimeWait, pageKeepalive, pageReport:
		w.All = true
	}
	w.All = w.All || m.view != nil && m.view.Ended // what is wrong, then, is what was wrong at any time
	return w
}

// update takes what happened; it returns what the terminal is to do.
func (m model) update(msg tea.Msg) (model, tea.Cmd) {
	m.due = false
	switch x := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = x.Width, x.Height
	case tea.BackgroundColorMsg:
		p := m.o.Config.Dark
		if !x.IsDark() {
			p = m.o.Config.Light
		}
		m.theme = newTheme(p, m.o.Color, m.o.Tables.ASCII)
	case againMsg:
		m.due = !m.settled()
		m.silence.look(&m, time.Time(x))
		return m, m.again()
	case viewMsg:
		m.take(x.View)
		return m, m.pages()
	case pagedMsg:
		m.paged(x)
	case countedMsg:
		for i := range x {
			m.rates.take(&x[i])
		}
	case stepsMsg:
		m.conn.take(x)
	case warningMsg:
		m.note = string(x)
		m.warnings = append(m.warnings, m.note)
	case tea.KeyPressMsg:
		if m.prompt != nil {
			return m.typed(x)
		}
		return m.pressed(x)
	case tea.MouseWheelMsg:
		m.wheel(x.Button)
	case tea.MouseClickMsg:
		if x.Button == tea.MouseLeft && m.prompt == nil {
			m.click(x.X, x.Y)
		}
	case tea.PasteMsg:
		if m.prompt != nil {
			m.prompt.insert(x.Content)
		}
	}
	return m, nil
}

// settled reports whether another View would be the same: nothing comes any more.
func (m *model) settled() bool {
	if m.view == nil || !m.view.Ended || m.view.Partial {
		return false
	}
	return m.answers()
}

// answers reports whether what is shown has what is asked for now: another view, filter or
// connection asks for more.
func (m *model) answers() bool {
	if m.view == nil {
		return false
	}
	w := m.wanted()
	return m.view.Wanted.SameSums(&w) && m.view.Wanted.Follow == w.Follow
}

// key names go with what they do; see keys.
func (m model) pressed(k tea.KeyPressMsg) (model, tea.Cmd) {
	m.note = ""
	do := m.keys.of(k.String())
	if m.help {
		m.help = false
		if k.String() != "ctrl+c" { // q as well: it leaves a help wherever there is one
			return m, nil
		}
	}
	if m.page == pageConnections && m.list.sorting {
		if m.list.sortKey(do, k.String()) {
			m.revealSort()
			m.due = true
			return m, nil
		}
	}
	if side, ok := map[string]int{"left": -1, "h": -1, "right": 1, "l": 1}[k.String()]; ok && m.page == pageHosts {
		m.hosts.across(side > 0)
		return m, nil
	} else if ok && m.page == pageConnections {
		m.list.scroll(side)
		return m, nil
	}
	if do >= doTab1 && do < doTab1+action(nTabs) {
		if p := page(do - doTab1); p == pageConnections && m.list.chooser != nil && m.list.typed == "" {
			m.remember()
			m.list.choose(nil, "") // of a finding or a host: the key asks for all
			m.page, m.due = p, true
		} else {
			m.visit(p)
		}
		if m.page == pageConnections && m.list.typed != "" {
			m.note = "the filter still holds: / and Enter shows all"
		}
		return m, nil
	}
	switch do {
	case doQuit, doKeep:
		if m.quit { // a run that does not end gives the terminal back all the same
			return m, tea.Quit
		}
		m.quit, m.keep = true, do == doKeep
		m.o.Stop()
		if m.view == nil || m.view.Ended {
			m.note = "ending"
		}
	case doNextTab:
		m.visit((min(m.page, nTabs-1) + 1) % nTabs)
	case doPreviousTab:
		m.visit((min(m.page, nTabs-1) + nTabs - 1) % nTabs)
	case doDown, doUp, doPageDown, doPageUp, doTop, doBottom:
		m.move(do)
	case doOpen:
		m.enter()
	case doBack:
		m.leave()
	case doFilter:
		m.prompt = &prompt{last: m.list.typed}
	case doSort:
		m.visit(pageConnections)
		m.list.sorting = true
	case doClosed:
		if m.page != pageConnections {
			m.note = "t is for the list of connections, which 3 shows: those that ended are in it, or not"
			break
		}
		m.list.closed = !m.list.closed
		m.due = true
	case doPause:
		m.paused = !m.paused
		if m.held != nil && !m.paused {
			m.show(m.held)
		}
	case doCopy:
		return m.copied()
	case doPrivacy:
		if m.private == nil {
			m.private = newAliases()
		} else {
			m.private = nil
		}
	case doReport:
		m.paging = m.o.Pager != nil
		m.visit(pageReport)
	case doHelp:
		m.help = true
	}
	return m, nil
}
