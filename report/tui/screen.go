package tui

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"tcpwatch/report"
	"tcpwatch/report/where"
	"tcpwatch/tracker/record"
)

// Options of a Screen.
type Options struct {
	In     io.Reader // the terminal's keys
	Out    io.Writer // the terminal
	Color  bool
	Tables report.TableOptions // how tables, times and spans are told; its Width, Color and Reports are not used
	Config Config
	// Stop ends the reading of packets: the user has seen enough.
	Stop func()
	// Cost tells what this process has taken so far; nil: nobody knows.
	Cost func() Cost
	// Link tells what is wrong with an interface, "is down"; "" for nothing. nil: nobody knows.
	Link func(name string) string
	// Pager shows a text in the user's pager and waits for that to end; nil: there is none, and the
	// report is shown on the screen.
	Pager func(text []byte) error
	// MSL is that of the run, ns.
	MSL int64
}

// Cost is what a process has taken.
type Cost struct {
	CPU    int64  // ns
	Memory uint64 // bytes held
}

// Screen is the Output of a terminal that is drawn again and again.
type Screen struct {
	record.Base
	o       Options
	program *tea.Program
	wanted  atomic.Pointer[report.Wanted]
	newest  atomic.Pointer[report.View]
	warned  chan string
	wake    chan struct{} // something is to be handed to the program
	ended   chan struct{} // the program has ended
	last    model         // of the program, when it has ended
	err     error

	mu      sync.Mutex
	steps   []*record.Step // that the program has not taken
	counted []sample       // likewise; see rates
	viewed  time.Time      // when a View came last
	over    bool           // which was of an input that has ended
}

// framesASecond is how often the terminal is written to, at most: soon enough for a key to be answered at
// once, and seldom enough for a screen on which nothing happens to cost little, as each time wakes the process.
const framesASecond = 10

// stepsWaiting is how many packets of the connection that is followed wait for the program.
const stepsWaiting = 4096

// New returns a Screen; Start begins to draw.
func New(o Options) *Screen {
	s := &Screen{o: o, warned: make(chan string, 64), wake: make(chan struct{}, 1), ended: make(chan struct{})}
	s.wanted.Store(&report.Wanted{Due: true, Hold: true})
	return s
}

// Start takes the terminal.
func (s *Screen) Start() {
	m := newModel(s.o)
	s.program = tea.NewProgram(shown{m, s}, tea.WithInput(s.o.In), tea.WithOutput(s.o.Out), tea.WithoutSignalHandler(), tea.WithFPS(framesASecond))
	go s.feed()
	go s.goOn()
	go func() {
		defer close(s.ended)
		last, err := s.program.Run()
		if x, ok := last.(shown); ok {
			s.last = x.model
		}
		s.err = err
		s.wanted.Store(&report.Wanted{})
		s.o.Stop()
	}()
}

// feed hands the program what came, the newest View alone.
func (s *Screen) feed() {
	for {
		select {
		case <-s.wake:
		case <-s.ended:
			return
		}
		s.mu.Lock()
		steps, counted := s.steps, s.counted
		s.steps, s.counted = nil, nil
		s.mu.Unlock()
		if len(counted) > 0 {
			s.program.Send(countedMsg(counted))
		}
		if len(steps) > 0 {
			s.program.Send(stepsMsg(steps))
		}
		for more := true; more; {
			select {
			case text := <-s.warned:
				s.program.Send(warningMsg(text))
			default:
				more = false
			}
		}
		if v := s.newest.Swap(nil); v != nil {
			s.program.Send(viewMsg{v})
		}
	}
}

// want changes what is wanted.
func (s *Screen) want(change func(w *report.Wanted)) {
	for {
		old := s.wanted.Load()
		now := *old
		change(&now)
		if s.wanted.CompareAndSwap(old, &now) {
			return
		}
	}
}

// stir wakes the feed; it never waits.
func (s *Screen) stir() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Wanted is what is to be seen next; see report.Watcher.
func (s *Screen) Wanted() report.Wanted { return *s.wanted.Load() }

// View takes what is to be seen; it never waits for the terminal. See report.Watcher.
func (s *Screen) View(v *report.View) error {
	s.want(func(w *report.Wanted) { w.Due = false }) // until the program asks again
	s.mu.Lock()
	s.note(v.Ended)
	if s.counted = append(s.counted, sampleOf(v)); len(s.counted) > keptSamples {
		s.counted = append(s.counted[:0], s.counted[1:]...)
	}
	s.mu.Unlock()
	s.newest.Store(v)
	s.stir()
	return nil
}

// Step takes a packet of the connection that is followed; see record.Output.
func (s *Screen) Step(x *record.Step) error {
	s.mu.Lock()
	if len(s.steps) < stepsWaiting {
		s.steps = append(s.steps, x)
	}
	s.mu.Unlock()
	s.stir()
	return nil
}

// Warn shows a line that the user is to be told; it never waits. It reports whether there is a
// screen to show it on.
func (s *Screen) Warn(line string) bool {
	select {
	case <-s.ended:
		return false
	default:
	}
	select {
	case s.warned <- line:
	default:
	}
	s.stir()
	return true
}

// Finish gives the terminal back; with Q the last frame stays on it. See record.Output.
func (s *Screen) Finish() error {
	s.program.Quit()
	<-s.ended
	if s.last.keep {
		_, err := lipgloss.Fprint(s.o.Out, s.last.frame()+"\n")
		return err
	}
	return s.err
}

// Kept reports, after Finish, whether the user wanted the last frame and no report.
func (s *Screen) Kept() bool { return s.last.keep }

// Told are the lines that were shown as warnings, to be told again when the terminal is back.
func (s *Screen) Told() []string { return s.last.warnings }

// shown is the model as the program of the terminal has it.
type shown struct {
	model
	screen *Screen
}

// Init asks the terminal for its background; until it answers, it is dark.
func (x shown) Init() tea.Cmd { return tea.Batch(tea.RequestBackgroundColor, x.model.again()) }

// Update takes what happened, and tells the run what is wanted now.
func (x shown) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m, cmd := x.model.update(msg)
	x.model = m
	next := m.wanted()
	x.screen.want(func(w *report.Wanted) {
		due := next.Due || w.Due
		*w = next
		w.Due = due
	})
	return x, cmd
}

// View is the frame.
func (x shown) View() tea.View {
	v := tea.NewView(x.model.frame())
	v.AltScreen = true
	if x.model.o.Config.Mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	v.WindowTitle = "tcpwatch"
	return v
}

// chooser is a filter of the list of connections.
type chooser struct {
	phrase string // "where id > 3": what is told of the connections
	cited  bool   // they are those that a finding cites
	match  func() func(r *record.Record) bool
}

// String is the condition; see report.Chooser.
func (c *chooser) String() string { return c.phrase }

// Matcher is for one worker; see report.Chooser.
func (c *chooser) Matcher() func(r *record.Record) bool { return c.match() }

// compiled is an expression as a filter: each worker has its own, whenever the list is made anew.
func compiled(text string, o report.TableOptions) (*chooser, error) {
	e, err := where.Compile(text)
	if err != nil {
		return nil, err
	}
	return &chooser{phrase: "where " + e.String(), match: func() func(r *record.Record) bool { return e.Filter(o.Records).Match }}, nil
}
