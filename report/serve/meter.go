package serve

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tcpwatch/report"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// meterEvery is how often what is measured is made anew, at most: scrapes are further apart.
const meterEvery = 5 * time.Second

// MeterOptions are those of a Meter.
type MeterOptions struct {
	Top     int  // DefaultTop, where 0
	Hold    bool // what was read is kept when the input ends, until Ctrl-C: Tell tells the user so
	Tell    func(line string)
	Version string
	// Cost is what the process took so far: CPU in ns, and memory in bytes.
	Cost  func() (cpu int64, memory uint64)
	Sinks []Sink // what records are sent to besides
}

// Meter is the Output that keeps what is measured of a run, for those who hand it on: see Metrics
// and OTLP. It takes Views, as the page does; see report.Watcher.
type Meter struct {
	record.Base
	o      MeterOptions
	every  time.Duration // meterEvery
	newest atomic.Pointer[report.View]
	wake   chan struct{} // there is one
	over   chan struct{} // the run has ended
	done   chan struct{} // no View is looked at any more

	mu      sync.Mutex
	shown   time.Time // when a View was handed over last
	cost    time.Duration
	settled bool // of the input, which has ended, all is measured

	measured atomic.Pointer[[]family]
	// Of an OTLP: what it is told of findings while the run goes on, and what it counts itself.
	alsoTell func(t watch.Told, at int64)
	also     func() []family
	// What only the goroutine that measures knows; when the run has ended, who finishes it.
	places   places
	trail    watch.Trail
	appeared map[named]uint64
	states   *report.Standing // nil before the first View: records alone do not tell
}

// NewMeter returns a Meter; Start begins to measure.
func NewMeter(o MeterOptions) *Meter {
	if o.Top <= 0 {
		o.Top = DefaultTop
	}
	return &Meter{o: o, every: meterEvery, wake: make(chan struct{}, 1), over: make(chan struct{}), done: make(chan struct{}),
		places: places{top: o.Top}, appeared: make(map[named]uint64)}
}

// Start begins to measure.
func (m *Meter) Start() { go m.measure() }

// Wanted asks for a View with the sums of the run when the last is old; see report.Watcher.
func (m *Meter) Wanted() report.Wanted {
	select {
	case <-m.over:
		return report.Wanted{}
	default:
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return report.Wanted{Due: !m.settled && time.Since(m.shown) >= max(m.every, restFor*m.cost), All: true, Hold: m.o.Hold || !m.settled}
}

// View takes what is to be measured; it waits for nobody. See report.Watcher.
func (m *Meter) View(v *report.View) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v.All == nil || v.Partial {
		return nil // the rest is to come soon
	}
	if v.Ended && !m.settled && m.o.Hold {
		m.o.Tell("all is read; the metrics stay until Ctrl-C")
	}
	m.shown, m.settled = time.Now(), v.Ended
	m.newest.Store(v)
	select {
	case m.wake <- struct{}{}:
	default:
	}
	return nil
}

// measure measures the newest View, until the run has ended.
func (m *Meter) measure() {
	defer close(m.done)
	for {
		select {
		case <-m.wake:
		case <-m.over:
			return
		}
		v := m.newest.Swap(nil)
		if v == nil {
			continue
		}
		began := time.Now()
		m.states = &v.Standing
		for _, t := range m.trail.Take(v) {
			if t.Change == watch.Appeared {
				m.appeared[named{t.Detector, t.Severity}]++
			}
			if m.alsoTell != nil {
				m.alsoTell(t, v.At)
			}
		}
		at, stand := v.At, v.Findings
		if v.Ended {
			at, stand = timeOf(v), v.Final
		} else { // what is only so because the run goes on is none
			stand = slices.DeleteFunc(slices.Clone(stand), func(f diagnose.Finding) bool { return f.Detector == "still-open" })
		}
		m.take(v.Headline, v.All, stand, at, v.Ended)
		m.mu.Lock()
		m.cost = time.Since(began)
		m.mu.Unlock()
	}
}

// take measures the sums of a run.
func (m *Meter) take(h *report.Headline, all *report.Summary, stand []diagnose.Finding, at int64, ended bool) {
	c := all.Counters()
	m.places.take(c, ended, h.Local)
	families := listenerFamilies(m.places.all())
	if m.states != nil {
		families = append(families, stateFamily(m.states))
	}
	families = append(families, timeWaitFamily(&c, m.o.Top, h.Local))
	families = append(families, findingFamilies(stand, m.appeared)...)
	families = append(families, runFamilies(h, at, ended, &m.o)...)
	m.measured.Store(&families)
}

// Report measures what the report tells; see report.Reporter.
func (m *Meter) Report(h *report.Headline, s *report.Summary) error {
	close(m.over)
	<-m.done
	m.take(h, s, s.Findings(h), h.End, true)
	return nil
}

// families are those that were measured last.
func (m *Meter) families() []family {
	all := m.measured.Load()
	switch {
	case all == nil:
		return nil
	case m.also == nil:
		return slices.Concat(*all, sinkFamilies(m.o.Sinks))
	}
	return slices.Concat(*all, sinkFamilies(m.o.Sinks), m.also())
}
