package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/report/follow"
	"tcpwatch/tracker/record"
)

// followed is what --follow, --follow-as and --raw ask for.
type followed struct {
	pick *why
	as   string
	raw  string // prefix of the files; "" for text on standard output
}

func parseFollow(id, as, raw string) (*followed, error) {
	switch {
	case id == "" && as != "":
		return nil, errors.New("--follow-as needs --follow")
	case id == "" && raw != "":
		return nil, errors.New("--raw needs --follow")
	case id == "":
		return nil, nil
	case raw != "" && as != "":
		return nil, errors.New("--follow-as is for text: not with --raw")
	case as != "" && !slices.Contains([]string{follow.AsAuto, follow.AsText, follow.AsHex}, as):
		return nil, fmt.Errorf("--follow-as %s: auto, text or hex", as)
	}
	pick, err := parseWhy(id)
	if err != nil {
		return nil, fmt.Errorf("--follow %w", err)
	}
	return &followed{pick, as, raw}, nil
}

// rawNames are the files of --raw, by direction.
func (f *followed) rawNames() [2]string { return [2]string{f.raw + "-orig.bin", f.raw + "-resp.bin"} }

// followPrinter prints the payload of the connections of --follow. It is the
// printer that is handed segments, not records only.
type followPrinter struct {
	pick     *why
	follower *follow.Follower
	raw      *follow.Raw // nil for text
}

// Conn ends a connection; see printer.
func (p *followPrinter) Conn(r *record.Record) error {
	p.follower.Conn(r)
	return nil
}

// Stats ends them all; see printer.
func (p *followPrinter) Stats(*report.Headline, *report.Summary) error { return p.follower.End() }

// Flush lets a live capture's reader see what was said so far; see printer.
func (p *followPrinter) Flush() error { return p.follower.Flush() }

// clearing removes the status line before each write.
type clearing struct {
	io.Writer
	out *outputs
}

func (c clearing) Write(b []byte) (int, error) {
	c.out.line()
	return c.Writer.Write(b)
}

// followText prints to w.
func (out *outputs) followText(w io.Writer, o *options) {
	text := follow.NewText(clearing{w, out}, follow.TextOptions{As: o.follow.as, Color: useColor(o.color, w), ASCII: asciiOnly()})
	out.addFollow(o.follow.pick, follow.New(text), nil)
}

// followRaw writes two files.
func (out *outputs) followRaw(o *options) {
	var files [2]follow.File
	for i, name := range o.follow.rawNames() {
		files[i] = out.files.named(name)
	}
	raw := follow.NewRaw(files[0], files[1])
	out.addFollow(o.follow.pick, follow.New(raw), raw)
}

func (out *outputs) addFollow(pick *why, f *follow.Follower, raw *follow.Raw) {
	out.follow = &followPrinter{pick, f, raw}
	out.printers, out.takers = append(out.printers, out.follow), append(out.takers, out.follow)
}

// segment takes a segment that the tracker placed.
func (out *outputs) segment(at *record.Placement, s *capture.Segment, payload []byte) {
	if out.follow != nil {
		out.follow.segment(at, s, payload)
	}
}

// segment hands on a segment of a connection that is followed.
func (p *followPrinter) segment(at *record.Placement, s *capture.Segment, payload []byte) {
	if p.pick.marks(at.Conn, s.Src, s.Dst) {
		p.follower.Segment(*at, s, payload)
	}
}

// advance tells packet time while no packet comes.
func (out *outputs) advance(now int64) {
	if out.follow != nil {
		out.follow.follower.Advance(now)
	}
}

// endFollow says what --raw's files hold, and whether there was anything to follow.
func (w *watch) endFollow() bool {
	f := w.out.follow
	if f == nil {
		return true
	}
	if f.follower.Begun() == 0 {
		w.warn(noConnection(f.pick, w.packets))
		return false
	}
	if f.raw != nil {
		for _, line := range f.raw.Told(w.o.follow.rawNames()) {
			w.warn(errors.New(line))
		}
	}
	return true
}
