package table

import (
	"bytes"
	"io"
	"strings"

	"tcpwatch/internal/say"
)

// Page is what text is written on.
type Page struct {
	Width int  // columns; 0 for any
	Color bool // ANSI colours
}

// Paint gives text a style of package say, where the page has colours.
func (p Page) Paint(style, text string) string {
	if !p.Color {
		return text
	}
	return say.Paint(style, text)
}

// Note is text on lines of its own.
type Note struct{ Style, Text string }

// WriteNote writes a note, its lines after the first indented by two columns more.
func (p Page) WriteNote(w io.Writer, indent int, n Note) {
	lines := []string{n.Text}
	if p.Width > 0 {
		lines = say.WrapHard(n.Text, p.Width-indent-2)
	}
	for i, l := range lines {
		more := 0
		if i > 0 {
			more = 2
		}
		io.WriteString(w, strings.Repeat(" ", indent+more)+p.Paint(n.Style, l)+"\n")
	}
}

// writeLine writes a line without the blanks at its end, broken where it is longer than
// the page.
func (p Page) writeLine(w io.Writer, style, line string) error {
	line = strings.TrimRight(line, " ")
	parts := []string{line}
	if p.Width > 0 && say.Width(line) > p.Width {
		parts = say.WrapHard(line, p.Width)
	}
	for _, l := range parts {
		if _, err := io.WriteString(w, p.Paint(style, l)+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// ending finishes the lines that are written to it: blanks at the end go, and the
// style comes.
type ending struct {
	to    io.Writer
	page  Page
	style string
	line  []byte
}

// Write takes text; each line goes on when it ends.
func (e *ending) Write(b []byte) (int, error) {
	n := len(b)
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			e.line = append(e.line, b...)
			return n, nil
		}
		e.line = append(e.line, b[:i]...)
		if err := e.page.writeLine(e.to, e.style, string(e.line)); err != nil {
			return 0, err
		}
		e.line, b = e.line[:0], b[i+1:]
	}
}
