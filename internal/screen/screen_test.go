package screen

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"tcpwatch/internal/say"
)

// held is a terminal that takes nothing until it is let go.
type held struct {
	free chan struct{}
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *held) Write(b []byte) (int, error) {
	<-h.free
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(b)
}

// Who writes to a terminal that takes nothing goes on; what is left out is whole
// lines, and they are counted.
func TestScreenWaitsForNoTerminal(t *testing.T) {
	h := &held{free: make(chan struct{})}
	s := New()
	s.tail = [2]byte{'\n', '\n'}
	go s.run()
	const all = 100_000
	line := strings.Repeat("x", 62) + "\n"
	for range all { // three pieces of each line, of which any may be left out
		for _, part := range []string{line[:20], line[20:50], line[50:]} {
			if n, err := s.take(h, []byte(part)); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
	}
	if s.bytes > screenLimit+200 || !s.Busy() {
		t.Errorf("%d bytes wait", s.bytes)
	}
	close(h.free)
	s.Settle()
	s.Wait()
	if _, err := s.take(h, []byte("the end\n")); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	got := strings.SplitAfter(h.text.String(), "\n")
	n, told := 0, ""
	for i, l := range got {
		switch {
		case l == line:
			n++
		case strings.HasPrefix(l, "tcpwatch: "):
			told = l
		case l != "the end\n" && l != "" && (i+1 == len(got) || !strings.HasPrefix(got[i+1], "tcpwatch: ")):
			t.Errorf("%q", l)
		}
	}
	if n == 0 || n == all || !strings.Contains(told, say.Thousands(uint64(all-n))+" lines are left out here") {
		t.Errorf("%d lines shown, and %q", n, told)
	}
	if !strings.HasSuffix(h.text.String(), "the end\n") {
		t.Error("the end was left out")
	}
}

// A patient screen loses nothing.
func TestScreenIsPatientAtTheEnd(t *testing.T) {
	h := &held{free: make(chan struct{})}
	s := New()
	s.tail = [2]byte{'\n', '\n'}
	s.Wait()
	go s.run()
	time.AfterFunc(20*time.Millisecond, func() { close(h.free) })
	piece := bytes.Repeat([]byte("y"), 1000)
	for range 3 * screenLimit / 1000 {
		if _, err := s.take(h, piece); err != nil {
			t.Fatal(err)
		}
	}
	s.Settle()
	if n := h.text.Len(); n != 3*screenLimit/1000*1000 {
		t.Errorf("%d bytes", n)
	}
}
