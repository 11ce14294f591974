package tcpwatch

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tcpwatch/internal/pcaptest"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// What a finding cites is listed at the end of an input, however many connections ended since.
func TestCitedAreListed(t *testing.T) {
	var text strings.Builder
	at := 0.0
	for i := range 3 * closedKept {
		at = 0.1 + float64(i)/1000
		fmt.Fprintf(&text, "%[1]f 192.0.2.1:%[2]d > 192.0.2.2:80 S seq 1000\n", at, 10000+i)
		if i%100 == 7 { // refused
			fmt.Fprintf(&text, "%f 192.0.2.2:80 > 192.0.2.1:%d R. seq 0 ack 1001\n", at+0.0001, 10000+i)
			continue
		}
		fmt.Fprintf(&text, "%[1]f 192.0.2.2:80 > 192.0.2.1:%[2]d S. seq 5000 ack 1001\n%[1]f 192.0.2.1:%[2]d > 192.0.2.2:80 . seq 1001 ack 5001 len 0\n", at+0.0001, 10000+i)
		fmt.Fprintf(&text, "%[1]f 192.0.2.1:%[2]d > 192.0.2.2:80 R. seq 1001 ack 5001\n", at+0.0003, 10000+i)
	}
	fmt.Fprintf(&text, "%f 192.0.2.9:80 > 192.0.2.8:81 S seq 1000\n", at+500) // all others are over
	var b bytes.Buffer
	if err := pcaptest.WriteText(&b, text.String()); err != nil {
		t.Fatal(err)
	}
	x := &watching{wanted: report.Wanted{Due: true, All: true, Rows: 10000, Closed: true}}
	x.hold.Store(true)
	x.each = func(v *report.View) { x.hold.Store(!v.Ended) }
	watched(t, b.Bytes(), 1, lookWhole, x)
	last := x.views[len(x.views)-1]
	if !last.Ended {
		t.Fatal("no View of the end")
	}
	listed := make(map[uint64]int)
	for i := range last.Listed {
		listed[last.Listed[i].ID]++
	}
	cites := 0
	for _, f := range last.All.Findings(last.Headline) {
		for _, id := range f.Conns {
			if cites++; listed[id] != 1 {
				t.Errorf("#%d, which %s cites, is listed %d times", id, f.ID, listed[id])
			}
		}
	}
	if cites < 20 || len(listed) < closedKept || len(listed) > 2*closedKept {
		t.Errorf("%d are cited, %d listed", cites, len(listed))
	}
}

// Without those that ended a list has what may go on alone: nothing that is in TIME-WAIT or was reset.
func TestOpenOnly(t *testing.T) {
	const talk = "0.1 192.0.2.1:50000 > 192.0.2.3:443 S seq 1000\n0.11 192.0.2.3:443 > 192.0.2.1:50000 S. seq 5000 ack 1001\n0.12 192.0.2.1:50000 > 192.0.2.3:443 . seq 1001 ack 5001 len 0\n"
	const closed = "0.2 192.0.2.1:50000 > 192.0.2.3:443 F. seq 1001 ack 5001\n0.21 192.0.2.3:443 > 192.0.2.1:50000 F. seq 5001 ack 1002\n0.22 192.0.2.1:50000 > 192.0.2.3:443 . seq 1002 ack 5002 len 0\n"
	for text, want := range map[string]int{talk: 1, talk + closed: 0, talk + "0.2 192.0.2.1:50000 > 192.0.2.3:443 R. seq 1001 ack 5001\n": 0} {
		var b bytes.Buffer
		if err := pcaptest.WriteText(&b, text); err != nil {
			t.Fatal(err)
		}
		for _, all := range []bool{false, true} {
			x := &watching{wanted: report.Wanted{Due: true, Rows: 10, Closed: all}}
			x.hold.Store(true)
			x.each = func(v *report.View) { x.hold.Store(!v.Ended) }
			watched(t, b.Bytes(), 1, lookWhole, x)
			if n := len(x.views[len(x.views)-1].Listed); n != want && !all || all && n != 1 {
				t.Errorf("%d listed, want %d, all %t: %s", n, want, all, text)
			}
		}
	}
}

// Where nobody asks, what the walk over who is awake may take does not grow beyond all connections.
func TestNobodyAsks(t *testing.T) {
	x := &watching{wanted: report.Wanted{Due: true}}
	w := opened(t, 300, x)
	worker := w.workers[0]
	worker.glance(&x.wanted, false, w.ticked)
	worker.look.whole = 0
	for i := range int64(20) {
		worker.segments += 1 << 20
		worker.lookAgain(&batch{now: w.ticked + (i+1)*showEvery, tick: record.Tick{Show: true}})
	}
	if owed, held := worker.look.owed, uint64(worker.tracker.Held()); owed == 0 || owed > held {
		t.Errorf("the walk may take %d, of %d connections", owed, held)
	}
	w.stop()
}

// While nothing happens a View is the one before with the counts of now, and a walk comes seldom: more
// seldom the more connections there are. What happens is in the next View but a few.
func TestQuietLooks(t *testing.T) {
	const n = 4 * lookQuiet
	x := &watching{wanted: report.Wanted{Due: true}}
	w := opened(t, n, x)
	worker := w.workers[0]
	looked := int64(0)
	walks := func(from int64, seconds int64) (walks int) {
		for i := range seconds {
			now := w.ticked + (from+i)*1e9
			if g := worker.glance(&x.wanted, false, now); g.looked > looked {
				walks, looked = walks+1, g.looked
			}
		}
		return walks
	}
	if got := walks(0, 2); got < 1 {
		t.Errorf("%d walks", got)
	}
	if got := walks(2, 20); got < 5 || got > 20 {
		t.Errorf("%d walks of %d connections within 20 s", got, n)
	}
	worker.segments++
	if got := walks(22, 1); got != 1 {
		t.Error("what happens is not looked at")
	}
	g := worker.glance(&x.wanted, false, w.ticked+22e9)
	g.newest, g.awake, g.looked = nil, nil, 5e9
	w.stop() // from here on the writer is the test's
	first := &report.View{Recent: worker.summaryOfRecent(), Headline: w.headline(), At: 5e9}
	w.writer.shown = first
	v := w.writer.again(&batchNote{wanted: &x.wanted, now: 7e9, headline: w.headline()}, []*glance{g})
	if v == nil || v.Recent != first.Recent || v.At != 7e9 || v.Age != 2e9 || v.Standing.Held != n {
		t.Errorf("%+v", v)
	}
	other := x.wanted
	other.All = true
	g.newest = &sight{}
	if w.writer.again(&batchNote{wanted: &x.wanted, headline: w.headline()}, []*glance{g}) != nil {
		t.Error("a new walk is not shown")
	}
	if g.newest = nil; w.writer.again(&batchNote{wanted: &other, headline: w.headline()}, []*glance{g}) != nil {
		t.Error("another View is not made")
	}
}
