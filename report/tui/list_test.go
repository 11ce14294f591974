package tui

import (
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/report/ladder"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Columns that have no room are scrolled to; the one that sorts is always seen while it is chosen.
func TestColumnsScroll(t *testing.T) {
	m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24, "3")
	for _, x := range []struct{ key, has, not string }{
		{"right", " server  ", " client "}, {"right", "received", " server "}, {"right", " felt ", " states "}, {"left", " states ", "zzz"},
	} {
		m, _ = m.update(keyOf(x.key))
		if frame := bare(m.frame()); !strings.Contains(frame, x.has) || strings.Contains(strings.SplitN(frame, "\n", 5)[3], x.not) || !strings.Contains(frame, ">  #6 ") {
			t.Errorf("%s: %s", x.key, frame)
		}
	}
	m = screenOf(t, options(), "accept-queue-full.pcap", 80, 24, "3", "s")
	for i := range 2 * len(m.list.columns) {
		name := m.list.columns[m.list.sort].title
		if frame := bare(m.frame()); !strings.Contains(frame, name+"↓") {
			t.Errorf("%d: %s does not sort:\n%s", i, name, frame)
		}
		m, _ = m.update(keyOf("right"))
	}
}

// What nothing closed and nobody asks for any more does not look alive; what is in TIME-WAIT is not listed
// as open.
func TestGivenUp(t *testing.T) {
	for _, x := range []struct {
		change func(r *record.Record)
		want   bool
	}{
		{func(r *record.Record) {}, false}, // over, by a close
		{func(r *record.Record) { r.States = [2]record.State{record.SynSent, record.Closed} }, true},
		{func(r *record.Record) {
			r.States, r.Close.ResetBy = [2]record.State{record.SynSent, record.Closed}, record.Resp
		}, false},
		{func(r *record.Record) {
			r.Interim, r.States = true, [2]record.State{record.Established, record.Established}
		}, false},
		{func(r *record.Record) {
			r.Interim, r.Unfinished, r.States = true, true, [2]record.State{record.FinWait1, record.Established}
			r.Silent = 200e9
		}, true},
		{func(r *record.Record) {
			r.Interim, r.Unfinished, r.States = true, true, [2]record.State{record.FinWait1, record.Established}
			r.Silent = 20e9
		}, false},
	} {
		r := recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:80")
		r.Close.ResetBy = record.NoEnd
		x.change(r)
		m := newModel(options())
		i := columnOf(m.list.columns, "states")
		if got := givenUp(r); got != x.want || (m.list.columns[i].cell(r, 0) == "given up") != x.want {
			t.Errorf("%v %v: given up %t", r.States, r.Close.ResetBy, got)
		}
	}
}

// A filter that was typed stays when the list is asked for, and says so.
func TestFilterStaysVisibly(t *testing.T) {
	m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24, strings.Fields("/ 4 0 0 0 1 enter 1 3")...)
	if frame := bare(m.frame()); !strings.Contains(frame, "the filter still holds") || !strings.Contains(frame, "1 connection with 40001 (open or ended) (/ Enter: all)") {
		t.Error(frame)
	}
	m = screenOf(t, options(), "accept-queue-full.pcap", 80, 24, strings.Fields("/ 4 0 0 0 1 enter / enter 1 3")...)
	if frame := bare(m.frame()); strings.Contains(frame, "still holds") || strings.Contains(frame, "Enter: all") {
		t.Error(frame)
	}
}

// Enter on a finding chooses the first connection that it cites, wherever that is in the list, and lists
// those that ended though t has left these out.
func TestEnterChoosesTheCited(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	v.Findings, v.Ended = []diagnose.Finding{{ID: "x", Detector: "x", Severity: diagnose.Warning, Title: "Trouble", Count: 3, Conns: []uint64{2, 5, 9}}}, false
	m, _ = m.update(viewMsg{&v})
	for _, k := range []string{"3", "t", "2", "enter"} {
		m, _ = m.update(keyOf(k))
	}
	w := m.wanted()
	if !w.Closed || w.Where == nil || !strings.Contains(w.Where.String(), "of the finding: Trouble") {
		t.Fatalf("%+v", w)
	}
	match := w.Where.Matcher()
	for id, want := range map[uint64]bool{2: true, 3: false, 5: true, 9: true} {
		if match(&record.Record{ID: id}) != want {
			t.Errorf("#%d", id)
		}
	}
	x := v
	x.Wanted, x.Listed, x.Matching = w, nil, 3
	for _, id := range []uint64{9, 5, 2} { // the newest first
		x.Listed = append(x.Listed, *recordtest.MadeUp(id, "10.0.0.1:40000", "10.0.0.2:80"))
	}
	m, _ = m.update(viewMsg{&x})
	if r := m.list.at(); r == nil || r.ID != 2 {
		t.Errorf("%+v is chosen", r)
	}
	m, _ = m.update(keyOf("enter"))
	if m.page != pageConnection || m.conn.id != 2 {
		t.Errorf("#%d on view %d", m.conn.id, m.page)
	}
	m, _ = m.update(keyOf("esc"))
	m, _ = m.update(keyOf("3")) // all, as t has it
	if w := m.wanted(); w.Closed || w.Where != nil {
		t.Errorf("%+v", w)
	}
}

// Of a connection with several findings none is hidden.
func TestAllFindingsOfAConnection(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	v.Ended = false
	for _, name := range []string{"first-cause", "second-cause", "third-cause"} {
		v.Findings = append(v.Findings, diagnose.Finding{ID: name, Detector: name, Severity: diagnose.Warning, Title: "Trouble of " + name, Count: 1, Conns: []uint64{2}})
	}
	m, _ = m.update(viewMsg{&v})
	m.conn.follow(recordtest.MadeUp(2, "10.0.0.1:40000", "10.0.0.2:80"), ladder.Options{})
	m.page = pageConnection
	if frame := bare(m.frame()); !strings.Contains(frame, "  finding    WARNING Trouble of first-cause (first-cause)\n  also       second-cause, third-cause") {
		t.Error(frame)
	}
}
