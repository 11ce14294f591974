package screen

import (
	"io"
	"sync"
)

// Foot is a line at the foot of a terminal, drawn again and again, which makes room for
// whatever else is written there.
type Foot struct {
	screen *Screen
	w      io.Writer // nil where nothing is shown

	mu    sync.Mutex // who holds it waits for no terminal
	shown bool
}

// NewFoot returns a Foot on w, a terminal that is written to by way of the screen; on nil,
// or what is no terminal, nothing is shown.
func (s *Screen) NewFoot(w io.Writer) *Foot {
	f := &Foot{screen: s}
	if w != nil && IsTerminal(w) {
		f.w = w
	}
	return f
}

// Shows reports whether anything is shown.
func (f *Foot) Shows() bool { return f.w != nil }

// Draw replaces the line and reports whether it did: not while the terminal is busy.
func (f *Foot) Draw(text string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.w == nil || f.screen.Busy() {
		return false
	}
	f.remove()
	io.WriteString(f.w, text)
	f.shown = true
	return true
}

// Clear removes the line, so that something else can be written.
func (f *Foot) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remove()
}

func (f *Foot) remove() {
	if f.shown {
		io.WriteString(f.w, "\r\x1b[K")
		f.shown = false
	}
}

// Leave removes the line before what must not be lost, such as the report, for which the
// screen waits from now on.
func (f *Foot) Leave() {
	f.screen.Wait()
	f.Clear()
}

// Tell writes to w, which is written to by way of the screen, in the place of the line. It may
// be called while others write.
func (f *Foot) Tell(w io.Writer, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remove()
	io.WriteString(w, text)
}

// Above is a writer to w that removes the line before each write.
func (f *Foot) Above(w io.Writer) io.Writer { return above{w, f} }

type above struct {
	io.Writer
	foot *Foot
}

func (a above) Write(b []byte) (int, error) {
	a.foot.Clear()
	return a.Writer.Write(b)
}
