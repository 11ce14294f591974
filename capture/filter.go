package capture

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/net/bpf"
)

// Filter decides which packets of a file a BPF expression lets through. One
// expression is another program for each link type: it is compiled for a link
// type when the first packet of it comes. A Filter is for one goroutine.
type Filter struct {
	expr     string
	compile  func(link LinkType, expr string) ([]bpf.RawInstruction, error)
	programs []*linkProgram // the one used last is first
}

type linkProgram struct {
	link LinkType
	code program
	err  error
}

// NewFilter makes a filter of an expression in pcap-filter's language and its
// compiler (capture/live has libpcap's). An empty expression lets all through.
func NewFilter(expr string, compile func(link LinkType, expr string) ([]bpf.RawInstruction, error)) *Filter {
	return &Filter{expr: expr, compile: compile}
}

// longestExpression is how long the file of an expression may be, in bytes: far longer than any for which
// libpcap has room.
const longestExpression = 1 << 20

// readSome reads the beginning of a file, n bytes at most.
func readSome(file string, n int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, n))
}

// ReadExpression reads an expression from a file: several lines are one, and what follows a #
// is a comment, as in tcpdump's files. The error begins with the file's name.
func ReadExpression(file string) (string, error) {
	b, err := readSome(file, longestExpression+1)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", file, cause(err))
	case looksLikeCapture(b):
		return "", fmt.Errorf("%s: a capture, not a filter: -r reads it", file)
	case len(b) > longestExpression:
		return "", fmt.Errorf("%s: no filter is longer than %d bytes", file, longestExpression)
	case bytes.IndexByte(b, 0) >= 0:
		return "", fmt.Errorf("%s: not a text, so no filter", file)
	}
	var words []string
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#")
		words = append(words, strings.Fields(line)...)
	}
	return strings.Join(words, " "), nil
}

// Compile compiles for a link type and returns the compiler's error, so that
// a wrong filter can be refused before anything is read. An expression may be
// right for one link type and make no sense for another.
func (f *Filter) Compile(link LinkType) error { return f.program(link).err }

// Match reports whether the packet passes. The error is Compile's for its link type.
func (f *Filter) Match(p *Packet) (bool, error) {
	if f.expr == "" {
		return true, nil
	}
	c := f.program(p.Link)
	if c.err != nil {
		return false, c.err
	}
	return c.code.run(p.Data, p.Length) != 0, nil
}

func (f *Filter) program(link LinkType) *linkProgram {
	for i, c := range f.programs {
		if c.link == link {
			f.programs[0], f.programs[i] = c, f.programs[0]
			return c
		}
	}
	c := &linkProgram{link: link}
	if f.expr != "" {
		var raw []bpf.RawInstruction
		if raw, c.err = f.compile(link, f.expr); c.err == nil {
			if c.code, c.err = newProgram(raw); c.err != nil {
				c.err = fmt.Errorf("filter for %s: %w", link, c.err)
			}
		}
	}
	f.programs = append(f.programs, c)
	return c
}
