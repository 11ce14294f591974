package tcpwatch

import (
	"context"
	"errors"
	"io"
	"time"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Bound is a time at which what is read of files begins or ends; the zero value is none.
type Bound struct {
	Set   bool
	Start bool           // At counts from the first packet that has a time
	Day   *time.Location // At counts from midnight there, on the day of that packet or the next; nil otherwise
	At    int64          // nanoseconds, since 1970 as the packets are stamped, or since that
}

// on is a Bound that counts from 1970, where the first packet came at start. A time of day
// that lies more than early before the first packet is that of the next day.
func (b Bound) on(start int64, early time.Duration) Bound {
	switch {
	case b.Start:
		b.At += start
	case b.Day != nil:
		first := time.Unix(0, start).In(b.Day)
		at := time.Date(first.Year(), first.Month(), first.Day(), 0, 0, int(b.At/1e9), int(b.At%1e9), b.Day)
		if at.UnixNano() < start-int64(early) {
			at = at.AddDate(0, 0, 1)
		}
		b.At = at.UnixNano()
	}
	b.Start, b.Day = false, nil
	return b
}

// window is what is read of files, by the times of packets.
type window struct {
	from, to    Bound
	start, last record.Opt[int64] // of the first packet that has a time, and of the last
	outside     uint64            // packets
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
		w.begin(at)
	}
	w.last = record.Some(max(at, w.last.V))
	return (!w.from.Set || at >= w.from.At) && (!w.to.Set || at < w.to.At)
}

// begin takes when the first packet came. A time of day for the end is the first after the
// beginning.
func (w *window) begin(at int64) {
	w.start = record.Some(at)
	w.from = w.from.on(at, 12*time.Hour)
	if w.from.Set && w.to.Day != nil {
		at = w.from.At
	}
	w.to = w.to.on(at, 0)
}

// told is a bound as the headline has it, unknown where there is none.
func (b Bound) told() record.Opt[int64] {
	return record.Opt[int64]{V: b.At, OK: b.Set && !b.Start && b.Day == nil}
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
