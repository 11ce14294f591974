package main

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"

	"tcpwatch/capture/host"
	"tcpwatch/report"
)

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(described)
	return ok && term.IsTerminal(int(f.Fd()))
}

// described is a file, or what writes to one.
type described interface{ Fd() uintptr }

// columns is the width of the terminal w, else $COLUMNS, else 0.
func columns(w io.Writer) int {
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

// tablesOn fits the tables to w. Live, ports are those that this host gives to
// its clients.
func (o *options) tablesOn(w io.Writer) report.TableOptions {
	t := o.tables
	t.Width, t.Color, t.ASCII = columns(w), useColor(o.color, w), asciiOnly()
	if len(o.read) == 0 {
		t.Ports = host.ReadLimits().Ports()
	}
	return t
}

// useColor decides about colours on w; see https://no-color.org.
func useColor(choice string, w io.Writer) bool {
	if choice != "auto" {
		return choice == "always"
	}
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w)
}

// asciiOnly reports whether the locale shows no more than ASCII.
func asciiOnly() bool { return !report.UTF8Locale(os.Getenv) }
