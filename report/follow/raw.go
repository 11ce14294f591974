package follow

import (
	"fmt"
	"io"

	"tcpwatch/tracker/record"
)

// File is where a Raw writes one direction: an *os.File.
type File interface {
	io.WriterAt
	Truncate(size int64) error
}

// Raw writes the exact bytes of one connection to two files. What is missing
// is a hole of zeros, so that every byte lies at its offset in the stream.
type Raw struct {
	files  [2]File
	names  [2]string
	talk   *talk // the first one; others are left out
	others int
	err    error
}

// NewRaw returns a Raw that writes what the originator and the responder said, to files that
// have these names.
func NewRaw(files [2]File, names [2]string) *Raw { return &Raw{files: files, names: names} }

// Told says, a line for each direction, what the files hold, and what was left out.
func (r *Raw) Told() (lines []string) {
	if r.talk == nil {
		return nil
	}
	for e := record.Orig; e <= record.Resp; e++ {
		x := &r.talk.streams[e]
		line := fmt.Sprintf("connection #%d: %s of the %s in %s", r.talk.id, count(x.shown), endName(e), r.names[e])
		if x.missing > 0 {
			line += fmt.Sprintf("; %s missing: zeros there", count(x.missing))
		}
		if x.cut > 0 {
			line += fmt.Sprintf("; %s cut by the snaplen: zeros there", count(x.cut))
		}
		lines = append(lines, line)
	}
	if r.others > 0 {
		lines = append(lines, fmt.Sprintf("%d more on the same addresses left out: give the connection's number", r.others))
	}
	return lines
}

func (r *Raw) begin(t *talk) {
	if r.talk == nil {
		r.talk = t
	} else {
		r.others++
	}
}

func (r *Raw) piece(p *piece) {
	if p.talk != r.talk || r.err != nil || p.kind != pieceBytes && p.kind != pieceLate {
		return
	}
	_, r.err = r.files[p.from].WriteAt(p.data, p.off)
}

// end gives the files their full length: a hole may stand last.
func (r *Raw) end(t *talk) {
	if t != r.talk {
		return
	}
	for e := range r.files {
		if r.err == nil {
			r.err = r.files[e].Truncate(t.streams[e].next)
		}
	}
}

func (r *Raw) flush() error { return r.err }
