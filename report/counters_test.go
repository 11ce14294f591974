package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

// counterText is all that counters tell, in order.
func counterText(s *Summary) string {
	c := s.Counters()
	var lines []string
	for l, n := range c.Each {
		lines = append(lines, fmt.Sprintln(l, *n))
	}
	for h, n := range c.Holders {
		lines = append(lines, fmt.Sprintln(h, n))
	}
	slices.Sort(lines)
	return fmt.Sprintln(c.Total, c.Others) + strings.Join(lines, "")
}

// Counters tell the same as the tables of handshakes, closes and transfers.
func TestCountersAreThoseOfTheTables(t *testing.T) {
	s := summaryOf(SummaryOptions{Counters: true, Rows: -1}, append(recordtest.Random(5, 3000, 40), recordtest.Mixture()...))
	c := s.Counters().Total.Settled
	done, bad := undamaged[*handshakes](s).totals()
	closed := undamaged[*closes](s)
	felt := uint64(0)
	for _, n := range c[CountFelt:CountFeltSum] {
		felt += n
	}
	if c[CountOpened] != done.n || done.n == 0 || felt != done.felt.N() {
		t.Errorf("opened %d, with a felt time %d; the table has %d, %d", c[CountOpened], felt, done.n, done.felt.N())
	}
	for why, n := range bad.n[:nFailures] {
		if got := c[CountFailed+why]; got != n || n == 0 {
			t.Errorf("failed, %s: %d, the table has %d", causeWords[why], got, n)
		}
	}
	if got := c[CountClosed+int(record.CloseNormal)]; got != closed.complete() {
		t.Errorf("closed normally: %d, the table has %d", got, closed.complete())
	}
	for k, n := range closed.kinds {
		kind := record.CloseKind(k)
		if kind == record.CloseNormal || kind == record.CloseOpen || kind == record.CloseNeverOpened {
			continue
		}
		if got := c[CountClosed+k]; got != n {
			t.Errorf("closed, %s: %d, the table has %d", kind, got, n)
		}
	}
}

// What may still come out otherwise is not settled while a connection is held; when it is over it is.
func TestCountersOfWhatIsHeld(t *testing.T) {
	for _, x := range []struct {
		name  string
		r     record.Record
		place int
		same  bool // held and over count the same
	}{
		{"no answer", record.Record{Open: record.OpenRecord{Kind: record.OpenNoAnswer, SYNs: 9}, Close: record.CloseRecord{Kind: record.CloseNeverOpened}}, CountFailed + 2, false},
		{"refused", record.Record{Open: record.OpenRecord{Kind: record.OpenRefused, SYNs: 1}, Close: record.CloseRecord{Kind: record.CloseNeverOpened}}, CountFailed, true},
		{"half-closed", record.Record{Open: record.OpenRecord{Kind: record.OpenHandshake}, Close: record.CloseRecord{Kind: record.CloseHalfClosed}}, CountClosed + int(record.CloseHalfClosed), false},
		{"closed", record.Record{Open: record.OpenRecord{Kind: record.OpenHandshake}, Close: record.CloseRecord{Kind: record.CloseNormal}}, CountClosed + int(record.CloseNormal), true},
	} {
		var held, over Counted
		x.r.Interim = true
		held.add(&x.r)
		x.r.Interim = false
		over.add(&x.r)
		if over.Settled[x.place] != 1 || over.Unsettled != (Counts{}) {
			t.Errorf("%s, over: %v", x.name, over)
		}
		if settled := held.Settled[x.place] == 1; settled != x.same || held.Settled[x.place]+held.Unsettled[x.place] != 1 {
			t.Errorf("%s, held: %v", x.name, held)
		}
	}
}

// A felt time that is a bound belongs to the class below it, as Prometheus has it.
func TestCountersOfFeltTimes(t *testing.T) {
	var c Counted
	for _, felt := range []int64{0, FeltBounds[1], FeltBounds[1] + 1, 60e9} {
		c.add(&record.Record{Open: record.OpenRecord{Kind: record.OpenHandshake, Felt: record.Some(felt)}, Close: record.CloseRecord{Kind: record.CloseOpen}})
	}
	for i, n := range c.Settled[CountFelt:CountFeltSum] {
		want := map[int]uint64{0: 1, 1: 1, 2: 1, len(FeltBounds): 1}[i]
		if n != want {
			t.Errorf("class %d: %d, want %d", i, n, want)
		}
	}
}
