package report

import (
	"slices"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// What can still happen in a connection, or happened lately, counts among what is wrong now.
func TestIsRecent(t *testing.T) {
	const end = int64(1_700_000_000e9)
	for _, x := range []struct {
		name   string
		states [2]record.State
		silent int64
		want   bool
	}{
		{"open and idle", [2]record.State{record.Established, record.Established}, 3600e9, true},
		{"half-closed", [2]record.State{record.FinWait2, record.CloseWait}, 3600e9, true},
		{"in TIME-WAIT", [2]record.State{record.TimeWait, record.Closed}, 50e9, true},
		{"over just now", [2]record.State{record.Closed, record.Closed}, 39e9, true},
		{"over long ago", [2]record.State{record.Closed, record.Closed}, 41e9, false},
		{"nobody answers", [2]record.State{record.SynSent, record.Unknown}, 39e9, true},
		{"the client gave up", [2]record.State{record.SynSent, record.Unknown}, 41e9, false},
		{"half-open, and nobody repeats", [2]record.State{record.Established, record.SynReceived}, 41e9, false},
	} {
		r := recordtest.Opened()
		r.End, r.States = end, x.states
		if got := IsRecent(r, end+x.silent); got != x.want {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}

// A Listing keeps what ranks first of what its condition chooses, however it was divided.
func TestListing(t *testing.T) {
	w := Wanted{Rows: 3, Sort: "-id"}
	a, b := NewListing(w, schema.Options{}), NewListing(w, schema.Options{})
	for id := uint64(1); id <= 9; id++ {
		r := recordtest.Opened()
		r.ID = id
		if id%2 == 0 {
			a.Add(r)
		} else {
			b.Add(r)
		}
	}
	a.Merge(b)
	list, n := a.Records()
	if n != 9 || len(list) != 3 || list[0].ID != 9 || list[1].ID != 8 || list[2].ID != 7 {
		t.Errorf("%d of %d", len(list), n)
	}
}

// As many that leave as enter exhaust no ports; what only fills up tells where it levels off.
func TestHolders(t *testing.T) {
	const second = int64(1e9)
	for _, x := range []struct {
		name         string
		rate, lasted int64
		now          int64
		growing      bool
		out          bool // comes to the end of the ports
	}{
		{"begun 20 s ago, levels off", 100, 20, 2000, true, false},
		{"begun 20 s ago, too many", 600, 20, 12000, true, true},
		{"levelled off", 100, 300, 6000, false, false},
	} {
		s := NewSummary(SummaryOptions{})
		for i := range x.rate * x.lasted {
			r := recordtest.Opened()
			r.ID = uint64(i + 1)
			entered := r.Start + i*second/x.rate
			r.Start, r.End, r.States = entered, entered, [2]record.State{record.TimeWait, record.Closed}
			r.TimeWait = record.TimeWaitRecord{Holder: record.Orig, Since: entered, Until: entered + 60*second, EndedBy: record.TimeWaitLasts}
			if r.TimeWait.Until < recordtest.Start+x.lasted*second {
				r.TimeWait.EndedBy = record.TimeWait2MSL
			}
			s.Add(r)
		}
		h := s.Holders(&Headline{MSL: 30 * second, Start: recordtest.Start, End: recordtest.Start + x.lasted*second}, 3)
		if len(h) != 1 || int64(h[0].Now) < x.now*98/100 || int64(h[0].Now) > x.now*102/100 || h[0].Ports != 28232 {
			t.Errorf("%s: %+v", x.name, h)
			continue
		}
		if got := h[0].Slope >= 1; got != x.growing || h[0].Level >= h[0].Ports != x.out {
			t.Errorf("%s: %.0f a second, to %d", x.name, h[0].Slope, h[0].Level)
		}
	}
}

// Live, as many may be held now as ever, within a second.
func TestPeakOfNow(t *testing.T) {
	s := NewSummary(SummaryOptions{})
	for i := range int64(20) {
		r := recordtest.Opened()
		r.ID, r.States = uint64(i+1), [2]record.State{record.TimeWait, record.Closed}
		r.TimeWait = record.TimeWaitRecord{Holder: record.Orig, Since: r.Start, Until: r.Start + 5e8, EndedBy: record.TimeWaitLasts}
		if i < 10 {
			r.TimeWait.Since, r.TimeWait.Until = r.Start-1e9, r.Start+1e8
		}
		s.Add(r)
	}
	for _, x := range sumsOf[*timeWaits](s).list("now") {
		if x.peak < x.now || x.now != 20 {
			t.Errorf("now %d, at most %d", x.now, x.peak)
		}
	}
}

// Of what is recent the tables on demand cost nothing, but for that of clients where it is named.
func TestOnDemandOfView(t *testing.T) {
	for _, x := range []struct{ named, want []string }{
		{nil, []string{}}, {[]string{}, []string{}}, {[]string{"transfers"}, []string{}}, {[]string{"hosts", "clients"}, []string{"clients"}},
	} {
		if got := OnDemandOfView(x.named); got == nil || !slices.Equal(got, x.want) {
			t.Errorf("%v: %#v", x.named, got)
		}
	}
}
