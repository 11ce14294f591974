package report

import (
	"testing"

	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Of more connections than can be remembered the first are, whatever the order
// in which they end.
func TestFoundIsBounded(t *testing.T) {
	racetest.TooSlow(t)
	f := NewFound(func(*record.Record) bool { return true })
	part := f.Part()
	const n = 2*MaxFound + 7
	for id := uint64(n); id > 0; id-- {
		f.Lines(part.AppendConn(nil, &record.Record{ID: id}))
	}
	f.Finish()
	if more, most := f.LeftOut(); len(f.ids) != MaxFound || most != MaxFound || more != n-MaxFound || !f.Has(1) || !f.Has(MaxFound) || f.Has(MaxFound+1) {
		t.Errorf("%d kept, %d left out; the first is %d", len(f.ids), more, f.ids[0])
	}
}

// Interim records find nothing; findings of some weight add their examples.
func TestFoundAndCited(t *testing.T) {
	f := NewFound(func(r *record.Record) bool { return r.ID != 4 })
	part := f.Part()
	for _, r := range []record.Record{{ID: 9}, {ID: 4}, {ID: 5, Interim: true}} {
		f.Lines(part.AppendConn(nil, &r))
	}
	Cited{To: f}.Findings([]diagnose.Finding{{Severity: diagnose.Info, Conns: []uint64{1}}, {Severity: diagnose.Notice, Conns: []uint64{9, 2}}})
	f.Finish()
	for id, want := range []bool{2: true, 9: true} {
		if f.Has(uint64(id)) != want {
			t.Errorf("%d: found %v", id, !want)
		}
	}
	if more, _ := f.LeftOut(); more != 0 {
		t.Errorf("%d left out", more)
	}
}
