package serve

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"tcpwatch/report"
	"tcpwatch/report/html"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/record"
)

// Options of a Server.
type Options struct {
	Listener net.Listener // open already
	Address  Address      // that it was opened for
	Token    string       // without which nobody is answered; "" for none
	Tables   report.TableOptions
	MSL      int64  // of the run, ns
	Input    string // what is read, for people
	Live     bool   // it is a live capture
	Size     int64  // of the files, bytes; 0 for unknown
	// Tell tells the user a line.
	Tell func(line string)
	// Draw reads the input again for an Output that draws a connection; nil where that cannot be
	// done: what is drawn then is what comes after somebody asked.
	Draw func(ctx context.Context, to record.Output) error
}

// Limits of what a Server takes on.
const (
	maxClients = 32 // pages that follow the run
	maxSockets = 96 // connections to the server, others wait
	// writeWithin is how long a reader may take for what is sent at once. One that follows and
	// takes longer has lost its connection: it asks again, and is shown the newest state.
	writeWithin = 30 * time.Second
	usualPace   = time.Second      // between two states of the page
	restFor     = 4                // times as long as making a state takes, the next is not begun
	watchedFor  = 10 * time.Second // after the last request somebody is taken to look on
	freshWithin = 3 * time.Second  // that a page waits for a state that is not old
	lastWords   = 500 * time.Millisecond
)

// Server is the Output of a server; see report.Watcher.
type Server struct {
	record.Base
	gate
	o       Options
	live    *html.Live
	http    *http.Server
	slots   chan struct{} // of those who follow
	openAPI []byte
	epoch   string // of the states' numbers
	ended   ended
	drawing drawing
	refresh time.Duration // usualPace

	mu     sync.Mutex
	ask    asking
	looked time.Time     // when somebody asked for something last
	shown  time.Time     // when a View was handed over for the page last
	last   lastView      // that View
	cost   time.Duration // of the state made last
	offset int64         // bytes read of files
	told   bool          // that the input has ended
	state  *state

	newest atomic.Pointer[report.View]
	wake   chan struct{} // there is one
	over   chan struct{} // the run has ended
	done   chan struct{} // nothing more is rendered
	trail  watch.Trail   // the renderer's
}

// lastView is what there is to remember of a View.
type lastView struct {
	partial bool // not all was looked at
	ended   bool // all was, when nothing more came
	all     bool // it has the sums of the whole run
}

// New returns a Server; Start begins to answer.
func New(o Options) (*Server, error) {
	live, err := html.NewLive(o.Tables)
	if err != nil {
		return nil, err
	}
	s := &Server{gate: gate{address: o.Address, listener: o.Listener, token: o.Token, session: NewToken()}, o: o, live: live, slots: make(chan struct{}, maxClients), epoch: NewToken(), refresh: usualPace,
		wake: make(chan struct{}, 1), over: make(chan struct{}), done: make(chan struct{})}
	if s.openAPI, err = openAPI(); err != nil {
		return nil, err
	}
	s.state = &state{next: make(chan struct{})}
	s.http = newHTTP(s.guard(s.routes()))
	return s, nil
}

// newHTTP is a server that waits for nobody long.
func newHTTP(answers http.Handler) *http.Server {
	return &http.Server{Handler: answers, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: writeWithin, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: silent()}
}

// Start begins to answer, and tells where.
func (s *Server) Start() {
	url := s.o.Address.url(s.o.Listener)
	if s.token != "" {
		s.o.Tell("the page is at " + url + "?token=" + s.token + " (the address is good once; programs send the token as Authorization: Bearer)")
		s.o.Tell("what is sent there is not encrypted: through networks of others use ssh -L and --http 127.0.0.1:PORT")
	} else {
		s.o.Tell("the page is at " + url)
	}
	go s.render()
	go s.http.Serve(&bounded{Listener: s.o.Listener, slots: make(chan struct{}, maxSockets)})
}

// Wanted asks for a View when a page is due or somebody has a question; see report.Watcher.
func (s *Server) Wanted() report.Wanted {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	select {
	case <-s.over:
		return report.Wanted{}
	default:
	}
	page := s.usual()
	page.All = s.watched(now)
	// Of an input that has ended a View shows all there will be, unless it was made for nobody.
	settled := s.last.ended && (s.last.all || !page.All)
	page.Due = !settled && now.Sub(s.shown) >= max(s.refresh, restFor*s.cost)
	w, asked := s.ask.wanted(now, page.Due || s.last.partial)
	if !asked {
		w = page
	}
	w.Hold, w.Follow = true, s.drawing.followed(now)
	return w
}

// usual is what the page wants to see.
func (s *Server) usual() report.Wanted {
	return report.Wanted{Rows: pageRows, Sort: newestFirst, Held: true, All: true}
}

// watched reports whether somebody looks on.
func (s *Server) watched(now time.Time) bool {
	return len(s.slots) > 0 || now.Sub(s.looked) < watchedFor
}

// View takes what is to be seen; it waits for nobody. See report.Watcher.
func (s *Server) View(v *report.View) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.drawing.see(v)
	if s.ask.take(v, now) {
		return nil
	}
	s.shown, s.last = now, lastView{partial: v.Partial, ended: v.Ended && !v.Partial, all: v.All != nil}
	if v.Partial {
		s.shown = now.Add(-s.refresh * 3 / 4) // the rest is to come soon
	}
	if v.Ended && !s.told {
		s.told = true
		s.o.Tell("all is read; the page stays until Ctrl-C")
	}
	s.newest.Store(v)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return nil
}

// Tick notes how far the run has come; see record.Output.
func (s *Server) Tick(t *record.Tick) error {
	s.mu.Lock()
	s.offset = t.Offset
	s.mu.Unlock()
	return nil
}

// Finish tells those who follow that the run has ended, and takes leave; see record.Output.
func (s *Server) Finish() error {
	close(s.over)
	<-s.done
	endHTTP(s.http)
	return nil
}

// endHTTP has a server say its last words.
func endHTTP(s *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	if err := s.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		s.Close() // who reads slowly is not waited for
	}
}
