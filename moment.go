package tcpwatch

import (
	"context"
	"errors"
	"strings"
	"time"

	"tcpwatch/internal/say"
)

// Moment is a Bound as people write it; the zero value is none.
type Moment struct {
	text string // "" for none
	at   int64  // nanoseconds since 1970, or from the first packet or the last
	from origin
}

// origin is what a Moment counts from.
type origin uint8

const (
	fromEpoch origin = iota
	fromStart
	fromEnd
)

// longestOffset is how far a Moment may lie from a packet.
const longestOffset = 100 * 366 * 24 * time.Hour

// momentLayouts are how a time may be written; without a zone it is that of In, else the machine's.
var momentLayouts = [...]string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}

// ParseMoment reads a time, +90s after the first packet or -5m before the last.
func ParseMoment(text string) (Moment, error) { return parseMoment(text, time.Local) }

func parseMoment(text string, zone *time.Location) (Moment, error) {
	text = strings.TrimSpace(text)
	if len(text) > 1 && (text[0] == '+' || text[0] == '-') {
		span, err := say.ParseSpan(text[1:])
		switch {
		case err != nil:
			return Moment{}, err
		case span > longestOffset:
			return Moment{}, errors.New("more than a hundred years")
		case text[0] == '-':
			return Moment{text, -int64(span), fromEnd}, nil
		}
		return Moment{text, int64(span), fromStart}, nil
	}
	for _, layout := range momentLayouts {
		t, err := time.ParseInLocation(layout, text, zone)
		switch {
		case err != nil:
			continue
		case t.Year() < 1678 || t.Year() > 2261:
			return Moment{}, errors.New("not between the years 1678 and 2261")
		}
		return Moment{text, t.UnixNano(), fromEpoch}, nil
	}
	return Moment{}, errors.New(`not a time such as 2026-11-29T12:00:00Z, "2026-11-29 12:00" (in this machine's zone), +90s after the first packet or -5m before the last`)
}

// String is the Moment as it was written; "" for none.
func (m Moment) String() string { return m.text }

// In is the Moment as one of a zone, where it was written without.
func (m Moment) In(zone *time.Location) Moment {
	if m.from != fromEpoch || m.text == "" {
		return m
	}
	m, _ = parseMoment(m.text, zone) // it was read once already
	return m
}

// FromLast reports whether it counts from the last packet, for which files are read twice.
func (m Moment) FromLast() bool { return m.from == fromEnd }

// NotBefore reports whether it is known, without reading anything, that m is not before n.
func (m Moment) NotBefore(n Moment) bool {
	return m.text != "" && n.text != "" && m.from == n.from && m.at >= n.at
}

// bound is the time for a run, where the last packet came at end.
func (m Moment) bound(end int64) Bound {
	b := Bound{Set: m.text != "", Start: m.from == fromStart, At: m.at}
	if m.FromLast() {
		b.At += end
	}
	return b
}

// Bounds are what two moments are for a run over files, which are read to their end when one
// counts from the last packet; see Last.
func (in *Source) Bounds(ctx context.Context, from, to Moment) (Bound, Bound, error) {
	var end int64
	if from.FromLast() || to.FromLast() {
		last, err := in.Last(ctx)
		switch {
		case err != nil:
			return Bound{}, Bound{}, err
		case !last.OK:
			return Bound{}, Bound{}, errors.New("no packet has a time: --from and --to cannot count from the last")
		}
		end = last.V
	}
	return from.bound(end), to.bound(end), nil
}
