package lab

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteIndex describes recordings: what each shows, its captures, and the
// states that the kernel says both ends went through.
func WriteIndex(w io.Writer, truths []*Truth) error {
	var b strings.Builder
	b.WriteString(`# Captures recorded by the lab

Real Linux sockets in network namespaces made these captures; the kernel's own
account of both ends (its tracepoint and its socket table) was recorded beside
each, in NAME.truth.json. capture/lab records them and this index:

    go test ./capture/lab -run Record -record

Times are seconds since the recording began. A state in [brackets] ended, or was
entered, with nothing on the wire that tells it. A "deaf" end is one that nothing
reached any more when the scenario ended, which no capture can tell.
`)
	for _, t := range truths {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n", t.Name, capital(t.Doc))
		for _, tap := range t.Taps {
			fmt.Fprintf(&b, "- `%s`: %s, %d packets", tap.File, tap.Where, tap.Packets)
			if tap.Deaf != "" {
				fmt.Fprintf(&b, "; deaf: %s", tap.Deaf)
			}
			if tap.Start > time.Second {
				fmt.Fprintf(&b, "; begins at %.3f", tap.Start.Seconds())
			}
			b.WriteByte('\n')
		}
		for _, n := range t.Notes {
			fmt.Fprintf(&b, "- %s\n", n)
		}
		b.WriteByte('\n')
		const most = 8
		for i, c := range t.Conns {
			if i == most {
				fmt.Fprintf(&b, "    ... and %d more connections\n", len(t.Conns)-most)
				break
			}
			fmt.Fprintf(&b, "    %v -> %v\n", c.OrigAddr, c.RespAddr)
			fmt.Fprintf(&b, "      orig  %s\n      resp  %s\n", Path(c.Orig), Path(c.Resp))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Path is a sequence of states with the times they were entered.
func Path(states []StateAt) string {
	if len(states) == 0 {
		return "no socket"
	}
	var b strings.Builder
	for i, s := range states {
		if i > 0 {
			b.WriteString(", ")
		}
		name := s.State
		if s.Silent {
			name = "[" + name + "]"
		}
		fmt.Fprintf(&b, "%s %.3f", name, s.At.Seconds())
	}
	return b.String()
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
