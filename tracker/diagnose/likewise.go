package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
)

// One event that meets many ports of a host, or many hosts, is one finding: the worst of them tells it, and
// names the rest. That holds for every detector, so it is done with their findings.

const (
	// maxNamed is how many of the rest are named.
	maxNamed = 8
	// worstShown is how many of its examples the worst keeps at most, where others have some.
	worstShown = maxExamples / 2
)

// likeness is what findings of one event have in common.
type likeness struct {
	detector   string
	kind       SubjectKind
	confidence Confidence
	harmless   bool
	cause      string // the one that fits best, without whose it is
}

// likeness is what a finding has in common with others of its event, wherever that was.
func (f *Finding) likeness() likeness {
	l := likeness{detector: f.Detector, kind: f.Subject.Kind, confidence: f.Confidence, harmless: f.Severity == Info}
	if len(f.Causes) > 0 {
		l.cause = f.Causes[0]
	}
	for _, e := range [...]capture.Endpoint{f.Subject.A, f.Subject.B} {
		if e.Addr != (capture.Addr{}) {
			l.cause = strings.ReplaceAll(strings.ReplaceAll(l.cause, name(e), "#"), e.Addr.String(), "#")
		}
	}
	return l
}

// likewise makes one finding of those that tell of one event. It takes and gives them in the order of reports.
func likewise(all []Finding) []Finding {
	if len(all) < gatherFrom {
		return all
	}
	events := make(map[likeness][]*Finding)
	for i := range all {
		if f := &all[i]; f.Group != GroupCapture && f.Subject.Kind != SubjectCapture {
			l := f.likeness()
			events[l] = append(events[l], f)
		}
	}
	var groups []Finding
	for _, found := range events {
		if len(found) >= gatherFrom {
			groups = append(groups, divide(found)...)
		}
	}
	if len(groups) == 0 {
		return all
	}
	all = slices.DeleteFunc(all, func(f Finding) bool { return f.Count == 0 })
	used := make(map[string]bool, len(all))
	for i := range all {
		used[all[i].ID] = true
	}
	slices.SortFunc(groups, func(a, b Finding) int { return cmp.Or(compare(&a, &b), cmp.Compare(a.Title, b.Title)) })
	for _, g := range groups {
		for used[g.ID] { // what fares otherwise at the same host has it
			g.ID += "+"
		}
		used[g.ID] = true
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b Finding) int { return compare(&a, &b) })
	return all
}

// divide makes one finding of an event that met many hosts; else one for each host that it met at several ports,
// or towards several servers, and for each server that it met towards several clients.
func divide(found []*Finding) (groups []Finding) {
	if distinct(found, atA) >= gatherFrom {
		to := Subject{Kind: SubjectHosts}
		if found[0].Subject.Kind == SubjectPair && distinct(found, atB) == 1 {
			to.B = found[0].Subject.B
		}
		return []Finding{together(found, to)}
	}
	for _, by := range [...]struct {
		place func(s Subject) capture.Endpoint
		as    func(e capture.Endpoint) Subject
	}{
		{atA, func(e capture.Endpoint) Subject { return host(e.Addr) }},
		{atB, func(e capture.Endpoint) Subject { return Subject{Kind: SubjectHosts, B: e} }},
	} {
		parts := make(map[capture.Endpoint][]*Finding)
		for _, f := range found {
			if e := by.place(f.Subject); f.Count > 0 && e.Addr != (capture.Addr{}) {
				parts[e] = append(parts[e], f)
			}
		}
		for e, part := range parts {
			if len(part) >= gatherFrom {
				groups = append(groups, together(part, by.as(e)))
			}
		}
	}
	return groups
}

func atA(s Subject) capture.Endpoint { return capture.Endpoint{Addr: s.A.Addr} }

func atB(s Subject) capture.Endpoint { return s.B }

// distinct is at how many places findings lie.
func distinct(found []*Finding, place func(s Subject) capture.Endpoint) int {
	seen := make(map[capture.Endpoint]bool)
	for _, f := range found {
		seen[place(f.Subject)] = true
	}
	return len(seen)
}

// together is the finding of an event: the first, which is the worst, tells it and names the others. These are left
// without connections.
func together(found []*Finding, as Subject) Finding {
	f := *found[0]
	f.Subject, f.ID = as, f.Detector+":"+as.String()
	var rest []string
	examples := f.Examples()
	cites := slices.Clone(examples[:min(len(examples), worstShown)])
	for _, x := range found[1:] {
		rest = append(rest, fmt.Sprintf("%s (%s)", x.Subject, say.Plural(x.Count, "connection")))
		f.Count, f.Open = f.Count+x.Count, f.Open+x.Open
		f.Since, f.Until = min(f.Since, x.Since), max(f.Until, x.Until)
		f.also = append(f.also, x.also...)
		f.failing.n, f.failing.all = f.failing.n+x.failing.n, f.failing.all+x.failing.all
		if shown := x.Examples(); len(shown) > 0 && len(cites) < maxExamples {
			cites = append(cites, shown[0])
		}
	}
	f.asBadAsInAll()
	slices.SortFunc(cites, compareExamples)
	f.Conns, f.Packets = nil, nil
	f.Cite(cites)
	f.Title += fmt.Sprintf("; likewise %s, %s in all", others(found, as), say.Plural(f.Count, "connection"))
	more := ""
	if n := len(rest) - maxNamed; n > 0 {
		rest, more = rest[:maxNamed], fmt.Sprintf(", and %s more", say.Thousands(uint64(n)))
	}
	f.Explanation += " Likewise " + strings.Join(rest, ", ") + more + "."
	for _, x := range found {
		x.Count = 0
	}
	return f
}

// others says where an event was met besides.
func others(found []*Finding, as Subject) string {
	kind, n := found[0].Subject.Kind, uint64(len(found)-1)
	switch {
	case kind == SubjectListener && as.Kind == SubjectHost:
		return say.Plural(n, "other port") + " of " + as.A.Addr.String()
	case kind == SubjectListener:
		return say.Plural(n, "other server") + " on " + say.Plural(uint64(distinct(found, atA)), "host")
	case kind == SubjectHost:
		return say.Plural(n, "other host")
	case kind == SubjectPair && as.Kind == SubjectHost:
		return "towards " + say.Plural(n, "other server")
	case kind == SubjectPair && as.B.Port != 0:
		return say.Plural(n, "other client")
	case kind == SubjectPair:
		return "between " + say.Plural(n, "other pair") + " of hosts"
	}
	return "on " + say.Plural(n, "other connection")
}
