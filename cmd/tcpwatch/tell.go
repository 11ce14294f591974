package main

import (
	"errors"
	"io"

	"tcpwatch/internal/say"
)

// fail tells why there is nothing to report and returns the exit status.
func fail(stderr io.Writer, err error) int {
	tell(stderr, err.Error())
	if errors.Is(err, errStopped) {
		return exitEarly
	}
	return exitUsage
}

// tell writes a line for the user. Whatever names of files and interfaces, filters
// and errors of other programs are in it is harmless for the terminal.
func tell(stderr io.Writer, line string) { io.WriteString(stderr, toldLine(line)) }

func toldLine(line string) string {
	return "tcpwatch: " + say.Shorten(say.Escape(line), longestTold) + "\n"
}

// longestTold is how long, in bytes, a line for the user may be: what is quoted of a command line or of
// a file in it is cut in the middle where it is longer.
const longestTold = 2000
