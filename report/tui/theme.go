package tui

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/diagnose"
)

// role is what a text is for: its colour follows.
type role uint8

const (
	plain    role = iota
	strong        // headings, what is wrong
	quiet         // what matters less
	critical      // findings, by severity
	warning
	notice
	good // resolved, no drops
	bar  // bars and lines of rates
	chosen
	nRoles
)

// palette has a colour for each role that has one, "" for the terminal's own.
type palette [nRoles]string

// The colours have a contrast of at least 4.5 (WCAG 2.2, 1.4.3) on the background that each
// palette is for; a test works it out.
func darkColours() palette {
	return palette{quiet: "#a0a0a0", critical: "#ff7b72", warning: "#f0c000", notice: "#79c0ff", good: "#56d364", bar: "#56b6c2"}
}

func lightColours() palette {
	return palette{quiet: "#5c5c5c", critical: "#b3000f", warning: "#7a4b00", notice: "#0550ae", good: "#116329", bar: "#0b5c6b"}
}

// theme is how texts of each role look.
type theme struct {
	styles [nRoles]lipgloss.Style
	ascii  bool
}

// newTheme returns the theme of a palette; without colours there is bold and reverse video.
func newTheme(p palette, colours, ascii bool) theme {
	t := theme{ascii: ascii}
	for r := range t.styles {
		s := lipgloss.NewStyle()
		if colours && p[r] != "" {
			s = s.Foreground(colourOf(p[r]))
		}
		switch role(r) {
		case strong, critical, warning:
			s = s.Bold(true)
		case chosen:
			s = s.Reverse(true)
		}
		t.styles[r] = s
	}
	return t
}

func colourOf(text string) color.Color { return lipgloss.Color(text) }

// span is a text of one role; it holds nothing that a terminal would act on.
type span struct {
	role role
	text string
}

// line is a line of the screen.
type line []span

// text is a line of one role.
func text(r role, s string) line { return line{{r, s}} }

// width is how many columns a line takes.
func (l line) width() (n int) {
	for _, s := range l {
		n += say.Width(s.text)
	}
	return n
}

// more is the line with another text behind it.
func (l line) more(r role, s string) line { return append(l[:len(l):len(l)], span{r, s}) }

// padded is the line with blanks up to a width.
func (l line) padded(width int) line {
	if n := width - l.width(); n > 0 {
		return l.more(plain, strings.Repeat(" ", n))
	}
	return l
}

// paint is a line as the terminal gets it, cut at a width; alias replaces what is not to be shown.
func (t *theme) paint(l line, width int, alias func(string) string) string {
	var b strings.Builder
	for _, s := range l {
		words := harmless(s.text)
		if alias != nil {
			words = alias(words)
		}
		if say.Width(words) > width {
			words = cut(words, width, t.ascii)
		}
		width -= say.Width(words)
		if words != "" {
			b.WriteString(t.styles[s.role].Render(words))
		}
		if width <= 0 {
			break
		}
	}
	return b.String()
}

// harmless is a text in which nothing moves the cursor, whatever it was made of.
func harmless(s string) string {
	for _, r := range s {
		if !say.Safe(r) {
			return say.Escape(s)
		}
	}
	return s
}

// cut is a text cut to a width, with a sign that it was.
func cut(s string, width int, ascii bool) string {
	if say.Width(s) <= width {
		return s
	}
	sign := "…"
	if ascii {
		sign = "~"
	}
	if width < 1 {
		return ""
	}
	n := 0
	for i, r := range s {
		w := say.Width(string(r))
		if n+w > width-1 {
			return s[:i] + sign
		}
		n += w
	}
	return s
}

// shorten is a text cut to a width in its middle: names end in what tells them apart, sentences in
// a number.
func shorten(s string, width int, ascii bool) string {
	if say.Width(s) <= width {
		return s
	}
	if width < 8 {
		return cut(s, width, ascii)
	}
	head := (width + 1) / 2
	begin := cut(s, head, ascii)
	end := []rune(s)
	for say.Width(string(end)) > width-say.Width(begin) {
		end = end[1:]
	}
	return begin + string(end)
}

// more is the sign that a sentence goes on.
func more(ascii bool) string {
	if ascii {
		return " ~"
	}
	return " …"
}

// roleOf is that of a finding.
func roleOf(s diagnose.Severity) role {
	switch s {
	case diagnose.Critical:
		return critical
	case diagnose.Warning:
		return warning
	case diagnose.Notice:
		return notice
	}
	return quiet
}
