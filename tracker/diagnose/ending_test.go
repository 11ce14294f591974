package diagnose

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// lives is well connections that both ends closed and n that something reset from another
// distance; mark changes a record, and is told whether it is one of the bad.
func lives(well, n int, mark func(r *record.Record, i int, bad bool)) []*record.Record {
	return many(well+n, func(i int) *record.Record {
		r := made(uint64(i+1), from(numbered(1+i%5, uint16(20000+i))))
		r.Close.Kind = record.CloseNormal
		r.End = r.Start + int64(1+i%7)*second
		bad := i < n
		if bad {
			r.End = r.Start + 600*second + int64(i)*second
		}
		mark(r, i, bad)
		if bad {
			r.Close.Kind, r.Close.ResetBy, r.Close.ResetCause = record.CloseReset, record.Resp, record.ResetMiddlebox
			r.Close.ResetIn, r.Close.ResetTTL = record.Established, record.Some(uint8(255))
			r.Close.ResetTime, r.Close.RSTs[record.Resp] = record.Some(r.End), 1
			r.States = [2]record.State{record.Closed, record.Closed}
		}
		return r
	})
}

// What separates connections that ended badly from those that both ends closed is told
// with its counts, and where nothing does, nothing is.
func TestEndings(t *testing.T) {
	age := func(bad, well int64) func(r *record.Record, i int, isBad bool) {
		return func(r *record.Record, i int, isBad bool) {
			if isBad {
				r.End = r.Start + bad + int64(i)*millisecond
			} else {
				r.End = r.Start + well + int64(i)*millisecond
			}
		}
	}
	for _, x := range []struct {
		name    string
		records []*record.Record
		want    []string // in the explanation or the first cause
		not     string
	}{
		{"a limit on the lifetime", lives(40, 8, age(900*second, 100*second)),
			[]string{"all 8 that failed had lived for 15 min or more, 0 of 40 that both ends closed did", "a limit on how long a connection may last"}, "carried"},
		{"they die at any age", lives(40, 8, func(r *record.Record, i int, bad bool) {
			if bad {
				r.End = r.Start + int64(20+100*i)*second
			}
		}), nil, "a limit on how long"},
		{"others live as long", lives(40, 8, age(900*second, 900*second)), nil, Separates},
		{"too few to tell", lives(2, 2, age(900*second, 100*second)), nil, Separates},
		{"all are short", lives(40, 8, age(2*second, second)), nil, "a limit on how long"},
		{"a limit on bytes", lives(40, 8, func(r *record.Record, i int, bad bool) {
			r.End = r.Start + int64(1+i%11)*second
			r.Ends[record.Orig].SeenBytes = 10_000
			if bad {
				r.Ends[record.Orig].SeenBytes = 10_485_760 + uint64(i)
			}
		}), []string{"had carried 10.5 MB or more", "a limit on how many bytes"}, "lived"},
		{"at one moment", lives(40, 8, func(r *record.Record, i int, bad bool) {
			if bad {
				r.End = r.Start + 5_000*second + int64(i)*300*millisecond
				r.Start -= 10 * int64(i) * second
			} else {
				r.End = r.Start + 5_100*second + 10*int64(i)*second
			}
		}), []string{"shows where or when, not why: all 8 that failed ended within the same 5 s"}, "a limit on how long"},
		{"one host's", lives(40, 8, func(r *record.Record, i int, bad bool) {
			r.End = r.Start + int64(1+i%11)*second
			r.Orig = numbered(1+i%5, uint16(20000+i))
			if bad {
				r.Orig = numbered(9, uint16(20000+i))
			}
		}), []string{"all 8 that failed came from one host"}, "a limit"},
	} {
		t.Run(x.name, func(t *testing.T) {
			list := findingsOf(t, "reset-injected", &Context{MSL: record.DefaultMSL, Conns: uint64(len(x.records))}, x.records...)
			if len(list) != 1 {
				t.Fatalf("%d findings", len(list))
			}
			text := list[0].Explanation + " " + list[0].Causes[0]
			for _, want := range x.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in %s", want, text)
				}
			}
			if x.not != "" && strings.Contains(text, x.not) {
				t.Errorf("%q is in %s", x.not, text)
			}
		})
	}
}

// The sample does not depend on the order in which connections end.
func TestEndingsInAnyOrder(t *testing.T) {
	records := lives(200, 40, func(r *record.Record, i int, bad bool) {})
	fill := func() *endings {
		s := newEndings(16)
		for _, r := range records {
			s.add(r)
		}
		return &s
	}
	ids := func(s *endings) (list []uint64) {
		for _, e := range append(s.bad.Sorted(), s.well.Sorted()...) {
			list = append(list, e.ID)
		}
		return list
	}
	want := ids(fill())
	for range 5 {
		rand.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		got := ids(fill())
		if len(got) != 32 || !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}

// A finding of RSTs begins with the first RST, not when the connection did.
func TestResetsBeginWithTheRST(t *testing.T) {
	records := lives(0, 3, func(r *record.Record, i int, _ bool) { r.End = r.Start + int64(300+i)*second })
	list := findingsOf(t, "reset-injected", &Context{MSL: record.DefaultMSL, Conns: 3}, records...)
	if len(list) != 1 || list[0].Since != records[0].Start+300*second {
		t.Errorf("%+v, want it since %d", list, records[0].Start+300*second)
	}
}

// A cause that the RSTs themselves name by their common age is not named a second time by
// what separates them from others.
func TestOneAgeIsNamedOnce(t *testing.T) {
	records := lives(40, 8, func(r *record.Record, i int, bad bool) {
		r.Exchanges.N = 3 + uint32(i%5)
		if bad {
			r.Start += int64(i) * second
			r.End = r.Start + 900*second
		}
	})
	list := findingsOf(t, "reset-injected", &Context{MSL: record.DefaultMSL, Conns: uint64(len(records))}, records...)
	if len(list) != 1 || !strings.Contains(list[0].Title, "each at an age of 15 min") || strings.Contains(list[0].Explanation, Separates) {
		t.Errorf("%+v", list)
	}
}

// How long a sender repeats into silence is its timer's, no limit of the connection: its age is
// that at the first repeat.
func TestAgeOfSilence(t *testing.T) {
	at := func(began, last int64) func(r *record.Record, i int, bad bool) {
		return func(r *record.Record, i int, bad bool) {
			if !bad {
				r.End = r.Start + 5*second
				return
			}
			r.End = r.Start + last + int64(i)*millisecond
			r.Path[record.Orig].Stuck.Since = r.Start + began
		}
	}
	for _, x := range []struct {
		name        string
		began, last int64
		want        string // of a sign of why
	}{
		{"from the first data on", 300 * millisecond, 53 * second, ""},
		{"at an age", 900 * second, 960 * second, "had lived for 15 min or more"},
	} {
		c, e := &Context{MSL: record.DefaultMSL}, newEndings(64)
		for _, r := range lives(40, 8, at(x.began, x.last)) {
			if r.Close.Kind == record.CloseReset {
				r.Close = record.CloseRecord{Kind: record.CloseTimedOut, First: record.NoEnd, ResetBy: record.NoEnd}
				r.Ends[record.Orig].Retx = 9
			}
			e.add(r)
		}
		c.ended = &e
		v := c.endingsAt(made(1).Resp, endedSilent)
		got := ""
		if v.named() {
			got = v.why[0].text
		}
		if got != x.want {
			t.Errorf("%s: %q", x.name, got)
		}
	}
}
