package say

import (
	"errors"
	"strings"
	"time"
	_ "time/tzdata" // names of zones where the system knows none
)

// Clock tells times, nanoseconds since 1970, as the clock on the reader's wall shows them. The
// zero value is UTC. Whatever people read tells its times by one.
type Clock struct {
	In *time.Location // nil means UTC
}

// At is a time where the reader is.
func (c Clock) At(ns int64) time.Time {
	if c.In == nil {
		return time.Unix(0, ns).UTC()
	}
	return time.Unix(0, ns).In(c.In)
}

// Zone is the name of the zone at a time: UTC, CET, CEST, +0530.
func (c Clock) Zone(ns int64) string { return c.At(ns).Format("MST") }

// TimeOfDay is a time to the second without its day and zone, for where both are said.
func (c Clock) TimeOfDay(ns int64) string { return c.At(ns).Format(time.TimeOnly) }

// TimeOfDayMilli is the same to the millisecond.
func (c Clock) TimeOfDayMilli(ns int64) string { return c.At(ns).Format("15:04:05.000") }

// TimeOfDayMicro is the same to the microsecond.
func (c Clock) TimeOfDayMicro(ns int64) string { return c.At(ns).Format("15:04:05.000000") }

// Day is the day of a time.
func (c Clock) Day(ns int64) string { return c.At(ns).Format(time.DateOnly) }

// Date is a day, time and zone: 2026-11-28 15:42:17 CET.
func (c Clock) Date(ns int64) string { return c.At(ns).Format("2006-01-02 15:04:05 MST") }

// DateMilli is the same to the millisecond.
func (c Clock) DateMilli(ns int64) string { return c.At(ns).Format("2006-01-02 15:04:05.000 MST") }

// DateMicro is the same to the microsecond.
func (c Clock) DateMicro(ns int64) string { return c.At(ns).Format("2006-01-02 15:04:05.000000 MST") }

// FromTo are two times to the millisecond, or one where both read the same. Their zone is said
// once, but at a change to or from summer time.
func (c Clock) FromTo(from, to int64) string {
	a, b := c.DateMilli(from), c.DateMilli(to)
	switch {
	case a == b:
		return a
	case c.Zone(from) == c.Zone(to):
		a = c.At(from).Format("2006-01-02 15:04:05.000")
	}
	return a + " to " + b
}

// ParseZone reads the name of a time zone: local, utc, or a place as Europe/Berlin.
func ParseZone(text string) (*time.Location, error) {
	switch strings.ToLower(text) {
	case "local":
		return time.Local, nil
	case "utc":
		return time.UTC, nil
	}
	in, err := time.LoadLocation(text)
	if err != nil || text == "" {
		return nil, errors.New("no time zone: local, utc, or a name such as Europe/Berlin")
	}
	return in, nil
}
