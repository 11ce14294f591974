package lab_test

import (
	"context"
	"flag"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/capture/lab"
	"tcpwatch/capture/lab/load"
	"tcpwatch/capture/live"
	"tcpwatch/internal/racetest"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
)

var besideRate = flag.Int("beside", 0, "play incidents beside healthy traffic of so many connections a second: 2000 take a core, for four minutes")

// watcher keeps what whoever watches a run is shown.
type watcher struct {
	tcpwatch.Base
	mu    sync.Mutex
	views []seen
	end   []diagnose.Finding // of the report
}

// seen is a view: when, and the findings from notice on, without those about the capture.
type seen struct {
	at    int64
	age   int64
	found []diagnose.Finding
	held  uint64
}

func (w *watcher) Wanted() report.Wanted { return report.Wanted{Due: true} }

func (w *watcher) View(v *report.View) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.views = append(w.views, seen{v.At, v.Age, troubles(v.Findings), v.Standing.Held})
	return nil
}

func (w *watcher) Report(h *report.Headline, s *report.Summary) error {
	w.end = troubles(s.Findings(h))
	return nil
}

func troubles(all []diagnose.Finding) (some []diagnose.Finding) {
	for _, f := range all {
		if f.Severity >= diagnose.Notice && f.Group != diagnose.GroupCapture {
			some = append(some, f)
		}
	}
	return some
}

// runWatched runs over what a handle captures in the scene until the context is done.
func runWatched(ctx context.Context, x *lab.Scene, h *live.Handle, outputs ...tcpwatch.Output) error {
	source := tcpwatch.Live(h)
	defer source.Close()
	o := tcpwatch.Options{Workers: 2}
	if low, high := x.Ports(); low != 0 {
		o.Ports, o.Local = diagnose.PortRange{Low: low, High: high}, func(a capture.Addr) bool { return a == capture.AddrFrom(x.Client.IP) }
	}
	_, err := tcpwatch.Run(ctx, source, o, outputs...)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// openIn opens the capture, in the namespace where somebody watches.
func openIn(x *lab.Scene) (h *live.Handle, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread, which is in the namespace, ends with it
		ns, device := x.Watched()
		if err = ns.Join(); err == nil {
			h, err = live.Open(live.Options{Interface: device, NoPromisc: true})
		}
	}()
	<-done
	return h, err
}

// incidentWants is what the report names of each incident: the beginning of its ID.
var incidentWants = map[string]string{
	"accept-queue-full":   "queue-full:",
	"syns-dropped":        "no-answer:",
	"ports-exhausted":     "port-exhaustion:",
	"close-wait-leak":     "close-wait:",
	"idle-forgotten":      "idle-timeout:",
	"answers-lost-to-one": "half-open:",
}

const (
	nameWithin    = 10 * time.Second
	resolveWithin = time.Duration(report.RecentSpan)*5/4 + 5*time.Second
	watchFor      = 75 * time.Second // after it was mended: SYNs may come again long after it
	portsFree     = 65 * time.Second // TIME-WAIT holds ports for so long after the last connection
)

// acted is an incident that was played while somebody watched.
type acted struct {
	*watcher
	page          *servedPage // of one incident
	began, mended int64
	rate          float64
}

// act plays an incident, beside healthy traffic when there is a rate. It watches until the
// trouble has gone on for a while, or until so long after it was mended.
func act(t *testing.T, l *lab.Lab, x *lab.Incident, n, rate int, after time.Duration) *acted {
	s, err := l.Begin(x, n)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer s.End()
	h, err := openIn(s) // before anything is sent
	if err != nil {
		t.Error(err)
		return nil
	}
	a := &acted{watcher: &watcher{}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	outputs := []tcpwatch.Output{a.watcher}
	if x.Name == servedIncident {
		a.page = openPage(t)
		outputs = append(outputs, a.page)
	}
	go func() { ended <- runWatched(ctx, s, h, outputs...) }()
	var beside *load.Beside
	if rate > 0 {
		if beside, err = load.BesideOn(s.Network(), rate); err != nil {
			t.Error(err)
			return nil
		}
	}
	time.Sleep(300 * time.Millisecond)
	err = s.Before()
	a.began = time.Now().UnixNano()
	if err == nil {
		err = s.Trouble()
	}
	a.mended = time.Now().UnixNano()
	if err == nil && after > 0 {
		if err = s.Mend(); err == nil {
			time.Sleep(time.Until(time.Unix(0, a.mended).Add(after)))
		}
	}
	if err != nil {
		t.Error(err)
	}
	if beside != nil {
		a.rate = beside.Rate()
		if err := beside.End(); err != nil {
			t.Error(err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	return a
}

// judge tells when the first finding became the one that is wanted, and stayed it until the
// incident was mended, and when that was gone; in seconds.
func (a *acted) judge(t *testing.T, want string, resolves bool) {
	if len(a.views) == 0 {
		t.Fatal("nothing was shown")
	}
	named, gone := int64(-1), int64(-1)
	for i := range a.views {
		v := &a.views[i]
		first := len(v.found) > 0 && strings.HasPrefix(v.found[0].ID, want)
		any := false
		for _, f := range v.found {
			any = any || strings.HasPrefix(f.ID, want)
		}
		if v.at < a.mended {
			if !first {
				named = -1
			} else if named < 0 {
				named = v.at
			}
			if v.at < a.began && first {
				t.Errorf("named before it began: %s", v.found[0].Title)
			}
		}
		if any {
			gone = -1
		} else if gone < 0 && v.at > a.mended {
			gone = v.at
		}
	}
	seconds := func(at, since int64) float64 { return float64(at-since) / 1e9 }
	t.Logf("%d views; %.0f connections/s beside; named after %.1f s", len(a.views), a.rate, seconds(named, a.began))
	if resolves {
		t.Logf("gone %.1f s after it was mended", seconds(gone, a.mended))
	}
	if named < 0 || seconds(named, a.began) > nameWithin.Seconds() {
		t.Errorf("not named within %v", nameWithin)
	}
	limit := resolveWithin
	if strings.HasPrefix(want, "port-exhaustion") {
		limit = portsFree
	}
	if resolves && (gone < 0 || seconds(gone, a.mended) > limit.Seconds()) {
		t.Errorf("not gone within %v", limit)
	}
	if last := a.views[len(a.views)-1]; resolves && len(last.found) > 0 {
		t.Errorf("at last there still is: %s", last.found[0].Title)
	}
	if !resolves && (len(a.end) == 0 || !strings.HasPrefix(a.end[0].ID, want)) {
		t.Error("the report names something else first")
	}
	for _, f := range a.end {
		t.Logf("report: %s %s %s: %s", f.Severity, f.Confidence, f.ID, f.Title)
	}
	if a.page != nil {
		a.page.judge(t, a.views, want)
	}
	last := ""
	for _, v := range a.views {
		text, ids := "", ""
		for _, f := range v.found {
			text += "; " + f.Severity.String() + " " + f.Confidence.String() + " " + f.ID + ": " + f.Title
			ids += " " + f.ID + f.Severity.String() + f.Confidence.String()
		}
		if ids != last {
			last = ids
			t.Logf("%6.1f (age %.1f, held %d)%s", seconds(v.at, a.began), float64(v.age)/1e9, v.held, text)
		}
	}
}

// Whoever begins to watch is told within ten seconds what is wrong, and no more when it is over.
func TestIncidentsWatched(t *testing.T) {
	racetest.TooSlow(t) // ten seconds are for a program that is not ten times slower, beside other tests
	l := labForIncidents(t)
	all := lab.Incidents()
	played := make([]*acted, len(all))
	var group sync.WaitGroup
	for i := range all { // side by side: most of the time is waiting
		group.Go(func() { played[i] = act(t, l, &all[i], 230+i, 0, watchFor) })
	}
	group.Wait()
	for i, a := range played {
		if a != nil {
			t.Run(all[i].Name, func(t *testing.T) { a.judge(t, incidentWants[all[i].Name], true) })
		}
	}
}

// The same while thousands of connections go well beside.
func TestIncidentsWatchedBesideLoad(t *testing.T) {
	if *besideRate == 0 {
		t.Skip("takes a core for four minutes: -beside 2000 plays it")
	}
	l := labForIncidents(t)
	for i, x := range lab.Incidents() {
		t.Run(x.Name, func(t *testing.T) {
			if a := act(t, l, &x, 240+i, *besideRate, 0); a != nil {
				a.judge(t, incidentWants[x.Name], false)
			}
		})
	}
}

func labForIncidents(t *testing.T) *lab.Lab {
	if testing.Short() || *recordAgain {
		t.Skip("takes minutes: not with -short, nor while recording")
	}
	l, err := lab.Open()
	if err != nil {
		t.Skip("no lab here: ", err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
