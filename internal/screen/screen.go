// Package screen writes to a terminal that may take nothing for a while.
package screen

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"

	"golang.org/x/term"

	"tcpwatch/internal/say"
)

// Screen writes to the terminal for those who must not wait for it: a terminal
// takes nothing while its user holds it (Ctrl-S). What is to be shown waits here,
// up to a limit; what finds no room is left out, and counted.
type Screen struct {
	mu      sync.Mutex
	moved   sync.Cond // there is something to write, or something was written
	queue   []piece
	bytes   int    // in the queue, and being written
	patient bool   // who writes waits for room
	left    uint64 // lines left out since something was last taken
	tail    [2]byte
	err     error // of the terminal: nothing can be written any more
	pagers  []*Pager
}

// piece is a text and where it goes: standard output or standard error.
type piece struct {
	to   io.Writer
	text []byte
}

// screenLimit is how many bytes wait for the terminal, at most.
const screenLimit = 1 << 20

// New returns a Screen that writes to no terminal yet.
func New() *Screen {
	s := &Screen{}
	s.moved.L = &s.mu
	return s
}

// pane is a file of the terminal, to which the screen writes.
type pane struct {
	screen *Screen
	file   *os.File
}

// On is a writer to w by way of the screen, w itself when it is no terminal.
func (s *Screen) On(w io.Writer) io.Writer {
	f, ok := w.(*os.File)
	if !ok || !IsTerminal(w) {
		return w
	}
	if s.tail[0] == 0 {
		s.tail = [2]byte{'\n', '\n'}
		go s.run()
	}
	return pane{s, f}
}

// Fd is the terminal's descriptor, to ask it for its width.
func (p pane) Fd() uintptr { return p.file.Fd() }

// Write never waits for the terminal, unless the screen is patient.
func (p pane) Write(b []byte) (int, error) { return p.screen.take(p.file, b) }

// take puts a text into the queue, or leaves it out.
func (s *Screen) take(to io.Writer, b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.patient && s.err == nil && s.bytes > screenLimit {
		s.moved.Wait()
	}
	if s.err != nil || len(b) == 0 {
		return 0, s.err
	}
	const shown, given = 0, 1 // the last byte that was taken, and the last that came
	all := len(b)
	if !s.patient && s.bytes+all > screenLimit && s.bytes > 0 {
		s.left += uint64(bytes.Count(b, []byte{'\n'}))
		s.tail[given] = b[all-1]
		return all, nil
	}
	var note string
	if s.tail[shown] != s.tail[given] || s.left > 0 {
		if s.tail[given] != '\n' { // of that line nothing was shown
			i := bytes.IndexByte(b, '\n')
			b = b[i+1:]
			s.left++
		}
		if s.tail[shown] != '\n' {
			note = "\n"
		}
		note += fmt.Sprintf("tcpwatch: %s lines are left out here: the terminal took none\n", say.Thousands(s.left))
		s.left = 0
	}
	s.queue = append(s.queue, piece{to, append([]byte(note), b...)})
	s.bytes += len(note) + len(b)
	if s.tail[shown], s.tail[given] = '\n', '\n'; len(b) > 0 {
		s.tail[shown], s.tail[given] = b[len(b)-1], b[len(b)-1]
	}
	s.moved.Broadcast()
	return all, nil
}

// run writes what comes, with no lock held.
func (s *Screen) run() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.err == nil {
		if len(s.queue) == 0 {
			s.moved.Wait()
			continue
		}
		p := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		_, err := p.to.Write(p.text)
		s.mu.Lock()
		s.bytes -= len(p.text)
		s.err = err
		s.moved.Broadcast()
	}
}

// Busy reports whether anything waits for the terminal.
func (s *Screen) Busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes > 0
}

// Wait makes the screen patient, for what must not be lost, such as the report.
func (s *Screen) Wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.patient = true
}

// Settle waits until the terminal has taken everything.
func (s *Screen) Settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.bytes > 0 && s.err == nil {
		s.moved.Wait()
	}
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(described)
	return ok && term.IsTerminal(int(f.Fd()))
}

// described is a file, or what writes to one.
type described interface{ Fd() uintptr }

// Columns is the width of the terminal w, else $COLUMNS, else 0.
func Columns(w io.Writer) int {
	if f, ok := w.(described); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	n, err := strconv.Atoi(os.Getenv("COLUMNS"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}
