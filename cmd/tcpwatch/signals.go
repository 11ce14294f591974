package main

import (
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// signals are what the user asked for while we were busy.
type signals struct {
	stop   atomic.Bool // Ctrl-C or SIGTERM: end, and report
	report atomic.Bool // SIGUSR1: report so far
	ch     chan os.Signal
	exit   func(status int)
}

// watchSignals begins to listen. The second Ctrl-C ends the program at once.
func watchSignals() *signals {
	// Without this, writing to a closed pipe would kill us before the other
	// outputs are complete.
	signal.Ignore(syscall.SIGPIPE)
	s := &signals{ch: make(chan os.Signal, 4), exit: os.Exit}
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
			s.report.Store(true)
		case s.stop.Swap(true):
			s.exit(128 + int(syscall.SIGINT))
		}
	}
}

// done stops listening.
func (s *signals) done() {
	signal.Stop(s.ch)
	close(s.ch)
}
