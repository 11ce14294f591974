package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// moved is a record that begins so much after the others, all of its times with it, and ends after so long.
func moved(r *record.Record, by, lasted int64) *record.Record {
	r.Start = at + by
	r.End = r.Start + lasted
	r.Open.LastSYNAt = r.Start
	for e := range r.Close.FINTime {
		if r.Close.FINTime[e].OK {
			r.Close.FINTime[e] = record.Some(r.End)
		}
	}
	return r
}

// What is refused between an older connection of the same two hosts and the next that opens met a program that runs.
func TestRefusedBetween(t *testing.T) {
	const orig, resp = record.Orig, record.Resp
	midstream := func(r *record.Record) {
		r.Open, r.Capture.Midstream = record.OpenRecord{Kind: record.OpenMidstream}, true
	}
	// closing began to close after ten seconds, by the opener, and the listener followed so much later.
	closing := func(r *record.Record, later int64) *record.Record {
		moved(r, 0, 10*second+later)
		r.Close.FINTime[orig] = record.Some(r.Start + 10*second)
		return r
	}
	ran := func() *record.Record { return closing(made(1, midstream), second/2) }
	refusedAt := func(id uint64, by int64) *record.Record {
		return moved(made(id, failed(record.OpenRefused, 1)), by, millisecond)
	}
	next := func(id uint64, by int64) *record.Record { return moved(made(id), by, second) }
	first := func(r *record.Record) *record.Record {
		r.Close.FINTime[resp] = record.Some(r.Close.FINTime[orig].V - millisecond)
		return r
	}
	other := func(r *record.Record) *record.Record { r.Orig = numbered(7, 1234); return r }
	back := func(r *record.Record) *record.Record {
		r.Orig, r.Resp = point("10.0.0.2:40000"), numbered(1, 80)
		return r
	}
	toOther := func(r *record.Record) *record.Record { r.Resp.Port = 81; return r }
	const peer, restart, opens = "takes one connection from a peer", "was down or restarted", "only opens connections, or was just starting"
	for _, x := range []struct {
		name        string
		records     []*record.Record
		first, next string // what the first cause says; what else must be among them
		confidence  Confidence
	}{
		{"while the older one closed", []*record.Record{ran(), refusedAt(2, 10*second+5*millisecond), next(3, 10*second+700*millisecond)}, peer, "restarted within 695 ms", Likely},
		{"just before the older one closed", []*record.Record{ran(), refusedAt(2, 9*second+900*millisecond), next(3, 10*second+700*millisecond)}, peer, "", Likely},
		{"twice", []*record.Record{ran(), refusedAt(2, 10*second+5*millisecond), refusedAt(3, 10*second+100*millisecond), next(4, 10*second+700*millisecond)}, peer, "", Likely},
		{"the older one opened in sight", []*record.Record{closing(made(1), second/2), refusedAt(2, 10*second+5*millisecond), next(3, 10*second+700*millisecond)}, peer, "", Likely},
		{"the older one had gone long before", []*record.Record{ran(), refusedAt(2, 12*second), next(3, 12*second+700*millisecond)}, restart, "firewall", Proven},
		{"the listener had closed it too", []*record.Record{closing(made(1), millisecond), refusedAt(2, 10*second+5*millisecond), next(3, 10*second+700*millisecond)}, restart, "firewall", Proven},
		{"it held two", []*record.Record{ran(), moved(made(5), 0, 20*second), refusedAt(2, 10*second+5*millisecond), next(3, 10*second+700*millisecond)}, restart, "firewall", Proven},
		{"the older one stays", []*record.Record{moved(made(1, midstream, leftOpen(0)), 0, 20*second), refusedAt(2, 10*second), next(3, 10*second+700*millisecond)}, restart, "firewall", Proven},
		{"the older one is of another host", []*record.Record{other(ran()), refusedAt(2, 10*second+5*millisecond), next(3, 10*second+700*millisecond)}, restart, "firewall", Proven},
		{"the next came seconds later", []*record.Record{ran(), refusedAt(2, 10*second+5*millisecond), next(3, 13*second)}, restart, "firewall", Proven},
		{"one of two was refused for another reason", []*record.Record{ran(), refusedAt(2, 10*second+5*millisecond), next(3, 10*second+700*millisecond), refusedAt(4, 30*second)}, restart, "firewall", Proven},
		{"the listener had closed the older one itself", []*record.Record{first(ran()), refusedAt(2, 10*second+5*millisecond), next(3, 10*second+700*millisecond)}, restart, "firewall", Proven},
		{"it opens to the same port of the other host", []*record.Record{refusedAt(2, 0), back(next(3, second/2))}, opens, "not running", Proven},
		{"it opens to another port of the other host", []*record.Record{refusedAt(2, 0), toOther(back(next(3, second/2)))}, "not running", "firewall", Proven},
		{"it opens to the same port an hour later", []*record.Record{refusedAt(2, 0), back(next(3, 3600*second))}, "not running", "firewall", Proven},
	} {
		list := findingsOf(t, "refused", nil, x.records...)
		if len(list) != 1 {
			t.Errorf("%s: %d findings", x.name, len(list))
			continue
		}
		f := &list[0]
		if !strings.Contains(f.Causes[0], x.first) || !strings.Contains(strings.Join(f.Causes[1:], "; "), x.next) || f.Confidence != x.confidence {
			t.Errorf("%s: %s, %q", x.name, f.Confidence, f.Causes)
		}
		if ordered := f.Order != ""; ordered != (x.first == peer || x.first == opens || x.name == "the listener had closed the older one itself") {
			t.Errorf("%s: the first fits best, because %q", x.name, f.Order)
		}
	}
}
