package tcpwatch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tcpwatch/internal/say"
)

// Moment is a Bound as people write it; the zero value is none.
type Moment struct {
	text string         // "" for none
	at   int64          // nanoseconds since 1970 or midnight, or from the first packet or the last
	zone *time.Location // of a time of day
	from origin
}

// origin is what a Moment counts from.
type origin uint8

const (
	fromEpoch origin = iota
	fromStart
	fromEnd
	fromMidnight // of the first packet's day
)

// longestOffset is how far a Moment may lie from a packet.
const longestOffset = 100 * 366 * 24 * time.Hour

// momentLayouts are how a time may be written; without a zone it is that of In, else UTC.
var momentLayouts = [...]string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 MST", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
	"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}

// dayLayouts are how a time of day may be written.
var dayLayouts = [...]string{"15:04:05 MST", "15:04:05", "15:04"}

// ParseMoment reads a time, as reports tell it or by RFC 3339, a time of day, +90s after
// the first packet or -5m before the last.
func ParseMoment(text string) (Moment, error) {
	text = strings.TrimSpace(text)
	if len(text) > 1 && (text[0] == '+' || text[0] == '-') {
		span, err := say.ParseSpan(text[1:])
		switch {
		case err != nil:
			return Moment{}, err
		case span > longestOffset:
			return Moment{}, errors.New("more than a hundred years")
		case text[0] == '-':
			return Moment{text: text, at: -int64(span), from: fromEnd}, nil
		}
		return Moment{text: text, at: int64(span), from: fromStart}, nil
	}
	m, _, err := readTime(text, time.UTC)
	return m, err
}

// readTime reads a time, and whether its zone is known: UTC, or one of the place.
func readTime(text string, zone *time.Location) (m Moment, known bool, err error) {
	for _, layout := range momentLayouts {
		t, err := time.ParseInLocation(layout, text, zone)
		switch {
		case err != nil:
			continue
		case t.Year() < 1678 || t.Year() > 2261:
			return Moment{}, true, errors.New("not between the years 1678 and 2261")
		}
		return Moment{text: text, at: t.UnixNano()}, knows(t, zone), nil
	}
	for _, layout := range dayLayouts {
		t, err := time.ParseInLocation(layout, text, zone)
		if err != nil {
			continue
		}
		if t.Location() == time.UTC {
			zone = time.UTC // it was named
		}
		at := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
		return Moment{text: text, at: int64(at) + int64(t.Nanosecond()), zone: zone, from: fromMidnight}, knows(t, zone), nil
	}
	return Moment{}, true, errors.New(`not a time such as 2026-11-29T12:00:00Z, "2026-11-29 12:00" or 12:00 (in the report's zone, see --tz), +90s after the first packet or -5m before the last`)
}

// knows reports whether a time's zone is one that was given by an offset, UTC, or the
// place's. Package time makes up an offset of 0 for a name such as CET in another place.
func knows(t time.Time, zone *time.Location) bool {
	name, offset := t.Zone()
	return t.Location() == zone || t.Location() == time.UTC || offset != 0 || name == "" || name == "GMT"
}

// String is the Moment as it was written; "" for none.
func (m Moment) String() string { return m.text }

// In is the Moment as one of a zone, where it was written without. The error is about a
// name of a zone, such as CET, that is not in use there.
func (m Moment) In(zone *time.Location) (Moment, error) {
	if m.from != fromEpoch && m.from != fromMidnight || m.text == "" {
		return m, nil
	}
	in, known, _ := readTime(m.text, zone) // it was read once already
	if !known {
		return m, fmt.Errorf("%s is in another zone than %s, that of the report: --tz names it, as Europe/Berlin", m.text, zone)
	}
	return in, nil
}

// Plus is a later Moment, by a span; where m is none, that span after the first packet.
func (m Moment) Plus(span time.Duration) Moment {
	if m.text == "" {
		m.from = fromStart
	}
	m.text += "+" + span.String()
	m.at += int64(span)
	return m
}

// FromLast reports whether it counts from the last packet, for which files are read twice.
func (m Moment) FromLast() bool { return m.from == fromEnd }

// NotBefore reports whether it is known, without reading anything, that m is not before n.
func (m Moment) NotBefore(n Moment) bool {
	return m.text != "" && n.text != "" && m.from == n.from && m.from != fromMidnight && m.at >= n.at
}

// bound is the time for a run, where the last packet came at end.
func (m Moment) bound(end int64) Bound {
	b := Bound{Set: m.text != "", Start: m.from == fromStart, Day: m.zone, At: m.at}
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
