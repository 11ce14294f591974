package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"tcpwatch/internal/say"
	"tcpwatch/internal/screen"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

const (
	quietStart  = time.Second            // a shorter read shows no progress
	redrawAfter = 250 * time.Millisecond // of the line about a file
	liveAfter   = time.Second            // of the line about a capture
)

// status is the Output of the line about progress at the foot of the terminal, which makes
// room for whatever else is written there.
type status struct {
	record.Base
	w       io.Writer      // nil when there is no terminal
	screen  *screen.Screen // to which w belongs
	live    bool           // the input is a live capture
	size    int64          // of the files, bytes; 0 for a pipe
	settles bool           // standard output is the terminal, written to without the screen
	began   time.Time

	mu      sync.Mutex // who holds it waits for no terminal
	drawn   time.Time
	packets uint64 // when it was drawn
	shown   bool
}

// newStatus is the status of a run; quiet shows none of a live capture.
func newStatus(stderr io.Writer, on *screen.Screen, live, quiet bool, size int64) *status {
	s := &status{began: time.Now(), screen: on, live: live, size: size}
	if screen.IsTerminal(stderr) && !(live && quiet) {
		s.w = stderr
	}
	s.drawn = s.began
	return s
}

// clear removes the line, so that something else can be written.
func (s *status) clear() {
	s.mu.Lock()
	s.remove()
	s.mu.Unlock()
	if s.settles {
		s.screen.Settle()
	}
}

func (s *status) remove() {
	if s.shown {
		io.WriteString(s.w, "\r\x1b[K")
		s.shown = false
	}
}

// draw replaces the line, unless the terminal is busy: it is soon drawn again.
func (s *status) draw(now time.Time, packets uint64, text string) {
	if s.screen.Busy() {
		return
	}
	s.remove()
	io.WriteString(s.w, text)
	s.shown, s.drawn, s.packets = true, now, packets
}

// Tick draws it anew now and then; see record.Output.
func (s *status) Tick(t *record.Tick) error {
	if s.w == nil || s.live && !t.Show {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	spent, since := now.Sub(s.began), now.Sub(s.drawn)
	switch {
	case s.live && since >= liveAfter:
		rate := float64(t.Packets-s.packets) / since.Seconds()
		s.draw(now, t.Packets, livingLine(rate, t, spent))
	case !s.live && spent >= quietStart && since >= redrawAfter:
		s.draw(now, t.Packets, progressLine(t.Packets, t.Offset, s.size, spent))
	}
	return nil
}

// Report makes room for the reports, of which nothing must be lost; see report.Reporter.
func (s *status) Report(*report.Headline, *report.Summary) error {
	s.screen.Wait()
	s.clear()
	return nil
}

// clearing removes the status line before each write.
type clearing struct {
	io.Writer
	status *status
}

func (c clearing) Write(b []byte) (int, error) {
	c.status.clear()
	return c.Writer.Write(b)
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

// livingLine tells packets per second, the connections that live, those in
// TIME-WAIT, and what was dropped.
func livingLine(rate float64, t *record.Tick, spent time.Duration) string {
	return fmt.Sprintf("%s packets/s, %s open, %s in TIME-WAIT, %s dropped, %s", say.Thousands(uint64(rate+0.5)),
		say.Thousands(uint64(t.Open)), say.Thousands(uint64(t.TimeWait)), say.Thousands(t.Drops), spent.Round(time.Second))
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
