package main

import (
	"context"
	"os"
	"syscall"
	"testing"
)

func TestSignals(t *testing.T) {
	tests := []struct {
		sent         []os.Signal
		stop, report bool
		exit         int
	}{
		{[]os.Signal{}, false, false, 0},
		{[]os.Signal{syscall.SIGUSR1}, false, true, 0},
		{[]os.Signal{os.Interrupt}, true, false, 0},
		{[]os.Signal{syscall.SIGTERM}, true, false, 0},
		{[]os.Signal{syscall.SIGUSR1, os.Interrupt, syscall.SIGUSR1}, true, true, 0},
		{[]os.Signal{os.Interrupt, os.Interrupt}, true, false, 130},
		{[]os.Signal{syscall.SIGTERM, os.Interrupt}, true, false, 130},
	}
	for _, x := range tests {
		status := 0
		s := newSignals()
		s.ch, s.exit = make(chan os.Signal, len(x.sent)), func(n int) { status = n }
		for _, sig := range x.sent {
			s.ch <- sig
		}
		close(s.ch)
		s.listen()
		if stop, report := context.Cause(s.ctx) == errStopped, len(s.report) > 0; stop != x.stop || report != x.report || status != x.exit {
			t.Errorf("%v: stop %v, report %v, exit %d", x.sent, stop, report, status)
		}
	}
}
