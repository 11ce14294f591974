package screen

import (
	"bytes"
	"testing"
)

// The line goes before anything else is written, and is drawn anew behind it.
func TestFoot(t *testing.T) {
	var b bytes.Buffer
	f := &Foot{screen: New(), w: &b}
	f.Draw("one")
	f.Draw("two")
	f.Above(&b).Write([]byte("line\n"))
	f.Clear()
	f.Draw("three")
	f.Tell(&b, "told\n")
	if want := "one\r\x1b[Ktwo\r\x1b[Kline\nthree\r\x1b[Ktold\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	f.screen.bytes = 1
	if b.Reset(); f.Draw("four") || b.Len() > 0 {
		t.Error("drawn while the terminal is busy")
	}
}

// On what is no terminal nothing is drawn.
func TestNoFoot(t *testing.T) {
	var b bytes.Buffer
	f := New().NewFoot(&b)
	if f.Shows() || f.Draw("one") || b.Len() > 0 {
		t.Errorf("drawn: %q", b.String())
	}
}
