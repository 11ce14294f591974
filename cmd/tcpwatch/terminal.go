package main

import (
	"io"
	"os"

	"tcpwatch/capture/host"
	"tcpwatch/internal/screen"
	"tcpwatch/report"
)

// tablesOn fits the tables to w. Live, ports are those that this host gives to
// its clients.
func (o *options) tablesOn(w io.Writer) report.TableOptions {
	t := o.tables
	t.Width, t.Color, t.ASCII = screen.Columns(w), useColor(o.color, w), asciiOnly()
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
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && screen.IsTerminal(w)
}

// asciiOnly reports whether the locale shows no more than ASCII.
func asciiOnly() bool { return !report.UTF8Locale(os.Getenv) }
