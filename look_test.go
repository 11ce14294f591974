package tcpwatch

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"tcpwatch/internal/pcaptest"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// watching is a Watcher that keeps what it is shown.
type watching struct {
	Base
	wanted report.Wanted
	views  []*report.View
	steps  []*record.Step
	each   func(v *report.View)
}

func (w *watching) Wanted() report.Wanted { return w.wanted }

func (w *watching) View(v *report.View) error {
	w.views = append(w.views, v)
	if w.each != nil {
		w.each(v)
	}
	return nil
}

func (w *watching) Step(s *record.Step) error {
	w.steps = append(w.steps, s)
	return nil
}

// watched runs over a capture with a Watcher and tables; with whole less than the connections
// held a walk takes several batches.
func watched(t *testing.T, pcap []byte, workers, whole int, x *watching) (tables string, h *Stats) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var b bytes.Buffer
	list := []Output{report.NewTables(&b, report.TableOptions{Reports: []string{report.EveryReport}})}
	if x != nil {
		list = append(list, x)
	}
	out := newOutlets(list, cancel)
	w := newRun(ctx, sourceOf(t, pcap), Options{Workers: workers, Sums: report.SummaryOptions{Rows: 100}}.withDefaults(), out)
	if x != nil {
		for _, worker := range w.workers {
			worker.look.whole = whole
		}
	}
	w.loop()
	w.stop()
	h = w.final()
	out.finish(h, w.sums())
	if out.err != nil {
		t.Error(out.err)
	}
	return b.String(), h
}

// Who watches changes nothing of the report, and each connection counts once in what is seen.
func TestWatch(t *testing.T) {
	const n = 20000
	pcap := pcaptest.ShortConnections(t, n)
	want, _ := watched(t, pcap, 2, 0, nil)
	for _, workers := range []int{1, 3} {
		for _, whole := range []int{1, 1 << 20} {
			t.Run(fmt.Sprintf("%d workers, whole %d", workers, whole), func(t *testing.T) {
				x := &watching{wanted: report.Wanted{Due: true, All: true, Rows: 7, Sort: "-id", Closed: true}}
				got, h := watched(t, pcap, workers, whole, x)
				if got != want {
					t.Error("the report is another")
				}
				if len(x.views) < 10 {
					t.Fatalf("%d views", len(x.views))
				}
				last := x.views[len(x.views)-1]
				if last.Partial || last.All == nil || last.All.Conns() == 0 {
					t.Fatalf("nothing was looked at: %+v", last)
				}
				for _, v := range x.views {
					begun := uint64(v.Headline.Tracker.Conns)
					switch {
					case v.Partial:
					case v.All.Conns() > begun, v.Recent.Conns() > v.All.Conns(), whole > 1 && v.All.Conns() != begun:
						t.Fatalf("%d of %d connections, %d of them recent, after %d packets", v.All.Conns(), begun, v.Recent.Conns(), v.Headline.Packets)
					case len(v.Listed) > 7, begun > 7 && len(v.Listed) < 7:
						t.Fatalf("%d listed of %d", len(v.Listed), begun)
					}
				}
				if last.Totals.Opened == 0 || last.Totals.Opened > h.Tracker.Conns || last.Totals.Bytes == 0 || last.Totals.Segments == 0 {
					t.Errorf("%+v", last.Totals)
				}
				if list := last.Listed; list[0].ID <= list[6].ID {
					t.Errorf("%d before %d", list[0].ID, list[6].ID)
				}
			})
		}
	}
}
