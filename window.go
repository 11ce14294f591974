package tcpwatch

import (
	"context"
	"errors"
	"io"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Bound is a time at which what is read of files begins or ends; the zero value is none.
type Bound struct {
	Set   bool
	Start bool  // At counts from the first packet that has a time
	At    int64 // nanoseconds, since 1970 as the packets are stamped, or since that
}

// window is what is read of files, by the times of packets.
type window struct {
	from, to Bound
	start    record.Opt[int64] // of the first packet that has a time
	outside  uint64            // packets
}

// none tells that all is read.
func (w *window) none() bool { return !w.from.Set && !w.to.Set }

// has tells that a packet lies inside.
func (w *window) has(p *capture.Packet) bool {
	if p.Untimed {
		return false
	}
	at := p.Time - p.Amiss
	if !w.start.OK {
		w.start = record.Some(at)
	}
	return (!w.from.Set || at >= w.time(w.from)) && (!w.to.Set || at < w.time(w.to))
}

// time is when a bound is.
func (w *window) time(b Bound) int64 {
	if b.Start {
		return w.start.V + b.At
	}
	return b.At
}

// told is a bound as the headline has it, unknown where there is none.
func (w *window) told(b Bound) record.Opt[int64] {
	return record.Opt[int64]{V: w.time(b), OK: b.Set && (!b.Start || w.start.OK)}
}

// leftOut takes a packet that lies outside.
func (w *run) leftOut(p *capture.Packet) {
	if w.window.outside++; w.window.outside%lookEvery == 0 {
		w.lookSoon()
	}
	w.leave(p)
}

// Last reads files on disk to their end, and goes back to the beginning: when the last packet
// with a time came, nanoseconds since 1970; unknown where there is none. Damage ends a file.
// The error is the context's, or that of a file.
func (in *Source) Last(ctx context.Context) (last record.Opt[int64], err error) {
	defer in.Rewind()
	var p capture.Packet
	for n := uint64(0); ; n++ {
		if n%lookEvery == 0 && ctx.Err() != nil {
			return last, context.Cause(ctx)
		}
		var d *capture.Damage
		switch err := in.source.Next(&p); {
		case err == io.EOF:
			return last, nil
		case errors.As(err, &d):
			continue
		case err != nil:
			return last, err
		case !p.Untimed:
			last = record.Some(p.Time)
		}
		in.left()
	}
}
