package tui

import (
	"time"

	"tcpwatch/report"
)

// goOn asks for Views while the program does not: it waits for the pager, or for a terminal that
// takes nothing (Ctrl-S). What is counted meanwhile is drawn afterwards, when it happened.
func (s *Screen) goOn() {
	span := time.Duration(s.o.Config.Refresh)
	tick := time.NewTicker(span)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.ended:
			return
		}
		s.mu.Lock()
		late := !s.over && !s.viewed.IsZero() && time.Since(s.viewed) > 2*span
		s.mu.Unlock()
		if late {
			s.want(func(w *report.Wanted) { w.Due = true })
		}
	}
}

// note keeps when the latest View came, and whether it was of an input that has ended.
func (s *Screen) note(ended bool) { s.viewed, s.over = time.Now(), ended }
