package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// signals are what the user asks for meanwhile.
type signals struct {
	ctx    context.Context // done, because of errStopped, after Ctrl-C or SIGTERM: end, and report
	cancel context.CancelCauseFunc
	report chan struct{} // after SIGUSR1: report so far
	ch     chan os.Signal
	paging *atomic.Bool // a pager has the terminal: Ctrl-C is its own
	exit   func(status int)
}

func newSignals() *signals {
	s := &signals{paging: new(atomic.Bool), ch: make(chan os.Signal, 4), report: make(chan struct{}, 1), exit: os.Exit}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s
}

// watchSignals begins to listen. The second Ctrl-C ends the program at once.
func watchSignals() *signals {
	// Without this, writing to a closed pipe would kill us before the other
	// outputs are complete.
	signal.Ignore(syscall.SIGPIPE)
	s := newSignals()
	wanted := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGUSR1}
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		wanted = append(wanted, syscall.SIGHUP)
	}
	signal.Notify(s.ch, wanted...)
	go s.listen()
	return s
}

func (s *signals) listen() {
	for sig := range s.ch {
		switch {
		case sig == syscall.SIGUSR1:
			select {
			case s.report <- struct{}{}:
			default: // asked for already
			}
		case sig == os.Interrupt && s.paging.Load():
		case s.ctx.Err() != nil:
			s.exit(128 + int(syscall.SIGINT))
		default:
			s.cancel(errStopped)
		}
	}
}

// done stops listening.
func (s *signals) done() {
	signal.Stop(s.ch)
	close(s.ch)
}
