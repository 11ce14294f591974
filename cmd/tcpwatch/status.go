package main

import (
	"fmt"
	"io"
	"time"

	"tcpwatch/internal/say"
)

const (
	quietStart  = time.Second            // a shorter read shows no progress
	redrawAfter = 250 * time.Millisecond // of the line about a file
	liveAfter   = time.Second            // of the line about a capture
)

// status is the line about progress at the foot of the terminal.
type status struct {
	w       io.Writer // nil when there is no terminal
	screen  *screen   // to which w belongs
	began   time.Time
	drawn   time.Time
	packets uint64 // when it was drawn
	shown   bool
}

func newStatus(stderr io.Writer, on *screen) *status {
	s := &status{began: time.Now(), screen: on}
	if isTerminal(stderr) {
		s.w = stderr
	}
	s.drawn = s.began
	return s
}

// clear removes the line.
func (s *status) clear() {
	if s.shown {
		io.WriteString(s.w, "\r\x1b[K")
		s.shown = false
	}
}

// draw replaces the line, unless the terminal is busy: it is soon drawn again.
func (s *status) draw(now time.Time, packets uint64, text string) {
	if s.screen.busy() {
		return
	}
	s.clear()
	io.WriteString(s.w, text)
	s.shown, s.drawn, s.packets = true, now, packets
}

// reading shows how far the files are read.
func (s *status) reading(w *watch, at progress) {
	if s.w == nil || w.in.handle != nil {
		return
	}
	now := time.Now()
	spent := now.Sub(s.began)
	if spent < quietStart || now.Sub(s.drawn) < redrawAfter {
		return
	}
	s.draw(now, at.packets, progressLine(at.packets, at.offset, w.size, spent))
}

// progressLine tells packets, bytes, speed and the time left; size 0 is unknown.
func progressLine(packets uint64, offset, size int64, spent time.Duration) string {
	line := fmt.Sprintf("%s packets, %s", say.Thousands(packets), megabytes(offset))
	if size > 0 {
		line += fmt.Sprintf(" of %s (%d%%)", megabytes(size), 100*min(offset, size)/size)
	}
	line += fmt.Sprintf(", %s packets/s", say.Thousands(uint64(float64(packets)/spent.Seconds())))
	if size > 0 && offset > 0 && offset <= size {
		left := time.Duration(float64(spent) * float64(size-offset) / float64(offset))
		line += ", " + left.Round(time.Second).String() + " left"
	}
	return line
}

// living shows what a live capture does.
func (s *status) living(w *watch, n *batchNote, has living, now time.Time) {
	since := now.Sub(s.drawn)
	if s.w == nil || w.in.handle == nil || w.o.quiet || since < liveAfter {
		return
	}
	rate := float64(n.at.packets-s.packets) / since.Seconds()
	s.draw(now, n.at.packets, livingLine(rate, has, n.drops, now.Sub(s.began)))
}

// livingLine tells packets per second, the connections that live, those in
// TIME-WAIT, and what was dropped.
func livingLine(rate float64, has living, drops uint64, spent time.Duration) string {
	return fmt.Sprintf("%s packets/s, %s open, %s in TIME-WAIT, %s dropped, %s", say.Thousands(uint64(rate+0.5)),
		say.Thousands(uint64(has.open)), say.Thousands(uint64(has.timeWait)), say.Thousands(drops), spent.Round(time.Second))
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
