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
		{"no answer from many hosts", "no-answer", hosts(6, 1, silent), []string{"no-answer:hosts warning 6", "likewise 5 other servers on 6 hosts"}},
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
				fmt.Fprintf(&all, "%s %s %d %s. %s\n", f.ID, f.Severity, f.Count, f.Title, f.Explanation)
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
