package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tcpwatch"
	"tcpwatch/internal/say"
)

// moment is a time of --from or --to.
type moment struct {
	text string // "" for none
	at   int64  // nanoseconds since 1970, or from the first packet or the last
	from origin
}

// origin is what a moment counts from.
type origin uint8

const (
	fromEpoch origin = iota
	fromStart
	fromEnd
)

// longestOffset is how far a moment may lie from a packet.
const longestOffset = 100 * 366 * 24 * time.Hour

// momentLayouts are how a time may be written; without a zone it is --tz's, else the machine's.
var momentLayouts = [...]string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}

// parseMoment reads a time.
func parseMoment(text string) (moment, error) { return parseMomentIn(text, time.Local) }

// parseMomentIn reads a time, which is one of a zone where it names none.
func parseMomentIn(text string, zone *time.Location) (moment, error) {
	text = strings.TrimSpace(text)
	if len(text) > 1 && (text[0] == '+' || text[0] == '-') {
		span, err := say.ParseSpan(text[1:])
		switch {
		case err != nil:
			return moment{}, err
		case span > longestOffset:
			return moment{}, errors.New("more than a hundred years")
		case text[0] == '-':
			return moment{text, -int64(span), fromEnd}, nil
		}
		return moment{text, int64(span), fromStart}, nil
	}
	for _, layout := range momentLayouts {
		t, err := time.ParseInLocation(layout, text, zone)
		switch {
		case err != nil:
			continue
		case t.Year() < 1678 || t.Year() > 2261:
			return moment{}, errors.New("not between the years 1678 and 2261")
		}
		return moment{text, t.UnixNano(), fromEpoch}, nil
	}
	return moment{}, errors.New(`not a time such as 2026-11-29T12:00:00Z, "2026-11-29 12:00" (in this machine's zone), +90s after the first packet or -5m before the last`)
}

// bound is the time for a run, where the last packet came at end.
func (m *moment) bound(end int64) tcpwatch.Bound {
	b := tcpwatch.Bound{Set: m.text != "", Start: m.from == fromStart, At: m.at}
	if m.from == fromEnd {
		b.At += end
	}
	return b
}

// checkMoments refuses times that make no sense together, or with the input.
func (o *options) checkMoments() error {
	given, ending := "", ""
	for _, x := range []struct {
		name string
		m    *moment
	}{{"--from", &o.from}, {"--to", &o.to}} {
		if x.m.text == "" {
			continue
		}
		given = x.name
		if x.m.from == fromEnd {
			ending = x.name + " " + x.m.text
		}
	}
	switch {
	case given == "":
		return nil
	case o.isLive():
		return fmt.Errorf("%s is for files: a live capture begins now, and --for ends it", given)
	case o.from.text != "" && o.to.text != "" && o.from.from == o.to.from && o.from.at >= o.to.at:
		return fmt.Errorf("--from %s is not before --to %s", o.from.text, o.to.text)
	case ending == "":
		return nil
	}
	for _, name := range o.read {
		about, err := os.Stat(name)
		switch {
		case name == "-":
			return fmt.Errorf("%s counts from the last packet and reads packets twice, which standard input cannot: write them to a file first", ending)
		case err == nil && !about.Mode().IsRegular() && !about.IsDir():
			return fmt.Errorf("%s counts from the last packet and reads packets twice, which %s cannot: it is no regular file", ending, name)
		}
	}
	return nil
}

// findBounds works out when what is read begins and ends.
func (s *session) findBounds(ctx context.Context) error {
	var end int64
	if s.o.from.from == fromEnd || s.o.to.from == fromEnd {
		last, err := s.in.Last(ctx)
		switch {
		case err != nil:
			return err
		case !last.OK:
			return errors.New("no packet has a time: --from and --to cannot count from the last")
		}
		end = last.V
	}
	s.from, s.to = s.o.from.bound(end), s.o.to.bound(end)
	return nil
}
