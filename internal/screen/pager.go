package screen

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"

	"golang.org/x/term"
)

// Pager keeps what is written to a terminal until Show, which hands it to the user's
// pager where it is longer than the screen.
type Pager struct {
	to      io.Writer
	file    *os.File // the terminal
	command string   // for the shell; "" for none
	less    bool     // no LESS is set: short texts end at once, colours stay, the screen is kept
	text    bytes.Buffer
	rows    func() int
}

// NewPager returns a Pager for w, a terminal or what On returned for one; it is nil where w
// is none, or the environment names no pager. getenv is os.Getenv: PAGER names a command for the
// shell, "" and "cat" none; where it is not set it is less, with LESS=FRX unless LESS is
// set, as git and man do it.
func NewPager(w io.Writer, getenv func(string) string) *Pager {
	var file *os.File
	switch t := w.(type) {
	case pane:
		file = t.file
	case *os.File:
		file = t
	}
	command := pagerOf(getenv)
	if file == nil || !IsTerminal(file) || command == "" {
		return nil
	}
	return &Pager{to: w, file: file, command: command, less: getenv("LESS") == "", rows: func() int {
		_, rows, err := term.GetSize(int(file.Fd()))
		if err != nil {
			return 0
		}
		return rows
	}}
}

// Paged is w by way of a Pager, w itself where there is none for it.
func (s *Screen) Paged(w io.Writer) io.Writer {
	p := NewPager(w, os.Getenv)
	if p == nil {
		return w
	}
	s.pagers = append(s.pagers, p)
	return p
}

// ShowPaged shows what was written to what Paged returned, when the terminal has taken all
// that came before it.
func (s *Screen) ShowPaged() error {
	var all []error
	for _, p := range s.pagers {
		s.Settle()
		all = append(all, p.Show())
	}
	return errors.Join(all...)
}

func pagerOf(getenv func(string) string) string {
	switch pager := getenv("PAGER"); pager {
	case "":
		if _, err := exec.LookPath("less"); err != nil {
			return ""
		}
		return "less"
	case "cat":
		return ""
	default:
		return pager
	}
}

// Write keeps what is written.
func (p *Pager) Write(b []byte) (int, error) { return p.text.Write(b) }

// Fd is the terminal's descriptor, to ask it for its width.
func (p *Pager) Fd() uintptr { return p.file.Fd() }

// Show writes what was kept, by the pager where there is more than the terminal has rows,
// and waits for it to end. One that cannot be started leaves all to the terminal.
func (p *Pager) Show() error {
	defer p.text.Reset()
	if rows := p.rows(); rows == 0 || bytes.Count(p.text.Bytes(), []byte{'\n'}) < rows {
		_, err := p.to.Write(p.text.Bytes())
		return err
	}
	signal.Ignore(os.Interrupt) // Ctrl-C in a pager is the pager's
	if err := p.run("FRX"); err != nil {
		_, err := p.to.Write(p.text.Bytes())
		return err
	}
	return nil
}

// Hold shows a text in the pager, however short, and waits for that to end. The error is that of a
// pager that cannot be started.
func (p *Pager) Hold(text []byte) error {
	p.text.Reset()
	p.text.Write(text)
	defer p.text.Reset()
	return p.run("R")
}

// run shows the text in the pager with those options, where that is less and the user has set
// none. The error is that of a pager that cannot be started; one that fails has shown what it has.
func (p *Pager) run(less string) error {
	c := exec.Command("/bin/sh", "-c", p.command)
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(p.text.Bytes()), p.file, p.file
	c.Env = os.Environ()
	if p.less {
		c.Env = append(c.Env, "LESS="+less)
	}
	if err := c.Start(); err != nil {
		return err
	}
	if err := c.Wait(); err != nil && c.ProcessState.ExitCode() == exitNotFound {
		return err
	}
	return nil
}

// exitNotFound is the shell's status for a command that it does not find (POSIX, Shell
// Command Language, section 2.8.2).
const exitNotFound = 127
