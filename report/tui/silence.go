package tui

import (
	"fmt"
	"time"

	"tcpwatch/internal/say"
)

// silence is how long no packet has come, by the clock of who looks: packet time stands still
// then, or goes on behind it.
type silence struct {
	packets uint64    // that had come when it began
	since   time.Time // zero before the first look
	now     time.Time
	link    string // what is wrong with the interface
}

// toldSilence is from when on it is told.
const toldSilence = 5 * time.Second

// look takes what there is at a time.
func (s *silence) look(m *model, now time.Time) {
	v := m.view
	if m.held != nil {
		v = m.held
	}
	if v == nil || v.Ended {
		return
	}
	if s.now = now; s.since.IsZero() || v.Headline.Packets != s.packets {
		*s = silence{packets: v.Headline.Packets, since: now, now: now}
		return
	}
	if s.link = ""; v.Headline.Live && m.o.Link != nil && s.long() {
		s.link = m.o.Link(v.Headline.Interface)
	}
}

// long reports whether it is told.
func (s *silence) long() bool { return s.now.Sub(s.since) >= toldSilence }

// words tell it; "" while packets come.
func (s *silence) words(name string) string {
	if !s.long() {
		return ""
	}
	words := "no packet for " + say.Duration(int64(s.now.Sub(s.since).Truncate(time.Second)), true)
	if s.link != "" {
		words = fmt.Sprintf("%s %s: %s", say.Escape(name), s.link, words)
	}
	return words
}
