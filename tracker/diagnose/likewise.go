package diagnose

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
)

// One event that meets many ports of a host, or many hosts, is one finding: the worst of them tells it, and
// names the rest. That holds for every detector, so it is done with their findings.

const (
	// maxNamed is how many of a list are named.
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
	causes     string // in no order, without whose they are
	leader     string // the one that a sign puts first; "" for none
}

// likeness is what a finding has in common with others of its event, wherever that was.
func (f *Finding) likeness() likeness {
	l := likeness{detector: f.Detector, kind: f.Subject.Kind, confidence: f.Confidence, harmless: f.Severity == Info}
	causes := make([]string, len(f.Causes))
	for i, cause := range f.Causes {
		causes[i] = f.anywhere(cause)
	}
	if f.Order != "" {
		l.leader = causes[0]
	}
	slices.Sort(causes)
	l.causes = strings.Join(causes, "; ")
	return l
}

// anywhere is a text without the addresses of those that the finding is about.
func (f *Finding) anywhere(text string) string {
	for _, e := range [...]capture.Endpoint{f.Subject.A, f.Subject.B} {
		if e.Addr != (capture.Addr{}) {
			text = strings.ReplaceAll(strings.ReplaceAll(text, name(e), "#"), e.Addr.String(), "#")
		}
	}
	return text
}

// id tells one event at a subject from others of the detector there, and from what it tells of that subject alone: by
// what they have in common, whatever else is found.
func (l likeness) id(as Subject) string {
	h := fnv.New32a()
	fmt.Fprint(h, l)
	return fmt.Sprintf("%s:%s+%08x", l.detector, as, h.Sum32())
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
	all = append(all, groups...)
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
	f.ID, f.Subject = f.likeness().id(as), as
	var rest []string
	examples := f.Examples()
	cites := slices.Clone(examples[:min(len(examples), worstShown)])
	for _, x := range found[1:] {
		rest = append(rest, fmt.Sprintf("%s (%s)", x.Subject, say.Plural(x.Count, "connection")))
		f.Count, f.Open, f.AtLeast = f.Count+x.Count, f.Open+x.Open, f.AtLeast || x.AtLeast
		f.Since, f.Until = min(f.Since, x.Since), max(f.Until, x.Until)
		f.also = append(f.also, x.also...)
		f.failing.take(x.failing)
		if shown := x.Examples(); len(shown) > 0 && len(cites) < maxExamples {
			cites = append(cites, shown[0])
		}
	}
	f.asBadAsInAll()
	slices.SortFunc(cites, compareExamples)
	f.Conns, f.Packets = nil, nil
	f.Cite(cites)
	atLeast := ""
	if f.AtLeast {
		atLeast = "at least "
	}
	f.Title += fmt.Sprintf("; likewise %s, %s%s in all", others(found, as), atLeast, say.Plural(f.Count, "connection"))
	f.Explanation += " Likewise " + named(rest, ", ") + "."
	f.nearClients(found)
	for _, x := range found {
		x.Count = 0
	}
	return f
}

// named are the first of a list, and how many more there are.
func named(all []string, between string) string {
	if n := len(all) - maxNamed; n > 0 {
		all = append(slices.Clone(all[:maxNamed]), fmt.Sprintf("and %s more", say.Thousands(uint64(n))))
	}
	return strings.Join(all, between)
}

// others says where an event was met besides.
func others(found []*Finding, as Subject) string {
	kind, n := found[0].Subject.Kind, uint64(len(found)-1)
	switch {
	case kind == SubjectListener && as.Kind == SubjectHost:
		return say.Plural(n, "other port") + " of " + as.A.Addr.String()
	case kind == SubjectListener:
		return say.Plural(n, "other server") + " on " + say.Plural(uint64(distinct(found[1:], atA)), "host")
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
