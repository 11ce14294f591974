package diagnose

import (
	"slices"
	"strings"

	"tcpwatch/tracker/record"
)

// loopback reports whether a subject is an address of the loopback interface (127.0.0.0/8, RFC
// 1122 section 3.2.1.3; ::1, RFC 4291 section 2.5.3): packets to it leave no host, so that no
// path, no other host and no second capture point can be the cause of anything or tell it.
func (s Subject) loopback() bool { return s.A.Addr.Netip().IsLoopback() }

// withinLoopback tells that a connection is one of the loopback interface.
func withinLoopback(r *record.Record) bool {
	return r.Orig.Addr.Netip().IsLoopback() || r.Resp.Addr.Netip().IsLoopback()
}

// leavesNoHost is what findings about a loopback address say of it.
const leavesNoHost = " It is a loopback address: packets to it leave no host, so no path loses them."

// madeItself is a cause that is left where no path can be one.
func madeItself() Cause {
	return app("a program made these packets itself (a raw socket, a packet generator), and no TCP of the system answers for them")
}

// orMadeItself adds that to the causes, once.
func (f *Finding) orMadeItself() {
	if !slices.Contains(f.causes, madeItself()) {
		f.causes = append(f.causes, madeItself())
	}
}

// onLoopback takes from a finding about a loopback address what only a path or another host can
// do: the causes are replaced by those given, and the advice by what the host itself can tell.
func (f *Finding) onLoopback(s Subject, advice string, causes ...Cause) {
	if !s.loopback() {
		return
	}
	f.Explanation += leavesNoHost
	f.causes = append(causes, madeItself())
	f.Advice = []string{advice}
}

// offHost tells that an advice is for a path, another host, a second capture point or a network
// card: by what its command looks at, or by what it names.
func offHost(advice string) bool {
	for _, m := range tool.FindAllStringSubmatch(advice, -1) {
		switch m[1] {
		case "mtr", "ping", "traceroute", "ethtool", "conntrack", "ip":
			return true
		}
	}
	return slices.ContainsFunc([]string{" path", "routing", "mirror port", "NAT", "Wi-Fi", "capture point", "Capture at", "Capture on", "Mirror both", "switch", "firewalls on"},
		func(word string) bool { return strings.Contains(advice, word) })
}

// withinHost tells that no packet of the whole capture left its host.
func (q *quality) withinHost() bool { return q != nil && q.within > 0 && q.within == q.all }

// stayOnHost leaves of a finding about a loopback address, or about a capture of nothing else, what
// the host itself can do and tell. Where that takes its first cause away, one of a loopback address
// is no more than possible.
func (f *Finding) stayOnHost(q *quality) {
	capture := f.Subject.Kind == SubjectCapture
	if !f.Subject.loopback() && !(capture && q.withinHost()) {
		return
	}
	f.Title = strings.ReplaceAll(f.Title, "omething on the path", "omething else on the host")
	first := len(f.causes) > 0 && f.causes[0].outside()
	f.causes = slices.DeleteFunc(slices.Clone(f.causes), Cause.outside)
	f.Advice = slices.DeleteFunc(slices.Clone(f.Advice), offHost)
	if first && !capture {
		f.Explanation += leavesNoHost
		f.orMadeItself()
	}
	if strings.Contains(f.Explanation, leavesNoHost) {
		f.Confidence = Possible
	}
}
