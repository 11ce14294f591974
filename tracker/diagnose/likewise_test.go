package diagnose

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// One event at many ports of a host, or at many hosts, is one finding that names the worst and the rest; what
// fares otherwise stands apart.
func TestLikewise(t *testing.T) {
	id := uint64(0)
	at := func(where string, n int, change ...func(r *record.Record)) (all []*record.Record) {
		for i := range n {
			id += 10
			all = append(all, made(id, append(change, to(point(where)), from(numbered(i, uint16(30000+id))))...))
		}
		return all
	}
	ports := func(n, each int, change ...func(r *record.Record)) (all []*record.Record) {
		for i := range n {
			all = append(all, at(fmt.Sprintf("10.0.0.7:%d", 8000+i), each, change...)...)
		}
		return all
	}
	hosts := func(n, each int, change ...func(r *record.Record)) (all []*record.Record) {
		for i := range n {
			all = append(all, at(fmt.Sprintf("10.0.1.%d:80", i+1), each, change...)...)
		}
		return all
	}
	refused, silent := failed(record.OpenRefused, 1), failed(record.OpenNoAnswer, 3)
	needless := func(r *record.Record) {
		e := &r.Ends[record.Resp]
		e.DataSegments, e.Retx, e.RetxRTO, e.RetxSpurious, e.DSACKs = 100, 12, 12, 12, 12
	}
	for _, c := range []struct {
		name, detector string
		records        []*record.Record
		want           []string // of each finding: ID, severity, connections, and words of its text
	}{
		{"refusals at ports of a host", "refused", append(ports(12, 1, refused), at("10.0.0.7:9000", 2, refused)...),
			[]string{"refused:10.0.0.7 critical 14 10.0.0.7:9000 refused both connections, from", "likewise 12 other ports of 10.0.0.7, 14 connections in all", "Likewise 10.0.0.7:8000 (1 connection), ", "and 4 more."}},
		{"at two ports", "refused", ports(2, 1, refused), []string{"refused:10.0.0.7:8000 notice 1", "refused:10.0.0.7:8001 notice 1"}},
		{"no answer from many hosts", "no-answer", hosts(6, 1, silent), []string{"no-answer:hosts warning 6", "likewise 5 other servers on 5 hosts"}},
		{"from two hosts", "no-answer", hosts(2, 3, silent), []string{"no-answer:10.0.1.1:80 warning 3", "no-answer:10.0.1.2:80 warning 3"}},
		{"needless repeats of many servers of a host", "retx-spurious", ports(64, 1, needless), []string{"retx-spurious:10.0.0.7 notice 64", "likewise 63 other ports of 10.0.0.7"}},
		{"harmless ones are no part of it", "retx-spurious", append(ports(3, 1, needless), at("10.0.0.7:9000", 1, needless, func(r *record.Record) { r.Ends[record.Resp].DataSegments = 5000 })...),
			[]string{"retx-spurious:10.0.0.7 notice 3", "retx-spurious:10.0.0.7:9000 info 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			detectors, _ := Select(c.detector)
			whole, parts := NewSet(detectors, NewOptions()), [2]*Set{NewSet(detectors, NewOptions()), NewSet(detectors, NewOptions())}
			for i, r := range c.records {
				whole.Add(r)
				parts[i%2].Add(r)
			}
			context := &Context{MSL: record.DefaultMSL, Conns: uint64(len(c.records))}
			found := whole.Findings(context)
			var all strings.Builder
			for i := range found {
				f := &found[i]
				id, _, _ := strings.Cut(f.ID, "+")
				fmt.Fprintf(&all, "%s %s %d %s. %s\n", id, f.Severity, f.Count, f.Title, f.Explanation)
			}
			n := 0
			for _, want := range c.want {
				if !strings.Contains(all.String(), want) {
					t.Errorf("no %q in\n%s", want, all.String())
				}
				if strings.HasPrefix(want, c.detector+":") {
					n++
				}
			}
			if n != len(found) {
				t.Errorf("%d findings, want %d:\n%s", len(found), n, all.String())
			}
			fold.Merge(parts[1], parts[0])
			if merged := parts[1].Findings(context); !reflect.DeepEqual(merged, found) {
				t.Errorf("merged from parts: %v", titles(merged))
			}
		})
	}
}

// eventAt are findings of one event at ports of a host, from a port on, each changed so.
func eventAt(port uint16, n int, change func(i int, f *Finding)) (all []Finding) {
	for i := range n {
		e := point("10.0.0.7:1")
		e.Port = port + uint16(i)
		f := Finding{Detector: "refused", Group: GroupOpen, Severity: Notice, Confidence: Likely, Subject: listener(e), Count: 1,
			causes: []Cause{app("one"), onPath("another")}, failing: failing{scale{few: 3, many: 10}, 1, 1}}
		change(i, &f)
		f.write()
		f.ID = "refused:" + f.Subject.String()
		all = append(all, f)
	}
	return all
}

// Where causes have no order, one in which they stand is none that tells events apart; a sign that puts one first is,
// and so is another cause.
func TestLikewiseByCauses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(i int, f *Finding)
		want   int
	}{
		{"in another order", func(i int, f *Finding) {
			if i > 0 {
				f.causes[0], f.causes[1] = f.causes[1], f.causes[0]
			}
		}, 1},
		{"one of which a sign puts first", func(i int, f *Finding) {
			if i > 0 {
				f.causes = f.causes[1:]
				f.lead(app("one"), "a sign")
			}
		}, 3},
		{"one of which has another", func(i int, f *Finding) {
			if i > 0 {
				f.causes = append(f.causes, app("a third"))
			}
		}, 3},
	} {
		if got := likewise(eventAt(8000, 3, c.change)); len(got) != c.want {
			t.Errorf("%s: %d findings, want %d: %v", c.name, len(got), c.want, titles(got))
		}
	}
}

// What is not told of one because it does not rest on what failed is not told of all either, and what is told of
// all is told of those that failed.
func TestLikewiseIsNoWorseThanItsParts(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(i int, f *Finding)
		want   Severity
	}{
		{"each failed", func(int, *Finding) {}, Warning},
		{"each is a notice at most", func(_ int, f *Finding) { f.atMost(Notice, Likely) }, Notice},
		{"the first is a notice at most", func(i int, f *Finding) {
			if i == 0 {
				f.atMost(Notice, Likely)
			}
		}, Notice},
		{"the last is a notice at most", func(i int, f *Finding) {
			if i == 2 {
				f.atMost(Notice, Likely)
			}
		}, Notice},
	} {
		got := likewise(eventAt(8000, 3, c.change))
		if len(got) != 1 || got[0].Severity != c.want {
			t.Errorf("%s: %d findings, the first a %s, want one that is a %s", c.name, len(got), got[0].Severity, c.want)
		}
	}
}

// Events that differ at one host have names of their own, which stay as they are whatever else is found.
func TestLikewiseKeepsItsName(t *testing.T) {
	plain := func(int, *Finding) {}
	surer := func(_ int, f *Finding) { f.Confidence = Proven }
	alone := likewise(eventAt(8000, 3, plain))[0].ID
	got := likewise(append(eventAt(9000, 4, surer), eventAt(8000, 3, plain)...))
	if len(got) != 2 || got[0].ID == got[1].ID || got[1].ID != alone {
		t.Errorf("%s alone; beside another %v", alone, got)
	}
}

// What an event explains besides is named up to a limit, however much that is.
func TestLikewiseNamesFewOthers(t *testing.T) {
	got := likewise(eventAt(8000, 3, func(i int, f *Finding) {
		for range 5 {
			f.also = append(f.also, fmt.Sprintf("trouble %d", i))
		}
	}))
	got[0].tellsAlso()
	if n := strings.Count(got[0].Explanation, "trouble"); n != maxNamed || !strings.Contains(got[0].Explanation, "and 7 more.") {
		t.Errorf("%d are named: %s", n, got[0].Explanation)
	}
}
